import { sql } from 'kysely'
import type { Change } from '../changes/change.ts'
import { type ChangeSet, mergeAll, openSet, type Span } from '../changes/change-sets.ts'
import { changeIdTime } from './change-id.ts'
import type { Trx } from './database.ts'

/** A change that is about to be stored for the first time. */
export interface NewChange {
  id: string
  change: Pick<Change, 'occurredAt' | 'session'>
}

/** A set that is only a proposal so far: any stored set that it touches keeps its own name. */
const PROPOSED = Number.NEGATIVE_INFINITY

/**
 * Says which change set each new change belongs to, and stores what becomes of the sets: grown,
 * merged, or opened. Called in the transaction that stores the changes. Sets of the same anchor
 * are worked on by one transaction at a time, since two could otherwise each miss what the other
 * brings together. See docs/decisions/004-change-sets.md.
 *
 * @returns set id by change id
 */
export async function storeChangeSets(
  trx: Trx,
  organizationId: string,
  fresh: readonly NewChange[],
): Promise<Map<string, string>> {
  if (fresh.length === 0) return new Map()
  const proposed = fresh.map(({ id, change }) => ({ ...openSet(id, change), openedAt: PROPOSED }))
  await lockAnchors(trx, organizationId, proposed)

  const stored = new Map<string, ChangeSet>()
  let merged = mergeAll(proposed)
  for (;;) {
    const spans = merged.map(({ set }) => set)
    const touched = await setsTouching(trx, spans)
    const news = touched.filter(({ id }) => !stored.has(id))
    if (news.length === 0) break
    for (const set of news) stored.set(set.id, set)
    // A set that joined others may reach further, and touch what was not read yet.
    merged = mergeAll([...stored.values(), ...proposed])
  }

  const finalId = new Map<string, string>()
  const changed: ChangeSet[] = []
  const absorbed: { id: string; into: string }[] = []
  for (const { set, absorbed: ids } of merged) {
    finalId.set(set.id, set.id)
    const openedAt = set.openedAt === PROPOSED ? changeIdTime(set.id).getTime() : set.openedAt
    const before = stored.get(set.id)
    const same = before && before.from === set.from && before.until === set.until
    if (!same || before.lane !== set.lane) changed.push({ ...set, openedAt })
    for (const id of ids) {
      finalId.set(id, set.id)
      if (stored.has(id)) absorbed.push({ id, into: set.id })
    }
  }
  await upsertSets(trx, organizationId, changed)
  await absorbSets(trx, absorbed)
  return new Map(fresh.map(({ id }) => [id, finalId.get(id)!]))
}

/** In one order for everybody, so that nobody waits in a circle. Ends with the transaction. */
async function lockAnchors(trx: Trx, organizationId: string, spans: readonly Span[]) {
  const anchors = [...new Set(spans.map(({ anchor }) => `${organizationId}/${anchor}`))]
  await sql`
    SELECT pg_advisory_xact_lock(key)
    FROM (
      SELECT DISTINCT hashtextextended(anchor, 0) AS key
      FROM unnest(${anchors}::text[]) AS anchor
      ORDER BY key
    ) AS keys
  `.execute(trx)
}

async function setsTouching(trx: Trx, spans: readonly Span[]): Promise<ChangeSet[]> {
  const windows = spans.map(({ anchor, from, until }) => ({
    anchor,
    from: new Date(from),
    until: new Date(until),
  }))
  const { rows } = await sql<{
    id: string
    anchor: string
    lane: string | null
    opened_at: Date
    from_time: Date
    until_time: Date
  }>`
    SELECT DISTINCT s.id, s.anchor, s.lane, s.opened_at, s.from_time, s.until_time
    FROM jsonb_to_recordset(${JSON.stringify(windows)}::jsonb)
      AS w(anchor text, "from" timestamptz, until timestamptz)
    JOIN change_sets s ON s.anchor = w.anchor AND s.absorbed_into IS NULL
      AND s.until_time >= w."from" AND s.from_time <= w.until
  `.execute(trx)
  return rows.map((row) => ({
    id: row.id,
    anchor: row.anchor,
    lane: row.lane,
    openedAt: row.opened_at.getTime(),
    from: row.from_time.getTime(),
    until: row.until_time.getTime(),
  }))
}

async function upsertSets(trx: Trx, organizationId: string, sets: readonly ChangeSet[]) {
  if (sets.length === 0) return
  const rows = sets.map((set) => ({
    id: set.id,
    anchor: set.anchor,
    lane: set.lane,
    opened_at: new Date(set.openedAt),
    from_time: new Date(set.from),
    until_time: new Date(set.until),
  }))
  await sql`
    INSERT INTO change_sets (organization_id, id, anchor, lane, opened_at, from_time, until_time)
    SELECT ${organizationId}, id, anchor, lane, opened_at, from_time, until_time
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(id uuid, anchor text, lane text,
      opened_at timestamptz, from_time timestamptz, until_time timestamptz)
    ON CONFLICT (organization_id, id) DO UPDATE SET
      lane = excluded.lane, from_time = excluded.from_time, until_time = excluded.until_time
  `.execute(trx)
}

/** Their names go on to lead to the set that they have become a part of, in one step. */
async function absorbSets(trx: Trx, absorbed: readonly { id: string; into: string }[]) {
  if (absorbed.length === 0) return
  await sql`
    UPDATE change_sets s SET absorbed_into = a.into
    FROM jsonb_to_recordset(${JSON.stringify(absorbed)}::jsonb) AS a(id uuid, "into" uuid)
    WHERE s.id = a.id OR s.absorbed_into = a.id
  `.execute(trx)
}

/** What these sets are called by now: the same, unless they became a part of another. */
export async function presentSetIds(
  trx: Trx,
  ids: readonly (string | null)[],
): Promise<Map<string, string>> {
  const asked = [...new Set(ids.filter((id) => id !== null))]
  if (asked.length === 0) return new Map()
  const rows = await trx
    .selectFrom('change_sets')
    .select(['id', 'absorbed_into'])
    .where('id', 'in', asked)
    .where('absorbed_into', 'is not', null)
    .execute()
  return new Map(rows.map(({ id, absorbed_into }) => [id, absorbed_into!]))
}

import { type SqlBool, sql } from 'kysely'
import type { Change } from '../changes/change.ts'
import { type ChangeSet, type ChangeSetSpan, mergeAll, openSet } from '../changes/change-sets.ts'
import { changeIdTime } from './change-id.ts'
import type { Trx } from './database.ts'
import type { ChangeSetsTable } from './schema/changes.ts'

/** A change that is about to be stored for the first time. */
interface UngroupedChange {
  id: string
  change: Pick<Change, 'occurredAt' | 'changeSet'>
}

/** A set that is only proposed: a stored set that it overlaps keeps its own ID. */
const PROPOSED = Number.NEGATIVE_INFINITY

/**
 * Returns the change set of each new change, and stores the resulting sets: extended, merged, or
 * opened. Called in the transaction that stores the changes. Transactions process a session's sets
 * one at a time; otherwise two could each miss what the other one merges. See
 * docs/decisions/004-change-sets.md.
 *
 * @returns set ID by change ID
 */
export async function storeChangeSets(
  trx: Trx,
  organizationId: string,
  fresh: readonly UngroupedChange[],
): Promise<Map<string, string>> {
  if (fresh.length === 0) return new Map()
  const proposed = fresh.map(({ id, change }) => ({ ...openSet(id, change), openedAt: PROPOSED }))
  await lockSessions(trx, organizationId, proposed)

  const stored = new Map<string, ChangeSet>()
  let merged = mergeAll(proposed)
  for (;;) {
    const spans = merged.map(({ set }) => set)
    const touched = await setsTouching(trx, spans)
    const news = touched.filter(({ id }) => !stored.has(id))
    if (news.length === 0) break
    for (const set of news) stored.set(set.id, set)
    // A merged set may cover more time, and overlap sets that were not read yet.
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
    if (!same || before.stream !== set.stream) changed.push({ ...set, openedAt })
    for (const id of ids) {
      finalId.set(id, set.id)
      if (stored.has(id)) absorbed.push({ id, into: set.id })
    }
  }
  await upsertSets(trx, organizationId, changed)
  await absorbSets(trx, absorbed)
  return new Map(fresh.map(({ id }) => [id, finalId.get(id)!]))
}

async function lockSessions(trx: Trx, organizationId: string, spans: readonly ChangeSetSpan[]) {
  await lockKeys(
    trx,
    spans.map(({ sessionKey }) => sessionLock(organizationId, sessionKey)),
  )
}

/** The lock name that `lockKeys` uses for the change sets of one session. */
export function sessionLock(organizationId: string, sessionKey: string): string {
  return `${organizationId}/${sessionKey}`
}

/**
 * Locks names until the transaction ends, always in the same order, so that two transactions never
 * wait for each other. A transaction that needs several kinds locks them in one call.
 */
export async function lockKeys(trx: Trx, names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  await sql`
    SELECT pg_advisory_xact_lock(key)
    FROM (
      SELECT DISTINCT hashtextextended(name, 0) AS key
      FROM unnest(${[...new Set(names)]}::text[]) AS name
      ORDER BY key
    ) AS keys
  `.execute(trx)
}

/**
 * Locks the sets with these IDs against all transactions that add changes to them or merge them.
 */
export async function lockSets(
  trx: Trx,
  organizationId: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return
  const sets = await trx
    .selectFrom('change_sets')
    .select('session_key')
    .distinct()
    .where('organization_id', '=', organizationId)
    .where('id', 'in', ids)
    .execute()
  await lockKeys(
    trx,
    sets.map(({ session_key }) => sessionLock(organizationId, session_key)),
  )
}

/**
 * Removes the sets that have no changes left, together with the sets that were merged into them.
 * The caller has locked them with `lockSets`.
 */
export async function deleteEmptySets(
  trx: Trx,
  organizationId: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return
  // Each step looks up rows by key, regardless of the planner's statistics. In one joined
  // statement, a table that was last analyzed when it was empty made Postgres compare every set
  // with every other set.
  const { rows: empty } = await sql<{ id: string }>`
    WITH present AS MATERIALIZED (
      SELECT DISTINCT coalesce(absorbed_into, id) AS id FROM change_sets
      WHERE organization_id = ${organizationId} AND id = ANY (${ids}::uuid[])
    )
    SELECT present.id FROM present, LATERAL (
      SELECT from_time, until_time FROM change_sets
      WHERE organization_id = ${organizationId} AND id = present.id
      LIMIT 1
    ) AS s
    WHERE NOT EXISTS (
      SELECT FROM changes c
      WHERE c.organization_id = ${organizationId}
        AND c.occurred_at BETWEEN s.from_time AND s.until_time
        AND c.change_set_id IN (
          SELECT present.id UNION ALL
          SELECT part.id FROM change_sets part
          WHERE part.organization_id = ${organizationId} AND part.absorbed_into = present.id))
  `.execute(trx)
  const emptyIds = empty.map(({ id }) => id)
  for (const key of ['absorbed_into', 'id'] as const) {
    await trx
      .deleteFrom('change_sets')
      .where('organization_id', '=', organizationId)
      .where(sql<SqlBool>`${sql.ref(key)} = ANY (${emptyIds}::uuid[])`)
      .execute()
  }
}

async function setsTouching(trx: Trx, spans: readonly ChangeSetSpan[]): Promise<ChangeSet[]> {
  const windows = spans.map(({ sessionKey, from, until }) => ({
    session_key: sessionKey,
    from: new Date(from),
    until: new Date(until),
  }))
  const { rows } = await sql<Omit<ChangeSetsTable, 'organization_id' | 'absorbed_into'>>`
    SELECT DISTINCT s.id, s.session_key, s.stream, s.opened_at, s.from_time, s.until_time
    FROM jsonb_to_recordset(${JSON.stringify(windows)}::jsonb)
      AS w(session_key text, "from" timestamptz, until timestamptz)
    JOIN change_sets s ON s.session_key = w.session_key AND s.absorbed_into IS NULL
      AND s.until_time >= w."from" AND s.from_time <= w.until
  `.execute(trx)
  return rows.map((row) => ({
    id: row.id,
    sessionKey: row.session_key,
    stream: row.stream,
    openedAt: row.opened_at.getTime(),
    from: row.from_time.getTime(),
    until: row.until_time.getTime(),
  }))
}

async function upsertSets(trx: Trx, organizationId: string, sets: readonly ChangeSet[]) {
  if (sets.length === 0) return
  const rows = sets.map((set) => ({
    id: set.id,
    session_key: set.sessionKey,
    stream: set.stream,
    opened_at: new Date(set.openedAt),
    from_time: new Date(set.from),
    until_time: new Date(set.until),
  }))
  await sql`
    INSERT INTO change_sets (organization_id, id, session_key, stream, opened_at, from_time, until_time)
    SELECT ${organizationId}, id, session_key, stream, opened_at, from_time, until_time
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(id uuid, session_key text,
      stream text, opened_at timestamptz, from_time timestamptz, until_time timestamptz)
    ON CONFLICT (organization_id, id) DO UPDATE SET
      stream = excluded.stream, from_time = excluded.from_time, until_time = excluded.until_time
  `.execute(trx)
}

/** Aliases point to the final set in one step. */
async function absorbSets(trx: Trx, absorbed: readonly { id: string; into: string }[]) {
  if (absorbed.length === 0) return
  for (const key of ['absorbed_into', 'id']) {
    await sql`
      UPDATE change_sets s SET absorbed_into = a.into
      FROM jsonb_to_recordset(${JSON.stringify(absorbed)}::jsonb) AS a(id uuid, "into" uuid)
      WHERE s.${sql.ref(key)} = a.id
    `.execute(trx)
  }
}

/** The current IDs of these sets: unchanged, unless they were merged into another set. */
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

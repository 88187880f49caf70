import { sql } from 'kysely'
import type { Change } from '../changes/change.ts'
import { ASSIGN_READ, columnsRead } from './change-columns.ts'
import { loadChangeRules, rulesWithNames } from './change-rules.ts'
import { asOrganization, type Database, type Trx } from './database.ts'
import { isAboutData } from './insert-changes.ts'
import { linkChanges, linkChangesOfResources } from './link-changes.ts'
import { rememberTags } from './resource-tags.ts'
import { lockOutImports, resourceIdsOf, storeResources } from './resources.ts'

/** What a source's current reader makes of stored records. */
export interface CurrentReader {
  source: string
  /** Changes with a lower version are outdated. */
  version: number
  /** Undefined if the record can no longer become a change. */
  reread: (stored: {
    record: string
    context: unknown
    sourceId: string
    occurredAt: Date
  }) => Change | undefined
}

/** The result of one batch. */
interface Reread {
  /** Changes that have the reader's version now. */
  reread: number
  /** Those among them that kept what the older reader read, because theirs failed. */
  kept: number
  /** Whether no change of the week is outdated. Otherwise there may be more, even after zeros. */
  isDone: boolean
}

/** The first moment, and the first moment after it. */
type Week = readonly [Date, Date]

const WEEK_MS = 7 * 24 * 60 * 60 * 1_000
/** A Monday, as in `ensure_partitions`. */
const FIRST_MONDAY_MS = Date.parse('1970-01-05T00:00:00Z')

/** The IDs of all organizations, oldest first. */
export function organizationIds(db: Database): Promise<string[]> {
  return db.transaction().execute(async (trx) => {
    // The only role that sees every organization.
    await sql`SET LOCAL ROLE cairn_system`.execute(trx)
    const rows = await trx.selectFrom('organizations').select('id').orderBy('id').execute()
    return rows.map(({ id }) => id)
  })
}

/** Whether the organization has changes that an older reader has read. */
export async function hasOutdated(trx: Trx, organizationId: string, reader: CurrentReader) {
  const row = await outdated(trx, organizationId, reader).select('id').limit(1).executeTakeFirst()
  return row !== undefined
}

/** How many changes of the organization an older reader has read. */
export async function countOutdated(trx: Trx, organizationId: string, reader: CurrentReader) {
  const { count } = await outdated(trx, organizationId, reader)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return count
}

function outdated(trx: Trx, organizationId: string, { source, version }: CurrentReader) {
  return trx
    .selectFrom('changes')
    .where('organization_id', '=', organizationId)
    .where('reader_version', '<', version)
    .where('source', '=', source)
}

/**
 * The weeks in which the organization has changes, newest first. Each is a partition.
 */
export async function weeksOfChanges(trx: Trx, organizationId: string): Promise<Week[]> {
  const { first, last } = await trx
    .selectFrom('changes')
    .select((eb) => [eb.fn.min('occurred_at').as('first'), eb.fn.max('occurred_at').as('last')])
    .where('organization_id', '=', organizationId)
    .executeTakeFirstOrThrow()
  if (first === null || last === null) return []
  const weeks: Week[] = []
  for (let week = weekOf(last); week >= weekOf(first); week -= WEEK_MS)
    weeks.push([new Date(week), new Date(week + WEEK_MS)])
  return weeks
}

function weekOf(time: Date): number {
  const weeks = Math.floor((time.getTime() - FIRST_MONDAY_MS) / WEEK_MS)
  return FIRST_MONDAY_MS + weeks * WEEK_MS
}

/**
 * Reads the records of some outdated changes of one week again, in one transaction. A change keeps
 * its ID, its time, its change set and its connection. If its record can no longer become a change,
 * or Postgres does not accept what was read, it keeps everything except the version.
 *
 * While the transaction runs, imports and purges of the organization's resources wait; so it cannot
 * deadlock with an import. A takeover and a purge of changes lock rows in the same order, by time.
 *
 * @param options.limit the most changes to read
 */
export function rereadSome(
  db: Database,
  organizationId: string,
  options: { reader: CurrentReader; week: Week; limit: number },
): Promise<Reread> {
  return asOrganization(db, organizationId, (trx) => rereadBatch(trx, organizationId, options))
}

/** The work of `rereadSome`, in the caller's transaction. */
export async function rereadBatch(
  trx: Trx,
  organizationId: string,
  { reader, week, limit }: { reader: CurrentReader; week: Week; limit: number },
): Promise<Reread> {
  // Found by their keys, as in a purge.
  await sql`
    SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
      set_config('enable_seqscan', 'off', true)
  `.execute(trx)
  const found = await outdated(trx, organizationId, reader)
    .select(['occurred_at as occurredAt', 'id'])
    .where('occurred_at', '>=', week[0])
    .where('occurred_at', '<', week[1])
    .limit(limit)
    .execute()
  if (found.length === 0) return { reread: 0, kept: 0, isDone: true }
  await lockOutImports(trx, organizationId)
  const stored = await lockRecords(trx, organizationId, { reader, week, found })
  const changes = stored.flatMap((row) => {
    if (row.record === null) return []
    const change = reader.reread({ ...row, record: row.record })
    return change ? [{ id: row.id, occurredAt: row.occurredAt, change }] : []
  })
  const updated = await updateBatch(trx, organizationId, {
    changes,
    version: reader.version,
    week,
  })
  const kept = stored.filter(({ id }) => !updated.has(id))
  await markAsRead(trx, organizationId, { kept, version: reader.version, week })
  return { reread: stored.length, kept: kept.length, isDone: false }
}

/** Locks the changes that still are outdated, by time, and returns their records. */
async function lockRecords(
  trx: Trx,
  organizationId: string,
  options: {
    reader: CurrentReader
    week: Week
    found: readonly { occurredAt: Date; id: string }[]
  },
) {
  const { rows } = await sql<{
    id: string
    occurredAt: Date
    sourceId: string
    record: string | null
    context: unknown
  }>`
    SELECT c.id, c.occurred_at AS "occurredAt", c.source_id AS "sourceId",
      r.record::text AS record, r.context
    FROM unnest(
      ${options.found.map(({ occurredAt }) => occurredAt)}::timestamptz[],
      ${options.found.map(({ id }) => id)}::uuid[]
    ) AS f (occurred_at, id)
    JOIN changes c ON c.organization_id = ${organizationId}
      AND c.occurred_at = f.occurred_at AND c.id = f.id
    LEFT JOIN change_records r ON r.organization_id = c.organization_id
      AND r.occurred_at = c.occurred_at AND r.id = c.id AND ${inBatch('r', options.week, options.found)}
    WHERE c.reader_version < ${options.reader.version} AND ${inBatch('c', options.week, options.found)}
    ORDER BY c.occurred_at, c.id
    FOR UPDATE OF c
  `.execute(trx)
  return rows
}

/**
 * Redundant where rows are joined by their keys, but it excludes other partitions from the plan,
 * and reads only the rows of the batch if the planner starts with this table. Without statistics,
 * it did so and read every row of the week for each change.
 */
function inBatch(
  table: string,
  [from, to]: Week,
  keys: readonly { occurredAt: Date; id: string }[],
) {
  const time = sql.ref(`${table}.occurred_at`)
  return sql`${time} >= ${from} AND ${time} < ${to}
    AND ${time} = ANY (${keys.map(({ occurredAt }) => occurredAt)}::timestamptz[])
    AND ${sql.ref(`${table}.id`)} = ANY (${keys.map(({ id }) => id)}::uuid[])`
}

interface ReadAgain {
  id: string
  occurredAt: Date
  change: Change
}

/**
 * Updates changes. If Postgres does not accept one of them, the batch is halved until it is alone.
 *
 * @returns the IDs of the updated ones
 */
async function updateBatch(
  trx: Trx,
  organizationId: string,
  { changes, version, week }: { changes: readonly ReadAgain[]; version: number; week: Week },
): Promise<Set<string>> {
  if (changes.length === 0) return new Set()
  await sql`SAVEPOINT batch`.execute(trx)
  try {
    await writeReread(trx, organizationId, { changes, version, week })
    await sql`RELEASE SAVEPOINT batch`.execute(trx)
    return new Set(changes.map(({ id }) => id))
  } catch (error) {
    if (!isAboutData(error)) throw error
    await sql`ROLLBACK TO SAVEPOINT batch`.execute(trx)
  }
  if (changes.length === 1) return new Set()
  const middle = Math.ceil(changes.length / 2)
  const updated = new Set<string>()
  for (const half of [changes.slice(0, middle), changes.slice(middle)])
    for (const id of await updateBatch(trx, organizationId, { changes: half, version, week }))
      updated.add(id)
  return updated
}

async function writeReread(
  trx: Trx,
  organizationId: string,
  { changes, version, week }: { changes: readonly ReadAgain[]; version: number; week: Week },
): Promise<void> {
  const resourceIds = await storeResources(
    trx,
    organizationId,
    changes.map(({ change }) => change),
  )
  const namesEnvironments = changes.some(({ change }) => change.attributes?.environments?.length)
  const rules = await (namesEnvironments ? rulesWithNames : loadChangeRules)(trx, organizationId)
  const rows = changes.map(({ id, occurredAt, change }) => ({
    ...columnsRead(change, rules?.noise ?? []),
    id,
    occurred_at: occurredAt,
    resource_ids: resourceIdsOf(change, resourceIds),
  }))
  await sql`
    UPDATE changes c SET
      ${ASSIGN_READ}, reader_version = ${version}
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(
      occurred_at timestamptz, ended_at timestamptz, id uuid, summary text, service text,
      action text, actor text, actor_id text, tool text, outcome text, region text,
      account_id text, resources text[], resource_ids int[], read_only boolean, noise text,
      source_noise text,
      envelope jsonb, detail jsonb)
    WHERE c.organization_id = ${organizationId}
      AND c.occurred_at = r.occurred_at AND c.id = r.id AND ${inBatch('c', week, changes)}
  `.execute(trx)
  const tagged = await rememberTags(trx, organizationId, {
    changes: changes.map(({ change }) => change),
    resourceIds,
    rules,
  })
  if (!rules?.canLink) return
  await linkChanges(trx, organizationId, { keys: changes, rules })
  await linkChangesOfResources(trx, organizationId, { resourceIds: tagged, rules })
}

async function markAsRead(
  trx: Trx,
  organizationId: string,
  options: {
    kept: readonly { id: string; occurredAt: Date }[]
    version: number
    week: Week
  },
): Promise<void> {
  const { kept, version, week } = options
  if (kept.length === 0) return
  await sql`
    UPDATE changes c SET reader_version = ${version}
    FROM unnest(
      ${kept.map(({ occurredAt }) => occurredAt)}::timestamptz[],
      ${kept.map(({ id }) => id)}::uuid[]
    ) AS k (occurred_at, id)
    WHERE c.organization_id = ${organizationId}
      AND c.occurred_at = k.occurred_at AND c.id = k.id AND ${inBatch('c', week, kept)}
  `.execute(trx)
}

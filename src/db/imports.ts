import { sql } from 'kysely'
import type { Change } from '../changes/change.ts'
import { changeId } from './change-id.ts'
import { storeChangeSets } from './change-sets.ts'
import type { Trx } from './database.ts'
import type { ChangeDetail } from './schema.ts'

/** Whose changes they are. */
export interface Owner {
  organizationId: string
  connectionId: string
}

/** A change with the record that it was read from. */
export interface ImportedChange {
  change: Change
  /** JSON text that Postgres accepts, see `storableRecord`. */
  record: string
  /** The record as it came, for the case that Postgres does not accept it after all. */
  raw: string
}

/** A record that cannot be a change. */
export interface UnreadRecord {
  region: string
  reason: string
  raw: string
}

/** Makes the partitions for this time and three weeks more. Cheap when they are there. */
export async function ensurePartitions(trx: Trx, from: Date): Promise<void> {
  await sql`CALL ensure_partitions(${from}, now() + interval '21 days')`.execute(trx)
}

/** What a change looks like in its row, but for the columns of the record. */
function toRow({ change, record }: ImportedChange, owner: Owner) {
  const detail: ChangeDetail = {
    actor: change.actor,
    tool: change.tool,
    resources: change.resources,
    edits: change.edits,
    risks: change.risks,
    publicAccess: change.publicAccess,
    error: change.error,
    links: change.links,
  }
  return {
    organization_id: owner.organizationId,
    occurred_at: change.occurredAt,
    id: changeId({ ...change, connectionId: owner.connectionId }),
    connection_id: owner.connectionId,
    source: change.source,
    source_id: change.sourceId,
    summary: change.summary,
    service: change.service,
    action: change.action,
    actor: change.actor.name,
    tool: change.tool.name,
    outcome: change.outcome,
    region: change.region,
    account_id: change.accountId,
    resources: [...new Set(change.resources.flatMap(({ id, arn }) => (arn ? [id, arn] : [id])))],
    noise: change.noise,
    detail,
    record,
  }
}

/**
 * Inserts the changes that are not there yet, and their records. Those that Postgres refuses are
 * kept as unread records: the batch is halved until the culprit stands alone.
 *
 * @returns how many were new, and how many had to be set apart
 */
export async function insertChanges(
  trx: Trx,
  owner: Owner,
  imported: readonly ImportedChange[],
): Promise<{ inserted: number; unread: number }> {
  if (imported.length === 0) return { inserted: 0, unread: 0 }
  await sql`SAVEPOINT batch`.execute(trx)
  try {
    const result = await insertBatch(trx, owner, imported)
    await sql`RELEASE SAVEPOINT batch`.execute(trx)
    return result
  } catch (error) {
    if (!isAboutData(error)) throw error
    await sql`ROLLBACK TO SAVEPOINT batch`.execute(trx)
  }
  const [only, ...others] = imported
  if (only && others.length === 0) {
    const region = only.change.region ?? ''
    const reason = 'refused_by_postgres'
    return {
      inserted: 0,
      unread: await keepUnread(trx, owner, [{ region, reason, raw: only.raw }]),
    }
  }
  const middle = Math.ceil(imported.length / 2)
  const newer = await insertChanges(trx, owner, imported.slice(0, middle))
  const older = await insertChanges(trx, owner, imported.slice(middle))
  return { inserted: newer.inserted + older.inserted, unread: newer.unread + older.unread }
}

/** Data exceptions (22…) and program limits (54…): the values are at fault, not the server. */
function isAboutData(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && /^(22|54)/.test(code)
}

async function insertBatch(
  trx: Trx,
  owner: Owner,
  imported: readonly ImportedChange[],
): Promise<{ inserted: number; unread: number }> {
  const rows = imported.map((one) => toRow(one, owner))
  const stored = await storedTimes(trx, owner, rows)
  const times = new Map(stored)
  // An event id is unique: seen again with another time, it must not become a second change.
  const twins = rows.map((row) => {
    const time = row.occurred_at.getTime()
    const first = times.get(row.source_id) ?? time
    times.set(row.source_id, first)
    return first !== time
  })
  const unread = imported.filter((_, index) => twins[index])
  const isFresh = (index: number) => !twins[index] && !stored.has(rows[index]!.source_id)
  const sets = await storeChangeSets(
    trx,
    owner.organizationId,
    imported.flatMap(({ change }, index) =>
      isFresh(index) ? [{ id: rows[index]!.id, change }] : [],
    ),
  )
  const kept = rows
    .filter((_, index) => isFresh(index))
    .map((row) => ({ ...row, change_set_id: sets.get(row.id) }))
  const { rows: inserted } = await sql<{ count: number }>`
    WITH input AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(kept)}::jsonb) AS r(
        organization_id uuid, occurred_at timestamptz, id uuid, connection_id uuid, source text,
        source_id text, summary text, service text, action text, actor text, tool text,
        outcome text, region text, account_id text, resources text[], noise text,
        change_set_id uuid, detail jsonb, record text)
    ), inserted AS (
      INSERT INTO changes (organization_id, occurred_at, id, connection_id, source, source_id,
        summary, service, action, actor, tool, outcome, region, account_id, resources, noise,
        change_set_id, detail)
      SELECT organization_id, occurred_at, id, connection_id, source, source_id,
        summary, service, action, actor, tool, outcome, region, account_id, resources, noise,
        change_set_id, detail
      FROM input
      ORDER BY occurred_at, id
      ON CONFLICT DO NOTHING
      RETURNING organization_id, occurred_at, id
    ), records AS (
      INSERT INTO change_records (organization_id, occurred_at, id, record)
      SELECT organization_id, occurred_at, id, record::jsonb
      FROM inserted JOIN input USING (organization_id, occurred_at, id)
      ON CONFLICT DO NOTHING
    )
    SELECT count(*)::int AS count FROM inserted
  `.execute(trx)
  const apart = unread.map(({ change, raw }) => ({
    region: change.region ?? '',
    reason: 'known_under_another_time',
    raw,
  }))
  return { inserted: inserted[0]!.count, unread: await keepUnread(trx, owner, apart) }
}

/** When those of the changes that are stored already have occurred, by their source's id. */
async function storedTimes(
  trx: Trx,
  owner: Owner,
  rows: readonly { source_id: string }[],
): Promise<Map<string, number>> {
  const stored = await trx
    .selectFrom('changes')
    .select(['source_id', 'occurred_at'])
    .where('connection_id', '=', owner.connectionId)
    .where(
      'source_id',
      'in',
      rows.map(({ source_id }) => source_id),
    )
    .execute()
  return new Map(stored.map((row) => [row.source_id, row.occurred_at.getTime()]))
}

/** Keeps what cannot be a change, once. Returns how many were not known before. */
export async function keepUnread(
  trx: Trx,
  owner: Owner,
  records: readonly UnreadRecord[],
): Promise<number> {
  if (records.length === 0) return 0
  const result = await trx
    .insertInto('unread_records')
    .values(
      records.map(({ region, reason, raw }) => ({
        organization_id: owner.organizationId,
        connection_id: owner.connectionId,
        region,
        reason,
        raw: Buffer.from(raw),
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0)
}

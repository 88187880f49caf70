import { sql } from 'kysely'
import type { Change } from '../changes/change.ts'
import type { NoiseRule } from '../changes/noise-rules.ts'
import { columnsRead } from './change-columns.ts'
import { storeChangeSets } from './change-sets.ts'
import type { Trx } from './database.ts'
import type { Owner } from './owner.ts'
import { resourceIdsOf } from './resources.ts'
import type { SourceEntry } from './unparsed-records.ts'

/** A change with its original record. */
export interface ImportedChange {
  change: Change
  /** The version of the reader that read it, see `Source.reader`. */
  readerVersion: number
  /** JSON text that Postgres accepts, see `storableJson`. */
  record: string
  /** JSON text of what the source returned beside the record, if the reader needs it. */
  context: string | null
  /** The source's entry, in case Postgres does not accept the change. */
  entry: SourceEntry
}

/** A change that is about to be stored. */
export interface ArrivedChange extends ImportedChange {
  id: string
  /** Identifies its event, see `eventKey`. */
  key: string
  time: number
}

/** What the rows of changes need. */
interface Prepared {
  /** By key. */
  resourceIds: ReadonlyMap<string, number>
  noiseRules: readonly NoiseRule[]
}

/**
 * Inserts changes, their records and their change sets. Returns those that Postgres does not
 * accept: the batch is halved until each of them is alone.
 *
 * @param arrivals in the order of `byTime`; the transaction holds the locks of `storeEvents`
 */
export async function insertChanges(
  trx: Trx,
  owner: Owner,
  arrivals: readonly ArrivedChange[],
  prepared: Prepared,
): Promise<{ inserted: ArrivedChange[]; refused: ArrivedChange[] }> {
  if (arrivals.length === 0) return { inserted: [], refused: [] }
  await sql`SAVEPOINT batch`.execute(trx)
  try {
    const inserted = await insertBatch(trx, owner, arrivals, prepared)
    await sql`RELEASE SAVEPOINT batch`.execute(trx)
    return { inserted, refused: [] }
  } catch (error) {
    if (!isAboutData(error)) throw error
    await sql`ROLLBACK TO SAVEPOINT batch`.execute(trx)
  }
  if (arrivals.length === 1) return { inserted: [], refused: [...arrivals] }
  const middle = Math.ceil(arrivals.length / 2)
  const older = await insertChanges(trx, owner, arrivals.slice(0, middle), prepared)
  const newer = await insertChanges(trx, owner, arrivals.slice(middle), prepared)
  return {
    inserted: [...older.inserted, ...newer.inserted],
    refused: [...older.refused, ...newer.refused],
  }
}

/** Data exceptions (22…) and program limits (54…): the values are invalid, the server works. */
export function isAboutData(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && /^(22|54)/.test(code)
}

async function insertBatch(
  trx: Trx,
  owner: Owner,
  arrivals: readonly ArrivedChange[],
  { resourceIds, noiseRules }: Prepared,
): Promise<ArrivedChange[]> {
  const sets = await storeChangeSets(trx, owner.organizationId, arrivals)
  const rows = arrivals.map((arrival) => ({
    ...toRow(arrival, owner, noiseRules),
    change_set_id: sets.get(arrival.id),
    resource_ids: resourceIdsOf(arrival.change, resourceIds),
  }))
  const { rows: inserted } = await sql<{ id: string }>`
    WITH input AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(
        organization_id uuid, occurred_at timestamptz, ended_at timestamptz, id uuid,
        connection_id uuid, source text, source_account text, source_id text, summary text,
        service text, action text, actor text, actor_id text, tool text, outcome text, region text,
        account_id text, resources text[], resource_ids int[], read_only boolean, noise text, source_noise text,
        change_set_id uuid, envelope jsonb, detail jsonb, reader_version int, record text, context text)
    ), inserted AS (
      INSERT INTO changes (organization_id, occurred_at, ended_at, id, connection_id, source,
        source_account, source_id, summary, service, action, actor, actor_id, tool, outcome, region,
        account_id, resources, resource_ids, read_only, noise, source_noise, change_set_id, envelope, detail,
        reader_version)
      SELECT organization_id, occurred_at, ended_at, id, connection_id, source,
        source_account, source_id, summary, service, action, actor, actor_id, tool, outcome, region,
        account_id, resources, resource_ids, read_only, noise, source_noise, change_set_id, envelope, detail,
        reader_version
      FROM input
      ORDER BY occurred_at, id
      ON CONFLICT DO NOTHING
      RETURNING organization_id, occurred_at, id
    ), records AS (
      INSERT INTO change_records (organization_id, occurred_at, id, record, context)
      SELECT organization_id, occurred_at, id, record::json, context::json
      FROM inserted JOIN input USING (organization_id, occurred_at, id)
      ON CONFLICT DO NOTHING
    )
    SELECT id FROM inserted
  `.execute(trx)
  const ids = new Set(inserted.map(({ id }) => id))
  return arrivals.filter(({ id }) => ids.has(id))
}

/** A change as a row, except for its change set. */
function toRow(arrival: ArrivedChange, owner: Owner, noiseRules: readonly NoiseRule[]) {
  const { id, change, readerVersion, record, context } = arrival
  return {
    ...columnsRead(change, noiseRules),
    organization_id: owner.organizationId,
    occurred_at: change.occurredAt,
    id,
    connection_id: owner.connectionId,
    source: change.source,
    source_account: owner.sourceAccount,
    source_id: change.sourceId,
    reader_version: readerVersion,
    record,
    context,
  }
}

import { sql } from 'kysely'
import type { AwsProblemKind } from '../connections/aws-problems.ts'
import type { ExcludedBy } from '../connections/status.ts'
import type { Trx } from './database.ts'
import { coverageRows } from './region-coverage.ts'
import type { ConnectionRow, CoverageRow } from './schema/connections.ts'

const HOUR_SECONDS = 3600

/** The result of probing a region, to store in the ledger. */
export interface RegionFinding {
  region: string
  state: CoverageRow['state']
  /** The AWS response, or why there was none, if the state is not active. */
  error: string | null
  errorKind: AwsProblemKind | null
}

/** How often a region that AWS has denied from the start is retried. */
const REFUSED_FROM_THE_START_SECONDS = 24 * HOUR_SECONDS
const FIRST_RETRY_OF_REFUSED_SECONDS = 60

/**
 * When to retry a region that AWS denies, in seconds: after minutes, then hourly, if it was
 * imported before; daily if it was denied from the start.
 *
 * @param failures consecutive denials, including this one
 */
export function refusedRetrySeconds(answeredBefore: boolean, failures: number): number {
  if (!answeredBefore) return REFUSED_FROM_THE_START_SECONDS
  return Math.min(HOUR_SECONDS, FIRST_RETRY_OF_REFUSED_SECONDS * 2 ** Math.min(failures - 1, 10))
}

/**
 * Stores the state of the regions. A region that responds (again) is due immediately, and its
 * set-aside seconds are retried. A denied one is retried when it is due. A region without a
 * response keeps its state; a new one is unknown and due immediately.
 */
export async function keepRegions(
  trx: Trx,
  connection: ConnectionRow,
  findings: readonly RegionFinding[],
): Promise<void> {
  if (!connection.account_id || findings.length === 0) return
  const unanswered = findings.filter(({ state }) => state === 'unknown')
  const answered = findings.filter(({ state }) => state !== 'unknown')
  await sql`
    INSERT INTO coverage AS c (connection_id, organization_id, account_id, region, selection,
      state, last_error, last_error_kind, answered_at, live_due_at, backfill_due_at)
    SELECT ${connection.id}, ${connection.organization_id}, ${connection.account_id}, f.region,
      ${connection.selection}, f.state, f.error, f."errorKind",
      CASE f.state WHEN 'active' THEN now() END,
      now() + CASE f.state WHEN 'active' THEN interval '0'
        ELSE make_interval(secs => ${REFUSED_FROM_THE_START_SECONDS}) END,
      CASE f.state WHEN 'active' THEN now() END
    FROM jsonb_to_recordset(${JSON.stringify(answered)}::jsonb) 
      AS f(region text, state text, error text, "errorKind" text)
    ORDER BY f.region
    ON CONFLICT (connection_id, account_id, region, selection) DO UPDATE SET
      state = excluded.state,
      last_error = excluded.last_error, last_error_kind = excluded.last_error_kind,
      answered_at = coalesce(c.answered_at, excluded.answered_at),
      live_failures = CASE excluded.state WHEN 'active' THEN 0 ELSE 1 END, backfill_failures = 0,
      live_due_at = CASE WHEN excluded.state <> 'active' AND (c.answered_at IS NOT NULL OR NOT isempty(c.settled))
        THEN now() + make_interval(secs => ${FIRST_RETRY_OF_REFUSED_SECONDS}) ELSE excluded.live_due_at END,
      backfill_due_at = excluded.backfill_due_at,
      set_aside = CASE excluded.state WHEN 'active' THEN '{}'::tstzmultirange ELSE c.set_aside END
  `.execute(trx)
  await sql`
    INSERT INTO coverage AS c
      (connection_id, organization_id, account_id, region, selection, state, last_error,
      last_error_kind)
    SELECT ${connection.id}, ${connection.organization_id}, ${connection.account_id}, f.region,
      ${connection.selection}, 'unknown', f.error, f."errorKind"
    FROM jsonb_to_recordset(${JSON.stringify(unanswered)}::jsonb) 
      AS f(region text, error text, "errorKind" text)
    ORDER BY f.region
    ON CONFLICT (connection_id, account_id, region, selection) DO UPDATE SET
      last_error = excluded.last_error, last_error_kind = excluded.last_error_kind,
      live_due_at = least(c.live_due_at, now())
      WHERE c.state IN ('active', 'unknown')
  `.execute(trx)
}

/**
 * Applies `CAIRN_REGIONS`. Regions that it does not list are excluded, and new ones are unknown
 * until they are read. The partition's global region is always imported.
 *
 * @param wanted undefined: every region
 */
export async function applyConfiguredRegions(
  trx: Trx,
  connection: ConnectionRow,
  globalRegion: string,
  wanted: readonly string[] | undefined,
): Promise<void> {
  const listed = wanted && [...new Set([...wanted, globalRegion])]
  const rows = await coverageRows(trx, connection)
  const known = new Set(rows.map(({ region }) => region))
  const missing = (listed ?? [globalRegion]).filter((region) => !known.has(region))
  await keepRegions(
    trx,
    connection,
    missing.map((region) => ({ region, state: 'unknown', error: null, errorKind: null })),
  )
  const isListed = (region: string) => listed === undefined || listed.includes(region)
  const dropped = rows.filter(({ region, excluded_at }) => !isListed(region) && !excluded_at)
  const returned = rows.filter((row) => isListed(row.region) && row.excluded_by === 'configuration')
  await setExcluded(trx, connection, names(dropped), 'configuration')
  await setExcluded(trx, connection, names(returned), null)
}

const names = (rows: readonly CoverageRow[]) => rows.map(({ region }) => region)

/**
 * Excludes regions of the connection's current account, in both selections, or includes them again,
 * which makes them due immediately.
 *
 * @param by null: include
 */
export async function setExcluded(
  trx: Trx,
  connection: ConnectionRow,
  regions: readonly string[],
  by: ExcludedBy | null,
): Promise<void> {
  if (regions.length === 0) return
  await trx
    .updateTable('coverage')
    .set({
      excluded_by: by,
      excluded_at: by === null ? null : sql<Date>`now()`,
      ...(by === null && { live_due_at: sql<Date>`now()`, backfill_due_at: sql<Date>`now()` }),
    })
    .where('connection_id', '=', connection.id)
    .where('account_id', '=', connection.account_id)
    .where('region', 'in', regions)
    .execute()
}

/**
 * Reverts what a denied role has changed in regions that were imported before, and makes them due
 * again.
 */
export async function restoreRegions(
  trx: Trx,
  connection: ConnectionRow,
  rows: readonly CoverageRow[],
): Promise<void> {
  for (const row of rows) {
    await trx
      .updateTable('coverage')
      .set({
        state: row.state,
        last_error: row.last_error,
        last_error_kind: row.last_error_kind,
        live_failures: row.live_failures,
        live_due_at: row.live_due_at,
        backfill_failures: row.backfill_failures,
        backfill_due_at: row.backfill_due_at,
      })
      .where('connection_id', '=', connection.id)
      .where('account_id', '=', row.account_id)
      .where('selection', '=', row.selection)
      .where('region', '=', row.region)
      .execute()
  }
}

/** A new selection starts with the known regions of the account. */
export async function adoptRegions(trx: Trx, connection: ConnectionRow): Promise<void> {
  await sql`
    INSERT INTO coverage (connection_id, organization_id, account_id, region, selection, state,
      last_error, last_error_kind, answered_at, excluded_at, excluded_by)
    SELECT connection_id, organization_id, account_id, region, ${connection.selection}, state,
      last_error, last_error_kind, answered_at, excluded_at, excluded_by
    FROM coverage
    WHERE connection_id = ${connection.id} AND account_id = ${connection.account_id}
      AND selection <> ${connection.selection}
    ON CONFLICT DO NOTHING
  `.execute(trx)
}

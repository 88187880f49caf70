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

/** The longest interval between retries of a region that AWS has refused from the start. */
const REFUSED_FROM_THE_START_SECONDS = 24 * HOUR_SECONDS
const FIRST_RETRY_OF_REFUSED_SECONDS = 60
/** With so many doublings, the first interval exceeds every limit. */
const MAX_DOUBLINGS = 11

/**
 * When to retry a region that AWS refuses, in seconds: after a minute, then at doubling intervals,
 * up to an hour if the region was imported before and up to a day if it was denied from the start,
 * because the denial of a new role can end within a minute. A region that was never enabled is
 * retried daily.
 *
 * @param refused.failures consecutive refusals of the same kind, including this one
 */
export function refusedRetrySeconds(refused: {
  state: 'denied' | 'not_enabled'
  answeredBefore: boolean
  failures: number
}): number {
  const { state, answeredBefore, failures } = refused
  if (!answeredBefore && state === 'not_enabled') return REFUSED_FROM_THE_START_SECONDS
  const longest = answeredBefore ? HOUR_SECONDS : REFUSED_FROM_THE_START_SECONDS
  const doublings = Math.min(failures - 1, MAX_DOUBLINGS)
  return Math.min(longest, FIRST_RETRY_OF_REFUSED_SECONDS * 2 ** doublings)
}

/**
 * Stores the state of the regions. A region that responds (again) is due immediately, and its
 * set-aside seconds are retried. A refused one is retried when it is due, see
 * {@link refusedRetrySeconds}. A region without a response keeps its state; a new one is unknown
 * and due immediately. So is one that was denied from the start, if the finding is the denial of a
 * new role.
 */
export async function keepRegions(
  trx: Trx,
  connection: ConnectionRow,
  findings: readonly RegionFinding[],
): Promise<void> {
  if (!connection.account_id || findings.length === 0) return
  const unanswered = findings.filter(({ state }) => state === 'unknown')
  const answered = findings.filter(({ state }) => state !== 'unknown')
  const isKnown = sql`(c.answered_at IS NOT NULL OR NOT isempty(c.settled))`
  const isRefused = sql`c.state IN ('denied', 'not_enabled')`
  await sql`
    INSERT INTO coverage AS c (connection_id, organization_id, account_id, region, selection,
      state, last_error, last_error_kind, answered_at, live_failures, live_due_at, backfill_due_at)
    SELECT ${connection.id}, ${connection.organization_id}, ${connection.account_id}, f.region,
      ${connection.selection}, f.state, f.error, f."errorKind",
      CASE f.state WHEN 'active' THEN now() END,
      CASE f.state WHEN 'active' THEN 0 ELSE 1 END,
      now() + make_interval(secs => CASE f.state WHEN 'active' THEN 0
        WHEN 'denied' THEN ${FIRST_RETRY_OF_REFUSED_SECONDS}
        ELSE ${REFUSED_FROM_THE_START_SECONDS} END),
      CASE f.state WHEN 'active' THEN now() END
    FROM jsonb_to_recordset(${JSON.stringify(answered)}::jsonb) 
      AS f(region text, state text, error text, "errorKind" text)
    ORDER BY f.region
    ON CONFLICT (connection_id, account_id, region, selection) DO UPDATE SET
      state = excluded.state,
      last_error = excluded.last_error, last_error_kind = excluded.last_error_kind,
      answered_at = coalesce(c.answered_at, excluded.answered_at),
      live_failures = CASE WHEN excluded.state = c.state AND c.state <> 'active' AND NOT ${isKnown}
        THEN c.live_failures ELSE excluded.live_failures END,
      backfill_failures = 0,
      live_due_at = CASE WHEN excluded.state = 'active' THEN excluded.live_due_at
        WHEN ${isKnown} THEN now() + make_interval(secs => ${FIRST_RETRY_OF_REFUSED_SECONDS})
        WHEN excluded.state = c.state THEN c.live_due_at
        ELSE excluded.live_due_at END,
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
      state = CASE WHEN ${isRefused} AND NOT ${isKnown} THEN 'unknown' ELSE c.state END,
      last_error = excluded.last_error, last_error_kind = excluded.last_error_kind,
      live_failures = CASE WHEN ${isRefused} THEN 0 ELSE c.live_failures END,
      live_due_at = least(c.live_due_at, now())
      WHERE NOT ${isRefused} OR excluded.last_error_kind = 'denied'
  `.execute(trx)
}

/**
 * Applies `CAIRN_REGIONS`. Regions that it does not list are excluded, and new ones are unknown
 * until they are read. The partition's global region is always imported.
 *
 * @param wanted undefined: every region
 * @returns whether a region was added, excluded or included again
 */
export async function applyConfiguredRegions(
  trx: Trx,
  connection: ConnectionRow,
  globalRegion: string,
  wanted: readonly string[] | undefined,
): Promise<boolean> {
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
  return missing.length + dropped.length + returned.length > 0
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

/**
 * A new selection starts with the known regions of the account. A region that AWS refused in this
 * selection and has answered in the other one counts and is due immediately.
 *
 * @returns whether a region was added or changed
 */
export async function adoptRegions(trx: Trx, connection: ConnectionRow): Promise<boolean> {
  const { numAffectedRows } = await sql`
    INSERT INTO coverage AS c (connection_id, organization_id, account_id, region, selection, state,
      last_error, last_error_kind, answered_at, excluded_at, excluded_by)
    SELECT connection_id, organization_id, account_id, region, ${connection.selection}, state,
      last_error, last_error_kind, answered_at, excluded_at, excluded_by
    FROM coverage
    WHERE connection_id = ${connection.id} AND account_id = ${connection.account_id}
      AND selection <> ${connection.selection}
    ON CONFLICT (connection_id, account_id, region, selection) DO UPDATE SET
      state = excluded.state, last_error = excluded.last_error,
      last_error_kind = excluded.last_error_kind, answered_at = excluded.answered_at,
      live_failures = 0, live_due_at = excluded.live_due_at,
      backfill_failures = 0, backfill_due_at = excluded.backfill_due_at
      WHERE c.answered_at IS NULL AND excluded.answered_at IS NOT NULL
  `.execute(trx)
  return (numAffectedRows ?? 0n) > 0n
}

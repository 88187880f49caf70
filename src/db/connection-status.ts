import { sql } from 'kysely'
import type { Check } from '../connections/checks.ts'
import {
  type ConnectionStatus,
  deriveStatus,
  overdueSince,
  type Standing,
  type StatusAndReason,
} from '../connections/status.ts'
import type { Trx } from './database.ts'
import { type RegionCoverage, regionCoverage } from './region-coverage.ts'
import type { ConnectionRow } from './schema/connections.ts'

/** Why a verification has not passed, as one sentence; null if there is no reason. */
export function verdictReason(checks: readonly Check[]): string | null {
  const open = checks.find(({ state }) => state === 'failed' || state === 'waiting')
  return open ? `${open.means} (${open.id}: ${open.saw})` : null
}

/** The newest verdict on the connection's current role; null if there is none yet. */
async function newestVerdict(trx: Trx, connection: ConnectionRow): Promise<Standing['verdict']> {
  if (connection.role_arn === null) return null
  const row = await trx
    .selectFrom('verifications')
    .select(['state', 'checks'])
    .where('connection_id', '=', connection.id)
    .where('role_revision', '=', connection.role_revision)
    .executeTakeFirst()
  if (!row?.state) return null
  return { state: row.state, reason: verdictReason(row.checks ?? []) }
}

/**
 * Derives a connection's status from the stored data and writes it. Called in each transaction that
 * changes this data, so that a reader never sees a status that contradicts the coverage.
 * `connection` is the row as this transaction sees it, locked or just updated.
 */
export async function refreshStatus(
  trx: Trx,
  connection: ConnectionRow,
  now: Date,
): Promise<StatusAndReason & { regions: RegionCoverage[] }> {
  const verdict = await newestVerdict(trx, connection)
  const regions = await regionCoverage(trx, connection, now)
  const { status, reason } = deriveStatus({
    deleted: connection.deleted_at !== null,
    hasRole: connection.role_arn !== null,
    paused: connection.paused,
    pollIntervalSeconds: connection.poll_interval_seconds,
    verdict,
    sessionError: connection.session_error,
    regions,
    now,
  })
  await trx
    .updateTable('connections')
    .set({
      status,
      status_reason: reason,
      status_since: sql<Date>`CASE WHEN status = ${status} THEN status_since ELSE now() END`,
    })
    .where('id', '=', connection.id)
    .where(
      sql<boolean>`(status, status_reason) IS DISTINCT FROM (${status}::text, ${reason}::text)`,
    )
    .execute()
  return { status, reason, regions }
}

/**
 * Stores why the verified role cannot be assumed now; null if it can.
 *
 * @returns the row with it, for {@link refreshStatus}
 */
export async function setSessionError(
  trx: Trx,
  connection: ConnectionRow,
  error: string | null,
): Promise<ConnectionRow> {
  if (connection.session_error === error) return connection
  await trx
    .updateTable('connections')
    .set({ session_error: error })
    .where('id', '=', connection.id)
    .execute()
  return { ...connection, session_error: error }
}

/**
 * The stored status, or `behind` if no import cycle has ended for three intervals: while no worker
 * runs, nothing updates the row.
 */
export function shownStatus(
  row: ConnectionRow,
  now: Date,
): {
  status: ConnectionStatus
  statusReason: string | null
  since: string
} {
  const { status, status_reason: statusReason, status_since: since } = row
  const overdue = overdueSince({
    status,
    cycleAt: row.cycle_at,
    changedAt: new Date(Math.max(row.version_at.getTime(), since.getTime())),
    pollIntervalSeconds: row.poll_interval_seconds,
    now,
  })
  if (overdue === null || (status === 'behind' && statusReason !== null)) {
    return { status, statusReason, since: since.toISOString() }
  }
  const last = row.cycle_at && `the last one ended at ${row.cycle_at.toISOString()}`
  return {
    status: 'behind',
    statusReason: `No import cycle has ended for three poll intervals (${last ?? 'none has ended yet'}). The worker may be down, busy with other connections, or reading a second with thousands of events`,
    since: overdue.toISOString(),
  }
}

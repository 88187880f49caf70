import { sql } from 'kysely'
import type { Selection } from '../connections/selection.ts'
import type { ConnectionStatus } from '../connections/status.ts'
import { fence } from './coverage.ts'
import type { Trx } from './database.ts'
import { setDefaultEnvironment } from './environment-links.ts'
import type { ConnectionRow } from './schema/connections.ts'
import { claimSignal } from './signals.ts'

interface ConnectionRole {
  arn: string
  accountId: string
  partition: string
}

interface NewConnection {
  organizationId: string
  name: string
  externalId: string
  role?: ConnectionRole
  /** The default environment of its changes. */
  environmentId?: string | null
  selection?: Selection
  lookbackDays?: number
  pollIntervalSeconds?: number
}

/**
 * Inserts a connection. The caller then signals its workflow.
 *
 * @throws pg error 23503 on `environment_links_environment` if the environment does not exist
 * @throws pg error 23505 on `connections_one_per_account` if the organization has another
 *   connection to the role's account
 */
export async function insertConnection(
  trx: Trx,
  connection: NewConnection,
): Promise<ConnectionRow> {
  const row = await trx
    .insertInto('connections')
    .values({
      organization_id: connection.organizationId,
      name: connection.name,
      external_id: connection.externalId,
      selection: connection.selection,
      lookback_days: connection.lookbackDays,
      poll_interval_seconds: connection.pollIntervalSeconds,
      status: connection.role ? 'verifying' : 'awaiting_role',
      role_arn: connection.role?.arn,
      account_id: connection.role?.accountId,
      partition: connection.role?.partition,
      role_arn_set_at: connection.role && sql<Date>`now()`,
      signalled_version: 1,
      signalled_at: sql<Date>`now()`,
      unanswered_signals: 1,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  if (connection.environmentId) await setDefaultEnvironment(trx, row, connection.environmentId)
  return row
}

/**
 * Until the transaction ends, other transactions that take this lock insert no connections of the
 * organization.
 */
export async function lockConnections(trx: Trx, organizationId: string): Promise<void> {
  const name = `cairn.connections:${organizationId}`
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(trx)
}

/** The number of connections of the organization, and how many of them are being deleted. */
export function countConnections(trx: Trx): Promise<{ all: number; deleting: number }> {
  return trx
    .selectFrom('connections')
    .select([sql<number>`count(*)`.as('all'), sql<number>`count(deleted_at)`.as('deleting')])
    .where('ended_at', 'is', null)
    .executeTakeFirstOrThrow()
}

/** The connections that are listed, oldest first. */
export function listConnections(trx: Trx): Promise<ConnectionRow[]> {
  return trx
    .selectFrom('connections')
    .selectAll()
    .where('ended_at', 'is', null)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
}

/** Returns deleted connections until their deletion is complete. */
export function findConnection(trx: Trx, id: string): Promise<ConnectionRow | undefined> {
  return trx
    .selectFrom('connections')
    .selectAll()
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
}

/**
 * Locks a connection until the transaction ends, and reads it; undefined if it is gone. Use `share`
 * to store data for a connection. Use `update`, which waits for all shared locks, before changing
 * the row or several rows of its coverage. Locks are always taken in this order: connection,
 * verification, coverage, changes.
 *
 * Postgres lets new shared locks on a row pass a waiting writer, so the pages of a busy import
 * could keep a PATCH waiting until it times out. For this reason an advisory lock comes first,
 * because advisory locks queue.
 */
export async function lockConnection(
  trx: Trx,
  id: string,
  mode: 'share' | 'update',
): Promise<ConnectionRow | undefined> {
  const key = sql`hashtextextended(concat(current_organization(), ${id}::text), 0)`
  const lock = sql.raw(`pg_advisory_xact_lock${mode === 'share' ? '_shared' : ''}`)
  await sql`SELECT ${lock}(${key})`.execute(trx)
  const query = trx
    .selectFrom('connections')
    .selectAll()
    .where('id', '=', id)
    .where('ended_at', 'is', null)
  return (mode === 'share' ? query.forShare() : query.forNoKeyUpdate()).executeTakeFirst()
}

/** The accounts that are already connected, with the connection's name. */
export function connectedAccounts(
  trx: Trx,
  accountIds: readonly string[],
): Promise<{ id: string; name: string; account_id: string | null }[]> {
  return trx
    .selectFrom('connections')
    .select(['id', 'name', 'account_id'])
    .where('account_id', 'in', accountIds)
    .where('deleted_at', 'is', null)
    .execute()
}

/** Whether the connection's deletion is complete: its row stays for the changes that point to it. */
export async function hasEnded(trx: Trx, id: string): Promise<boolean> {
  const row = await trx
    .selectFrom('connections')
    .select('id')
    .where('id', '=', id)
    .where('ended_at', 'is not', null)
    .executeTakeFirst()
  return row !== undefined
}

export interface DesiredState {
  name?: string
  role?: ConnectionRole | null
  selection?: Selection
  lookbackDays?: number
  pollIntervalSeconds?: number
  paused?: boolean
}

/**
 * Updates a connection's desired state and increments its version, which the workflow reports when
 * it has read it. A different role, or none, also increments the role's revision and ends running
 * imports. If `hasToSignal` is true, the caller signals the workflow. Returns undefined if the
 * connection does not exist or is being deleted.
 *
 * @throws pg error 23505 on `connections_one_per_account` if the organization has another
 *   connection to this account
 */
export async function updateDesiredState(
  trx: Trx,
  id: string,
  wanted: DesiredState,
): Promise<ConnectionRow | undefined> {
  await lockConnection(trx, id, 'update')
  const row = await trx
    .updateTable('connections')
    .set((eb) => ({
      ...claimSignal(eb),
      version: eb('version', '+', 1),
      version_at: sql<Date>`now()`,
      name: wanted.name,
      selection: wanted.selection,
      lookback_days: wanted.lookbackDays,
      poll_interval_seconds: wanted.pollIntervalSeconds,
      paused: wanted.paused,
      ...(wanted.role !== undefined && {
        role_arn: wanted.role?.arn ?? null,
        account_id: wanted.role?.accountId ?? null,
        partition: wanted.role?.partition ?? null,
        role_arn_set_at: wanted.role && sql<Date>`now()`,
        role_revision: eb('role_revision', '+', 1),
      }),
    }))
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .returningAll()
    .executeTakeFirst()
  if (row && wanted.role !== undefined) await fence(trx, id)
  return row
}

/**
 * Whether the deletion of a connection is complete, and a purge would reopen it. Locks the
 * connection, so that this remains true until the transaction ends.
 */
export async function isReopenedByPurge(trx: Trx, id: string): Promise<boolean> {
  await lockConnection(trx, id, 'update')
  const row = await trx
    .selectFrom('connections')
    .select('id')
    .where('id', '=', id)
    .where('ended_at', 'is not', null)
    .where('purge', '=', false)
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Marks a connection for deletion; the workflow completes it. `purge` also removes what it
 * imported, and can be requested after a deletion without it has completed. Repeated calls have no
 * further effect. Returns undefined if the connection does not exist.
 */
export async function markDeleted(
  trx: Trx,
  id: string,
  options: { purge: boolean },
): Promise<ConnectionRow | undefined> {
  await lockConnection(trx, id, 'update')
  return trx
    .updateTable('connections')
    .set((eb) => ({
      ...claimSignal(eb),
      version: eb('version', '+', 1),
      version_at: sql<Date>`now()`,
      deleted_at: sql<Date>`coalesce(deleted_at, now())`,
      purge: sql<boolean>`purge OR ${options.purge}`,
      ended_at: null,
      status: 'deleting',
      status_reason: null,
      status_since: sql<Date>`CASE WHEN status = 'deleting' THEN status_since ELSE now() END`,
    }))
    .where('id', '=', id)
    .where((eb) =>
      options.purge
        ? eb.or([eb('ended_at', 'is', null), eb('purge', '=', false)])
        : eb('ended_at', 'is', null),
    )
    .returningAll()
    .executeTakeFirst()
}

interface ConnectionReport {
  status?: ConnectionStatus
  /** One sentence. */
  reason?: string | null
  seenVersion?: number
  nextPollAt?: Date | null
  /** An import cycle ends now, by Postgres' clock. */
  endsCycle?: boolean
}

/** Stores what the workflow's activities report about a connection. Never changes the desired state. */
export async function reportConnection(
  trx: Trx,
  id: string,
  report: ConnectionReport,
): Promise<void> {
  const { status, reason = null } = report
  await trx
    .updateTable('connections')
    .set({
      reported_at: sql<Date>`now()`,
      unanswered_signals: 0,
      next_poll_at: report.nextPollAt,
      ...(report.endsCycle && { cycle_at: sql<Date>`now()` }),
      seen_version: report.seenVersion,
      ...(status && {
        status,
        status_reason: reason,
        status_since: sql<Date>`CASE WHEN status = ${status} THEN status_since ELSE now() END`,
      }),
    })
    .where('id', '=', id)
    .execute()
}

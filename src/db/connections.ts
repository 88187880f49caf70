import { sql } from 'kysely'
import type { Selection } from '../connections/selection.ts'
import type { ConnectionStatus } from '../connections/status.ts'
import { fence } from './coverage.ts'
import type { Trx } from './database.ts'
import { setDefaultEnvironment } from './environments.ts'
import type { ConnectionRow } from './schema.ts'
import { claimSignal } from './signals.ts'

interface ConnectionRole {
  arn: string
  accountId: string
  partition: string
}

export interface NewConnection {
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
 * The caller has to signal the connection's workflow.
 *
 * @throws pg error 23503 on `environment_links_environment` when there is no such environment
 * @throws pg error 23505 on `connections_one_per_account` when the organization has another
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

/** Until the transaction ends, no other one that takes this lock inserts connections for the organization. */
export async function lockConnections(trx: Trx, organizationId: string): Promise<void> {
  const name = `cairn.connections:${organizationId}`
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(trx)
}

/** How many connections the organization has, and how many of them are being deleted. */
export function countConnections(trx: Trx): Promise<{ all: number; deleting: number }> {
  return trx
    .selectFrom('connections')
    .select([sql<number>`count(*)`.as('all'), sql<number>`count(deleted_at)`.as('deleting')])
    .where('ended_at', 'is', null)
    .executeTakeFirstOrThrow()
}

/** The connections that people still see, oldest first. */
export function listConnections(trx: Trx): Promise<ConnectionRow[]> {
  return trx
    .selectFrom('connections')
    .selectAll()
    .where('ended_at', 'is', null)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
}

/** Deleted connections are found until their deletion is complete. */
export function findConnection(trx: Trx, id: string): Promise<ConnectionRow | undefined> {
  return trx
    .selectFrom('connections')
    .selectAll()
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
}

/**
 * Locks a connection until the transaction ends, and reads it; undefined when it is gone. A caller who
 * stores something for a connection shares it; `update` waits for all of them and is needed before
 * the row or several rows of its coverage are changed. All take their locks in this order:
 * connection, verification, coverage, changes.
 *
 * The advisory lock is there because Postgres lets new sharers of a row pass a waiting writer: the
 * pages of a busy import would keep a PATCH waiting until it times out. Advisory locks queue.
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

/** Those of the accounts that are connected, with the connection's name. */
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
 * Changes what people want of a connection and raises its version, which the workflow reports
 * back when it has seen it. Another role, or none, also raises the role's revision and ends the
 * imports that run. `hasToSignal` is true if the caller has to signal the workflow. Undefined:
 * there is no such connection, or it is being deleted.
 *
 * @throws pg error 23505 on `connections_one_per_account` when the organization has another
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
 * Marks a connection for deletion; the workflow does the rest. `purge` also removes what it
 * imported, and can still be asked for after a deletion without it has ended. Asking twice is the
 * same as asking once. Undefined: there is no such connection.
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

export interface Report {
  status?: ConnectionStatus
  /** One sentence for people. */
  reason?: string | null
  seenVersion?: number
  nextPollAt?: Date | null
  /** When an import cycle has ended. */
  cycleAt?: Date
}

/** Stores what the workflow's activities report about a connection. Never changes the desired state. */
export async function reportConnection(trx: Trx, id: string, report: Report): Promise<void> {
  const { status, reason = null } = report
  await trx
    .updateTable('connections')
    .set({
      reported_at: sql<Date>`now()`,
      unanswered_signals: 0,
      next_poll_at: report.nextPollAt,
      cycle_at: report.cycleAt,
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

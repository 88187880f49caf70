import { Context } from '@temporalio/activity'
import { sql } from 'kysely'
import { findConnection, reportConnection } from '../db/connections.ts'
import { fence } from '../db/coverage.ts'
import { asOrganization } from '../db/database.ts'
import type { ConnectionStatus } from '../db/schema.ts'
import type { ConnectionActivities } from '../workflows/state.ts'
import type { Dependencies } from './dependencies.ts'
import { importEvents } from './import-events.ts'
import { verifyConnection } from './verify.ts'

/** Also how cancellation arrives, so it is well below the heartbeat time-out. */
const HEARTBEAT_EVERY_MS = 2_000
/** Rows of a purge that go in one transaction. */
const PURGE_BATCH = 5_000

export type { Dependencies } from './dependencies.ts'

/** What the workflows may do to the world. */
export function createActivities(deps: Dependencies): ConnectionActivities {
  return {
    async readConnection(ref) {
      return asOrganization(deps.db, ref.organizationId, async (trx) => {
        const row = await findConnection(trx, ref.connectionId)
        if (!row) return null
        const status: ConnectionStatus | undefined = row.deleted_at
          ? 'deleting'
          : !row.role_arn
            ? 'awaiting_role'
            : row.paused
              ? 'paused'
              : row.status === 'paused'
                ? 'importing'
                : undefined
        await reportConnection(trx, row.id, {
          seenVersion: row.version,
          status,
          nextPollAt: status && status !== 'importing' ? null : undefined,
        })
        return {
          name: row.name,
          version: row.version,
          roleArn: row.role_arn,
          accountId: row.account_id,
          paused: row.paused,
          deleted: row.deleted_at !== null,
        }
      })
    },

    verifyRole: (ref, options) =>
      withHeartbeat((signal) => verifyConnection(deps, ref, options, signal)),

    importEvents: (ref, options) =>
      withHeartbeat((signal) => importEvents(deps, ref, options, signal)),

    async finishDeletion(ref) {
      const purge = await asOrganization(deps.db, ref.organizationId, async (trx) => {
        await fence(trx, ref.connectionId)
        return (await findConnection(trx, ref.connectionId))?.purge ?? false
      })
      if (purge) await withHeartbeat((signal) => purgeChanges(deps, ref, signal))
      await asOrganization(deps.db, ref.organizationId, async (trx) => {
        await trx
          .updateTable('connections')
          .set({ ended_at: sql<Date>`now()`, status: 'deleting', next_poll_at: null })
          .where('id', '=', ref.connectionId)
          .where('deleted_at', 'is not', null)
          .where('ended_at', 'is', null)
          .execute()
      })
    },
  }
}

async function withHeartbeat<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current()
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_EVERY_MS)
  try {
    return await work(context.cancellationSignal)
  } catch (error) {
    // An abort in the middle of a request is the cancellation itself, not a failure.
    if (context.cancellationSignal.aborted) await context.cancelled
    throw error
  } finally {
    clearInterval(timer)
  }
}

/** Removes what a connection has imported, in steps that may be interrupted and begun again. */
async function purgeChanges(
  deps: Dependencies,
  { organizationId, connectionId }: { organizationId: string; connectionId: string },
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    const removed = await asOrganization(deps.db, organizationId, async (trx) => {
      const { rows } = await sql<{ count: number }>`
        WITH victims AS (
          SELECT organization_id, occurred_at, id FROM changes
          WHERE organization_id = ${organizationId} AND connection_id = ${connectionId}
          LIMIT ${PURGE_BATCH}
        ), records AS (
          DELETE FROM change_records r USING victims v
          WHERE (r.organization_id, r.occurred_at, r.id) = (v.organization_id, v.occurred_at, v.id)
        ), gone AS (
          DELETE FROM changes c USING victims v
          WHERE (c.organization_id, c.occurred_at, c.id) = (v.organization_id, v.occurred_at, v.id)
          RETURNING 1
        )
        SELECT count(*)::int AS count FROM gone
      `.execute(trx)
      return rows[0]!.count
    })
    if (removed === 0) break
  }
  await asOrganization(deps.db, organizationId, async (trx) => {
    for (const table of ['unread_records', 'coverage'] as const) {
      await trx.deleteFrom(table).where('connection_id', '=', connectionId).execute()
    }
  })
}

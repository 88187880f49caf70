import { Context } from '@temporalio/activity'
import { TemporalFailure } from '@temporalio/common'
import { AwsProblem } from '../aws/errors.ts'
import { refreshStatus } from '../db/connection-status.ts'
import { hasEnded, lockConnection, reportConnection } from '../db/connections.ts'
import { Fenced } from '../db/coverage.ts'
import { asOrganization } from '../db/database.ts'
import { installationId } from '../db/installation.ts'
import type { DeliverActivities } from '../workflows/deliver-state.ts'
import type { RecoverActivities } from '../workflows/recover-state.ts'
import type { RelinkActivities } from '../workflows/relink-state.ts'
import type { RereadActivities } from '../workflows/reread-state.ts'
import type { ConnectionActivities } from '../workflows/state.ts'
import type { Dependencies } from './dependencies.ts'
import { connectionMissing, otherInstallation, unexpectedFailure } from './errors.ts'
import { finishDeletion } from './finish-deletion.ts'
import { importEvents } from './import-events.ts'
import { recoverDeliveries } from './recover-deliveries.ts'
import { relinkChanges } from './relink-changes.ts'
import { findOutdated, removeUnusedResources, rereadChanges } from './reread-changes.ts'
import { translateDeliveries } from './translate-deliveries.ts'
import { verifyConnection } from './verify.ts'

/** Cancellation is delivered with heartbeats, so this is well below the heartbeat timeout. */
const HEARTBEAT_EVERY_MS = 2_000

export type { Dependencies } from './dependencies.ts'

type Activities = ConnectionActivities &
  RereadActivities &
  RelinkActivities &
  DeliverActivities &
  RecoverActivities

/** Creates the activities. */
export function createActivities(deps: Dependencies): Activities {
  const activities: Activities = {
    async readConnection(ref) {
      await refuseOtherInstallation(deps, ref)
      return asOrganization(deps.db, ref.organizationId, async (trx) => {
        const row = await lockConnection(trx, ref.connectionId, 'update')
        if (!row) {
          if (await hasEnded(trx, ref.connectionId)) return null
          throw connectionMissing(ref.connectionId)
        }
        const { status } = await refreshStatus(trx, row, new Date((deps.clock ?? Date.now)()))
        const isIdle = ['deleting', 'awaiting_role', 'paused'].includes(status)
        await reportConnection(trx, row.id, {
          seenVersion: row.version,
          nextPollAt: isIdle ? null : undefined,
        })
        return {
          name: row.name,
          version: row.version,
          roleArn: row.role_arn,
          roleRevision: row.role_revision,
          accountId: row.account_id,
          paused: row.paused,
          deleted: row.deleted_at !== null,
        }
      })
    },

    async verifyRole(ref, options) {
      await refuseOtherInstallation(deps, ref)
      return withHeartbeat((signal) => verifyConnection(deps, ref, options, signal))
    },

    async importEvents(ref, options) {
      await refuseOtherInstallation(deps, ref)
      return withHeartbeat((signal) => importEvents(deps, ref, options, signal))
    },

    async finishDeletion(ref) {
      await refuseOtherInstallation(deps, ref)
      return withHeartbeat((signal) => finishDeletion(deps, ref, signal))
    },

    async findOutdated(work) {
      await refuseOtherInstallation(deps, work)
      return withHeartbeat((signal) => findOutdated(deps, work, signal))
    },

    async rereadChanges(work, { organizationId }) {
      await refuseOtherInstallation(deps, work)
      return withHeartbeat((signal) => rereadChanges(deps, work, { organizationId, signal }))
    },

    async removeUnusedResources(work, { organizationId }) {
      await refuseOtherInstallation(deps, work)
      return withHeartbeat((signal) => removeUnusedResources(deps, { organizationId, signal }))
    },

    async relinkChanges(work) {
      await refuseOtherInstallation(deps, work)
      return withHeartbeat((signal) => relinkChanges(deps, work, signal))
    },

    async translateDeliveries(work) {
      await refuseOtherInstallation(deps, work)
      return withHeartbeat((signal) => translateDeliveries(deps, work, signal))
    },

    async recoverDeliveries(work) {
      await refuseOtherInstallation(deps, work)
      return withHeartbeat((signal) => recoverDeliveries(deps, work, signal))
    },
  }
  return Object.fromEntries(
    Object.entries(activities).map(([name, run]) => [name, withPlainErrors(run)]),
  ) as unknown as Activities
}

/** Passes on only errors with messages for users. All others are logged and replaced. */
function withPlainErrors<Args extends unknown[], T>(run: (...args: Args) => Promise<T>) {
  return async (...args: Args): Promise<T> => {
    try {
      return await run(...args)
    } catch (error) {
      const isOurs = [TemporalFailure, AwsProblem, Fenced].some((type) => error instanceof type)
      if (isOurs) throw error
      Context.current().log.error('An activity failed', { error })
      throw unexpectedFailure(error)
    }
  }
}

/** @throws ApplicationFailure, retryable, if the work belongs to another database */
async function refuseOtherInstallation(
  deps: Dependencies,
  work: { installationId: string },
): Promise<void> {
  const own = await installationId(deps.db)
  if (work.installationId !== own) throw otherInstallation(own)
}

async function withHeartbeat<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current()
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_EVERY_MS)
  try {
    return await work(context.cancellationSignal)
  } catch (error) {
    // An abort during a request is the cancellation itself, not a failure.
    if (context.cancellationSignal.aborted) await context.cancelled
    throw error
  } finally {
    clearInterval(timer)
  }
}

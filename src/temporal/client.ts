import { Client, Connection } from '@temporalio/client'
import type { Logger } from 'pino'
import { taskQueueOf } from '../workflows/state.ts'
import { backgroundWorkflows } from './background-workflows.ts'
import { connectionWorkflows } from './connection-workflows.ts'
import { temporalReason } from './errors.ts'
import { retryInterceptor } from './retries.ts'
import { withinDeadline } from './session.ts'
import type { TemporalTarget } from './target.ts'
import type { Workflows } from './workflows.ts'

/**
 * Connects lazily: it can be created while Temporal is unavailable, and calls succeed once it responds.
 *
 * @param options.installationId whose workflows these are, see `src/db/installation.ts`
 * @param options.callTimeoutMs the time limit of a call that no workflow has to answer; default 2 s,
 *   because requests wait for it
 */
export function createWorkflows(
  target: TemporalTarget,
  options: { installationId: string; logger: Logger; callTimeoutMs?: number },
): Workflows {
  const { installationId, logger, callTimeoutMs = 2_000 } = options
  const { namespace, uiUrl } = target
  let isClosed = false
  const connection = Connection.lazy({
    ...target.connection,
    // gRPC waits up to two minutes before it reconnects, which is too long for users who wait.
    channelArgs: {
      'grpc.initial_reconnect_backoff_ms': 500,
      'grpc.max_reconnect_backoff_ms': 2_000,
    },
    interceptors: [retryInterceptor(() => isClosed)],
  })
  const client = new Client({ connection, namespace })

  // Calls that no request waits for.
  const pending = new Set<Promise<unknown>>()
  async function untilClosed<T>(start: () => Promise<T>): Promise<T> {
    if (isClosed) throw new Error('The connection to Temporal is closed')
    const call = start()
    pending.add(call)
    return call.finally(() => pending.delete(call))
  }

  const taskQueue = taskQueueOf(installationId)
  const session = {
    client,
    connection,
    namespace,
    installationId,
    taskQueue,
    logger,
    callTimeoutMs,
  }
  return {
    client,
    ...connectionWorkflows(session, { uiUrl }),
    ...backgroundWorkflows(session, untilClosed),
    async ping() {
      try {
        await withinDeadline(session, () =>
          connection.workflowService.describeNamespace({ namespace }),
        )
        return { ok: true }
      } catch (error) {
        return { ok: false, reason: temporalReason(error) }
      }
    },
    async close() {
      isClosed = true
      await Promise.allSettled(pending)
      await connection.close()
    },
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { NativeConnection, Worker } from '@temporalio/worker'
import type { Logger } from 'pino'
import type { DeliverActivities } from '../workflows/deliver-state.ts'
import type { RecoverActivities } from '../workflows/recover-state.ts'
import type { RereadActivities } from '../workflows/reread-state.ts'
import { type ConnectionActivities, taskQueueOf } from '../workflows/state.ts'
import type { TemporalTarget } from './target.ts'
import { bundleWorkflows } from './workflow-bundle.ts'

/** The pause between two attempts to connect while Temporal is unavailable. */
const MAX_CONNECT_PAUSE_MS = 5_000

/**
 * Most of the time, an import waits for AWS's quota of two requests a second, and occupies its slot
 * for 45 s while it catches up. A hundred of them use some hundred megabytes.
 */
const ACTIVITY_SLOTS = 100

/** Tests of connection workflows run a worker without the others. */
type WorkerActivities = ConnectionActivities &
  Partial<RereadActivities & DeliverActivities & RecoverActivities>

/** Creates a worker for connection workflows and activities. Does not run it. */
export async function createWorker(options: {
  connection: NativeConnection
  namespace: string
  activities: WorkerActivities
  taskQueue: string
  /** How many activities run at the same time. Default 100. */
  activitySlots?: number
}): Promise<Worker> {
  return Worker.create({
    connection: options.connection,
    namespace: options.namespace,
    taskQueue: options.taskQueue,
    workflowBundle: await bundleWorkflows(),
    activities: options.activities,
    maxConcurrentActivityTaskExecutions: options.activitySlots ?? ACTIVITY_SLOTS,
    // About 220 KB each. If more workflows are active, one is replayed when its timer fires: its
    // hundred cycles are some thousand events, which takes milliseconds.
    maxCachedWorkflows: 500,
    // Activities are notified of a cancellation with their heartbeats. By default, the SDK sends
    // one every 24 s, which would delay a pause or a deletion by as much.
    maxHeartbeatThrottleInterval: '3s',
    // After a worker was killed, its workflow task is given to another worker after this time.
    stickyQueueScheduleToStartTimeout: '3s',
    // Sufficient for reading the row or for a last transaction. An import can be stopped between
    // two pages without losing anything.
    shutdownGraceTime: '2s',
    shutdownForceTime: '20s',
  })
}

interface RunningWorker {
  /** Resolves when it receives work for the first time, or was stopped before. */
  ready: Promise<void>
  /** Waits up to 20 s for running work. After that, the database can be closed. */
  stop(): Promise<void>
}

/**
 * Runs a worker until it is stopped. Waits while Temporal is unavailable, and creates another
 * worker if one fails: only `stop` ends it.
 */
export function startWorker(options: {
  target: TemporalTarget
  installationId: string
  activities: WorkerActivities
  logger: Logger
}): RunningWorker {
  const { target, activities, logger } = options
  const taskQueue = taskQueueOf(options.installationId)
  const stopping = new AbortController()
  const { signal } = stopping
  const ready = Promise.withResolvers<void>()

  // Not `repeat`: a round lasts until the worker fails, and only a worker that has polled resets the
  // growing pause.
  async function run(): Promise<void> {
    let pause = 500
    while (!signal.aborted) {
      let connection: NativeConnection | undefined
      try {
        connection = await NativeConnection.connect(target.connection)
        const worker = await createWorker({
          connection,
          namespace: target.namespace,
          activities,
          taskQueue,
        })
        signal.addEventListener('abort', () => shutDown(worker), { once: true })
        logger.info({ address: target.connection.address }, 'The worker polls Temporal for tasks')
        ready.resolve()
        pause = 500
        // A worker that never ran would never release the connection.
        await (signal.aborted ? worker.runUntil(Promise.resolve()) : worker.run())
      } catch (error) {
        if (signal.aborted) logger.warn({ err: error }, 'The worker failed to stop')
        else
          logger.warn(
            { reason: describeFailure(error, target.namespace) },
            'The worker failed; retrying',
          )
      } finally {
        await connection?.close().catch(() => {})
      }
      await sleep(pause, undefined, { signal }).catch(() => {})
      pause = Math.min(2 * pause, MAX_CONNECT_PAUSE_MS)
    }
    ready.resolve()
  }

  const running = run()
  return {
    ready: ready.promise,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** Shuts a worker down unless it has already failed. */
function shutDown(worker: Worker): void {
  if (worker.getState() === 'RUNNING') worker.shutdown()
}

/** Why the worker cannot run, on one line, without the raw gRPC status that the SDK appends. */
function describeFailure(error: unknown, namespace: string): string {
  const [reason = ''] = String(error instanceof Error ? error.message : error).split(': Status {')
  if (!reason.startsWith(`Namespace ${namespace} was not found`)) return reason
  return `Temporal has no namespace ${namespace}. Create it: temporal operator namespace create --namespace ${namespace}`
}

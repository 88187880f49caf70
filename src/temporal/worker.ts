import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Worker,
  type WorkflowBundle,
} from '@temporalio/worker'
import type { Logger } from 'pino'
import { type ConnectionActivities, taskQueueOf } from '../workflows/state.ts'
import type { TemporalTarget } from './target.ts'

/** Between two attempts to connect while Temporal is unavailable. */
const LONGEST_CONNECT_PAUSE_MS = 5_000

let bundle: Promise<WorkflowBundle> | undefined

/**
 * The workflows' code as one bundle, built once per process in about a second. Built here, not
 * ahead, so that the bundle has this version of the code and of the SDK.
 */
export function bundleWorkflows(): Promise<WorkflowBundle> {
  bundle ??= bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
    // webpack logs a lot that is of no use to an operator.
    logger: new DefaultLogger('WARN'),
  })
  return bundle
}

/** A worker for connections' workflows and activities, not running yet. */
export async function createWorker(options: {
  connection: NativeConnection
  namespace: string
  activities: ConnectionActivities
  taskQueue: string
}): Promise<Worker> {
  return Worker.create({
    connection: options.connection,
    namespace: options.namespace,
    taskQueue: options.taskQueue,
    workflowBundle: await bundleWorkflows(),
    activities: options.activities,
    // An import waits for AWS's two requests a second nearly all the time, and holds its slot for
    // 45 s while it catches up. A hundred of them use some hundred megabytes; fewer would
    // let a new connection wait behind old ones that catch up.
    maxConcurrentActivityTaskExecutions: 100,
    // Some 220 KB each. Beyond that many, a workflow is replayed when its timer fires: its
    // hundred cycles are some thousand events, which takes milliseconds.
    maxCachedWorkflows: 500,
    // A heartbeat is how an activity learns that it was cancelled. Left alone, the SDK would pass
    // on one in 24 s, and pausing or deleting would take as long.
    maxHeartbeatThrottleInterval: '3s',
    // A workflow task of a worker that was killed waits this long before another one gets it.
    stickyQueueScheduleToStartTimeout: '3s',
    // Long enough for a reading of the row or a last transaction. An import need not come to its
    // end: it loses nothing when it is stopped between two pages.
    shutdownGraceTime: '2s',
    shutdownForceTime: '20s',
  })
}

export interface RunningWorker {
  /** Resolves when it takes work for the first time, or was stopped before. */
  ready: Promise<void>
  /** Lets what is running end, within 20 s. The database may be closed after that. */
  stop(): Promise<void>
}

/**
 * Runs a worker until it is stopped. It waits while Temporal is unavailable, and creates another
 * worker when one fails: only `stop` ends it.
 */
export function startWorker(options: {
  target: TemporalTarget
  installationId: string
  activities: ConnectionActivities
  logger: Logger
}): RunningWorker {
  const { target, activities, logger } = options
  const taskQueue = taskQueueOf(options.installationId)
  const stopping = new AbortController()
  const { signal } = stopping
  const ready = Promise.withResolvers<void>()

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
      pause = Math.min(2 * pause, LONGEST_CONNECT_PAUSE_MS)
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

/** Why the worker cannot run, in one line without the raw gRPC status that the SDK appends. */
function describeFailure(error: unknown, namespace: string): string {
  const [reason = ''] = String(error instanceof Error ? error.message : error).split(': Status {')
  if (!reason.startsWith(`Namespace ${namespace} was not found`)) return reason
  return `Temporal has no namespace ${namespace}. Create it: temporal operator namespace create --namespace ${namespace}`
}

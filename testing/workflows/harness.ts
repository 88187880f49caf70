import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkflowHandle } from '@temporalio/client'
import type { Duration } from '@temporalio/common'
import type { TestWorkflowEnvironment } from '@temporalio/testing'
import { createLogger } from '../../src/log.ts'
import { installTemporalRuntime } from '../../src/temporal/runtime.ts'
import { createWorker } from '../../src/temporal/worker.ts'
import type { connection } from '../../src/workflows/connection.ts'
import {
  changedSignal,
  importNowUpdate,
  stateQuery,
  verifyNowUpdate,
} from '../../src/workflows/messages.ts'
import {
  type ConnectionSettings,
  type ConnectionState,
  connectionWorkflowId,
  initialState,
  taskQueueOf,
} from '../../src/workflows/state.ts'
import { fakeActivities, type World } from './fakes.ts'

// Failing activities are what many tests are about: their warnings would hide everything else.
installTemporalRuntime(createLogger({ level: 'error' }))

/** What the time-skipping server takes some milliseconds for, on a machine under heavy load. */
const STUCK_AFTER_MS = 90_000
const WORKER_ENDS_WITHIN_MS = 60_000

export const STUCK = 'The Temporal test server does not answer'

/**
 * A call to the time-skipping server. Once in some hundred runs it answers no more: its clock is
 * locked for good, or a thread waits for another. The message is one after which vitest.config.ts
 * lets the test run again, on a new server.
 *
 * @param progress changes while the call is not stuck, however long it takes
 */
async function answered<T>(call: Promise<T>, progress: () => number = () => 0): Promise<T> {
  const limit = new AbortController()
  const isStuck = untilUnchanged(progress, limit.signal).then(() => {
    throw new Error(STUCK)
  })
  isStuck.catch(() => {})
  try {
    return await Promise.race([call, isStuck])
  } finally {
    limit.abort()
  }
}

/** Waits until a value has stayed the same for as long as a server that is not stuck may take. */
async function untilUnchanged(value: () => number, signal: AbortSignal): Promise<void> {
  for (let before: number | undefined; before !== value(); ) {
    before = value()
    await sleep(STUCK_AFTER_MS, undefined, { signal })
  }
}

/** A worker on a test environment, and connections' workflows in worlds made up by tests. */
export class Harness {
  readonly env: TestWorkflowEnvironment
  readonly installationId = randomUUID()
  readonly taskQueue = taskQueueOf(this.installationId)
  readonly #worlds = new Map<string, World>()
  #stopWorker = async () => {}

  private constructor(env: TestWorkflowEnvironment) {
    this.env = env
  }

  static async create(env: TestWorkflowEnvironment): Promise<Harness> {
    const harness = new Harness(env)
    const worker = await createWorker({
      connection: env.nativeConnection,
      namespace: env.namespace ?? 'default',
      taskQueue: harness.taskQueue,
      activities: fakeActivities(harness.#worlds, () => env.currentTimeMs()),
    })
    const running = worker.run()
    harness.#stopWorker = async () => {
      worker.shutdown()
      await running
    }
    return harness
  }

  /** Ends the worker, then the environment. The worker of a server that is stuck may not end. */
  async end(): Promise<void> {
    await Promise.race([
      this.#stopWorker(),
      sleep(WORKER_ENDS_WITHIN_MS, undefined, { ref: false }),
    ])
    await this.env.teardown()
  }

  /** Skips this much of the environment's time, in which activities take real time. */
  sleep(duration: Duration): Promise<void> {
    const calls = () =>
      [...this.#worlds.values()].reduce((sum, world) => sum + world.calls.length, 0)
    return answered(this.env.sleep(duration), calls)
  }

  async start(
    world: World,
    options: {
      cyclesPerRun?: number
      signalsPerRun?: number
      searchAttributes?: boolean
      state?: Partial<ConnectionState>
    } = {},
  ): Promise<Run> {
    const connectionId = randomUUID()
    this.#worlds.set(connectionId, world)
    const now = await this.env.currentTimeMs()
    const state = {
      ...initialState(
        { organizationId: randomUUID(), connectionId },
        {
          installationId: this.installationId,
          searchAttributes: options.searchAttributes ?? false,
          now: new Date(now),
        },
      ),
      ...options.state,
    }
    const { cyclesPerRun, signalsPerRun } = options
    const { workflow } = this.env.client
    const { workflowId } = await answered(
      workflow.start<typeof connection>('connection', {
        workflowId: connectionWorkflowId(this.installationId, connectionId),
        taskQueue: this.taskQueue,
        args: [state, { cyclesPerRun, signalsPerRun }],
      }),
    )
    // Not that of the first run: this one follows the workflow over continue-as-new.
    return new Run(this.env, workflow.getHandle(workflowId), world)
  }
}

/** One connection's workflow. */
export class Run {
  readonly env: TestWorkflowEnvironment
  readonly handle: WorkflowHandle<typeof connection>
  readonly world: World

  constructor(
    env: TestWorkflowEnvironment,
    handle: WorkflowHandle<typeof connection>,
    world: World,
  ) {
    this.env = env
    this.handle = handle
    this.world = world
  }

  /** The same, looking at one run of the workflow. */
  inRun(runId: string): Run {
    const { workflow } = this.env.client
    return new Run(this.env, workflow.getHandle(this.handle.workflowId, runId), this.world)
  }

  state(): Promise<ConnectionState> {
    return answered(this.handle.query(stateQuery))
  }

  /** Waits, in real time, for the workflow to have got there. */
  async until(
    isThere: (state: ConnectionState, world: World) => boolean,
  ): Promise<ConnectionState> {
    for (const deadline = Date.now() + 120_000; ; await sleep(100)) {
      const state = await this.state()
      if (isThere(state, this.world)) return state
      if (Date.now() > deadline) {
        throw new Error(`Not there: ${JSON.stringify({ state, story: this.world.story })}`)
      }
    }
  }

  /** Waits until so many updates are accepted in the current run. */
  async untilAccepted(updates: number): Promise<void> {
    for (const deadline = Date.now() + 120_000; ; await sleep(100)) {
      const { events } = await answered(this.handle.fetchHistory())
      const accepted = events!.filter(
        (event) => event.workflowExecutionUpdateAcceptedEventAttributes,
      ).length
      if (accepted >= updates) return
      if (Date.now() > deadline) throw new Error(`Only ${accepted} of ${updates} updates accepted`)
    }
  }

  /** Changes the row and signals the workflow, as the API does. */
  async change(changes: Partial<ConnectionSettings>): Promise<void> {
    this.world.change(changes)
    await this.changed()
  }

  changed(): Promise<void> {
    return answered(this.handle.signal(changedSignal))
  }

  verifyNow() {
    return answered(this.handle.executeUpdate(verifyNowUpdate))
  }

  importNow() {
    return answered(this.handle.executeUpdate(importNowUpdate))
  }

  /**
   * Ends the workflow in order. All tests of an environment share its clock: a remaining workflow
   * would continue in it, and one that is terminated during an activity stops the clock forever.
   */
  async end(): Promise<void> {
    const { status } = await answered(this.handle.describe())
    if (status.name !== 'RUNNING') return
    this.world.read = () => {}
    this.world.change({ deleted: true })
    await this.changed()
    await answered(this.handle.result())
  }

  /** What Temporal's UI shows at the top of the workflow's page. */
  async details(): Promise<string> {
    const metadata = await this.handle.query<{ currentDetails?: string }>(
      '__temporal_workflow_metadata',
    )
    return metadata.currentDetails ?? ''
  }
}

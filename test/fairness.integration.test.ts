import { randomUUID } from 'node:crypto'
import { Context } from '@temporalio/activity'
import { NativeConnection } from '@temporalio/worker'
import { sql } from 'kysely'
import { pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import { asOrganization } from '../src/db/database.ts'
import { openWorkerDatabase } from '../src/db/worker-database.ts'
import { createLogger } from '../src/log.ts'
import { installTemporalRuntime } from '../src/temporal/runtime.ts'
import { createWorker } from '../src/temporal/worker.ts'
import type { recover } from '../src/workflows/recover.ts'
import { initialRecoverState, type RecoverActivities } from '../src/workflows/recover-state.ts'
import { recoverWorkflowId, taskQueueOf } from '../src/workflows/state.ts'
import { createTestDatabase } from '../testing/database.ts'
import { eventually } from '../testing/eventually.ts'
import { createTemporalNamespace } from '../testing/temporal-namespace.ts'
import { createTestWorkflows } from '../testing/workflows/client.ts'
import { fakeActivities } from '../testing/workflows/fakes.ts'

const SLOTS = 2
const installationId = randomUUID()
const taskQueue = taskQueueOf(installationId)

/** Starts a worker with few slots, whose activities run until the test releases them. */
async function startSlowWorker() {
  installTemporalRuntime(createLogger({ level: 'error' }))
  const target = await createTemporalNamespace()
  const workflows = createTestWorkflows(target, {
    installationId,
    logger: pino({ level: 'silent' }),
  })
  /** The organizations of the activities, in the order of their start. */
  const started: string[] = []
  const running: (() => void)[] = []
  let isReleased = false

  const recoverDeliveries: RecoverActivities['recoverDeliveries'] = async ({ organizationId }) => {
    started.push(organizationId)
    const context = Context.current()
    const timer = setInterval(() => context.heartbeat(), 1_000)
    if (!isReleased) await new Promise<void>((resolve) => running.push(resolve))
    clearInterval(timer)
    return { recovered: 0, nextInMs: null }
  }

  const connection = await NativeConnection.connect(target.connection)
  const worker = await createWorker({
    connection,
    namespace: target.namespace,
    taskQueue,
    activities: { ...fakeActivities(new Map(), async () => Date.now()), recoverDeliveries },
    activitySlots: SLOTS,
  })
  const ended = worker.run()
  const releaseAll = () => {
    isReleased = true
    for (const release of running.splice(0)) release()
  }
  onTestFinished(async () => {
    releaseAll()
    worker.shutdown()
    await ended
    await connection.close()
    await workflows.close()
  })

  return {
    workflows,
    started,
    /** Ends the oldest activity and waits until another one has its slot. */
    async releaseOne() {
      const before = started.length
      running.shift()!()
      const isNext = () => expect(started.length).toBeGreaterThan(before)
      await vi.waitFor(isNext, { timeout: 240_000, interval: 20 })
    },
    releaseAll,
    /** Waits until so many activities are in the queue. */
    async untilQueued(count: number) {
      const request = {
        namespace: target.namespace,
        taskQueue: { name: taskQueue },
        // TASK_QUEUE_TYPE_ACTIVITY
        taskQueueType: 2,
        reportStats: true,
      } as const
      await eventually(
        async () => {
          const { stats } = await workflows.client.workflowService.describeTaskQueue(request)
          return Number(stats?.approximateBacklogCount ?? 0)
        },
        (queued) => queued >= count,
      )
    },
  }
}

test('an organization with a long queue does not delay the activities of others', async () => {
  const { workflows, started, releaseOne, untilQueued } = await startSlowWorker()
  const large = randomUUID()
  const small = randomUUID()
  const queued = 30
  for (let i = 0; i < SLOTS + queued; i++) {
    await workflows.recover({ organizationId: large, integrationId: randomUUID() })
  }
  await untilQueued(queued)
  await workflows.recover({ organizationId: small, integrationId: randomUUID() })
  await untilQueued(queued + 1)
  expect(started).toEqual(Array(SLOTS).fill(large))

  // In the order of arrival, it would be the last one.
  for (let i = 0; i < 8; i++) await releaseOne()
  expect(started).toContain(small)
})

test('a workflow keeps its fairness key when it continues as new', async () => {
  const { workflows, started, releaseAll } = await startSlowWorker()
  releaseAll()
  const organizationId = randomUUID()
  const integrationId = randomUUID()
  const state = initialRecoverState({ installationId, organizationId, integrationId })
  const { client } = workflows
  const workflowId = recoverWorkflowId(installationId, integrationId)
  // Continues as new before its first check, again and again.
  const handle = await client.workflow.start<typeof recover>('recover', {
    workflowId,
    taskQueue,
    args: [state, { checksPerRun: 0 }],
    priority: { fairnessKey: organizationId },
  })
  await eventually(
    async () => (await client.workflow.getHandle(workflowId).describe()).runId,
    (runId) => runId !== handle.firstExecutionRunId,
  )
  const { priority } = await client.workflow.getHandle(workflowId).describe()
  expect(priority?.fairnessKey).toBe(organizationId)
  await client.workflow.getHandle(workflowId).terminate()
  expect(started).toEqual([])
})

test('an organization whose transactions wait for a lock leaves connections to others', async () => {
  const { url, drop } = await createTestDatabase()
  const db = openWorkerDatabase({ url })
  const blocked = randomUUID()
  const lock = sql`SELECT pg_advisory_xact_lock(1)`
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const holder = asOrganization(db, blocked, async (trx) => {
    await lock.execute(trx)
    await held
  })
  // More than the pool has connections.
  const waiting = Array.from({ length: 30 }, () =>
    asOrganization(db, blocked, (trx) => lock.execute(trx)),
  )
  await asOrganization(db, randomUUID(), (trx) => sql`SELECT 1`.execute(trx))
  release()
  await Promise.all([holder, ...waiting])
  await db.destroy()
  await drop()
})

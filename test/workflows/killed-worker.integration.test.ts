import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createLogger } from '../../src/log.ts'
import { installTemporalRuntime } from '../../src/temporal/runtime.ts'
import { startWorker } from '../../src/temporal/worker.ts'
import { connectionWorkflowId } from '../../src/workflows/state.ts'
import { createTemporalNamespace } from '../../testing/temporal-namespace.ts'
import { createTestWorkflows } from '../../testing/workflows/client.ts'
import { fakeActivities, iso, World } from '../../testing/workflows/fakes.ts'

const SECOND_MS = 1_000

/**
 * What one worker may take to notice that another one was killed, and to continue. Of this, Temporal
 * waits for its timeouts and pauses; a busy machine takes longer, so the whole is only printed.
 */
const LIMIT_MS = 15 * SECOND_MS

test.each(['importing', 'waiting'] as const)(
  'after a worker is killed %s, another one imports within 15 s',
  async (situation) => {
    installTemporalRuntime(createLogger({ level: 'error' }))
    const logger = pino({ level: 'silent' })
    const target = await createTemporalNamespace()
    const installationId = randomUUID()
    const ref = { organizationId: randomUUID(), connectionId: randomUUID() }
    const child = spawn(
      process.execPath,
      [
        fileURLToPath(new URL('../../testing/workflows/worker-process.ts', import.meta.url)),
        ...[target.connection.address!, target.namespace, installationId, ref.connectionId],
        situation,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    onTestFinished(() => void child.kill('SIGKILL'))
    const workflows = createTestWorkflows(target, { installationId, logger })
    onTestFinished(() => workflows.close())
    await workflows.changed(ref)
    await once(child.stdout, 'data')
    if (situation === 'waiting')
      await vi.waitFor(
        async () => expect((await workflows.state(ref))?.status).toBe('current'),
        240_000,
      )

    const world = new World()
    world.import = ({ now }) => ({ nextPollAt: iso(now + 5 * SECOND_MS) })
    const worker = startWorker({
      target,
      installationId,
      logger,
      activities: fakeActivities(new Map([[ref.connectionId, world]]), async () => Date.now()),
    })
    onTestFinished(() => worker.stop())
    await worker.ready
    // The other one still has the import, or the workflow in its cache.
    child.kill('SIGKILL')
    const killedAt = Date.now()
    await vi.waitFor(() => expect(world.of('importEvents').length).toBeGreaterThan(0), 240_000)
    const seconds = (world.of('importEvents')[0]!.at - killedAt) / SECOND_MS
    console.info(`Killed while ${situation}: imports after ${seconds.toFixed(1)} s`)
    const { events } = await workflows.client.workflow
      .getHandle(connectionWorkflowId(installationId, ref.connectionId))
      .fetchHistory()
    const scheduled = events!.flatMap((event) => event.activityTaskScheduledEventAttributes ?? [])
    expect(scheduled.length).toBeGreaterThan(0)
    for (const { heartbeatTimeout, retryPolicy } of scheduled) {
      const waits =
        Number(heartbeatTimeout!.seconds) + Number(retryPolicy!.initialInterval!.seconds)
      expect(waits * SECOND_MS).toBeLessThan(LIMIT_MS)
    }
  },
)

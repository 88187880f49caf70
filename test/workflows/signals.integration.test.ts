import { TestWorkflowEnvironment } from '@temporalio/testing'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Workflows } from '../../src/temporal/workflows.ts'
import { createTemporalNamespace } from '../../testing/temporal-namespace.ts'
import { createTestWorkflows } from '../../testing/workflows/client.ts'
import { iso, untilCancelled, World } from '../../testing/workflows/fakes.ts'
import { Harness, type Run } from '../../testing/workflows/harness.ts'

// On a real server: the time-skipping one loses a workflow task that continues as new while signals
// arrive, and its clock does not skip time after that.

/** The interval between two imports. Milliseconds. */
const INTERVAL = 3_000

let harness: Harness
let workflows: Workflows
const runs: Run[] = []

beforeAll(async () => {
  const target = await createTemporalNamespace()
  const { connection, namespace } = target
  const { address } = connection
  harness = await Harness.create(
    await TestWorkflowEnvironment.createFromExistingServer({ address, namespace }),
  )
  const { installationId } = harness
  workflows = createTestWorkflows(target, { installationId, logger: pino({ level: 'silent' }) })
})

afterAll(async () => {
  await workflows?.close()
  await harness?.end()
})

afterEach(async () => {
  for (const run of runs.splice(0)) await run.end()
})

async function start(...args: Parameters<Harness['start']>): Promise<Run> {
  const run = await harness.start(...args)
  runs.push(run)
  return run
}

/** A world whose imports are due again after the interval. */
function polling(): World {
  const world = new World()
  world.import = ({ now }) => ({ nextPollAt: iso(now + INTERVAL) })
  return world
}

/** Intervals between calls, in milliseconds. */
function gaps(calls: { at: number }[]): number[] {
  return calls.slice(1).map(({ at }, index) => at - calls[index]!.at)
}

/** Waits until an import is running. */
function untilImporting(run: Run) {
  return run.until((_, world) => world.of('importEvents').at(-1)?.outcome === 'running')
}

describe('a signal that the row has changed', () => {
  test('does not stop an import if the row is unchanged, with any number of signals', async () => {
    const world = new World()
    const finish = Promise.withResolvers<void>()
    // The next one is far away, however long the signals take.
    world.import = async ({ now, signal }) => {
      await Promise.race([finish.promise, untilCancelled(signal)])
      return { nextPollAt: iso(now + 3_600_000) }
    }
    const run = await start(world)
    await untilImporting(run)
    for (let i = 0; i < 40; i++) await run.changed()
    await run.until((_, world) => world.of('readConnection').length > 1)
    finish.resolve()
    await run.until(({ status }) => status === 'current')
    expect(world.story).toEqual(['verifyRole', 'importEvents'])
  })

  test('does not change the interval, even if many arrive', async () => {
    const run = await start(polling())
    await run.until(({ status }) => status === 'current')
    await Promise.all(Array.from({ length: 200 }, () => run.changed()))
    await run.until((_, world) => world.of('importEvents').length >= 4)
    expect(Math.min(...gaps(run.world.of('importEvents')))).toBeGreaterThan(INTERVAL - 500)
    expect(run.world.of('readConnection').length).toBeLessThanOrEqual(201)
    expect(run.world.of('verifyRole')).toHaveLength(1)
  })

  test('results in the last version of the row, with one verification for each role', async () => {
    const run = await start(new World())
    await run.until(({ status }) => status === 'current')
    for (let i = 1; i <= 30; i++) await run.change({ name: `name ${i}` })
    await run.until(({ settings, status }) => settings?.version === 31 && status === 'current')
    expect(run.world.of('verifyRole')).toHaveLength(1)
  })
})

describe('a run that has received many signals continues as new', () => {
  async function storm(run: Run, signals: number): Promise<void> {
    for (let i = 0; i < signals; i++) await run.change({ name: `name ${run.world.row!.version}` })
    await run.until(({ settings }) => settings?.version === run.world.row!.version)
  }

  test.each([
    ['paused', { paused: true }],
    ['without a role', { roleArn: null, accountId: null }],
  ])('when it is %s, and can still be deleted', async (_, row) => {
    const run = await start(new World(row), { signalsPerRun: 10 })
    const { runId: first } = await run.handle.describe()
    await storm(run, 35)
    const { runId, historyLength } = await run.handle.describe()
    expect(runId).not.toBe(first)
    expect(historyLength).toBeLessThan(200)
    expect(run.world.story).toEqual([])
    await run.change({ deleted: true })
    await run.handle.result()
    expect(run.world.story).toEqual(['finishDeletion'])
  })

  test('before its wait, and the next run waits for the rest of it', async () => {
    const run = await start(polling(), { signalsPerRun: 10 })
    const { runId: first } = await run.handle.describe()
    await run.until(({ status }) => status === 'current')
    // Signals alone: a changed row would be acted on at once.
    for (let i = 0; i < 15; i++) await run.changed()
    await expect.poll(async () => (await run.handle.describe()).runId).not.toBe(first)
    await run.until((_, world) => world.of('importEvents').length >= 3)
    expect(Math.min(...gaps(run.world.of('importEvents')))).toBeGreaterThan(INTERVAL - 500)
    expect(run.world.of('verifyRole')).toHaveLength(1)
  })

  test('and its callers get a response', async () => {
    const run = await start(new World(), { signalsPerRun: 5 })
    await run.until(({ status }) => status === 'current')
    const { organizationId, connectionId } = await run.state()
    const ref = { organizationId, connectionId }
    const answers: Promise<unknown>[] = []
    for (let i = 0; i < 20; i++) {
      await run.changed()
      if (i % 4 === 0) answers.push(workflows.verifyNow(ref).catch((error) => error.message))
    }
    for (const answer of await Promise.all(answers)) {
      if (typeof answer === 'string')
        expect(answer).toMatch(/^This connection has received too many requests/)
      else expect(answer).toMatchObject({ state: 'passed' })
    }
  })

  test('even if an activity is retried', async () => {
    const world = new World({ paused: true })
    const run = await start(world, { signalsPerRun: 10 })
    await run.until(({ status }) => status === 'paused')
    const { runId: first } = await run.handle.describe()
    world.read = () => {
      throw new Error('connect ECONNREFUSED')
    }
    await Promise.all(Array.from({ length: 25 }, () => run.changed()))
    await expect.poll(async () => (await run.handle.describe()).runId).not.toBe(first)
    world.read = () => {}
    world.change({ paused: false })
    await run.changed()
    await run.until(({ status }) => status === 'current')
  })
})

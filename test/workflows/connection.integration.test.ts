import { WorkflowContinuedAsNewError, WorkflowFailedError } from '@temporalio/client'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ConnectionSettings, VerificationSummary } from '../../src/workflows/state.ts'
import { createTimeSkippingEnvironment } from '../../testing/time-skipping.ts'
import {
  connectionChanged,
  iso,
  roleArn,
  roleRefused,
  untilCancelled,
  verificationRequired,
  World,
} from '../../testing/workflows/fakes.ts'
import { Harness, type Run, STUCK } from '../../testing/workflows/harness.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

let harness: Harness
const runs: Run[] = []

beforeAll(async () => {
  harness = await Harness.create(await createTimeSkippingEnvironment())
})

afterAll(() => harness?.end())

// A note on times below: the test server loses a workflow that is signalled in the moment in which
// its timer fires (it refuses the answer that cancels the timer; the real one does not). So no
// sleep ends where a timer is due. Tests with many signals are in signals.integration.test.ts, on a
// real server.

afterEach(async ({ task }) => {
  const ended = runs.splice(0)
  if (task.result?.state === 'fail') {
    // Its workflow may hold the clock of the environment.
    await harness.end()
    harness = await Harness.create(await createTimeSkippingEnvironment())
  } else {
    for (const run of ended) await run.end()
  }
})

async function start(...args: Parameters<Harness['start']>): Promise<Run> {
  const run = await harness.start(...args)
  runs.push(run)
  return run
}

/** The message of a rejected update. */
async function sentence(update: Promise<unknown>): Promise<string> {
  const error = await update.then(
    () => new Error('was not refused'),
    (error: Error) => error,
  )
  // No refusal: the test runs again, on a new server.
  if (error.message === STUCK) throw error
  return (error.cause as Error | undefined)?.message ?? error.message
}

/** Intervals between calls, in seconds. */
function gaps(calls: { at: number }[]): number[] {
  return calls.slice(1).map(({ at }, index) => (at - calls[index]!.at) / SECOND_MS)
}

/** A gap of this many seconds. The time that a busy machine takes passes as well. */
const after = (seconds: number) =>
  expect.toSatisfy((gap: number) => gap > seconds - 0.5 && gap < seconds * 1.1 + 15)

function expectEach(gaps: number[], seconds: number): void {
  expect(gaps).toEqual(gaps.map(() => after(seconds)))
}

/** Waits until the last call of an activity is running. */
function untilRunning(run: Run, activity: 'importEvents' | 'verifyRole', times = 1) {
  return run.until((_, world) => {
    const calls = world.of(activity)
    return calls.length === times && calls.at(-1)?.outcome === 'running'
  })
}

describe('a new workflow', () => {
  test('waits for a role, then verifies and imports', async () => {
    const run = await start(new World({ roleArn: null, accountId: null }))
    await harness.sleep('3d')
    expect(await run.state()).toMatchObject({ status: 'awaiting_role', nextPollAt: null })
    expect(run.world.story).toEqual([])

    await run.change({ roleArn, accountId: '123456789012' })
    const state = await run.until(({ status }) => status === 'current')
    expect(run.world.story).toEqual(['verifyRole', 'importEvents'])
    expect(state.settings).toMatchObject({ roleArn, version: 2 })
    expect(state.verification).toMatchObject({ state: 'passed', roleArn })
    expect(state.lastCycle).toMatchObject({ regions: 17, imported: 3 })
  })

  test('ends when the connection does not exist', async () => {
    const world = new World()
    world.row = null
    const run = await start(world)
    await run.handle.result()
    expect(world.calls.map(({ activity }) => activity)).toEqual(['readConnection'])
  })
})

describe('verification', () => {
  test('fails until the role is fixed, then the import starts automatically', async () => {
    const world = new World()
    world.verify = ({ now }) => ({ state: 'failed', nextAttemptAt: iso(now + 10 * MINUTE_MS) })
    const run = await start(world)
    const failed = await run.until(({ status }) => status === 'action_needed')
    expect(failed.statusReason).toMatch(/external ID/)
    expect(failed.verification).toMatchObject({ failures: 1 })
    await harness.sleep(25 * MINUTE_MS)
    await run.until(({ verification }) => verification?.failures === 3)
    expect(world.of('verifyRole').map(({ options }) => options)).toEqual([
      { failures: 0 },
      { failures: 1 },
      { failures: 2 },
    ])
    expect(world.of('importEvents')).toEqual([])

    world.verify = () => ({})
    await harness.sleep(10 * MINUTE_MS)
    await run.until(({ status }) => status === 'current')
    expect(gaps(world.of('verifyRole'))).toEqual([600, 600, 600].map(after))
    expect(world.story.slice(3, 5)).toEqual(['verifyRole', 'importEvents'])
  })

  test('is retried in seconds while AWS does not recognize the role, then less and less often', async () => {
    const world = new World()
    const delays = [2, 4, 8, 60, 600]
    world.verify = ({ now }) => {
      const delay = delays[world.of('verifyRole').length - 1]
      if (delay === undefined) return {}
      const reason = 'AWS does not know this role yet (assume_with_id)'
      return { state: 'waiting', reason, nextAttemptAt: iso(now + delay * SECOND_MS) }
    }
    const run = await start(world)
    await run.until(({ status }) => status === 'waiting_for_aws')
    await harness.sleep(2 * HOUR_MS)
    await run.until(({ status }) => status === 'current')
    expect(gaps(world.of('verifyRole'))).toEqual(delays.map(after))
  })

  test('is repeated only for another role', async () => {
    const run = await start(new World())
    await run.until(({ status }) => status === 'current')
    await run.change({ name: 'renamed' })
    await run.until(({ settings }) => settings?.name === 'renamed')
    await harness.sleep(5.5 * MINUTE_MS)
    expect(run.world.of('verifyRole')).toHaveLength(1)

    const other = 'arn:aws:iam::123456789012:role/another'
    await run.change({ roleArn: other })
    await run.until(({ verification }) => verification?.roleArn === other)
    expect(run.world.of('verifyRole').map(({ options }) => options)).toEqual([
      { failures: 0 },
      { failures: 0 },
    ])
  })

  test('counts failures separately for each role', async () => {
    const world = new World()
    world.verify = () => ({ state: 'failed' })
    const run = await start(world)
    await harness.sleep(5.25 * MINUTE_MS)
    await run.until(({ verification }) => verification!.failures > 3)
    await run.change({ roleArn: 'arn:aws:iam::123456789012:role/another' })
    await run.until(({ verification }) => verification?.failures === 1)
    expect(world.of('verifyRole').at(-1)?.options).toEqual({ failures: 0 })
  })
})

describe('cycles', () => {
  test('keep their interval for days, with a daily verification', async () => {
    const world = new World()
    world.import = ({ now }) => ({ nextPollAt: iso(now + 10 * MINUTE_MS) })
    const run = await start(world)
    await run.until(({ status }) => status === 'current')
    await harness.sleep(2 * 24 * HOUR_MS + 5 * MINUTE_MS)
    expectEach(gaps(world.of('importEvents')), 600)
    expect(world.of('importEvents').length).toBeGreaterThanOrEqual(280)
    expect(world.of('verifyRole').length).toBeGreaterThanOrEqual(2)
    expectEach(gaps(world.of('verifyRole')), 86400)
    // Without a signal it reads the row once a run, not once a cycle.
    expect(world.of('readConnection').length).toBeLessThan(6)
  })

  test('add 11 events each to the history in a quiet hour', async () => {
    const run = await start(new World())
    await run.until(({ status }) => status === 'current')
    await harness.sleep(30 * SECOND_MS)
    const before = (await run.handle.describe()).historyLength
    const cycles = run.world.of('importEvents').length
    await harness.sleep(HOUR_MS)
    const imported = run.world.of('importEvents').length - cycles
    const events = (await run.handle.describe()).historyLength - before
    console.info(`A quiet hour: ${imported} cycles, ${events} history events`)
    expect(imported).toBeGreaterThanOrEqual(59)
    expect(events).toBeLessThanOrEqual(11 * imported)
  })

  test('run once at the boundary of two runs', async () => {
    const run = await start(new World(), { cyclesPerRun: 5 })
    const first = await run.handle.describe()
    await run.until(({ status }) => status === 'current')
    await harness.sleep(60.5 * MINUTE_MS)
    await run.until((_, world) => world.of('importEvents').length >= 60)
    expectEach(gaps(run.world.of('importEvents')), 60)
    expect(run.world.of('verifyRole')).toHaveLength(1)

    // The first run ended after the wait: the next one finds the cycle due.
    const boundary = await harness.env.client.workflow
      .getHandle(run.handle.workflowId, first.runId, { followRuns: false })
      .result()
      .catch((error) => error)
    expect(boundary).toBeInstanceOf(WorkflowContinuedAsNewError)
    const { runId } = await run.handle.describe()
    expect(runId).not.toBe(first.runId)
    const firstHistory = await harness.env.client.workflow
      .getHandle(run.handle.workflowId, first.runId)
      .fetchHistory()
    const last = firstHistory.events!.at(-1)!
    const [carried] = last.workflowExecutionContinuedAsNewEventAttributes!.input!.payloads!
    const { nextPollAt, settings } = JSON.parse(Buffer.from(carried!.data!).toString())
    expect(settings.name).toBe('production')
    const late = run.world.of('importEvents').map(({ at }) => at - Date.parse(nextPollAt))
    expect(late.some((ms) => ms > -SECOND_MS && ms < 50 * SECOND_MS)).toBe(true)
  })

  test('never follow each other without a pause, even if due', async () => {
    const world = new World()
    world.import = ({ now }) => ({ nextPollAt: iso(now - HOUR_MS) })
    const began = await harness.env.currentTimeMs()
    const run = await start(world)
    await run.until((_, world) => world.of('importEvents').length > 0)
    await harness.sleep(10 * SECOND_MS)
    world.import = () => ({})
    await run.until(({ lastCycle }) => lastCycle!.nextPollAt > lastCycle!.finishedAt)
    const seconds = ((await harness.env.currentTimeMs()) - began) / SECOND_MS
    expect(world.of('importEvents').length).toBeLessThan(seconds / 0.9 + 2)
    expect(Math.min(...gaps(world.of('importEvents')))).toBeGreaterThan(0.9)
  })

  test('are not delayed by a worker whose clock is hours ahead', async () => {
    const world = new World()
    world.import = ({ now }) => ({ nextPollAt: iso(now + 6 * HOUR_MS) })
    const run = await start(world)
    await harness.sleep(HOUR_MS)
    await run.until(() => world.of('importEvents').length > 5)
    expectEach(gaps(world.of('importEvents')), 600)
  })

  test('continue despite a failing region, which is shown', async () => {
    const world = new World()
    const failing = [{ region: 'eu-west-3', error: 'ThrottlingException: Rate exceeded' }]
    const statusReason = 'eu-west-3: ThrottlingException: Rate exceeded'
    world.import = () => ({ status: 'behind', statusReason, failing, lagSeconds: 1500 })
    const run = await start(world)
    await harness.sleep(10.5 * MINUTE_MS)
    const state = await run.until(({ status }) => status === 'behind')
    expect(state.statusReason).toBe(statusReason)
    expect(state.lastCycle?.failing).toEqual(failing)
    expectEach(gaps(world.of('importEvents')), 60)
    expect(world.story.filter((step) => step !== 'importEvents')).toEqual(['verifyRole'])
    const details = await run.details()
    expect(details).toContain('**Behind**')
    expect(details).toContain('- **eu-west-3**: ThrottlingException: Rate exceeded')

    world.import = () => ({})
    await harness.sleep(MINUTE_MS)
    await run.until(({ status }) => status === 'current')
    expect(await run.details()).not.toContain('eu-west-3')
  })
})

describe('pausing', () => {
  test('stops the import, and resuming imports immediately', async () => {
    const run = await start(new World())
    await run.until(({ status }) => status === 'current')
    await run.change({ paused: true })
    await run.until(({ status }) => status === 'paused')
    const before = run.world.story.length
    await harness.sleep('3h')
    expect(run.world.story).toHaveLength(before)

    const resumedAt = await harness.env.currentTimeMs()
    await run.change({ paused: false })
    await run.until(({ status }) => status === 'current')
    const [next] = run.world.calls.slice(-1)
    expect(next).toMatchObject({ activity: 'importEvents', outcome: 'done' })
    // Not after another interval of a minute.
    expect(next!.at - resumedAt).toBeLessThan(50 * SECOND_MS)
    // Verified less than a day ago: once is enough.
    expect(run.world.of('verifyRole')).toHaveLength(1)
  })

  test('stops a running import', async () => {
    const world = new World()
    world.import = ({ signal }) => untilCancelled(signal)
    const run = await start(world)
    await untilRunning(run, 'importEvents')
    await run.change({ paused: true })
    const state = await run.until(({ status }) => status === 'paused')
    expect(world.story).toEqual(['verifyRole', 'importEvents cancelled'])
    expect(state.lastError).toBeNull()
    // The row was read beside the import, and once more after it had ended.
    expect(world.calls.at(-1)).toMatchObject({ activity: 'readConnection' })
  })
})

describe('import now', () => {
  test('imports every region, and returns a summary', async () => {
    const run = await start(new World())
    await run.until(({ status }) => status === 'current')
    run.world.import = () => ({ imported: 42 })
    expect(await run.importNow()).toMatchObject({ imported: 42 })
    expect(run.world.of('importEvents').map(({ options }) => options)).toEqual([
      { force: true },
      { force: true },
    ])
    await harness.sleep(3.5 * MINUTE_MS)
    // The interval restarts from there.
    expect(gaps(run.world.of('importEvents')).slice(1)).toEqual([60, 60, 60].map(after))
    expect(run.world.of('importEvents').at(-1)?.options).toEqual({ force: false })
  })

  test('waits for a running import, and one import serves all callers', async () => {
    const world = new World()
    const finish = Promise.withResolvers<void>()
    world.import = async () => {
      if (world.of('importEvents').length > 1) return { imported: 42 }
      await finish.promise
      return { imported: 1 }
    }
    const run = await start(world)
    await untilRunning(run, 'importEvents')
    const answers = Promise.all([run.importNow(), run.importNow()])
    await run.untilAccepted(2)
    finish.resolve()
    expect(await answers).toMatchObject([{ imported: 42 }, { imported: 42 }])
    expect(world.of('importEvents')).toHaveLength(2)
  })

  test("fails with AWS's error when the role is rejected", async () => {
    const run = await start(new World())
    await run.until(({ status }) => status === 'current')
    run.world.import = () => {
      throw roleRefused()
    }
    expect(await sentence(run.importNow())).toBe('AccessDenied: not authorized to assume')
  })
})

describe('verify now', () => {
  test('returns the result, passed or not', async () => {
    const run = await start(new World())
    await run.until(({ status }) => status === 'current')
    expect(await run.verifyNow()).toMatchObject({ state: 'passed', failures: 0 })
    run.world.verify = () => ({ state: 'failed' })
    expect(await run.verifyNow()).toMatchObject({ state: 'failed', failures: 1 })
    expect((await run.state()).status).toBe('action_needed')
    run.world.verify = () => ({})
    expect(await run.verifyNow()).toMatchObject({ state: 'passed' })
    await run.until(({ status }) => status === 'current')
  })

  test('does not wait for an import: it stops it, and the import begins again', async () => {
    const world = new World()
    world.import = ({ signal }) =>
      world.of('importEvents').length > 1 ? {} : untilCancelled(signal)
    const run = await start(world)
    await untilRunning(run, 'importEvents')
    expect(await run.verifyNow()).toMatchObject({ state: 'passed' })
    await run.until(({ status }) => status === 'current')
    expect(world.story).toEqual([
      'verifyRole',
      'importEvents cancelled',
      'verifyRole',
      'importEvents',
    ])
  })

  test('starts another verification if one is running', async () => {
    const world = new World()
    const finish = Promise.withResolvers<void>()
    world.verify = async () => {
      if (world.of('verifyRole').length === 1) {
        await finish.promise
        return { state: 'failed' }
      }
      return {}
    }
    const run = await start(world)
    await untilRunning(run, 'verifyRole')
    const answer = run.verifyNow()
    await run.untilAccepted(1)
    finish.resolve()
    // A fix that was made during the first verification counts.
    expect(await answer).toMatchObject({ state: 'passed' })
  })
})

describe('updates are rejected with an explanation', () => {
  test('without a role, when paused, and when the role does not pass', async () => {
    const run = await start(new World({ roleArn: null, accountId: null }))
    await run.until(({ settings }) => settings !== null)
    const noRole = 'The connection has no role. Set `roleArn` first.'
    expect(await sentence(run.verifyNow())).toBe(noRole)
    expect(await sentence(run.importNow())).toBe(noRole)

    run.world.verify = () => ({ state: 'failed' })
    await run.change({ roleArn })
    await run.until(({ status }) => status === 'action_needed')
    expect(await sentence(run.importNow())).toMatch(
      /^Imports require a verified role. Last verification: .*external ID/,
    )

    await run.change({ paused: true })
    await run.until(({ status }) => status === 'paused')
    const paused = 'The connection is paused. Resume it first.'
    expect(await sentence(run.verifyNow())).toBe(paused)
    expect(await sentence(run.importNow())).toBe(paused)
    // Refused before it was accepted: nothing of it is in the history.
    const { events } = await run.handle.fetchHistory()
    expect(events!.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toEqual(
      [],
    )
  })

  test('according to the current row, not the last read one', async () => {
    const run = await start(new World({ paused: true }))
    await run.until(({ status }) => status === 'paused')
    run.world.change({ paused: false })
    await run.changed()
    expect(await run.verifyNow()).toMatchObject({ state: 'passed' })

    run.world.change({ paused: true })
    await run.changed()
    expect(await sentence(run.verifyNow())).toBe('The connection is paused. Resume it first.')
  })

  test('when the connection is deleted while they wait', async () => {
    const world = new World()
    world.verify = ({ signal }) => untilCancelled(signal)
    const run = await start(world)
    await untilRunning(run, 'verifyRole')
    const answer = sentence(run.verifyNow())
    await run.change({ deleted: true })
    expect(await answer).toBe('The connection is being deleted.')
    await run.handle.result()
  })
})

describe('deleting', () => {
  test('stops a running import first, and finishes once', async () => {
    const world = new World()
    world.import = ({ signal }) => untilCancelled(signal)
    const run = await start(world)
    await untilRunning(run, 'importEvents')
    await run.change({ deleted: true })
    await run.handle.result()
    expect(world.story).toEqual(['verifyRole', 'importEvents cancelled', 'finishDeletion'])
    expect((await run.state()).status).toBe('deleting')
  })

  test.each([
    ['without a role', { roleArn: null, accountId: null }],
    ['when paused', { paused: true }],
  ])('finishes %s', async (_, row) => {
    const run = await start(new World(row))
    await run.until(({ settings }) => settings !== null)
    await run.change({ deleted: true })
    await run.handle.result()
    expect(run.world.story).toEqual(['finishDeletion'])
  })
})

describe('an import that needs a verification', () => {
  test('gets it immediately and continues, and its callers get a response', async () => {
    const run = await start(new World())
    const { world } = run
    await run.until(({ status }) => status === 'current')
    world.import = () => {
      world.import = () => ({ imported: 7 })
      throw verificationRequired()
    }
    expect(await run.importNow()).toMatchObject({ imported: 7 })
    expect(world.story).toEqual([
      'verifyRole',
      'importEvents',
      'importEvents failed',
      'verifyRole',
      'importEvents',
    ])
    const [before, failed] = world.of('importEvents')
    expect(world.of('verifyRole')[1]!.at - failed!.at).toBeLessThan(50 * SECOND_MS)
    expect(before).toMatchObject({ outcome: 'done' })
    expect(await run.state()).toMatchObject({ status: 'current', failures: 0, lastError: null })
  })

  test('is retried less and less often, even if verifications pass', async () => {
    const world = new World()
    world.import = () => {
      throw verificationRequired()
    }
    const run = await start(world)
    await harness.sleep(HOUR_MS)
    const state = await run.until(({ failures }) => failures > 5)
    expect(state.lastError).toBe('The role is not verified yet')
    expect(gaps(world.of('importEvents')).slice(0, 7)).toEqual(
      [0, 20, 40, 80, 160, 320, 600].map(after),
    )
    expect(world.of('verifyRole').length).toBe(world.of('importEvents').length)
  })

  test('runs after an earlier role is set and verified again', async () => {
    const run = await start(new World())
    await run.until(({ status }) => status === 'current')
    const { length } = run.world.of('verifyRole')
    run.world.change({ roleArn: 'arn:aws:iam::123456789012:role/another' })
    await run.change({ roleArn })
    await run.until(({ verification }) => verification?.roleRevision === 3)
    expect(run.world.of('verifyRole').length).toBe(length + 1)
  })

  test('is not stopped by an inconclusive verification', async () => {
    const run = await start(new World())
    const { world } = run
    await run.until(({ status }) => status === 'current')
    world.verify = ({ now }) => ({
      inconclusive: 'Throttling',
      failures: 1,
      nextAttemptAt: iso(now + 5 * MINUTE_MS),
    })
    await run.verifyNow()
    const { length } = world.of('importEvents')
    await harness.sleep(HOUR_MS)
    const state = await run.until(() => world.of('importEvents').length >= length + 50)
    expect(state).toMatchObject({ status: 'current', verification: { inconclusive: 'Throttling' } })
    expect(world.of('verifyRole').length).toBeGreaterThan(10)
  })
})

describe('a role that AWS rejects in a cycle', () => {
  test('is verified immediately, retried, and used again when it is fixed', async () => {
    const run = await start(new World())
    const { world } = run
    await run.until(({ status }) => status === 'current')
    world.import = () => {
      throw roleRefused()
    }
    world.verify = ({ now }) => ({ state: 'failed', nextAttemptAt: iso(now + 5 * MINUTE_MS) })
    await harness.sleep(2 * MINUTE_MS)
    await run.until(({ status }) => status === 'action_needed')
    expect(world.story).toEqual(['verifyRole', 'importEvents', 'importEvents failed', 'verifyRole'])
    world.import = () => ({})
    world.verify = () => ({})
    await harness.sleep(6.5 * MINUTE_MS)
    await run.until(({ status }) => status === 'current')
    expect(world.story.slice(4, 6)).toEqual(['verifyRole', 'importEvents'])
  })

  test('is not retried continuously even if its verification passes', async () => {
    const world = new World()
    world.import = () => {
      throw roleRefused()
    }
    const run = await start(world)
    await harness.sleep(HOUR_MS)
    const state = await run.until(({ failures }) => failures > 5)
    expect(state).toMatchObject({
      status: 'behind',
      lastError: 'AccessDenied: not authorized to assume',
    })
    const waits = gaps(world.of('importEvents'))
    expect(waits.slice(0, 7)).toEqual([0, 20, 40, 80, 160, 320, 600].map(after))
    // Each time the role is verified before it is used again.
    expect(world.of('verifyRole').length).toBe(world.of('importEvents').length)

    world.import = () => ({})
    await harness.sleep(11 * MINUTE_MS)
    expect(await run.until(({ status }) => status === 'current')).toMatchObject({
      failures: 0,
      lastError: null,
    })
  })
})

describe('failures of a whole step', () => {
  test('are retried as long as they last, and are cleared when they end', async () => {
    const world = new World()
    const run = await start(world)
    await run.until(({ status }) => status === 'current')
    world.import = () => {
      throw new Error('connect ECONNREFUSED')
    }
    await harness.sleep('1h')
    const failed = world.of('importEvents').slice(1)
    expect(failed.every(({ outcome }) => outcome === 'failed')).toBe(true)
    // Twice a minute in the end, by Temporal's retries alone.
    expect(Math.max(...gaps(failed))).toEqual(after(30))
    expect(gaps(failed).slice(0, 6)).toEqual([1, 2, 4, 8, 16, 30].map(after))
    world.import = () => ({})
    await harness.sleep(2.5 * MINUTE_MS)
    await run.until((_, world) => world.calls.at(-1)?.outcome === 'done')
    expect(await run.state()).toMatchObject({ status: 'current', lastError: null, failures: 0 })
  })

  test.each(['importEvents', 'verifyRole'] as const)(
    'do not end the workflow even if Temporal does not retry them: %s',
    async (activity) => {
      const world = new World()
      const broken = () => {
        throw ApplicationFailure.nonRetryable('column "x" does not exist')
      }
      if (activity === 'importEvents') world.import = broken
      else world.verify = broken
      const run = await start(world)
      await harness.sleep(HOUR_MS)
      const state = await run.until(({ failures }) => failures > 5)
      expect(state).toMatchObject({
        status: 'behind',
        statusReason: 'column "x" does not exist',
        lastError: 'column "x" does not exist',
      })
      expect(gaps(world.of(activity)).slice(0, 7)).toEqual(
        [10, 20, 40, 80, 160, 320, 600].map(after),
      )
      expect(await run.details()).toContain('column "x" does not exist, ')

      world.import = () => ({})
      world.verify = () => ({})
      await harness.sleep(11 * MINUTE_MS)
      await run.until(({ status }) => status === 'current')
    },
  )

  test('while reading the row do not end the workflow either', async () => {
    const world = new World()
    world.read = () => {
      throw ApplicationFailure.nonRetryable('permission denied')
    }
    const run = await start(world)
    await run.until(({ lastError }) => lastError === 'permission denied')
    await harness.sleep(5 * MINUTE_MS)
    expect(world.story).toEqual([])
    world.read = () => {}
    await harness.sleep(11 * MINUTE_MS)
    await run.until(({ status }) => status === 'current')
  })

  test('stop being retried when the row changes', async () => {
    const world = new World()
    world.verify = () => {
      throw ApplicationFailure.nonRetryable('no such role')
    }
    const run = await start(world)
    await harness.sleep(HOUR_MS)
    await run.until(({ failures }) => failures > 5)
    world.verify = () => ({})
    await run.change({ roleArn: 'arn:aws:iam::123456789012:role/another' })
    await run.until(({ status }) => status === 'current')
  })
})

describe('after earlier failures', () => {
  /** The state of a workflow whose last steps have failed; the next delay is 10 minutes. */
  function failing(world: World) {
    return { settings: world.row, failures: 7, lastError: 'no answer', rowChanges: 0 }
  }

  function passed(row: ConnectionSettings): VerificationSummary {
    return {
      state: 'passed',
      reason: null,
      inconclusive: null,
      version: row.version,
      roleArn,
      roleRevision: row.roleRevision,
      verifiedAt: iso(0),
      failures: 0,
      nextAttemptAt: '2999-01-01T00:00:00.000Z',
    }
  }

  // No test here skips time: it would pass after the delay as well.

  test('a pause that ends an import takes effect without a delay', async () => {
    const world = new World()
    world.import = () => {
      // Its signal is lost.
      world.change({ paused: true })
      throw connectionChanged()
    }
    const run = await start(world, { state: failing(world) })
    expect(await run.until(({ status }) => status === 'paused')).toMatchObject({ failures: 0 })
    expect(world.story).toEqual(['verifyRole', 'importEvents failed'])
  })

  test('a row that has not changed after all does not count as a failure', async () => {
    const world = new World()
    world.import = () => {
      world.import = () => ({})
      throw connectionChanged()
    }
    const run = await start(world, { state: failing(world) })
    await run.until(({ status }) => status === 'current')
    expect(world.story).toEqual(['verifyRole', 'importEvents failed', 'importEvents'])
  })

  test('a deletion ends the wait before the row is read again', async () => {
    const world = new World()
    world.import = () => {
      throw connectionChanged()
    }
    const state = { ...failing(world), verification: passed(world.row!), rowChanges: 7 }
    const run = await start(world, { state })
    await run.until(({ rowChanges }) => rowChanges === 8)
    await run.change({ deleted: true })
    await run.until(() => world.of('finishDeletion').length === 1)
    expect(world.story).toEqual(['importEvents failed', 'finishDeletion'])
  })

  test.each<[string, (run: Run) => Promise<unknown>]>([
    ['a signal', (run) => run.change({ name: 'staging' })],
    ['an update', (run) => run.verifyNow()],
  ])('%s ends the wait after a failed read', async (_, send) => {
    const world = new World()
    world.read = () => {
      throw ApplicationFailure.nonRetryable('permission denied')
    }
    const run = await start(world, { state: failing(world) })
    await run.until(({ failures }) => failures === 8)
    world.read = () => {}
    const sent = send(run)
    sent.catch(() => {})
    await run.until(() => world.of('verifyRole').length === 1)
    await sent
    expect(world.of('readConnection').length).toBeLessThan(5)
  })
})

test('a step that ends repeatedly because of an unchanged row is retried less and less often', async () => {
  const world = new World()
  world.import = () => {
    throw connectionChanged()
  }
  const run = await start(world)
  await harness.sleep(HOUR_MS)
  expect(await run.until(({ rowChanges }) => rowChanges! > 5)).toMatchObject({ failures: 0 })
  expect(gaps(world.of('importEvents')).slice(0, 7)).toEqual(
    [0, 20, 40, 80, 160, 320, 600].map(after),
  )
})

describe('an operator who cancels the workflow', () => {
  async function cancelled(run: Run): Promise<void> {
    await run.handle.cancel()
    const error = await run.handle.result().catch((error) => error)
    expect(error).toBeInstanceOf(WorkflowFailedError)
    expect(error.cause).toBeInstanceOf(CancelledFailure)
  }

  test('ends it with its import, which is shown', async () => {
    const world = new World()
    world.import = ({ signal }) => untilCancelled(signal)
    const run = await start(world)
    await untilRunning(run, 'importEvents')
    await cancelled(run)
    expect(world.story).toEqual(['verifyRole', 'importEvents cancelled'])
    expect(world.calls.at(-1)).toMatchObject({ activity: 'readConnection', outcome: 'done' })
    expect(await run.details()).toContain('Cancelled by an operator')
  })

  test('ends it while it waits', async () => {
    const run = await start(new World())
    await run.until(({ status }) => status === 'current')
    await cancelled(run)
    // The next one begins where this one ended.
    const next = await start(run.world, { state: await run.state() })
    await next.until((_, world) => world.calls.at(-1)?.activity === 'readConnection')
    expect(run.world.story).toEqual(['verifyRole', 'importEvents'])
  })

  test('does not prevent a requested deletion', async () => {
    const world = new World()
    world.import = ({ signal }) => untilCancelled(signal)
    const run = await start(world)
    await untilRunning(run, 'importEvents')
    world.change({ deleted: true })
    await cancelled(run)
    expect(world.story).toEqual(['verifyRole', 'importEvents cancelled', 'finishDeletion'])
  })

  test('does not leave callers without a response', async () => {
    const world = new World()
    world.import = ({ signal }) => untilCancelled(signal)
    const run = await start(world)
    await untilRunning(run, 'importEvents')
    const answer = sentence(run.importNow())
    await run.untilAccepted(1)
    await cancelled(run)
    expect(await answer).toMatch(/cancelled|ended/i)
  })
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTimeSkippingEnvironment } from '../../testing/time-skipping.ts'
import { World } from '../../testing/workflows/fakes.ts'
import { Harness } from '../../testing/workflows/harness.ts'

// In a file of its own: the run that continues as new abandons an activity that Temporal retries, and
// the test server's clock does not skip time after that.

let harness: Harness

beforeAll(async () => {
  harness = await Harness.create(await createTimeSkippingEnvironment())
})

afterAll(() => harness?.end())

test('a run that has received many signals continues as new though an activity is retried', async () => {
  const world = new World({ paused: true })
  const run = await harness.start(world, { signalsPerRun: 10 })
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
  await run.end()
})

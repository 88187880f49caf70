import { expect, test } from 'vitest'
import { coalesce, coalesceSignals } from '../../src/api/coalesce.ts'
import { eventually } from '../../testing/eventually.ts'

/** Work whose runs end when the test ends them. */
function controlled() {
  const runs: { key: string; end: () => void }[] = []
  const run = coalesce((key) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    runs.push({ key, end: resolve })
    return promise
  })
  return { runs, run }
}

/** Until all promises that are settled now have called back. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

test('calls while a run goes on lead to one more run after it', async () => {
  const { runs, run } = controlled()
  for (let n = 0; n < 1_000; n++) run('a')
  expect(runs).toHaveLength(1)
  runs[0]!.end()
  await settle()
  expect(runs).toHaveLength(2)
  run('a')
  runs[1]!.end()
  await settle()
  expect(runs).toHaveLength(3)
  runs[2]!.end()
  await settle()
  expect(runs).toHaveLength(3)
  run('a')
  expect(runs).toHaveLength(4)
})

test('keys do not wait for each other', () => {
  const { runs, run } = controlled()
  run('a')
  run('b')
  expect(runs.map(({ key }) => key)).toEqual(['a', 'b'])
})

test('signals in the pause after one become one signal after the pause', async () => {
  const sent: string[] = []
  const signal = coalesceSignals(async (key) => sent.push(key))
  for (let n = 0; n < 1_000; n++) signal('a')
  signal('b')
  await settle()
  expect(sent).toEqual(['a', 'b'])
  await eventually(
    async () => sent,
    (all) => all.length > 2,
  )
  expect(sent).toEqual(['a', 'b', 'a'])
})

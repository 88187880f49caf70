import { expect, test } from 'vitest'
import { startEach } from '../src/start-each.ts'

const { signal } = new AbortController()

/** @param results of the calls, in order */
async function started(results: boolean[]): Promise<number> {
  let calls = 0
  await startEach(
    results,
    async (result) => {
      calls++
      return result
    },
    signal,
  )
  return calls
}

test('a workflow that cannot be started does not delay the others', async () => {
  expect(await started([false, true, false, false, true, true])).toBe(6)
})

test('after three failures in a row, the rest is left to the next round', async () => {
  expect(await started([true, false, false, false, true])).toBe(4)
})

test('an aborted round starts nothing', async () => {
  const calls: string[] = []
  await startEach(['a'], async (item) => calls.push(item) > 0, AbortSignal.abort())
  expect(calls).toEqual([])
})

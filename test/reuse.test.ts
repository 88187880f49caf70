import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { reuse } from '../src/reuse.ts'

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => vi.useRealTimers())

/** A search whose results the test decides. */
function controlled(ms: number) {
  const searches: PromiseWithResolvers<string>[] = []
  const find = reuse(ms, () => {
    const search = Promise.withResolvers<string>()
    searches.push(search)
    return search.promise
  })
  return { searches, find }
}

test('a pending result is shared for longer than a settled one', async () => {
  const { searches, find } = controlled(1_000)
  const first = find()
  vi.advanceTimersByTime(30_000)
  const second = find()
  expect(searches).toHaveLength(1)
  searches[0]!.resolve('ready')
  expect(await Promise.all([first, second])).toEqual(['ready', 'ready'])
  // The time begins when the result settles.
  vi.advanceTimersByTime(999)
  expect(await find()).toBe('ready')
  expect(searches).toHaveLength(1)
  vi.advanceTimersByTime(1)
  void find()
  expect(searches).toHaveLength(2)
})

test('an error is reused for the same time', async () => {
  const { searches, find } = controlled(1_000)
  const first = find()
  searches[0]!.reject(new Error('away'))
  await expect(first).rejects.toThrow('away')
  await expect(find()).rejects.toThrow('away')
  vi.advanceTimersByTime(1_000)
  void find()
  expect(searches).toHaveLength(2)
})

test('a result that never settles is not waited for after a minute', () => {
  const { searches, find } = controlled(1_000)
  void find()
  vi.advanceTimersByTime(59_999)
  void find()
  expect(searches).toHaveLength(1)
  vi.advanceTimersByTime(1)
  void find()
  expect(searches).toHaveLength(2)
})

test('with 0 ms, only a pending result is shared', async () => {
  const { searches, find } = controlled(0)
  const both = [find(), find()]
  expect(searches).toHaveLength(1)
  searches[0]!.resolve('one')
  expect(await Promise.all(both)).toEqual(['one', 'one'])
  void find()
  expect(searches).toHaveLength(2)
})

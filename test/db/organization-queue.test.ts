import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { OrganizationBusy, OrganizationQueue } from '../../src/db/organization-queue.ts'

beforeEach(() => {
  vi.useFakeTimers()
  return () => vi.useRealTimers()
})
afterEach(() => vi.clearAllTimers())

const newQueue = () => new OrganizationQueue({ running: 2, waiting: 3, waitMs: 5_000 })

/** Work that runs until the test ends it. */
function work() {
  const { promise, resolve } = Promise.withResolvers<string>()
  const run = vi.fn(() => promise)
  return { run, end: () => resolve('done') }
}

const settled = () => vi.advanceTimersByTimeAsync(0)

test('two tasks run, the next ones follow in order, and one above the limit is rejected', async () => {
  const queue = newQueue()
  const works = Array.from({ length: 6 }, work)
  const results = works.map(({ run }) => queue.run('a', undefined, run).catch((error) => error))
  await settled()
  const started = () => works.map(({ run }) => run.mock.calls.length)
  expect(started()).toEqual([1, 1, 0, 0, 0, 0])
  expect(await results[5]).toBeInstanceOf(OrganizationBusy)
  works[1]!.end()
  await settled()
  expect(started()).toEqual([1, 1, 1, 0, 0, 0])
  works[0]!.end()
  works[2]!.end()
  await settled()
  expect(started()).toEqual([1, 1, 1, 1, 1, 0])
  for (const { end } of works) end()
  expect(await Promise.all(results.slice(0, 5))).toEqual(Array(5).fill('done'))
})

test('organizations do not wait for each other', async () => {
  const queue = newQueue()
  for (let n = 0; n < 5; n++) void queue.run('a', undefined, work().run)
  expect(await queue.run('b', undefined, async () => 'at once')).toBe('at once')
})

test('work that has waited too long is rejected, and frees its place', async () => {
  const queue = newQueue()
  const running = [work(), work()]
  for (const { run } of running) void queue.run('a', undefined, run)
  const late = work()
  const waiting = queue.run('a', undefined, late.run).catch((error) => error)
  await vi.advanceTimersByTimeAsync(4_999)
  const next = work()
  const following = queue.run('a', undefined, next.run)
  await vi.advanceTimersByTimeAsync(1)
  expect(await waiting).toMatchObject({ name: 'OrganizationBusy', retryAfterSeconds: 5 })
  running[0]!.end()
  await settled()
  next.end()
  expect(await following).toBe('done')
  expect(late.run).not.toHaveBeenCalled()
})

test('a signal ends the wait, but no running work', async () => {
  const queue = newQueue()
  const client = new AbortController()
  const running = [work(), work()]
  const results = running.map(({ run }) => queue.run('a', client.signal, run))
  const late = work()
  const waiting = queue.run('a', client.signal, late.run).catch((error) => error)
  client.abort('gone')
  expect(await waiting).toBe('gone')
  for (const { end } of running) end()
  expect(await Promise.all(results)).toEqual(['done', 'done'])
  expect(late.run).not.toHaveBeenCalled()
  await expect(queue.run('a', client.signal, late.run)).rejects.toBe('gone')
  expect(await queue.run('a', undefined, async () => 1)).toBe(1)
})

test('failed work frees its place for the next one', async () => {
  const queue = newQueue()
  const fails = () => queue.run('a', undefined, () => Promise.reject(new Error('failed')))
  await Promise.allSettled([fails(), fails(), fails(), fails()])
  expect(await queue.run('a', undefined, async () => 'still there')).toBe('still there')
})

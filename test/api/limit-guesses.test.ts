import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { limitGuesses } from '../../src/api/limit-guesses.ts'

// Values wait for five seconds at most, however slow this machine is.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

interface Lookup {
  value: string
  /** Ends the lookup. */
  finish(isAvailable?: boolean): void
}

/** Values that exist if the set contains them. Lookups run until the test ends them. */
function setUp(values: string[] = []) {
  const stored = new Set(values)
  const lookups: string[] = []
  const running: Lookup[] = []
  const find = limitGuesses({
    find: (value) => {
      lookups.push(value)
      return new Promise<string | undefined>((resolve, reject) => {
        const finish = (isAvailable = true) => {
          running.splice(running.indexOf(lookup), 1)
          if (isAvailable) resolve(stored.has(value) ? value.toUpperCase() : undefined)
          else reject(new Error('unavailable'))
        }
        const lookup: Lookup = { value, finish }
        running.push(lookup)
      })
    },
    reason: 'Too many guesses',
  })
  /** The result or the status of a call, once it has ended. */
  const call = (address: string, value: string) =>
    find(address, value).then(
      (result) => result ?? 404,
      (error) => (error.status as number | undefined) ?? 503,
    )
  const callMany = (address: string, count: number) =>
    Array.from({ length: count }, (_, n) => call(address, `wrong ${n}`))
  return {
    stored,
    lookups,
    running,
    find,
    call,
    callMany,
    /** Ends lookups until the call has ended. Returns the most that ran at the same time. */
    async finishUntil(ended: Promise<unknown>) {
      let isEnded = false
      let most = 0
      const end = () => {
        isEnded = true
      }
      ended.then(end, end)
      while (!isEnded) {
        most = Math.max(most, running.length)
        running[0]?.finish()
        await new Promise((resolve) => setImmediate(resolve))
      }
      return most
    },
  }
}

test('a value that exists is found after many wrong ones, which are looked up one at a time', async () => {
  const { call, callMany, finishUntil, lookups } = setUp(['key'])
  const wrong = Promise.all(callMany('192.0.2.1', 100))
  const key = call('192.0.2.1', 'key')
  expect(await finishUntil(key)).toBe(1)
  expect(await key).toBe('KEY')
  expect(await wrong).toEqual(Array(100).fill(404))
  expect(lookups.at(-1)).toBe('key')
})

test('wrong values do not add up over time', async () => {
  const { call, callMany, finishUntil } = setUp(['key'])
  for (let n = 0; n < 10; n++) await finishUntil(Promise.all(callMany('192.0.2.1', 100)))
  const key = call('192.0.2.1', 'key')
  await finishUntil(key)
  expect(await key).toBe('KEY')
})

test('a value is refused if a hundred others of its address wait', async () => {
  const { call, callMany, find, finishUntil, lookups, running } = setUp()
  const accepted = Promise.all(callMany('192.0.2.1', 101))
  await expect(find('192.0.2.1', 'one more')).rejects.toMatchObject({
    status: 429,
    message: 'Too many guesses. Retry in 5 s.',
    headers: { 'retry-after': '5' },
  })
  expect(lookups).toEqual(['wrong 0'])
  running[0]!.finish()
  await finishUntil(accepted)
  expect(await accepted).toEqual(Array(101).fill(404))
  const later = call('192.0.2.1', 'one more')
  await finishUntil(later)
  expect(await later).toBe(404)
})

test('addresses do not wait for each other, but those of one IPv6 block do', () => {
  const { call, running } = setUp()
  for (const address of ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2'])
    void call(address, address)
  const values = () => running.map(({ value }) => value)
  expect(values()).toEqual(['192.0.2.1', '192.0.2.2', '2001:db8::1'])
})

test('a value that was found before does not wait', async () => {
  const { call, callMany, finishUntil, running } = setUp(['key'])
  await finishUntil(call('192.0.2.2', 'key'))
  const wrong = callMany('192.0.2.1', 102)
  expect(await wrong.at(-1)).toBe(429)
  const known = call('192.0.2.1', 'key')
  expect(running.map(({ value }) => value)).toEqual(['wrong 0', 'key'])
  running[1]!.finish()
  expect(await known).toBe('KEY')
})

test('a value is refused after five seconds', async () => {
  const { call, finishUntil, lookups } = setUp(['key'])
  const running = call('192.0.2.1', 'key')
  const waiting = call('192.0.2.1', 'other')
  vi.advanceTimersByTime(5_000)
  expect(await waiting).toBe(429)
  await finishUntil(running)
  expect(await running).toBe('KEY')
  expect(lookups).toEqual(['key'])
})

test('simultaneous calls with one unknown value share a lookup', async () => {
  const { call, finishUntil, lookups } = setUp()
  const calls = () => Promise.all(Array.from({ length: 500 }, () => call('192.0.2.1', 'wrong')))
  for (let n = 1; n <= 2; n++) {
    const ended = calls()
    await finishUntil(ended)
    expect(await ended).toEqual(Array(500).fill(404))
    expect(lookups).toHaveLength(n)
  }
})

test('a value is found or not found as soon as it exists or does not', async () => {
  const { call, finishUntil, stored } = setUp()
  for (const exists of [true, false, true, false]) {
    if (exists) stored.add('key')
    else stored.delete('key')
    for (let n = 0; n < 2; n++) {
      const found = call('192.0.2.1', 'key')
      await finishUntil(found)
      expect(await found).toBe(exists ? 'KEY' : 404)
    }
  }
})

test('after a lookup fails, the next value is looked up', async () => {
  const { call, finishUntil, running } = setUp(['key'])
  const failed = call('192.0.2.1', 'other')
  const key = call('192.0.2.1', 'key')
  running[0]!.finish(false)
  expect(await failed).toBe(503)
  await finishUntil(key)
  expect(await key).toBe('KEY')
})

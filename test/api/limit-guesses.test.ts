import { expect, test } from 'vitest'
import { limitGuesses } from '../../src/api/limit-guesses.ts'

/** 60 guesses a minute, of values that exist if the set contains them. */
function setUp(values: string[] = []) {
  const stored = new Set(values)
  const lookups: string[] = []
  let time = 1_000_000
  let isAway = false
  const find = limitGuesses({
    find: async (value) => {
      lookups.push(value)
      if (isAway) throw new Error('away')
      return stored.has(value) ? value.toUpperCase() : undefined
    },
    reason: 'Too many guesses',
    now: () => time,
  })
  const guess = (address: string, from: number, to: number) =>
    Promise.all(
      Array.from({ length: to - from }, (_, n) =>
        find(address, `wrong ${from + n}`).then(
          () => 404,
          (error) => error.status as number,
        ),
      ),
    )
  return {
    stored,
    lookups,
    find,
    guess,
    wait: (ms: number) => {
      time += ms
    },
    setAway: (away: boolean) => {
      isAway = away
    },
  }
}

test('an address is refused after 60 guesses in a minute, without a lookup', async () => {
  const { guess, lookups, wait } = setUp()
  const statuses = await guess('192.0.2.1', 0, 100)
  expect(statuses).toEqual([...Array(60).fill(404), ...Array(40).fill(429)])
  expect(lookups).toHaveLength(60)
  // Another address, and an address of the same IPv6 block.
  expect(await guess('192.0.2.2', 100, 160)).toEqual(Array(60).fill(404))
  await guess('2001:db8::1', 200, 260)
  expect(await guess('2001:db8::2', 260, 261)).toEqual([429])
  wait(60_000)
  expect(await guess('192.0.2.1', 300, 301)).toEqual([404])
})

test('what was found before is found by an address that is refused', async () => {
  const { find, guess } = setUp(['key', 'unused'])
  await find('192.0.2.2', 'key')
  await guess('192.0.2.1', 0, 60)
  expect(await find('192.0.2.1', 'key')).toBe('KEY')
  await expect(find('192.0.2.1', 'unused')).rejects.toMatchObject({
    status: 429,
    message: 'Too many guesses. Retry in 60 s.',
    headers: { 'retry-after': '60' },
  })
  expect(await find('192.0.2.2', 'unused')).toBe('UNUSED')
})

test('values that exist do not count, and concurrent calls share their first lookup', async () => {
  const keys = Array.from({ length: 200 }, (_, n) => `key ${n}`)
  const { find, guess, lookups } = setUp(keys)
  for (const key of keys) await find('192.0.2.1', key)
  expect(await guess('192.0.2.1', 0, 60)).toEqual(Array(60).fill(404))
  const fresh = setUp(['key'])
  await Promise.all(Array.from({ length: 500 }, () => fresh.find('192.0.2.1', 'key')))
  expect(fresh.lookups).toEqual(['key'])
  expect(lookups).toHaveLength(260)
})

test('a wrong value counts once a minute, and is looked up once', async () => {
  const { find, guess, lookups, stored, wait } = setUp()
  for (let n = 0; n < 100; n++) expect(await find('192.0.2.1', 'wrong')).toBeUndefined()
  expect(lookups).toEqual(['wrong'])
  expect(await guess('192.0.2.1', 0, 60)).toEqual([...Array(59).fill(404), 429])
  stored.add('wrong')
  wait(60_000)
  expect(await find('192.0.2.1', 'wrong')).toBe('WRONG')
})

test('a value that no longer exists is not found from the next call on', async () => {
  const { find, stored } = setUp(['key'])
  expect(await find('192.0.2.1', 'key')).toBe('KEY')
  stored.delete('key')
  expect(await find('192.0.2.1', 'key')).toBeUndefined()
  expect(await find('192.0.2.1', 'key')).toBeUndefined()
})

test('lookups that fail do not count', async () => {
  const { find, guess, setAway } = setUp(['key'])
  setAway(true)
  for (let n = 0; n < 100; n++) await expect(find('192.0.2.1', 'key')).rejects.toThrow('away')
  setAway(false)
  expect(await find('192.0.2.1', 'key')).toBe('KEY')
  expect(await guess('192.0.2.1', 0, 60)).toEqual(Array(60).fill(404))
})

import { afterEach, describe, expect, it, vi } from 'vitest'
import { generateHistory, startLiveActivity } from '../../simulator/generate.ts'
import { type CloudTrailRecord, type Simulator, startSimulator } from '../../simulator/index.ts'

// The demo, the simulator and the tests generate an account that ends at the current time. So what
// generate.integration.test.ts checks for one week is checked here for every day of more than a
// year: each weekday at each end of a month, a leap day, the end of a year.

const accountId = '111122223333'
const DAY_MS = 86_400_000
const FIRST_DAY = Date.parse('2027-12-01T00:00:00Z')
/** 400 consecutive start dates. */
const days = Array.from({ length: 400 }, (_, n) => FIRST_DAY + n * DAY_MS)

const timeOf = ({ eventTime }: CloudTrailRecord) => Date.parse(String(eventTime))
const idOf = ({ eventID }: CloudTrailRecord) => String(eventID)
const generate = (from: number, to: number, seed = 1) =>
  generateHistory({ seed, accountId, from: new Date(from), to: new Date(to) })

/** Describes what is wrong with the records of [from, to). Empty if they are right. */
function faultsOf(records: CloudTrailRecord[], from: number, to: number): string[] {
  const faults: string[] = []
  let before = from
  for (const [index, record] of records.entries()) {
    const at = timeOf(record)
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(String(record.eventTime)) || Number.isNaN(at))
      faults.push(`eventTime ${record.eventTime}`)
    if (at < before || at >= to) faults.push(`${record.eventTime} is out of order or of the span`)
    before = at
    // biome-ignore lint/suspicious/noExplicitAny: a record is any JSON object
    const identity = record.userIdentity as any
    const began = identity.sessionContext?.attributes?.creationDate
    if (began !== undefined && !(Date.parse(began) <= at))
      faults.push(`${idOf(record)} at ${record.eventTime} in a session of ${began}`)
    if (!/^[A-Z]\w+$/.test(String(record.eventName))) faults.push(`eventName ${record.eventName}`)
    // Each fifth one: looking into all takes longer than generating them.
    if (index % 5 === 0 && /\b(NaN|undefined|Invalid Date)\b/.test(JSON.stringify(record)))
      faults.push(`${record.eventName} at ${record.eventTime} holds no value`)
  }
  return faults
}

const ids = new Set<string>()
let total = 0

// Split, so that no test takes long on a busy machine.
it.each([0, 50, 100, 150, 200, 250, 300, 350])(
  'the history is valid on the 50 days from day %i',
  (first) => {
    const from = days[first]!
    const to = from + 50 * DAY_MS
    // In one piece: each call also generates the day before.
    const records = generate(from, to)
    const faults = faultsOf(records, from, to)
    const byDay = Map.groupBy(records, (record) => Math.floor(timeOf(record) / DAY_MS) * DAY_MS)
    for (const day of days.slice(first, first + 50)) {
      const ofDay = byDay.get(day) ?? []
      const weekday = new Date(day).getUTCDay()
      const name = new Date(day).toISOString().slice(0, 10)
      const [least, most] = weekday === 0 || weekday === 6 ? [150, 1_500] : [300, 3_000]
      if (ofDay.length < least || ofDay.length > most)
        faults.push(`${name}: ${ofDay.length} records`)
      if (!ofDay.some(({ readOnly }) => readOnly === false)) faults.push(`${name}: no change`)
    }
    for (const record of records) ids.add(idOf(record))
    total += records.length
    expect(faults).toEqual([])
    // Event IDs are unique.
    expect(ids.size).toBe(total)
  },
)

/** The last second of a week, of a month, of a leap February, of a year, and of daylight saving time. */
const lastSeconds = [
  '2027-12-31T23:59:59Z',
  '2028-01-02T23:59:59Z',
  '2028-01-31T23:59:59Z',
  '2028-02-28T23:59:59Z',
  '2028-02-29T23:59:59Z',
  '2028-03-26T00:59:59Z',
  '2028-04-30T23:59:59Z',
  '2028-10-29T00:59:59Z',
  '2028-12-31T23:59:59Z',
]

describe.each(lastSeconds)('at %s', (text) => {
  const now = Date.parse(text)
  let simulator: Simulator | undefined

  afterEach(async () => {
    vi.useRealTimers()
    await simulator?.close()
    simulator = undefined
  })

  it('a history that ends then is continued by the next one', () => {
    const from = now - DAY_MS
    const whole = generate(from, now + DAY_MS)
    expect(faultsOf(whole, from, now + DAY_MS)).toEqual([])
    expect([
      ...generate(from, now),
      ...generate(now, now + 1_000),
      ...generate(now + 1_000, now + DAY_MS),
    ]).toEqual(whole)
    expect(generate(now, now)).toEqual([])
  })

  it('live activity that starts then continues the history', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'], now: new Date(now) })
    simulator = await startSimulator({ latencyMs: 0, tps: null })
    const live = startLiveActivity(simulator, { seed: 1, story: true })
    for (let minutes = 0; minutes < 60; minutes++) vi.advanceTimersByTime(60_000)
    live.stop()
    const held = new Set(simulator.ledger.eventIds())
    const expected = generate(now, now + 59 * 60_000)
    expect(expected.length).toBeGreaterThan(5)
    expect(expected.filter((record) => !held.has(idOf(record)))).toEqual([])
    // The story adds its own.
    expect(held.size).toBeGreaterThan(expected.length)
  })
})

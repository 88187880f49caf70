import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { formatChosen, parseTime } from '../../web/src/time-entry.ts'

/** A Tuesday. */
const now = Date.parse('2026-03-03T14:30:00Z')
const parse = (text: string) => parseTime(text, { now, zone: 'utc' })?.toISOString() ?? null

describe('typed and pasted times', () => {
  test.each([
    ['20:45', '2026-03-02T20:45:00.000Z'],
    ['14:30', '2026-03-03T14:30:00.000Z'],
    ['14:33', '2026-03-03T14:33:00.000Z'],
    ['14:36', '2026-03-02T14:36:00.000Z'],
    ['9:05', '2026-03-03T09:05:00.000Z'],
    ['09:05:07', '2026-03-03T09:05:07.000Z'],
    ['20.45', '2026-03-02T20:45:00.000Z'],
    ['8:45 pm', '2026-03-02T20:45:00.000Z'],
    ['8pm', '2026-03-02T20:00:00.000Z'],
    ['12 am', '2026-03-03T00:00:00.000Z'],
    ['12:10 PM', '2026-03-03T12:10:00.000Z'],
    ['today 09:00', '2026-03-03T09:00:00.000Z'],
    ['yesterday at 9:00', '2026-03-02T09:00:00.000Z'],
    ['15:00 +02:00', '2026-03-03T13:00:00.000Z'],
    ['20:45Z', '2026-03-02T20:45:00.000Z'],
    ['now', '2026-03-03T14:30:00.000Z'],
    ['10 min ago', '2026-03-03T14:20:00.000Z'],
    ['-90m', '2026-03-03T13:00:00.000Z'],
    ['2h ago', '2026-03-03T12:30:00.000Z'],
    ['1.5 hours ago', '2026-03-03T13:00:00.000Z'],
    ['2026-03-02', '2026-03-02T00:00:00.000Z'],
    ['2026-03-02 20:45', '2026-03-02T20:45:00.000Z'],
    ['2026/03/02 20:45:07', '2026-03-02T20:45:07.000Z'],
    ['2026-03-02T20:45:07.123Z', '2026-03-02T20:45:07.123Z'],
    ['2026-03-02T20:45:07.123456789Z', '2026-03-02T20:45:07.123Z'],
    ['2026-03-02T20:45:07,5+0100', '2026-03-02T19:45:07.500Z'],
    ['2026-03-02T20:45+01', '2026-03-02T19:45:00.000Z'],
    ['2026-03-02 20:45:07 -05:30', '2026-03-03T02:15:07.000Z'],
    ['2026-03-02 20:45:07 UTC', '2026-03-02T20:45:07.000Z'],
    ['2026-03-02T20:45', '2026-03-02T20:45:00.000Z'],
    ['"2026-03-02T20:45:07Z",', '2026-03-02T20:45:07.000Z'],
    ['  [2026-03-02T20:45:07Z]  ', '2026-03-02T20:45:07.000Z'],
    ['2 Mar, 20:45:07', '2026-03-02T20:45:07.000Z'],
    ['2 Mar 2025, 20:45:07', '2025-03-02T20:45:07.000Z'],
    ['24 Dec, 08:00:00', '2025-12-24T08:00:00.000Z'],
    ['Mar 2 20:45', '2026-03-02T20:45:00.000Z'],
    ['March 2, 2026 at 8:45 PM', '2026-03-02T20:45:00.000Z'],
    ['Mon, 02 Mar 2026 20:45:07 GMT', '2026-03-02T20:45:07.000Z'],
    ['Mon 2 Mar 2026, 20:45:07 UTC', '2026-03-02T20:45:07.000Z'],
    ['1772484307', '2026-03-02T20:45:07.000Z'],
    ['1772484307.25', '2026-03-02T20:45:07.250Z'],
    ['1772484307123', '2026-03-02T20:45:07.123Z'],
    ['1772484307123456', '2026-03-02T20:45:07.123Z'],
    ['1772484307123456789', '2026-03-02T20:45:07.123Z'],
  ])('are accepted: %s', (text, expected) => {
    expect(parse(text)).toBe(expected)
  })

  test.each([
    '',
    ' ',
    'soon',
    '20',
    '2045',
    '24:00',
    '20:60',
    '13 pm',
    '0:30 am',
    '2026-02-30',
    '2026-13-01 10:00',
    '31 Feb, 10:00',
    '2026-03-02T20:45:07+25:00',
    '2026-03-02T20:45:07Z tomorrow',
    '5 parsecs ago',
    '12345678',
    '99999999999999999999',
    'x'.repeat(1000),
  ])('are rejected: %j', (text) => {
    expect(parse(text)).toBeNull()
  })
})

test('a displayed time can be pasted into the field', () => {
  const time = new Date('2026-03-02T20:45:07Z')
  expect(formatChosen(time, 'utc')).toBe('Mon 2 Mar 2026, 20:45:07 UTC')
  expect(parse(formatChosen(time, 'utc'))).toBe(time.toISOString())
})

describe.each(['UTC', 'Europe/Berlin', 'America/St_Johns'])('local time in %s', (timeZone) => {
  beforeEach(() => {
    vi.stubEnv('TZ', timeZone)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
  })

  const local = (text: string, at = now) => parseTime(text, { now: at, zone: 'local' })

  test('is that of this computer if the clock has no offset', () => {
    const time = local('20:45')!
    expect([time.getHours(), time.getMinutes(), time.getSeconds()]).toEqual([20, 45, 0])
    expect(time.getTime()).toBeLessThanOrEqual(now + 5 * 60_000)
    expect(time.getTime()).toBeGreaterThan(now - 25 * 3_600_000)
    expect(local('2026-03-02 20:45')).toEqual(new Date(2026, 2, 2, 20, 45))
    expect(local('2 Mar, 20:45')).toEqual(new Date(2026, 2, 2, 20, 45))
  })

  test('can be pasted as displayed', () => {
    const time = new Date('2026-03-02T20:45:07Z')
    expect(parse(formatChosen(time, 'local'))).toBe(time.toISOString())
  })

  test('is ignored if the text has an offset', () => {
    expect(local('2026-03-02T20:45:00+01:00')?.toISOString()).toBe('2026-03-02T19:45:00.000Z')
    expect(local('20:45 UTC')?.toISOString()).toBe('2026-03-02T20:45:00.000Z')
  })
})

import { fromWallClock, toWallClock } from './pages/feed/wall-clock.ts'
import type { Zone } from './time.tsx'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** A time of day up to this far ahead is today's: the clocks of two computers differ. */
const AHEAD = 5 * MINUTE_MS
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/**
 * Parses a time that a person types or pastes: `20:45`, `8:45 pm`, `now`, `10 min ago`,
 * `2026-03-02 20:45`, an ISO timestamp, `2 Mar, 20:45:07` as Cairn shows it, an HTTP or email date,
 * or a Unix time in seconds, milliseconds, microseconds or nanoseconds. A time of day is the latest
 * one that is not in the future. Without an offset, a time is in the reader's zone.
 *
 * @param now Unix milliseconds
 * @returns null if it is no time, or one that clocks in the zone never show
 */
export function parseTime(
  input: string,
  { now, zone: readers }: { now: number; zone: Zone },
): Date | null {
  const trimmed = input
    .normalize('NFKC')
    .replaceAll(/[\u2010-\u2015\u2212]/g, '-')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/^[\s"'`([<]+|[\s"'`)\]>,.]+$/g, '')
  const text = trimmed.replace(/ local time$/i, '')
  if (text === '' || text.length > 60) return null
  const zone = text === trimmed ? readers : 'local'
  const parsed =
    parseUnix(text) ??
    parseRelative(text, now) ??
    parseIso(text, zone) ??
    parseNamedMonth(text, { now, zone }) ??
    parseClock(text, { now, zone })
  return parsed && isShowable(parsed) ? parsed : null
}

/** Years that the pages and the API accept. */
const isShowable = (time: Date) =>
  time.getTime() >= Date.UTC(1970) && time.getTime() < Date.UTC(10_000)

/** The number of digits decides the unit: 9 or 10 are seconds, until the year 2286. */
function parseUnix(text: string): Date | null {
  const [, whole = '', fraction = ''] = /^(\d{9,19})(?:\.(\d{1,9}))?$/.exec(text) ?? []
  if (whole === '') return null
  if (whole.length <= 11) return new Date(Math.round(Number(`${whole}.${fraction || 0}`) * 1000))
  if (whole.length <= 14) return new Date(Number(whole))
  return new Date(Number(whole.slice(0, whole.length <= 17 ? -3 : -6)))
}

const UNITS: Record<string, number> = { s: 1000, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS }

/** `now`, `10 min ago`, `-2h`. */
function parseRelative(text: string, now: number): Date | null {
  if (/^(just )?now$/i.test(text)) return new Date(now)
  const match =
    /^(?:-\s?(\d+(?:\.\d+)?) ?([a-z]+)|(\d+(?:\.\d+)?) ?([a-z]+) ago)$/i.exec(text) ?? []
  const [, minus, minusUnit, amount = minus, name = minusUnit] = match
  if (amount === undefined || name === undefined) return null
  const isUnit = /^(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)$/i.test(name)
  return isUnit ? new Date(now - Number(amount) * UNITS[name[0]!.toLowerCase()]!) : null
}

/** A date with an optional time, an optional fraction and an optional offset. */
function parseIso(text: string, zone: Zone): Date | null {
  const match =
    /^(\d{4})[-/](\d\d)[-/](\d\d)(?:(?:T|, | )(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)? ?(Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?$/i.exec(
      text,
    )
  if (!match) return null
  const [, year, month, day, hours = '00', minutes = '00', seconds = '00', fraction = '', offset] =
    match
  const clock = `${year}-${month}-${day} ${hours}:${minutes}:${seconds}`
  const ms = Number(`0.${fraction || 0}`) * 1000
  return withOffset(clock, ms, offset, zone)
}

function withOffset(clock: string, ms: number, offset: string | undefined, zone: Zone) {
  const base = fromWallClock(clock, offset === undefined ? zone : 'utc')
  if (!base) return null
  const shift = offset === undefined ? 0 : offsetOf(offset)
  return shift === null ? null : new Date(base.getTime() + Math.floor(ms) - shift)
}

/** Milliseconds east of UTC; null if it is no offset. */
function offsetOf(offset: string): number | null {
  if (/^(Z|UTC|GMT)$/i.test(offset)) return 0
  const [, sign, hours, minutes = '00'] = /^([+-])(\d\d):?(\d\d)?$/.exec(offset) ?? []
  if (Number(hours) > 14 || Number(minutes) > 59) return null
  return (sign === '-' ? -1 : 1) * (Number(hours) * HOUR_MS + Number(minutes) * MINUTE_MS)
}

/** `2 Mar, 20:45:07`, `Mar 2 2026 20:45`, `Mon, 02 Mar 2026 20:45:07 GMT`. */
function parseNamedMonth(text: string, { now, zone }: { now: number; zone: Zone }): Date | null {
  const plain = text.replace(/^(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? /i, '')
  const dayFirst = /^(\d{1,2})\.? ([a-z]{3,9})\.?(?: (\d{4}))?(?:,? (?:at )?(.+))?$/i.exec(plain)
  const monthFirst = /^([a-z]{3,9})\.? (\d{1,2})(?:,? (\d{4}))?(?:,? (?:at )?(.+))?$/i.exec(plain)
  const [, day, name, year, rest] = dayFirst ?? [
    undefined,
    monthFirst?.[2],
    monthFirst?.[1],
    monthFirst?.[3],
    monthFirst?.[4],
  ]
  const month = MONTHS.indexOf((name ?? '').slice(0, 3).toLowerCase()) + 1
  if (month === 0 || day === undefined) return null
  const clock = rest === undefined ? { clock: '00:00:00', offset: undefined } : readClock(rest)
  if (!clock) return null
  const on = (which: number) =>
    withOffset(`${which}-${two(month)}-${two(Number(day))} ${clock.clock}`, 0, clock.offset, zone)
  if (year !== undefined) return on(Number(year))
  // Without a year, the latest one that is not in the future.
  const thisYear = Number(toWallClock(new Date(now), zone).slice(0, 4))
  const time = on(thisYear)
  return time && time.getTime() <= now + AHEAD ? time : on(thisYear - 1)
}

const two = (part: number | string) => String(part).padStart(2, '0')

/** `20:45`, `20:45:07.123`, `20.45`, `8:45 pm`, `8pm`, with an optional offset. */
function readClock(text: string): { clock: string; offset: string | undefined } | null {
  const match =
    /^(\d{1,2})(?:[:.h](\d\d)(?:[:.](\d\d)(?:[.,]\d+)?)?)? ?(am|pm|a\.m|p\.m)?\.? ?(Z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?$/i.exec(
      text,
    )
  if (!match) return null
  const [, hours, minutes, seconds = '00', half, offset] = match
  // A number alone is no time of day.
  if (minutes === undefined && half === undefined) return null
  const isPm = half?.toLowerCase().startsWith('p')
  const hour = half === undefined ? Number(hours) : (Number(hours) % 12) + (isPm ? 12 : 0)
  const isClock = hour < 24 && Number(minutes ?? 0) < 60 && Number(seconds) < 60
  if (!isClock || (half !== undefined && (Number(hours) < 1 || Number(hours) > 12))) return null
  return { clock: `${two(hour)}:${minutes ?? '00'}:${seconds}`, offset }
}

/** The latest time at which the clock showed this. */
function parseClock(text: string, { now, zone }: { now: number; zone: Zone }): Date | null {
  const prefixed = /^(today|yesterday)(?:,? (?:at )?)(.+)$/i.exec(text)
  const read = readClock(prefixed?.[2] ?? text)
  if (!read) return null
  const isYesterday = prefixed?.[1]?.toLowerCase() === 'yesterday'
  const on = (daysAgo: number) => {
    const dayZone = read.offset === undefined ? zone : 'utc'
    const shift = read.offset === undefined ? 0 : (offsetOf(read.offset) ?? 0)
    const day = toWallClock(new Date(now + shift - daysAgo * DAY_MS), dayZone).slice(0, 10)
    return withOffset(`${day} ${read.clock}`, 0, read.offset, zone)
  }
  if (isYesterday) return on(1)
  const today = on(0)
  if (prefixed) return today
  return today && today.getTime() <= now + AHEAD ? today : on(1)
}

/** `Mon 2 Mar 2026, 20:45:07 UTC`: the chosen time, so that no one has to guess. */
export function formatChosen(time: Date, zone: Zone): string {
  const timeZone = zone === 'utc' ? 'UTC' : undefined
  const date = time.toLocaleDateString('en-GB', {
    timeZone,
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  } as const)
  const clock = time.toLocaleTimeString('en-GB', { timeZone })
  return `${date.replace(',', '')}, ${clock} ${zone === 'utc' ? 'UTC' : 'local time'}`
}

import { Text, Tooltip } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { useSyncExternalStore } from 'react'

export type Zone = 'local' | 'utc'

/** The time zone for displayed times, stored in this browser. */
export function useZone(): [Zone, (zone: Zone) => void] {
  const [zone, setZone] = useLocalStorage<Zone>({
    key: 'cairn-time-zone',
    defaultValue: 'local',
    getInitialValueInEffect: false,
  })
  return [zone, setZone]
}

const DAY_MS = 86_400_000

/** A date whose UTC fields are those of the zone. Faster than `Intl`: lists format each row. */
function inZone(time: string | Date | number, zone: Zone): Date {
  const date = new Date(time)
  return zone === 'utc' ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
}

/** The number of the day, for comparison with other days. */
function dayNumber(time: string | Date | number, zone: Zone): number {
  return Math.floor(inZone(time, zone).getTime() / DAY_MS)
}

/** `26 Nov`, with the year where it is not this year. */
function formatDate(time: string | Date, zone: Zone, now: Date | number): string {
  const isThisYear = inZone(time, zone).getUTCFullYear() === inZone(now, zone).getUTCFullYear()
  return new Date(time).toLocaleDateString('en-GB', {
    timeZone: zone === 'utc' ? 'UTC' : undefined,
    day: 'numeric',
    month: 'short',
    year: isThisYear ? undefined : 'numeric',
  })
}

/** `14:03:07`, with the date where it is not today's. */
export function formatTime(
  time: string | Date,
  zone: Zone,
  now: Date | number = serverNow(),
): string {
  const date = inZone(time, zone)
  if (Number.isNaN(date.getTime())) return 'Invalid date'
  const clock = date.toISOString().slice(-13, -5)
  if (dayNumber(time, zone) === dayNumber(now, zone)) return clock
  return `${formatDate(time, zone, now)}, ${clock}`
}

/** `Today`, `Yesterday, 26 Nov`, `Wed, 25 Nov`. */
function formatDay(time: string, zone: Zone, now: number): string {
  const daysAgo = dayNumber(now, zone) - dayNumber(time, zone)
  if (daysAgo === 0) return 'Today'
  const weekday = new Date(time).toLocaleDateString('en-GB', {
    timeZone: zone === 'utc' ? 'UTC' : undefined,
    weekday: 'short',
  })
  return `${daysAgo === 1 ? 'Yesterday' : weekday}, ${formatDate(time, zone, now)}`
}

/**
 * The headings of a list: one where the day differs from the day before it in the list.
 *
 * @param times of the list's rows, in their order
 * @param day a time on the day that the reader assumes for the first row, in Unix milliseconds
 * @param now the current time, in Unix milliseconds
 * @returns a heading or undefined for each row
 */
export function dayHeadings(
  times: readonly string[],
  zone: Zone,
  day: number,
  now: number,
): (string | undefined)[] {
  return times.map((time, index) => {
    const isSameDay = dayNumber(time, zone) === dayNumber(times[index - 1] ?? day, zone)
    return isSameDay ? undefined : formatDay(time, zone, now)
  })
}

/** A row of the feed: the time that it shows, and the oldest time in it if it is expanded. */
export interface ShownRow {
  at: string
  until?: string | undefined
}

/** What a row of the feed shows of its day: a heading above it, or the date beside its time. */
interface RowDay {
  heading: string | undefined
  isDated: boolean
}

/**
 * The days of the feed's rows. Each day has one heading. The feed is ordered by when change sets
 * began, and a set shows when it ended: a row of a newer day than its heading shows its own date.
 * Below an expanded set that has headings of its own, the heading is repeated.
 *
 * @param now the current time, in Unix milliseconds: rows of this day need no heading
 */
export function rowDays(rows: readonly ShownRow[], zone: Zone, now: number): RowDay[] {
  let headed = dayNumber(now, zone)
  let isInterrupted = false
  return rows.map(({ at, until }) => {
    const day = dayNumber(at, zone)
    const hasHeading = day < headed || (isInterrupted && day === headed)
    if (hasHeading) {
      headed = day
      isInterrupted = false
    }
    if (until !== undefined && dayNumber(until, zone) < day) isInterrupted = true
    return { heading: hasHeading ? formatDay(at, zone, now) : undefined, isDated: day > headed }
  })
}

/** `in 40 s`, `3 min ago`, `2 h ago`, `5 d ago`. */
export function formatAgo(time: string | Date, now: number): string {
  const seconds = Math.round((now - new Date(time).getTime()) / 1000)
  if (Math.abs(seconds) < 2) return 'now'
  const text = formatSpan(Math.abs(seconds))
  return seconds < 0 ? `in ${text}` : `${text} ago`
}

/** `40 s`, `12 min`, `3 h`, `2 d`. */
export function formatSpan(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} d`
}

/** A smaller difference is within the response time and does not matter. */
const SKEW_MS = 30_000
let skew = 0

/**
 * By how much the server's clock is ahead of this computer's, in milliseconds.
 *
 * @param date the `Date` header of a response, in whole seconds
 * @param sent when the request was sent, and `received` when the response arrived, by this
 * computer's clock
 */
export function skewOf(date: string | null, sent: number, received: number): number | undefined {
  const told = Date.parse(date ?? '')
  if (Number.isNaN(told)) return undefined
  const ahead = told + 500 - (sent + received) / 2
  return Math.abs(ahead) > SKEW_MS + (received - sent) / 2 ? Math.round(ahead) : 0
}

/** Learns the server's time from a response. */
export function updateServerTime(...answer: Parameters<typeof skewOf>): void {
  skew = skewOf(...answer) ?? skew
}

/** The server's time in milliseconds. This computer's clock can be wrong. */
export function serverNow(): number {
  return Date.now() + skew
}

const tick = (listener: () => void) => {
  const timer = setInterval(listener, 1000)
  return () => clearInterval(timer)
}

/** The current time, in steps of `step` milliseconds. */
export function useNow(step = 1000): number {
  return useSyncExternalStore(tick, () => Math.floor(serverNow() / step) * step)
}

/** A time in the reader's zone; the other zone and the exact time on hover. */
export function Time({ at, ago = false }: { at: string; ago?: boolean }) {
  const [zone] = useZone()
  const exact = `${new Date(at).toISOString()} · ${new Date(at).toLocaleString()} local time`
  return (
    <Tooltip label={exact} withArrow>
      <Text component="time" inherit span dateTime={at}>
        {ago ? <Ago at={at} /> : formatTime(at, zone)}
      </Text>
    </Tooltip>
  )
}

function Ago({ at }: { at: string }) {
  return formatAgo(at, useNow())
}

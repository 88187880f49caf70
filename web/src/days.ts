import { dayNumber, formatDate, type Zone } from './time.tsx'

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

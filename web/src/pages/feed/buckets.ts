import type { Histogram } from '../../client.ts'
import type { Zone } from '../../time.tsx'

type Bucket = Histogram['buckets'][number]

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const steps = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR_MS),
  ...[1, 2, 3, 7, 14, 30, 90, 365].map((n) => n * DAY_MS),
]

/** The position of a time in the time range: 0 is the start, 1 the end. */
export function place(time: number, from: number, to: number): number {
  return Math.min(Math.max((time - from) / (to - from), 0), 1)
}

/** The parts of the time range, in milliseconds, with possibly incomplete data. */
export function unsettled(
  histogram: Pick<Histogram, 'from' | 'to' | 'completeFrom' | 'completeThrough'>,
): [from: number, to: number][] {
  const from = Date.parse(histogram.from)
  const to = Date.parse(histogram.to)
  const { completeFrom, completeThrough } = histogram
  if (completeFrom === null || completeThrough === null) return [[from, to]]
  const start = Math.min(Date.parse(completeFrom), to)
  const end = Math.max(Date.parse(completeThrough), from)
  const parts: [number, number][] = [
    [from, start],
    [Math.max(end, start), to],
  ]
  return parts.filter(([a, b]) => a < b)
}

/** The bucket at a position between 0 and 1. */
export function bucketAt(fraction: number, buckets: number): number {
  return Math.min(Math.max(Math.floor(fraction * buckets), 0), buckets - 1)
}

/** The time range of the selected buckets, in either direction. */
export function span(
  histogram: Pick<Histogram, 'from' | 'to' | 'bucketSeconds' | 'buckets'>,
  one: number,
  other: number,
): { from: Date; to: Date } {
  const [first, last] = one < other ? [one, other] : [other, one]
  const start = Math.max(Date.parse(histogram.buckets[first]!.from), Date.parse(histogram.from))
  const end = Date.parse(histogram.buckets[last]!.from) + histogram.bucketSeconds * 1000
  return { from: new Date(start), to: new Date(Math.min(end, Date.parse(histogram.to))) }
}

/** The totals of the selected buckets. */
export function sum(buckets: readonly Bucket[], one: number, other: number) {
  const [first, last] = one < other ? [one, other] : [other, one]
  const chosen = buckets.slice(first, last + 1)
  return {
    total: chosen.reduce((n, { total }) => n + total, 0),
    failed: chosen.reduce((n, { failed }) => n + failed, 0),
  }
}

/** Full minutes, hours or days in the time zone, at most `most` of them. */
export function ticks(from: number, to: number, zone: Zone, most: number): number[] {
  const step = steps.find((size) => (to - from) / size <= most) ?? steps.at(-1)!
  const offset = (time: number) =>
    zone === 'utc' ? 0 : -new Date(time).getTimezoneOffset() * MINUTE_MS
  const found: number[] = []
  let local = Math.ceil((from + offset(from)) / step) * step
  for (; found.length <= most; local += step) {
    // Daylight saving time: the offset depends on the day.
    const guess = local - offset(local)
    const time = local - offset(guess)
    if (time > to) break
    // When clocks are moved forward, local times that do not exist are later than the next ones.
    if (time >= from && time > (found.at(-1) ?? Number.NEGATIVE_INFINITY)) found.push(time)
  }
  return found
}

/** `14:30`, or the day at midnight. */
export function tickLabel(time: number, zone: Zone): string {
  const timeZone = zone === 'utc' ? 'UTC' : undefined
  const date = new Date(time)
  const clock = date.toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' })
  if (clock !== '00:00') return clock
  return date.toLocaleDateString('en-GB', { timeZone, day: 'numeric', month: 'short' })
}

/** A round number that is at least the highest value. */
export function top(highest: number): number {
  if (highest <= 4) return 4
  const power = 10 ** Math.floor(Math.log10(highest))
  return [1, 2, 4, 5, 10].map((n) => n * power).find((n) => n >= highest)!
}

/** The cursor and selection after a key press. */
export function moveCursor(
  at: { cursor: number | null; anchor: number | null },
  key: string,
  isShift: boolean,
  buckets: number,
): { cursor: number; anchor: number | null } | undefined {
  const to = moved(key, at.cursor ?? 0, buckets)
  if (to === undefined || buckets === 0) return undefined
  // The first arrow key selects the newest bucket.
  const isFirst = at.cursor === null && key.startsWith('Arrow')
  const cursor = isFirst ? buckets - 1 : Math.min(Math.max(to, 0), buckets - 1)
  return { cursor, anchor: isShift ? (at.anchor ?? at.cursor ?? cursor) : null }
}

function moved(key: string, from: number, buckets: number): number | undefined {
  if (key === 'ArrowLeft') return from - 1
  if (key === 'ArrowRight') return from + 1
  if (key === 'PageUp') return from - 10
  if (key === 'PageDown') return from + 10
  if (key === 'Home') return 0
  if (key === 'End') return buckets - 1
  return undefined
}

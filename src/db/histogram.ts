import { sql } from 'kysely'
import type { ChangeFilters, TimeRange } from './change-filters.ts'
import { matching } from './changes.ts'
import { countNewestFirst } from './count-newest-first.ts'
import type { Trx } from './database.ts'

const MINUTE_SECONDS = 60
const HOUR_SECONDS = 60 * MINUTE_SECONDS
const DAY_SECONDS = 24 * HOUR_SECONDS
/** Natural units of time, in seconds. Longer ones are weeks, doubled as often as needed. */
const bucketSizes = [
  ...[1, 5, 15, 30],
  ...[1, 5, 15, 30].map((minutes) => minutes * MINUTE_SECONDS),
  ...[1, 3, 6, 12].map((hours) => hours * HOUR_SECONDS),
  ...[DAY_SECONDS, 7 * DAY_SECONDS],
]
/**
 * A Monday, so that weeks start as in ISO 8601, and before all times that IDs can contain.
 * Milliseconds.
 */
const ORIGIN = Date.UTC(1969, 11, 29)

/**
 * The shortest buckets of which at most `most` cover the time range. Bounds in milliseconds,
 * aligned to buckets.
 */
export function bucketsFor({ from, to }: TimeRange, most: number) {
  for (let nth = 0; ; nth++) {
    const week = bucketSizes.at(-1)!
    const seconds = bucketSizes[nth] ?? week * 2 ** (nth - bucketSizes.length + 1)
    const size = seconds * 1000
    const first = ORIGIN + Math.floor((from.getTime() - ORIGIN) / size) * size
    const count = Math.ceil((to.getTime() - first) / size)
    if (count <= most) return { seconds, first, count }
  }
}

interface Bucket {
  from: Date
  total: number
  /** The number of changes that failed or were denied. */
  failed: number
}

/**
 * The number of changes over time. Buckets are aligned to whole seconds, minutes, hours, days or
 * weeks in UTC and include empty ones. The first and the last one can extend past the time range,
 * but count only what is in it.
 */
export async function histogram(
  trx: Trx,
  filters: ChangeFilters & TimeRange,
  most: number,
): Promise<{ bucketSeconds: number; buckets: Bucket[]; total: number; countedFrom: Date }> {
  const { seconds, first, count } = bucketsFor(filters, most)
  const { parts, countedFrom } = await countNewestFirst(trx, filters, (piece) =>
    histogramQuery(trx, { ...filters, ...piece }, seconds).execute(),
  )
  const counted = new Map<number, { total: number; failed: number }>()
  for (const { from, total, failed } of parts.flat()) {
    // A bucket that overlaps two pieces is in both results.
    const before = counted.get(from.getTime()) ?? { total: 0, failed: 0 }
    counted.set(from.getTime(), { total: before.total + total, failed: before.failed + failed })
  }
  const buckets = Array.from({ length: count }, (_, nth) => {
    const from = first + nth * seconds * 1000
    const { total = 0, failed = 0 } = counted.get(from) ?? {}
    return { from: new Date(from), total, failed }
  })
  return {
    bucketSeconds: seconds,
    buckets,
    total: buckets.reduce((sum, { total }) => sum + total, 0),
    countedFrom,
  }
}

/** The buckets that are not empty. */
export function histogramQuery(trx: Trx, filters: ChangeFilters & TimeRange, seconds: number) {
  const bucket = sql<Date>`date_bin(${`${seconds} s`}::interval, occurred_at, ${new Date(ORIGIN)})`
  return trx
    .selectFrom('changes')
    .select([
      bucket.as('from'),
      sql<number>`count(*)`.as('total'),
      sql<number>`count(*) FILTER (WHERE outcome <> 'succeeded')`.as('failed'),
    ])
    .where(matching(filters))
    .groupBy(sql`1`)
}

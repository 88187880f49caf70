import type { TimeRange } from './change-filters.ts'

const DAY_MS = 24 * 3_600_000

/**
 * Splits a period into its whole days in UTC, at most one period, and what remains at both ends. The
 * parts are in order and not empty. Without a whole day, the period itself remains.
 */
export function splitIntoDays({ from, to }: TimeRange): { days: TimeRange[]; rest: TimeRange[] } {
  const first = new Date(Math.ceil(from.getTime() / DAY_MS) * DAY_MS)
  const end = new Date(Math.floor(to.getTime() / DAY_MS) * DAY_MS)
  const isEmpty = (period: TimeRange) => period.from >= period.to
  if (isEmpty({ from: first, to: end })) {
    return { days: [], rest: isEmpty({ from, to }) ? [] : [{ from, to }] }
  }
  const ends = [
    { from, to: first },
    { from: end, to },
  ]
  return { days: [{ from: first, to: end }], rest: ends.filter((part) => !isEmpty(part)) }
}

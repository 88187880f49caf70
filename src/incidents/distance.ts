const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/**
 * `6 minutes before the alert`.
 *
 * @param elapsed milliseconds from the change to the event
 */
export function relation(elapsed: number, event: string): string {
  if (Math.abs(elapsed) < 1000) return `at the time of ${event}`
  return `${duration(Math.abs(elapsed))} ${elapsed > 0 ? 'before' : 'after'} ${event}`
}

/** `6 minutes`, rounded. @param ms not negative */
export function duration(ms: number): string {
  const units: [number, string][] = [
    [24 * HOUR_MS, 'day'],
    [HOUR_MS, 'hour'],
    [MINUTE_MS, 'minute'],
    [1000, 'second'],
  ]
  // The largest unit of which there are at least two: `90 minutes`, not `2 hours`.
  const [size, unit] = units.find(([size]) => ms >= 2 * size) ?? [1000, 'second']
  const count = Math.round(ms / size)
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

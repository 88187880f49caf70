/** The last millisecond that RFC 3339, the format of times in the API, can write in UTC. */
const LAST_TIME_MS = Date.UTC(10_000, 0) - 1

export const STORABLE_YEARS = 'The time must be in the years 1970 to 9999.'

/** Whether a time from outside is valid, and in the years 1970 to 9999 in UTC. */
export function isStorableTime(time: Date): boolean {
  const milliseconds = time.getTime()
  return milliseconds >= 0 && milliseconds <= LAST_TIME_MS
}

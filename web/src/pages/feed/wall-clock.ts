import type { Zone } from '../../time.tsx'

/** `2026-03-02 14:03:07` on a clock in the zone. What date pickers speak. */
export function toWallClock(time: Date, zone: Zone): string {
  const local = zone === 'utc' ? time : new Date(time.getTime() - offset(time))
  return local.toISOString().slice(0, 19).replace('T', ' ')
}

/**
 * The moment when clocks in the zone show that, the first of two where they are put back; null
 * when they never do, or it is no time.
 */
export function fromWallClock(text: string, zone: Zone): Date | null {
  const isoText = text.trim().replace(' ', 'T')
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?$/.test(isoText)) return null
  const whole = `${isoText}${'T00:00:00'.slice(isoText.length - 10)}`
  const time = new Date(zone === 'utc' ? `${whole}Z` : whole)
  if (Number.isNaN(time.getTime())) return null
  return toWallClock(time, zone) === whole.replace('T', ' ') ? time : null
}

/** What was chosen: the given time as long as nobody has touched it, for a clock may show it twice. */
export function chosenTime(text: string | null, given: Date, zone: Zone): Date | null {
  if (text === null) return null
  return text === toWallClock(given, zone) ? given : fromWallClock(text, zone)
}

const offset = (time: Date) => time.getTimezoneOffset() * 60_000

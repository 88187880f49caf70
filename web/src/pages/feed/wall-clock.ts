import type { Zone } from '../../time.tsx'

/** `2026-03-02 14:03:07` in the time zone. The format of date pickers. */
export function toWallClock(time: Date, zone: Zone): string {
  const local = zone === 'utc' ? time : new Date(time.getTime() - offset(time))
  return local.toISOString().slice(0, 19).replace('T', ' ')
}

/**
 * The time at which clocks in the time zone show the text. The first of two when clocks are set
 * back; null if clocks never show it or it is not a time.
 */
export function fromWallClock(text: string, zone: Zone): Date | null {
  const isoText = text.trim().replace(' ', 'T')
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?$/.test(isoText)) return null
  const whole = `${isoText}${'T00:00:00'.slice(isoText.length - 10)}`
  const time = new Date(zone === 'utc' ? `${whole}Z` : whole)
  if (Number.isNaN(time.getTime())) return null
  return toWallClock(time, zone) === whole.replace('T', ' ') ? time : null
}

const offset = (time: Date) => time.getTimezoneOffset() * 60_000

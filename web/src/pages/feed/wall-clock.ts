import type { Zone } from '../../time.tsx'

/** `2026-03-02 14:03:07` on a clock in the zone. What date pickers speak. */
export function toWallClock(time: Date, zone: Zone): string {
  const local = zone === 'utc' ? time : new Date(time.getTime() - offset(time))
  return local.toISOString().slice(0, 19).replace('T', ' ')
}

/** The moment when clocks in the zone show that; null when they never do or it is no time. */
export function fromWallClock(text: string, zone: Zone): Date | null {
  const isoText = text.trim().replace(' ', 'T')
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?$/.test(isoText)) return null
  const whole = isoText.length === 10 ? `${isoText}T00:00` : isoText
  const time = new Date(zone === 'utc' ? `${whole}Z` : whole)
  return Number.isNaN(time.getTime()) ? null : time
}

const offset = (time: Date) => time.getTimezoneOffset() * 60_000

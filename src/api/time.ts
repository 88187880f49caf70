import { z } from 'zod'

/** A time in a response, in RFC 3339 and UTC. */
export const time = z.iso.datetime()

/** A time that a client sends, in RFC 3339 with any offset. */
export const timeInput = z.iso
  .datetime({ offset: true, error: 'Use RFC 3339, for example 2026-03-01T12:00:00Z.' })
  // With an offset, the time in UTC can have a year of five digits, or a negative one.
  .refine((value) => !isOutsideYears(new Date(value).getTime()), {
    error: 'The time must be in the years 0 to 9999 in UTC.',
  })

function isOutsideYears(ms: number): boolean {
  return ms < Date.parse('0000-01-01T00:00:00Z') || ms >= Date.UTC(10_000, 0)
}

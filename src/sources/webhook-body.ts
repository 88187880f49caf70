import { spoken } from '../changes/text.ts'
import { isStorableTime } from '../changes/time.ts'

/** A webhook's body does not have the documented shape. The message has the reason, in one sentence. */
export class UnreadableWebhook extends Error {
  override readonly name = 'UnreadableWebhook'
}

export type JsonObject = Record<string, unknown>

/** Undefined unless the value is a JSON object. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined
}

/** Text in one line without invisible characters, at most 300 characters; undefined if empty. */
export function asText(value: unknown, maxLength: number = 300): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  if (typeof value !== 'string') return undefined
  const text = spoken(value, maxLength)
  return text === '' ? undefined : text
}

/**
 * An RFC 3339 time. Undefined if it is none, after the year 9999, or before 1970: Go programs write
 * the year 1 for a time that is not set.
 */
export function asTime(value: unknown): Date | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value)) return undefined
  const time = new Date(value)
  return time.getTime() > 0 && isStorableTime(time) ? time : undefined
}

/** An absolute HTTP(S) URL. Null for anything else, such as a script. */
export function asUrl(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > 2000 || !URL.canParse(value)) return null
  const url = new URL(value)
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null
}

/** Of one alert. A body of 25 MiB can contain millions. */
export const MAX_LABELS = 64
/** Of one alert. */
export const MAX_SERVICES = 20

/** The entries of an object whose values are text. At most {@link MAX_LABELS}. */
export function asLabels(value: unknown): Record<string, string> {
  const object = asObject(value) ?? {}
  const labels = new Map<string, string>()
  for (const name of Object.keys(object)) {
    if (labels.size >= MAX_LABELS) break
    const key = asText(name)
    const text = asText(object[name])
    if (key !== undefined && text !== undefined) labels.set(key, text)
  }
  return Object.fromEntries(labels)
}

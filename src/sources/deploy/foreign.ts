/** What the readers of other systems' formats share. */

import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Link } from '../../changes/change.ts'
import { INDEXABLE_BYTES } from '../../changes/text.ts'
import { isStorableTime, STORABLE_YEARS } from '../../changes/time.ts'
import { isWebUrl, toLink } from './body.ts'
import type { Report } from './detail.ts'

/** A payload in another system's format: a report, nothing to report, or invalid. */
export type ReportReading =
  | { report: Report }
  /** Why a valid payload is no change. */
  | { ignored: string }
  /** What is invalid, one sentence for each error. */
  | { errors: string[] }

/** An RFC 3339 time. */
export const storableTime = z.iso
  .datetime({ offset: true })
  .refine((text) => isStorableTime(new Date(text)), { error: STORABLE_YEARS })

/** One sentence for each error: `payload.summary: Invalid input`. */
export function sentences(error: z.ZodError): string[] {
  return error.issues.slice(0, 20).map(({ path, message }) => {
    const place = path.map(String).join('.').slice(0, 200)
    return place === '' ? message : `${place}: ${message}`
  })
}

/** A key that fits, from parts of any length. */
export function idempotencyKey(...parts: (string | number)[]): string {
  const key = parts.join(':')
  if (Buffer.byteLength(key) <= INDEXABLE_BYTES && !/\p{Cc}/u.test(key)) return key
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
  return `${parts[0]}:${digest}`
}

/** Only addresses that a page can link to. */
export function webLinks(links: { url: string | undefined; label?: string | undefined }[]): Link[] {
  return links.flatMap(({ url, label }) =>
    url !== undefined && url.length <= 2048 && isWebUrl(url) ? [toLink(url, label)] : [],
  )
}

/** Text with line breaks, safe to store. */
export function longText(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const clean = text
    .slice(0, 10_000)
    .toWellFormed()
    .replaceAll(/[^\P{Cc}\n\t]/gu, ' ')
    .trim()
  return clean === '' ? undefined : clean
}

/** Without empty texts and duplicates; undefined for none. */
export function present(...texts: (string | null | undefined)[]): string[] | undefined {
  const found = [...new Set(texts.flatMap((text) => text?.trim() || []))].slice(0, 50)
  return found.length === 0 ? undefined : found
}

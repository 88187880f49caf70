/**
 * CloudEvents 1.0, and CDEvents, which are CloudEvents with a type `dev.cdevents.…`.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 * https://github.com/cdevents/spec
 */

import { z } from 'zod'
import { partialFields, toReport } from './body.ts'
import { readCdEvent } from './cdevents.ts'
import { idempotencyKey, present, type ReportReading, sentences, storableTime } from './foreign.ts'

const schema = z.looseObject({
  specversion: z.literal('1.0', { error: 'Must be "1.0".' }),
  id: z.string().min(1).max(1024),
  source: z.string().min(1).max(2048),
  type: z.string().min(1).max(500),
  subject: z.string().max(1024).optional(),
  time: storableTime.optional(),
  datacontenttype: z.string().max(200).optional(),
  data: z.unknown().optional(),
  /** In place of `data`: its bytes. */
  data_base64: z.string().optional(),
})

type CloudEvent = z.output<typeof schema>

/** @param body one event in structured mode */
export function readCloudEvent(body: unknown): ReportReading {
  // CDEvents can be sent without the CloudEvents envelope.
  const isBareCdEvent =
    typeof body === 'object' && body !== null && 'context' in body && !('specversion' in body)
  if (isBareCdEvent) return readCdEvent(body)
  const parsed = schema.safeParse(body)
  if (!parsed.success) return { errors: sentences(parsed.error) }
  const event = parsed.data
  const data = event.data ?? decoded(event.data_base64)
  if (event.type.startsWith('dev.cdevents.')) return readCdEvent(data)
  const report = toReportedEvent(event, data)
  const { startsAt, endsAt } = report
  if (startsAt && endsAt && endsAt < startsAt)
    return { errors: ['data.endsAt: Must not be before `startsAt`.'] }
  return { report }
}

/** JSON data as bytes; undefined for other data. */
function decoded(base64: string | undefined): unknown {
  if (base64 === undefined) return undefined
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString('utf8'))
  } catch {
    return undefined
  }
}

function toReportedEvent({ id, source, type, subject, time }: CloudEvent, data: unknown) {
  // Data of another shape is kept in the record only.
  const fields = partialFields.safeParse(data)
  const reported = fields.success ? fields.data : {}
  const about = subject === undefined ? '' : ` of ${subject}`
  const report = toReport({
    ...reported,
    summary: reported.summary ?? `${type}${about}`,
    idempotencyKey: idempotencyKey('cloudevents', source, id),
  })
  return {
    ...report,
    receivedAs: 'cloudevents' as const,
    action: report.action ?? type,
    startsAt: report.startsAt ?? startOf(time, report.endsAt),
    services: report.services ?? present(subject),
    tool: report.tool ?? source,
  }
}

/** The time of the event, but an event about the end of a change is sent after it. */
function startOf(time: string | undefined, endsAt: Date | undefined): Date | undefined {
  if (time === undefined) return undefined
  const sentAt = new Date(time)
  return endsAt && endsAt < sentAt ? undefined : sentAt
}

const ATTRIBUTES = ['specversion', 'id', 'source', 'type', 'subject', 'time'] as const

/**
 * An event in binary mode: its attributes are headers, percent-encoded, and the body is its data.
 *
 * @param headers in lower case
 * @returns undefined without the headers of an event
 */
export function fromBinary(
  headers: Record<string, string | string[] | undefined>,
  data: unknown,
): Record<string, unknown> | undefined {
  if (headers['ce-specversion'] === undefined) return undefined
  const event: Record<string, unknown> = { data }
  for (const name of ATTRIBUTES) {
    const value = headers[`ce-${name}`]
    if (typeof value === 'string') event[name] = percentDecoded(value)
  }
  return event
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * PagerDuty change events, version 2.
 * https://developer.pagerduty.com/docs/events-api-v2/send-change-events/
 */

import { createHash, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { isStorableTime, STORABLE_YEARS } from '../../changes/time.ts'
import {
  idempotencyKey,
  longText,
  present,
  type ReportReading,
  sentences,
  webLinks,
} from './foreign.ts'

/**
 * ISO 8601. PagerDuty's own example has an offset without a colon:
 * `2020-07-17T08:42:58.315+0000`.
 */
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?$/i

const schema = z.looseObject({
  payload: z.looseObject({
    summary: z.string().trim().min(1).max(1024),
    timestamp: z
      .string()
      .regex(TIMESTAMP, 'Must be an ISO 8601 date and time.')
      .refine((text) => isStorableTime(toDate(text)), { error: STORABLE_YEARS })
      .nullish(),
    source: z.string().max(1024).nullish(),
    custom_details: z.record(z.string(), z.unknown()).nullish(),
  }),
  links: z
    .array(z.looseObject({ href: z.string(), text: z.string().nullish() }))
    .max(50)
    .nullish(),
})

/** Names in `custom_details` that pipelines use for these fields. */
const DETAILS = {
  environment: ['environment', 'env'],
  service: ['service', 'app', 'application'],
  version: ['version', 'build_version', 'tag', 'commit', 'sha'],
  author: ['author', 'user', 'actor', 'triggered_by'],
  repository: ['repository', 'repo'],
} as const

/** @param body without the routing key */
export function readPagerDutyChange(body: unknown): ReportReading {
  const parsed = schema.safeParse(body)
  if (!parsed.success) return { errors: sentences(parsed.error) }
  const { payload, links } = parsed.data
  const { summary, timestamp, source } = payload
  const details = payload.custom_details ?? {}
  const detail = (field: keyof typeof DETAILS) =>
    DETAILS[field].map((name) => details[name]).find((value) => typeof value === 'string')
  const described = Object.entries(details).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  // An event with a time is the same event when a client sends it again.
  const id = timestamp
    ? createHash('sha256').update(JSON.stringify(body)).digest('base64url')
    : randomUUID()
  return {
    report: {
      receivedAs: 'pagerduty',
      idempotencyKey: idempotencyKey('pagerduty', id),
      summary,
      description: longText(described.join('\n')),
      startsAt: timestamp ? toDate(timestamp) : undefined,
      version: detail('version'),
      repository: detail('repository'),
      environments: present(detail('environment')),
      services: present(detail('service'), source),
      authors: present(detail('author')),
      links: webLinks(
        (links ?? []).map(({ href, text }) => ({ url: href, label: text ?? undefined })),
      ),
    },
  }
}

/** A time without an offset is in UTC. */
function toDate(text: string): Date {
  const [, local = '', hours, minutes = '00'] =
    /^(.+?)(?:Z|([+-]\d\d):?(\d\d)?)?$/i.exec(text.replace(',', '.')) ?? []
  return new Date(`${local}${hours === undefined ? 'Z' : `${hours}:${minutes}`}`)
}

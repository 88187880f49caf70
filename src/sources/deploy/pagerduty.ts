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

const schema = z.looseObject({
  payload: z.looseObject({
    summary: z.string().trim().min(1).max(1024),
    timestamp: z.iso
      .datetime({ offset: true, local: true })
      .refine((text) => isStorableTime(toDate(text)), { error: STORABLE_YEARS })
      .optional(),
    source: z.string().max(1024).optional(),
    custom_details: z.record(z.string(), z.unknown()).optional(),
  }),
  links: z
    .array(z.looseObject({ href: z.string(), text: z.string().optional() }))
    .max(50)
    .optional(),
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
  const { payload, links = [] } = parsed.data
  const { summary, timestamp, source, custom_details: details = {} } = payload
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
      startsAt: timestamp === undefined ? undefined : toDate(timestamp),
      version: detail('version'),
      repository: detail('repository'),
      environments: present(detail('environment')),
      services: present(detail('service'), source),
      authors: present(detail('author')),
      links: webLinks(links.map(({ href, text }) => ({ url: href, label: text }))),
    },
  }
}

/** A time without an offset is in UTC. */
function toDate(text: string): Date {
  return new Date(/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`)
}

import { hash } from 'node:crypto'
import { indexable } from '../changes/text.ts'
import type { IntegrationKind } from './integration.ts'
import type { Headers } from './signature.ts'

/** The headers that are stored with a delivery. None of them is a credential. */
const STORED_HEADERS = [
  'content-type',
  'user-agent',
  'x-github-event',
  'x-github-delivery',
  'x-github-hook-id',
  'x-github-hook-installation-target-id',
  'x-github-hook-installation-target-type',
  'x-github-enterprise-version',
  'x-webhook-id',
  'x-webhook-subscription',
]

/** `delivery_id` and `event` of the table. */
const MAX_TEXT_BYTES = 200

/** What identifies a delivery, whether or not its body can be read. */
interface DeliveryParts {
  deliveryId: string
  /** What the sender calls it: `pull_request`, `incident.triggered`, `firing`. */
  event: string | null
  headers: Record<string, string>
}

/**
 * - GitHub sends an ID in `X-GitHub-Delivery`, the same in a redelivery.
 * - PagerDuty's ID is in the body: `event.id`.
 * - LaunchDarkly's ID is in the body: `_id`, that of the entry of its audit log.
 * - Alertmanager sends none. It repeats a notification that has not changed byte for byte, so the
 *   digest of the body identifies it.
 */
export function readDelivery(
  kind: IntegrationKind,
  { headers, body }: { headers: Headers; body: Buffer },
): DeliveryParts {
  const header = (name: string) => shortText([headers[name] ?? ''].flat()[0])
  const stored = Object.fromEntries(
    STORED_HEADERS.flatMap((name) => {
      const value = header(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
  const content = kind === 'github' ? undefined : parsed(body)
  const digest = `sha256:${hash('sha256', body, 'hex')}`
  switch (kind) {
    case 'github':
      return {
        deliveryId: header('x-github-delivery') ?? digest,
        event: header('x-github-event') ?? null,
        headers: stored,
      }
    case 'pagerduty': {
      const event = fieldOf(content, 'event')
      return {
        deliveryId: shortText(fieldOf(event, 'id')) ?? digest,
        event: shortText(fieldOf(event, 'event_type')) ?? null,
        headers: stored,
      }
    }
    case 'launchdarkly':
      return {
        deliveryId: shortText(fieldOf(content, '_id')) ?? digest,
        event: shortText(fieldOf(content, 'kind')) ?? null,
        headers: stored,
      }
    case 'alertmanager':
      return {
        deliveryId: digest,
        event: shortText(fieldOf(content, 'status')) ?? null,
        headers: stored,
      }
  }
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return (value as Record<string, unknown>)[name]
}

function shortText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  return indexable(value.trim(), MAX_TEXT_BYTES) || undefined
}

/**
 * The JSON of a delivery. GitHub can also send a form with the JSON in `payload`. The content type
 * is only used to recognize a form.
 */
export function deliveryJson(body: Buffer, contentType: string | undefined): string {
  const text = body.toString('utf8')
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(contentType ?? '')
  return (isForm && new URLSearchParams(text).get('payload')) || text
}

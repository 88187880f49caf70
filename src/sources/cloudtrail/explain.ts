/** What `npm run explain` prints of a record: what the import would store, in the contract's names. */

import type { Resource } from '../../changes/change.ts'
import type { UnparsedReason } from '../../changes/unparsed-reasons.ts'
import { isObject } from '../../json.ts'
import { stringifyJson } from '../deep-json.ts'
import type { CloudTrailError, Edit, LookupEvent } from './detail.ts'
import { JsonReader } from './json-reader.ts'
import { readRecord } from './read-record.ts'

interface Explanation {
  eventId: string
  /** RFC 3339. */
  occurredAt: string
  summary: string
  actor: string
  actorId: string
  tool: string
  service: string
  action: string
  resources: Resource[]
  outcome: string
  error: CloudTrailError | null
  edits: Edit[]
  risks: string[]
  publicAccess: string | null
  readOnly: boolean
  noise: string | null
  changeSet: { sessionKey: string; stream: string | null }
}

interface Unexplained {
  eventId?: string
  unparsed: UnparsedReason
  detail: string
}

/**
 * @param text a CloudTrail record, an event of LookupEvents output, or `{"record": {…}}`
 */
export function explain(text: string): Explanation | Unexplained {
  const { raw, event } = unwrapped(text)
  const { change, unparsed } = readRecord(raw, event)
  if (unparsed !== undefined) {
    const eventId = event.eventId ?? eventIdOf(raw)
    const { reason, detail } = unparsed
    return eventId === undefined
      ? { unparsed: reason, detail }
      : { eventId, unparsed: reason, detail }
  }
  return {
    eventId: change.sourceId,
    occurredAt: change.occurredAt.toISOString(),
    summary: change.summary,
    actor: change.actor.name,
    actorId: change.actor.id,
    tool: change.tool.name,
    service: change.service,
    action: change.action,
    resources: change.resources,
    outcome: change.outcome,
    error: change.detail.error ?? null,
    edits: change.detail.edits,
    risks: change.risks,
    publicAccess: change.publicAccess ?? null,
    readOnly: change.readOnly,
    noise: change.noise,
    changeSet: { sessionKey: change.changeSet.sessionKey, stream: change.changeSet.stream },
  }
}

/** The record in an event of LookupEvents output, or under `record`; other texts are the record. */
function unwrapped(text: string): { raw: string; event: LookupEvent } {
  const bare = { raw: text, event: { region: '' } }
  if (!/"(CloudTrailEvent|record)"\s*:/.test(text)) return bare
  const fields = JsonReader.of(parsed(text))
  const record = fields.object('record')
  if (!record.isEmpty && !fields.has('eventID')) return { ...bare, raw: stringifyJson(record.raw) }
  const raw = fields.text('CloudTrailEvent')
  if (raw === undefined) return bare
  return {
    raw,
    event: {
      eventId: fields.text('EventId'),
      eventTime: timeOf(fields.get('EventTime')),
      eventName: fields.text('EventName'),
      eventSource: fields.text('EventSource'),
      username: fields.text('Username'),
      readOnly: fields.text('ReadOnly'),
      accessKeyId: fields.text('AccessKeyId'),
      resources: fields.objects('Resources').map((resource) => ({
        resourceType: resource.text('ResourceType'),
        resourceName: resource.text('ResourceName'),
      })),
      region: '',
    },
  }
}

/** The AWS CLI writes RFC 3339 or seconds since 1970, by its settings. */
function timeOf(value: unknown): Date | undefined {
  if (typeof value === 'number') return new Date(value * 1_000)
  return typeof value === 'string' && value.length <= 40 ? new Date(value) : undefined
}

function eventIdOf(raw: string): string | undefined {
  const id = JsonReader.of(parsed(raw)).text('eventID')?.trim()
  return id === '' ? undefined : id
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** One line for people, with what matters beside the summary on lines of its own. */
export function toText(explanation: Explanation | Unexplained): string {
  if ('unparsed' in explanation) {
    const { eventId = 'no event id', unparsed, detail } = explanation
    return `${'-'.padEnd(20)}  unparsed   ${unparsed}: ${detail} (${eventId})`
  }
  const { occurredAt, outcome, service, action, summary, edits, resources } = explanation
  const facts = [
    ['actor', `${explanation.actor} (${explanation.actorId}), with ${explanation.tool}`],
    ['resources', resources.map(({ key }) => key).join(', ')],
    [
      'edits',
      edits.map(({ field, from, to }) => `${field}: ${from ?? '?'} → ${to ?? '?'}`).join('; '),
    ],
    ['error', explanation.error?.code ?? ''],
    ['risks', explanation.risks.join(', ')],
    ['public', explanation.publicAccess ?? ''],
    ['noise', explanation.noise ?? ''],
  ]
  const more = facts
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${''.padEnd(22)}${name!.padEnd(9)}  ${value}`)
  return [
    `${occurredAt.replace('T', ' ').replace('.000', '').padEnd(20)}  ${outcome.padEnd(9)}  ${service}:${action}`,
    `${''.padEnd(22)}${'summary'.padEnd(9)}  ${summary}`,
    ...more,
  ].join('\n')
}

/** Reads a CloudTrail record into a change. */

import { hash } from 'node:crypto'
import type { Link } from '../../changes/change.ts'
import { indexable, spoken, words } from '../../changes/text.ts'
import { isStorableTime } from '../../changes/time.ts'
import { isObject } from '../../json.ts'
import { findActor } from './actor.ts'
import { consoleDomain } from './arn.ts'
import { changeVerb } from './change-verb.ts'
import {
  CLOUDTRAIL,
  type CloudTrailChange,
  type CloudTrailDetail,
  type LookupEvent,
  type Reading,
  type Unparsed,
} from './detail.ts'
import { effectiveAtOf } from './effective-at.ts'
import { endingOf } from './ending.ts'
import { type Facts, factsOf } from './facts.ts'
import { JsonReader } from './json-reader.ts'
import { builtInNoiseOf } from './noise.ts'
import { findResources } from './resources.ts'
import { risksOf } from './risks.ts'
import { maskSecrets } from './secrets.ts'
import { serviceName } from './services.ts'
import { changeSetKey, sessionStart } from './session.ts'
import { summarize } from './summaries/index.ts'
import { type Ending, type Summary, sentence } from './summary.ts'
import { addTags } from './tags.ts'
import { findTool } from './tool.ts'

/**
 * Reads one event of LookupEvents. Never throws, for any text: an error of the reader itself makes
 * the record an unparsed one, because the import would repeat the page for ever.
 *
 * @param raw the CloudTrailEvent of LookupEvents, unchanged
 * @param event what LookupEvents returned beside it; its EventTime is when the change occurred
 */
export function readRecord(raw: string, event: LookupEvent): Reading {
  try {
    return read(raw, event)
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : typeof cause
    return { unparsed: { reason: 'reader_error', detail: `The reader failed: ${name}.`, cause } }
  }
}

function read(raw: string, event: LookupEvent): Reading {
  let parsed: unknown
  try {
    parsed = JSON.parse(raw)
  } catch {
    return unparsed('not_json', 'The record is not valid JSON.')
  }
  if (!isObject(parsed)) {
    return unparsed('not_an_object', `The record is ${kindOf(parsed)}.`)
  }
  const record = JsonReader.exact(maskSecrets(parsed))
  const sourceId = storableEventId(event.eventId) ?? storableEventId(record.text('eventID'))
  if (sourceId === null)
    return unparsed('no_event_id', 'Neither the record nor LookupEvents has an event ID.')
  const occurredAt = timeOf(event, record)
  if (occurredAt === undefined) {
    return unparsed('no_event_time', 'Neither the record nor LookupEvents has an event time.')
  }
  const facts = factsOf(record, event)
  if (facts === undefined) {
    return unparsed('no_event_name', 'Neither the record nor LookupEvents has an event name.')
  }
  return { change: changeOf(facts, sourceId, occurredAt, event) }
}

/**
 * An event id as it is stored. One that is too long for an index, or that Postgres does not accept,
 * is cut and ends in a digest, so that two ids never become one.
 *
 * @returns null for an id that is missing or blank
 */
export function storableEventId(id: string | undefined): string | null {
  const trimmed = id?.trim() ?? ''
  if (trimmed === '') return null
  const stored = indexable(trimmed)
  if (stored === trimmed) return stored
  return `${indexable(trimmed, 400)}~${hash('sha256', JSON.stringify(trimmed), 'base64url')}`
}

function unparsed(reason: Unparsed['reason'], detail: string): Reading {
  return { unparsed: { reason, detail } }
}

function timeOf({ eventTime }: LookupEvent, record: JsonReader): Date | undefined {
  const text = record.text('eventTime')
  const own = text !== undefined && text.length <= 40 ? new Date(text) : undefined
  return [eventTime, own].find((time) => time !== undefined && isStorableTime(time))
}

function changeOf(
  facts: Facts,
  sourceId: string,
  occurredAt: Date,
  event: LookupEvent,
): CloudTrailChange {
  facts.resources = findResources(facts, event)
  const actor = findActor(facts)
  const tool = findTool(facts)
  const ending = endingOf(facts)
  const summary = summaryOf(facts)
  const text = sentence(summary, actor, ending, facts)
  const isPublic = summary.opens !== undefined && ending.outcome === 'succeeded'
  const change: CloudTrailChange = {
    source: CLOUDTRAIL,
    sourceId,
    occurredAt,
    summary: text,
    subject: text.slice(0, actor.name.length),
    service: facts.service,
    action: facts.action,
    actor,
    tool,
    resources: facts.resources,
    outcome: ending.outcome,
    region: facts.region,
    accountId: facts.accountId,
    readOnly: facts.record.flag('readOnly') ?? event.readOnly === 'true',
    risks: risksOf(summary, facts, { isPublic, hasSucceeded: ending.outcome === 'succeeded' }),
    noise: builtInNoiseOf({
      service: facts.service,
      plainAction: facts.plainAction,
      actor,
      tool,
      outcome: ending.outcome,
      errorCode: ending.error?.code,
      isInsight: !facts.record.object('insightDetails').isEmpty,
    }),
    changeSet: changeSetKey(facts, actor, tool, occurredAt),
    links: linksOf(facts, sourceId),
    detail: detailOf(facts, sourceId, summary, ending),
  }
  if (ending.outcome === 'succeeded') {
    addTags(facts.resources, facts)
    if (!change.readOnly) change.verb = changeVerb(summary, facts)
  }
  const effectiveAt = effectiveAtOf(facts, occurredAt)
  if (effectiveAt !== undefined && ending.outcome === 'succeeded') change.effectiveAt = effectiveAt
  if (isPublic) change.publicAccess = indexable(spoken(summary.opens!, 200))
  return change
}

function detailOf(
  facts: Facts,
  eventId: string,
  { edits = [] }: Summary,
  { error }: Ending,
): CloudTrailDetail {
  const { record, identity, userAgent } = facts
  const accessKeyId = identity.text('accessKeyId')
  const detail: CloudTrailDetail = {
    source: CLOUDTRAIL,
    eventId,
    edits,
    session: {
      startedAt: sessionStart(facts)?.toISOString() ?? null,
      accessKeyId: accessKeyId === undefined ? null : indexable(accessKeyId),
    },
  }
  const sourceIp = record.text('sourceIPAddress')
  const requestId = record.text('requestID')
  if (error !== undefined) detail.error = error
  if (sourceIp !== undefined) detail.sourceIp = indexable(sourceIp)
  if (userAgent !== '') detail.userAgent = indexable(userAgent, 1_000)
  if (requestId !== undefined) detail.requestId = indexable(requestId)
  return detail
}

function summaryOf(facts: Facts): Summary {
  const insight = facts.record.object('insightDetails')
  if (insight.isEmpty) return summarize(facts)
  const kind = insight.text('insightType')
  const hasEnded = insight.text('state') === 'End'
  const what = `${kind === undefined ? 'unusual activity' : `an unusual ${words(kind.replace(/Insight$/, ''))}`} of ${facts.action}`
  const context = insight.object('insightContext')
  const statistics = context.object('statistics')
  const usual = statistics.object('baseline').number('average')
  const unusual = statistics.object('insight').number('average')
  const unit = /ErrorRate/.test(kind ?? '') ? 'errors' : 'calls'
  const code = context.text('errorCode') ?? insight.text('errorCode')
  const rates =
    unusual === undefined
      ? ''
      : `: ${unusual}${usual === undefined ? '' : ` against ${usual}`} ${unit} a minute`
  return {
    does: `report that ${spoken(what)} of ${serviceName(facts.service)}${code ? ` (${spoken(code, 60)})` : ''} ${hasEnded ? 'ended' : 'began'}`,
    more: rates,
    edits:
      unusual === undefined
        ? []
        : [
            {
              field: `${unit} a minute`,
              ...(usual !== undefined && { from: String(usual) }),
              to: String(unusual),
            },
          ],
    risks: ['configuration'],
  }
}

function linksOf({ partition, region }: Facts, sourceId: string): Link[] {
  const domain = consoleDomain(partition)
  if (domain === undefined || region === null || !/^[a-z0-9-]{5,30}$/.test(region)) return []
  const url = `https://${region}.${domain}/cloudtrailv2/home?region=${region}#/events/${encodeURIComponent(sourceId)}`
  return [{ label: 'Event in CloudTrail', url }]
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`
}

/** CloudTrail's record → a change that a person can read. */

import { hash } from 'node:crypto'
import type { Change, Link, Outcome, Reading, SeenEvent, Unparsed } from '../../changes/change.ts'
import { indexable, spoken, words } from '../../changes/text.ts'
import { findActor } from './actor.ts'
import { consoleDomain } from './arn.ts'
import { type Facts, factsOf } from './facts.ts'
import { isObject, JsonReader } from './json-reader.ts'
import { noiseOf } from './noise.ts'
import { findResources } from './resources.ts'
import { risksOf } from './risks.ts'
import { serviceName } from './services.ts'
import { workSession } from './session.ts'
import { summarize } from './summaries/index.ts'
import { type Ending, type Summary, sentence } from './summary.ts'
import { findTool } from './tool.ts'

export { storableJson } from '../../changes/storable-json.ts'

/** Ids of changes hold 48 bits of milliseconds since 1970. */
const LAST_TIME = 2 ** 48 - 1

/**
 * Reads one event of LookupEvents. Never throws, whatever the record is.
 *
 * @param raw the CloudTrailEvent, as it came
 * @param seen what LookupEvents said beside it; its EventTime is when the change was
 */
export function readRecord(raw: string, seen: SeenEvent): Reading {
  let parsed: unknown
  try {
    parsed = JSON.parse(raw)
  } catch (error) {
    return unparsed('not_json', spoken(error instanceof Error ? error.message : 'not JSON', 200))
  }
  if (!isObject(parsed)) {
    const what = parsed === null ? 'null' : Array.isArray(parsed) ? 'a list' : `a ${typeof parsed}`
    return unparsed('not_an_object', `The record is ${what}.`)
  }
  const record = JsonReader.of(parsed)
  const sourceId = storableEventId(seen.eventId) ?? storableEventId(record.text('eventID'))
  if (sourceId === null)
    return unparsed('no_event_id', 'Neither the record nor CloudTrail names an id.')
  const occurredAt = timeOf(seen, record)
  if (occurredAt === undefined) {
    return unparsed('no_event_time', 'Neither the record nor CloudTrail says when it was.')
  }
  const facts = factsOf(record, seen)
  if (facts === undefined) {
    return unparsed('no_event_name', 'Neither the record nor CloudTrail says what was done.')
  }
  return { change: changeOf(facts, sourceId, occurredAt, seen) }
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

function timeOf({ eventTime }: SeenEvent, record: JsonReader): Date | undefined {
  const text = record.text('eventTime')
  const own = text !== undefined && text.length <= 40 ? new Date(text) : undefined
  return [eventTime, own].find((time) => {
    const milliseconds = time?.getTime() ?? Number.NaN
    return milliseconds >= 0 && milliseconds <= LAST_TIME
  })
}

function changeOf(facts: Facts, sourceId: string, occurredAt: Date, seen: SeenEvent): Change {
  facts.resources = findResources(facts, seen)
  const actor = findActor(facts)
  const tool = findTool(facts)
  const ending = endingOf(facts)
  const summary = summaryOf(facts)
  const change: Change = {
    source: 'aws.cloudtrail',
    sourceId,
    occurredAt,
    summary: sentence(summary, actor, ending, facts),
    service: facts.service,
    action: facts.action,
    actor,
    tool,
    resources: facts.resources,
    outcome: ending.outcome,
    region: facts.region,
    accountId: facts.accountId,
    // What failed changed nothing: the edits are what was asked for all the same.
    edits: summary.edits ?? [],
    risks: risksOf(summary, facts),
    noise: noiseOf({
      service: facts.service,
      plainAction: facts.plainAction,
      actor,
      tool,
      outcome: ending.outcome,
      errorCode: ending.error?.code,
      invokedBy: facts.invokedBy,
    }),
    session: workSession(facts, actor, tool, occurredAt),
    links: linksOf(facts, sourceId),
  }
  if (ending.error !== undefined) change.error = ending.error
  if (summary.opens !== undefined && ending.outcome === 'succeeded') {
    change.publicAccess = indexable(spoken(summary.opens, 200))
  }
  return change
}

function summaryOf(facts: Facts): Summary {
  const insight = facts.record.object('insightDetails')
  if (insight.isEmpty) return summarize(facts)
  const kind = insight.text('insightType')
  const state = insight.text('state') === 'End' ? 'ended' : 'began'
  const what = `${kind === undefined ? 'unusual activity' : `an unusual ${words(kind.replace(/Insight$/, ''))}`} of ${facts.action}`
  return {
    does: `report that ${spoken(what)} of ${serviceName(facts.service)} ${state}`,
    risks: ['configuration'],
  }
}

const DENIED = /Access_?Denied|Unauthorized|NotAuthorized|AuthorizationError|Forbidden|AuthFailure/i

/** errorCode says that it failed; sign-ins say it in their answer, without a code. */
function endingOf({ record, answer, service }: Facts): Ending {
  const code = record.text('errorCode')
  const message = record.text('errorMessage')
  const isSignInFailure =
    service === 'signin' && answer.text('ConsoleLogin', 'CheckMfa', 'SwitchRole') === 'Failure'
  if (code === undefined && !isSignInFailure && message === undefined)
    return { outcome: 'succeeded' }
  const error = {
    code: indexable(spoken(code ?? (isSignInFailure ? 'Failure' : 'Failed'), 200)),
    ...(message !== undefined && { message: indexable(spoken(message, 400)) }),
  }
  const outcome: Outcome = DENIED.test(error.code) ? 'denied' : 'failed'
  return { outcome, error }
}

function linksOf({ partition, region }: Facts, sourceId: string): Link[] {
  const domain = consoleDomain(partition)
  if (domain === undefined || region === null || !/^[a-z0-9-]{5,30}$/.test(region)) return []
  const url = `https://${region}.${domain}/cloudtrailv2/home?region=${region}#/events/${encodeURIComponent(sourceId)}`
  return [{ label: 'Event in CloudTrail', url }]
}

import { setImmediate } from 'node:timers/promises'
import type { Change } from '../changes/change.ts'
import { sanitizeJson } from '../changes/storable-json.ts'
import { isStorableTime } from '../changes/time.ts'
import type { Trx } from '../db/database.ts'
import type { ClaimedDelivery, DeliveryOutcome } from '../db/deliveries.ts'
import { applyIncidentEvents } from '../db/incidents.ts'
import { kindsOfIntegrations } from '../db/integrations.ts'
import { REPORT_READER_VERSION } from '../db/reports.ts'
import type { IntegrationRow } from '../db/schema/integrations.ts'
import type { IncidentEvent } from '../incidents/incident.ts'
import { deliveryJson } from '../integrations/arrival.ts'
import { translateAlertmanager } from '../sources/alertmanager/translate.ts'
import { readReport } from '../sources/deploy/change.ts'
import { readLaunchDarkly } from '../sources/deploy/launchdarkly.ts'
import { GITHUB } from '../sources/github/detail.ts'
import { GITHUB_READER_VERSION } from '../sources/github/source.ts'
import { readGitHub } from '../sources/github/translate.ts'
import { translatePagerDuty } from '../sources/pagerduty/translate.ts'
import { UnreadableWebhook } from '../sources/webhook-body.ts'
import { type NewChange, storeWebhookChanges, toNewChange } from './store-webhook-changes.ts'

const DAY_MS = 24 * 3_600_000
/** Each week of a change's time is a partition, so the time is limited. */
const MAX_AGE_MS = 400 * DAY_MS
const MAX_AHEAD_MS = 7 * DAY_MS

/** What one delivery becomes, before it is stored. */
interface Translated {
  delivery: ClaimedDelivery
  changes: NewChange[]
  incidents: IncidentEvent[]
  /** Why there is neither. */
  reason: string | null
}

/**
 * Translates deliveries and stores what they become, in the transaction that has locked them.
 *
 * @returns what each became. One that cannot be read has failed, and the others are stored
 */
export async function storeTranslations(
  trx: Trx,
  organizationId: string,
  claimed: readonly ClaimedDelivery[],
): Promise<Map<string, DeliveryOutcome>> {
  const integrations = await kindsOfIntegrations(
    trx,
    claimed.map(({ integration_id }) => integration_id),
  )
  const outcomes = new Map<string, DeliveryOutcome>()
  const translated: Translated[] = []
  for (const delivery of claimed) {
    // Each can take a second. Other organizations' work continues in between.
    await setImmediate()
    const integration = integrations.get(delivery.integration_id)
    // Its integration is being deleted, and the delivery with it.
    if (!integration) continue
    try {
      translated.push(translate(organizationId, delivery, integration))
    } catch (error) {
      if (!(error instanceof UnreadableWebhook)) throw error
      outcomes.set(delivery.id, { state: 'failed', reason: error.message })
    }
  }
  const stored = await storeWebhookChanges(
    trx,
    organizationId,
    translated.flatMap(({ changes }) => changes),
  )
  await applyIncidentEvents(
    trx,
    organizationId,
    translated.flatMap(({ incidents }) => incidents),
  )
  for (const each of translated) outcomes.set(each.delivery.id, outcomeOf(each, stored))
  return outcomes
}

/** @throws UnreadableWebhook */
function translate(
  organizationId: string,
  delivery: ClaimedDelivery,
  { kind, settings }: Pick<IntegrationRow, 'kind' | 'settings'>,
): Translated {
  const nothing = { delivery, changes: [], incidents: [], reason: null }
  const { json, content } = readContent(delivery)
  if (delivery.is_test) {
    return { ...nothing, reason: 'A test. It was signed, stored and read.' }
  }
  switch (kind) {
    case 'github': {
      const { event, received_at } = delivery
      const { changes, reason } = readGitHub(event, content, received_at, settings)
      const record = changes.length === 0 ? '' : sanitizeJson(json)
      return {
        ...nothing,
        reason,
        changes: changes.map((change) =>
          toDeliveredChange(organizationId, delivery, { change, record }),
        ),
      }
    }
    case 'launchdarkly': {
      const reading = readLaunchDarkly(content)
      if ('errors' in reading) {
        throw new UnreadableWebhook(`Not a webhook of LaunchDarkly. ${reading.errors.join(' ')}`)
      }
      if ('ignored' in reading) return { ...nothing, reason: reading.ignored }
      const change = readReport(reading.report, delivery.received_at)
      const record = sanitizeJson(json)
      return {
        ...nothing,
        changes: [toDeliveredChange(organizationId, delivery, { change, record })],
      }
    }
    case 'pagerduty': {
      const incidents = refuseFuture(delivery, translatePagerDuty(content))
      const reason = `Not about an incident: ${delivery.event}.`
      return { ...nothing, incidents, reason: incidents.length === 0 ? reason : null }
    }
    case 'alertmanager':
      return { ...nothing, incidents: refuseFuture(delivery, translateAlertmanager(content)) }
  }
}

/**
 * An alert of the future would never be updated, because later events have an earlier time.
 *
 * @throws UnreadableWebhook
 */
function refuseFuture(
  { received_at }: ClaimedDelivery,
  incidents: IncidentEvent[],
): IncidentEvent[] {
  const latest = received_at.getTime() + MAX_AHEAD_MS
  for (const { noticedAt, reportedAt, resolvedAt } of incidents) {
    const time = Math.max(noticedAt.getTime(), reportedAt.getTime(), resolvedAt?.getTime() ?? 0)
    if (time <= latest) continue
    throw new UnreadableWebhook(`The alert is in the future: ${new Date(time).toISOString()}.`)
  }
  return incidents
}

/** @throws UnreadableWebhook */
function readContent({ body, headers }: ClaimedDelivery): { json: string; content: unknown } {
  const json = deliveryJson(body, headers['content-type'])
  try {
    return { json, content: JSON.parse(json) }
  } catch {
    const problem = body.length === 0 ? 'is empty' : 'is not valid JSON'
    throw new UnreadableWebhook(`The body ${problem}. The sender may have been interrupted.`)
  }
}

/**
 * @param options.record the delivery's JSON as `sanitizeJson` returns it
 * @throws UnreadableWebhook for a time that no change can have
 */
export function toDeliveredChange(
  organizationId: string,
  delivery: Pick<ClaimedDelivery, 'event' | 'received_at'>,
  { change, record }: { change: Change; record: string },
): NewChange {
  const { endedAt = change.occurredAt, detail } = change
  const { updatedAt = change.occurredAt } = detail as { updatedAt?: string }
  for (const time of [change.occurredAt, endedAt, new Date(updatedAt)]) {
    if (!isStorableTime(time)) {
      throw new UnreadableWebhook('A time of the change is not in the years 1970 to 9999.')
    }
    const age = delivery.received_at.getTime() - time.getTime()
    if (age <= MAX_AGE_MS && age >= -MAX_AHEAD_MS) continue
    throw new UnreadableWebhook(
      `The change is too old, or in the future: its time is ${time.toISOString()}.`,
    )
  }
  const { source, sourceId, occurredAt } = change
  const context = { event: delivery.event, receivedAt: delivery.received_at.toISOString() }
  return toNewChange(organizationId, {
    change,
    readerVersion: source === GITHUB ? GITHUB_READER_VERSION : REPORT_READER_VERSION,
    record,
    context: JSON.stringify(context),
    entry: {
      source,
      eventId: sourceId,
      eventName: change.action,
      eventSource: change.service,
      eventTime: occurredAt,
      username: null,
      region: null,
      raw: record,
    },
  })
}

function outcomeOf(
  { changes, incidents, reason }: Translated,
  stored: ReadonlyMap<string, string>,
): DeliveryOutcome {
  if (changes.length === 0 && incidents.length === 0) {
    return { state: 'ignored', reason: reason ?? 'Nothing in it is a change or an incident.' }
  }
  const ids = changes.flatMap(({ id }) => stored.get(id) ?? [])
  if (ids.length < changes.length)
    return { state: 'failed', reason: 'Postgres does not accept its content.' }
  return { state: 'translated', result: { changes: ids, incidents: incidents.length } }
}

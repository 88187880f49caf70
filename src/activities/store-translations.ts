import type { Change } from '../changes/change.ts'
import { storableJson } from '../changes/storable-json.ts'
import { changeId } from '../db/change-id.ts'
import type { Trx } from '../db/database.ts'
import type { ClaimedDelivery, DeliveryOutcome } from '../db/deliveries.ts'
import { ensurePartitions, storeEvents } from '../db/imports.ts'
import { applyIncidentEvents } from '../db/incidents.ts'
import type { ImportedChange } from '../db/insert-changes.ts'
import { kindsOfIntegrations } from '../db/integrations.ts'
import { REPORT_READER_VERSION } from '../db/reports.ts'
import type { IntegrationRow } from '../db/schema.ts'
import { type ChangeUpdate, updateChanges } from '../db/update-changes.ts'
import type { IncidentEvent } from '../incidents/incident.ts'
import { deliveryContent } from '../integrations/arrival.ts'
import { translateAlertmanager } from '../sources/alertmanager/translate.ts'
import { readReport } from '../sources/deploy/change.ts'
import { readLaunchDarkly } from '../sources/deploy/launchdarkly.ts'
import { SOURCE as GITHUB } from '../sources/github/detail.ts'
import { GITHUB_READER_VERSION } from '../sources/github/source.ts'
import { readGitHub } from '../sources/github/translate.ts'
import { translatePagerDuty } from '../sources/pagerduty/translate.ts'
import { UnreadableWebhook } from '../sources/webhook-body.ts'

const DAY_MS = 24 * 3_600_000
/** Each week of a change's time is a partition, so the time is limited. */
const MAX_AGE_MS = 400 * DAY_MS
const MAX_AHEAD_MS = 7 * DAY_MS
/** Two webhooks report an event without a time within this time. */
const SAME_EVENT_MS = 3_600_000

/** A change with the ID that it has if no other one has its `sourceId`. */
interface NewChange {
  id: string
  imported: ImportedChange
}

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
  const stored = await storeChanges(
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
  const content = readContent(delivery)
  if (delivery.is_test) {
    return { ...nothing, reason: 'A test. It was signed, stored and read.' }
  }
  switch (kind) {
    case 'github': {
      const { event, received_at } = delivery
      const { changes, reason } = readGitHub(event, content, received_at, settings)
      return {
        ...nothing,
        reason,
        changes: changes.map((change) => toImported(organizationId, delivery, { change, content })),
      }
    }
    case 'launchdarkly': {
      const reading = readLaunchDarkly(content)
      if ('errors' in reading) {
        throw new UnreadableWebhook(`Not a webhook of LaunchDarkly. ${reading.errors.join(' ')}`)
      }
      if ('ignored' in reading) return { ...nothing, reason: reading.ignored }
      const change = readReport(reading.report, delivery.received_at)
      return { ...nothing, changes: [toImported(organizationId, delivery, { change, content })] }
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
  for (const { noticedAt, reportedAt } of incidents) {
    const time = Math.max(noticedAt.getTime(), reportedAt.getTime())
    if (time <= latest) continue
    throw new UnreadableWebhook(`The alert is in the future: ${new Date(time).toISOString()}.`)
  }
  return incidents
}

function readContent({ body, headers }: ClaimedDelivery): unknown {
  try {
    return deliveryContent(body, headers['content-type'])
  } catch {
    const problem = body.length === 0 ? 'is empty' : 'is not valid JSON'
    throw new UnreadableWebhook(`The body ${problem}. The sender may have been interrupted.`)
  }
}

/** @throws UnreadableWebhook for a time that no change can have */
function toImported(
  organizationId: string,
  delivery: ClaimedDelivery,
  { change, content }: { change: Change; content: unknown },
): NewChange {
  const age = delivery.received_at.getTime() - change.occurredAt.getTime()
  if (age > MAX_AGE_MS || age < -MAX_AHEAD_MS) {
    const time = change.occurredAt.toISOString()
    throw new UnreadableWebhook(`The change is too old, or in the future: it occurred at ${time}.`)
  }
  const { source, sourceId, occurredAt } = change
  const record = storableJson(JSON.stringify(content))
  const context = { event: delivery.event, receivedAt: delivery.received_at.toISOString() }
  return {
    id: changeId({ organizationId, source, sourceAccount: null, sourceId, occurredAt }),
    imported: {
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
    },
  }
}

/**
 * Stores changes. An event without a time has the time of its arrival, which differs when a second
 * webhook reports it: it is the change of the first. An event with the same content much later is
 * another change.
 *
 * @returns the IDs of the stored changes, by the IDs of the translated ones
 */
async function storeChanges(
  trx: Trx,
  organizationId: string,
  changes: readonly NewChange[],
): Promise<Map<string, string>> {
  const found = await insertChanges(trx, organizationId, changes)
  const missing = changes.filter(({ id }) => !found.has(id))
  if (missing.length === 0) return found
  const rows = await trx
    .selectFrom('changes')
    .select(['id', 'source', 'source_id', 'occurred_at'])
    .where('organization_id', '=', organizationId)
    .where('source_id', 'in', [...new Set(missing.map(({ imported }) => imported.change.sourceId))])
    .where('source_account', 'is', null)
    .execute()
  const again: { id: string; renamed: NewChange }[] = []
  for (const each of missing) {
    const { source, sourceId, occurredAt } = each.imported.change
    const row = rows.find((other) => other.source === source && other.source_id === sourceId)
    // Postgres does not accept its content.
    if (!row) continue
    const apart = Math.abs(row.occurred_at.getTime() - occurredAt.getTime())
    if (apart <= SAME_EVENT_MS) found.set(each.id, row.id)
    else again.push({ id: each.id, renamed: withTime(organizationId, each) })
  }
  const inserted = await insertChanges(
    trx,
    organizationId,
    again.map(({ renamed }) => renamed),
  )
  for (const { id, renamed } of again) {
    const stored = inserted.get(renamed.id)
    if (stored !== undefined) found.set(id, stored)
  }
  return found
}

/** The same change with an ID that contains its time. */
function withTime(organizationId: string, { imported }: NewChange): NewChange {
  const { source, occurredAt } = imported.change
  const sourceId = `${imported.change.sourceId}/${occurredAt.toISOString()}`
  return {
    id: changeId({ organizationId, source, sourceAccount: null, sourceId, occurredAt }),
    imported: {
      ...imported,
      change: { ...imported.change, sourceId },
      entry: { ...imported.entry, eventId: sourceId },
    },
  }
}

/** @returns the IDs of the changes that exist now with their time, as keys and values */
async function insertChanges(
  trx: Trx,
  organizationId: string,
  changes: readonly NewChange[],
): Promise<Map<string, string>> {
  if (changes.length === 0) return new Map()
  const times = changes.map(({ imported }) => imported.change.occurredAt.getTime())
  await ensurePartitions(trx, new Date(Math.min(...times)))
  const owner = { organizationId, connectionId: null, sourceAccount: null }
  await storeEvents(trx, owner, { changes: changes.map(({ imported }) => imported), unparsed: [] })
  const found = await trx
    .selectFrom('changes')
    .select('id')
    .where('organization_id', '=', organizationId)
    .where('id', 'in', [...new Set(changes.map(({ id }) => id))])
    .where(
      'occurred_at',
      'in',
      [...new Set(times)].map((time) => new Date(time)),
    )
    .execute()
  const stored = new Set(found.map(({ id }) => id))
  await updateChanges(
    trx,
    organizationId,
    newestUpdates(changes.filter(({ id }) => stored.has(id))),
  )
  return new Map([...stored].map((id) => [id, id]))
}

/** One update per change: of several events about it, the newest. */
function newestUpdates(changes: readonly NewChange[]): ChangeUpdate[] {
  const newest = new Map<string, ChangeUpdate>()
  for (const { id, imported } of changes) {
    const { updatedAt } = imported.change.detail as { updatedAt?: string }
    if (updatedAt === undefined) continue
    const update = { id, ...imported, updatedAt: new Date(updatedAt) }
    const other = newest.get(id)
    if (!other || other.updatedAt < update.updatedAt) newest.set(id, update)
  }
  return [...newest.values()]
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

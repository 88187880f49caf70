/** Reads the events and the incident of a scenario like Cairn does. No database. */

import type { Change } from '../../src/changes/change.ts'
import { storableJson } from '../../src/changes/storable-json.ts'
import type { ImportedChange } from '../../src/db/insert-changes.ts'
import type { RankedIncident } from '../../src/incidents/incident.ts'
import { translateAlertmanager } from '../../src/sources/alertmanager/translate.ts'
import { readRecord } from '../../src/sources/cloudtrail/read-record.ts'
import { contextOf, READER_VERSION } from '../../src/sources/cloudtrail/reader.ts'
import { bodySchema, toReport } from '../../src/sources/deploy/body.ts'
import { readReport } from '../../src/sources/deploy/change.ts'
import { GITHUB_READER_VERSION } from '../../src/sources/github/source.ts'
import { translateGitHub } from '../../src/sources/github/translate.ts'
import { translatePagerDuty } from '../../src/sources/pagerduty/translate.ts'
import { UnreadableWebhook } from '../../src/sources/webhook-body.ts'
import { imported } from '../changes.ts'
import { InvalidScenario, type Scenario, type ScenarioEvent } from './scenario.ts'

export interface Arrival {
  event: ScenarioEvent
  imported: ImportedChange
  /** When it arrives, in milliseconds: by default when it occurred. */
  at: number
}

/**
 * The changes of a scenario, in the order of their arrival.
 *
 * @throws InvalidScenario
 */
export function readArrivals(scenario: Scenario): Arrival[] {
  const arrivals = scenario.events.flatMap((event) => toArrival(event, scenario))
  return arrivals.sort((a, b) => a.at - b.at)
}

/** The times at which a scenario is ranked, the earliest first. */
export function askedTimes({ askAt, incident }: Scenario, arrivals: readonly Arrival[]): Date[] {
  if (askAt?.length) return askAt.toSorted((a, b) => a.getTime() - b.getTime())
  const last = arrivals.reduce((latest, { at }) => Math.max(latest, at), 0)
  return [new Date(Math.max(last, incident.noticedAt.getTime()))]
}

/** None for an event that is not a change. */
function toArrival(event: ScenarioEvent, scenario: Scenario): Arrival[] {
  const imported = toChange(event, scenario)
  if (imported === undefined) return []
  const at = event.arrivesAt?.getTime() ?? imported.change.occurredAt.getTime()
  return [{ event, imported, at }]
}

function toChange(event: ScenarioEvent, scenario: Scenario): ImportedChange | undefined {
  switch (event.type) {
    case 'aws.cloudtrail':
      return fromRecord(event.record, scenario)
    case 'change':
      return fromReport(event.body, scenario)
    case 'github':
      return fromWebhook(event, scenario)
  }
}

function fromWebhook(
  { event, payload, arrivesAt }: Extract<ScenarioEvent, { type: 'github' }>,
  { id, incident }: Scenario,
): ImportedChange | undefined {
  const receivedAt = arrivesAt ?? incident.noticedAt
  try {
    const [change] = translateGitHub(event, payload, receivedAt)
    if (change === undefined) return undefined
    const context = JSON.stringify({ event, receivedAt: receivedAt.toISOString() })
    const raw = JSON.stringify(payload)
    return toImported(change, { raw, readerVersion: GITHUB_READER_VERSION, context })
  } catch (error) {
    if (!(error instanceof UnreadableWebhook)) throw error
    throw new InvalidScenario(`${id}: GitHub event ${event}: ${error.message}`)
  }
}

function fromRecord(record: Record<string, unknown>, { id }: Scenario): ImportedChange {
  const raw = JSON.stringify(record)
  const seen = { region: String(record.awsRegion ?? '') }
  const { change, unparsed } = readRecord(raw, seen)
  if (!change) throw new InvalidScenario(`${id}: event ${record.eventID}: ${unparsed.detail}`)
  return toImported(change, { raw, readerVersion: READER_VERSION, context: contextOf(seen) })
}

function fromReport(body: unknown, { id, incident }: Scenario): ImportedChange {
  const parsed = bodySchema.safeParse(body)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new InvalidScenario(`${id}: change body: ${issue!.path.join('.')}: ${issue!.message}`)
  }
  const change = readReport(toReport(parsed.data), incident.noticedAt)
  return toImported(change, { raw: JSON.stringify(body), readerVersion: 1, context: null })
}

function toImported(
  change: Change,
  stored: { raw: string; readerVersion: number; context: string | null },
): ImportedChange {
  const { raw, readerVersion, context } = stored
  const built = imported(change)
  return {
    ...built,
    readerVersion,
    record: storableJson(raw),
    context: context === null ? null : storableJson(context),
    entry: { ...built.entry, raw },
  }
}

/** @param environments IDs by name */
export function toRankedIncident(
  scenario: Scenario,
  environments: ReadonlyMap<string, string>,
): RankedIncident {
  const { incident } = scenario
  const alerts = [
    ...(incident.pagerduty === undefined ? [] : translatePagerDuty(incident.pagerduty)),
    ...(incident.alertmanager === undefined ? [] : translateAlertmanager(incident.alertmanager)),
  ]
  const services = alerts.flatMap((alert) => alert.services.map(({ name }) => name))
  return {
    title: incident.title,
    noticedAt: incident.noticedAt,
    startedAt: incident.startedAt ?? null,
    startedAfter: incident.startedAfter ?? null,
    environmentId: environments.get(incident.environment ?? '') ?? null,
    services: [...new Set([...incident.services, ...services])],
  }
}

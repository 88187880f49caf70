/** Imports an outage scenario as Cairn would, and ranks its incident. */

import { sql } from 'kysely'
import type { Change } from '../../src/changes/change.ts'
import { storableJson } from '../../src/changes/storable-json.ts'
import { saveEnvironmentRules } from '../../src/db/change-rules.ts'
import { asOrganization, type Database, type Trx } from '../../src/db/database.ts'
import { environmentsOf, insertEnvironment, updateEnvironment } from '../../src/db/environments.ts'
import { ensurePartitions, type ImportedChange, storeEvents } from '../../src/db/imports.ts'
import { answerIncident } from '../../src/db/incident-answer.ts'
import { ensureOrganization } from '../../src/db/organizations.ts'
import type { IncidentAnswer } from '../../src/incidents/answer.ts'
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
import { InvalidScenario, type Scenario, type ScenarioEvent } from './scenario.ts'

export interface ScenarioResult {
  id: string
  askedAt?: string
  answer: 'suspect' | 'none'
  rank: number | null
  lineRank: number | null
  baselineRank: number | null
  rarityRank: number | null
  candidates: number
  reasons: string[]
  top: { summary: string; sourceId: string; score: number; reasons: string[] }[]
}

export interface Databases {
  /** As the worker's login. */
  db: Database
  /** As `cairn_system`, for the organization. */
  system: Database
}

const TOP = 5

/**
 * One result for each time of `askAt`, or one.
 *
 * @param organization the name of the organization to create
 * @throws InvalidScenario
 */
export async function runScenario(
  { db, system }: Databases,
  scenario: Scenario,
  organization: string,
): Promise<ScenarioResult[]> {
  const { id: organizationId } = await ensureOrganization(system, organization)
  const arrivals = scenario.events.flatMap((event) => toArrival(event, scenario))
  arrivals.sort((a, b) => a.at - b.at)
  const last = arrivals.reduce((latest, { at }) => Math.max(latest, at), 0)
  const asked = scenario.askAt?.length
    ? scenario.askAt.toSorted((a, b) => a.getTime() - b.getTime())
    : [new Date(Math.max(last, scenario.incident.noticedAt.getTime()))]
  const environments = await asOrganization(db, organizationId, (trx) =>
    prepare(trx, organizationId, scenario, arrivals),
  )
  const incident = toIncident(scenario, environments)
  const results: ScenarioResult[] = []
  for (const now of asked) {
    const arrived: Arrival[] = []
    while (arrivals[0] !== undefined && arrivals[0].at <= now.getTime())
      arrived.push(arrivals.shift()!)
    await asOrganization(db, organizationId, (trx) => store(trx, organizationId, arrived))
    results.push(
      await asOrganization(db, organizationId, async (trx) => {
        const answer = await answerIncident(trx, organizationId, incident, { now })
        const result = await toResult(trx, { scenario, incident, answer })
        return scenario.askAt?.length ? { ...result, askedAt: now.toISOString() } : result
      }),
    )
  }
  return results
}

interface Arrival {
  event: ScenarioEvent
  imported: ImportedChange
  /** When it arrives, in milliseconds: by default when it occurred. */
  at: number
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
  const entry = {
    ...{ source: change.source, eventId: change.sourceId, eventName: change.action },
    ...{ eventSource: change.service, eventTime: change.occurredAt, username: null },
    ...{ region: change.region, raw },
  }
  return {
    change,
    readerVersion,
    record: storableJson(raw),
    context: context === null ? null : storableJson(context),
    entry,
  }
}

/** @returns environment IDs by name */
async function prepare(
  trx: Trx,
  organizationId: string,
  scenario: Scenario,
  arrivals: readonly Arrival[],
): Promise<Map<string, string>> {
  const times = arrivals.map(({ imported }) => imported.change.occurredAt.getTime())
  const first = Math.min(scenario.incident.noticedAt.getTime(), ...times)
  await ensurePartitions(trx, new Date(first))
  const environments = new Map<string, string>()
  for (const { name } of scenario.environments) {
    environments.set(name, (await insertEnvironment(trx, organizationId, { name })).id)
  }
  const idOf = (name: string) => {
    const id = environments.get(name)
    if (id === undefined) throw new InvalidScenario(`${scenario.id}: no environment ${name}`)
    return id
  }
  for (const { name, dependsOn } of scenario.environments) {
    await updateEnvironment(trx, organizationId, idOf(name), { dependsOn: dependsOn.map(idOf) })
  }
  const rules = scenario.environments
    .filter(({ match }) => Object.keys(match).length > 0)
    .map(({ name, match }) => ({ match, environments: [idOf(name)] }))
  await saveEnvironmentRules(trx, organizationId, { mode: 'all', rules, version: 0 })
  return environments
}

async function store(trx: Trx, organizationId: string, arrived: readonly Arrival[]) {
  const byAccount = Map.groupBy(arrived, ({ event, imported }) =>
    event.type === 'aws.cloudtrail' ? imported.change.accountId : null,
  )
  for (const [sourceAccount, arrivals] of byAccount) {
    const owner = { organizationId, connectionId: null, sourceAccount }
    const changes = arrivals.map(({ imported }) => imported)
    await storeEvents(trx, owner, { changes, unparsed: [] })
  }
}

function toIncident(scenario: Scenario, environments: ReadonlyMap<string, string>): RankedIncident {
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

async function toResult(
  trx: Trx,
  ranked: { scenario: Scenario; incident: RankedIncident; answer: IncidentAnswer },
): Promise<ScenarioResult> {
  const { scenario, incident, answer } = ranked
  const culprits = new Set(scenario.culprits)
  const { from } = answer.searched
  const rows = await trx
    .selectFrom('changes')
    .select([
      'id',
      'source_id',
      'occurred_at',
      'change_set_id',
      'connection_id',
      'service',
      'action',
      'noise',
    ])
    .where('occurred_at', '>=', from)
    .where('occurred_at', '<=', incident.noticedAt)
    .orderBy('occurred_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
  const { rows: counts } = await sql<{ service: string; action: string; count: number }>`
    SELECT service, action, count(*)::int AS count FROM changes GROUP BY service, action
  `.execute(trx)
  const countOf = new Map(
    counts.map(({ service, action, count }) => [`${service} ${action}`, count]),
  )
  const linked = await environmentsOf(
    trx,
    rows.map((row) => ({ connectionId: row.connection_id, changeId: row.id })),
  )
  const isOwn = (row: (typeof rows)[number]) =>
    incident.environmentId === null ||
    linked({ connectionId: row.connection_id, changeId: row.id }).includes(incident.environmentId)
  const shown = rows.filter((row) => row.noise === null)
  const newest = shown.filter(isOwn)
  const rarest = shown.toSorted(
    (a, b) => countOf.get(`${a.service} ${a.action}`)! - countOf.get(`${b.service} ${b.action}`)!,
  )
  const culpritSets = new Set(
    rows.filter((row) => culprits.has(row.source_id)).map((row) => row.change_set_id ?? row.id),
  )
  const place = <T>(items: readonly T[], test: (item: T) => boolean) => {
    const index = items.findIndex(test)
    return index < 0 ? null : index + 1
  }
  const { suspects } = answer
  return {
    id: scenario.id,
    answer: answer.answer,
    rank: place(suspects, (each) => culpritSets.has(each.changeSetId ?? each.changeId)),
    lineRank: place(suspects, ({ sourceId }) => culprits.has(sourceId)),
    baselineRank: place(newest, (row) => culprits.has(row.source_id)),
    rarityRank: place(rarest, (row) => culprits.has(row.source_id)),
    candidates: answer.searched.candidates,
    reasons: suspects[0]?.reasons ?? [],
    top: suspects.slice(0, TOP).map(({ summary, sourceId, score, reasons }) => ({
      summary,
      sourceId,
      score: Number(score.toFixed(4)),
      reasons,
    })),
  }
}

export interface Summary {
  scenarios: number
  top1: number
  top3: number
  mrr: number
  baselineTop1: number
  baselineTop3: number
  rarityTop1: number
  rarityTop3: number
  falseAccusations: number
  falseAbstentions: number
}

/** Shares, counted by `lineRank` of each scenario's last answer. Shares of nothing are 0. */
export function summarizeResults(
  results: readonly { scenario: unknown; result: ScenarioResult; hasCulprit: boolean }[],
): Summary {
  const lasting = [...new Map(results.map((each) => [each.scenario, each])).values()]
  const guilty = lasting.filter(({ hasCulprit }) => hasCulprit).map(({ result }) => result)
  const innocent = lasting.filter(({ hasCulprit }) => !hasCulprit).map(({ result }) => result)
  const share = <T>(items: readonly T[], test: (item: T) => boolean) =>
    items.length === 0 ? 0 : round(items.filter(test).length / items.length)
  const within = (rank: number | null, most: number) => rank !== null && rank <= most
  return {
    scenarios: lasting.length,
    top1: share(guilty, ({ lineRank }) => within(lineRank, 1)),
    top3: share(guilty, ({ lineRank }) => within(lineRank, 3)),
    mrr:
      guilty.length === 0
        ? 0
        : round(
            guilty.reduce((sum, { lineRank }) => sum + (lineRank === null ? 0 : 1 / lineRank), 0) /
              guilty.length,
          ),
    baselineTop1: share(guilty, ({ baselineRank }) => within(baselineRank, 1)),
    baselineTop3: share(guilty, ({ baselineRank }) => within(baselineRank, 3)),
    rarityTop1: share(guilty, ({ rarityRank }) => within(rarityRank, 1)),
    rarityTop3: share(guilty, ({ rarityRank }) => within(rarityRank, 3)),
    falseAccusations: share(innocent, ({ answer }) => answer === 'suspect'),
    falseAbstentions: share(guilty, ({ answer }) => answer === 'none'),
  }
}

const round = (value: number) => Math.round(value * 10_000) / 10_000

/** Imports an outage scenario as Cairn would, and ranks its incident. */

import { sql } from 'kysely'
import { saveEnvironmentRules } from '../../src/db/change-rules.ts'
import { asOrganization, type Database, type Trx } from '../../src/db/database.ts'
import { environmentsOf } from '../../src/db/environment-links.ts'
import { insertEnvironment, updateEnvironment } from '../../src/db/environments.ts'
import { ensurePartitions, storeEvents } from '../../src/db/imports.ts'
import { answerIncident } from '../../src/db/incident-answer.ts'
import { ensureOrganization } from '../../src/db/organizations.ts'
import type { IncidentAnswer } from '../../src/incidents/answer.ts'
import type { RankedIncident } from '../../src/incidents/incident.ts'
import { type Arrival, askedTimes, readArrivals, toRankedIncident } from './arrivals.ts'
import { resultOf, type ScenarioResult } from './result.ts'
import { InvalidScenario, type Scenario } from './scenario.ts'

export interface Databases {
  /** As the worker's login. */
  db: Database
  /** As `cairn_system`, for the organization. */
  system: Database
}

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
  const arrivals = readArrivals(scenario)
  const asked = askedTimes(scenario, arrivals)
  const environments = await asOrganization(db, organizationId, (trx) =>
    prepare(trx, organizationId, scenario, arrivals),
  )
  const incident = toRankedIncident(scenario, environments)
  const results: ScenarioResult[] = []
  for (const now of asked) {
    const arrived: Arrival[] = []
    while (arrivals[0] !== undefined && arrivals[0].at <= now.getTime())
      arrived.push(arrivals.shift()!)
    await asOrganization(db, organizationId, (trx) => store(trx, organizationId, arrived))
    results.push(
      await asOrganization(db, organizationId, async (trx) => {
        const answer = await answerIncident(trx, organizationId, incident, { now })
        return toResult(trx, { scenario, incident, answer, now })
      }),
    )
  }
  return results
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

async function toResult(
  trx: Trx,
  ranked: { scenario: Scenario; incident: RankedIncident; answer: IncidentAnswer; now: Date },
): Promise<ScenarioResult> {
  const { scenario, incident, answer, now } = ranked
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
  return resultOf(scenario, {
    now,
    answer: answer.answer,
    suspects: answer.suspects,
    candidates: answer.searched.candidates,
    shown: rows.map((row) => ({
      changeId: row.id,
      changeSetId: row.change_set_id,
      sourceId: row.source_id,
      isNoise: row.noise !== null,
      isOwn: isOwn(row),
      times: countOf.get(`${row.service} ${row.action}`)!,
    })),
  })
}

/** The same candidates as those of the database, found in memory: a scenario in milliseconds. */

import { mergeAll, openSet } from '../../src/changes/change-sets.ts'
import { compileRules, fold, ownEnvironments } from '../../src/changes/environment-rules.ts'
import { columnsRead } from '../../src/db/change-columns.ts'
import { toCandidate } from '../../src/db/incident-answer.ts'
import type { RankedIncident } from '../../src/incidents/incident.ts'
import type { Candidate, RankingContext } from '../../src/incidents/ranking/candidate.ts'
import { rank } from '../../src/incidents/ranking/rank.ts'
import { type Arrival, askedTimes, readArrivals, toRankedIncident } from './arrivals.ts'
import { resultOf, type ScenarioResult } from './result.ts'
import type { Scenario } from './scenario.ts'

const HOUR_MS = 3_600_000
const BEFORE = 72 * HOUR_MS
const AFTER = 24 * HOUR_MS
const HISTORY = 30 * 24 * HOUR_MS

export interface Ranked {
  now: Date
  incident: RankedIncident
  candidates: Candidate[]
  context: RankingContext
  /** How often each service and action occurs in all accounts. */
  times: ReadonlyMap<string, number>
}

/** What is ranked at each time that the scenario asks. Rules by tag and connection are not supported. */
export function readScenario(scenario: Scenario): Ranked[] {
  const arrivals = readArrivals(scenario)
  const ids = new Map(scenario.environments.map(({ name }) => [name, name]))
  const incident = toRankedIncident(scenario, ids)
  return askedTimes(scenario, arrivals).map((now) => {
    const arrived = arrivals.filter(({ at }) => at <= now.getTime())
    return { now, incident, ...candidatesOf(scenario, { arrived, incident, now }) }
  })
}

/** The same as `runScenario`, in memory. */
export function rankScenario(
  scenario: Scenario,
  read: readonly Ranked[] = readScenario(scenario),
): ScenarioResult[] {
  return read.map(({ now, incident, candidates, context, times }) => {
    const { answer, suspects } = rank(incident, candidates, context)
    const start = (incident.startedAt ?? incident.noticedAt).getTime()
    const shown = candidates
      .filter(({ occurredAt }) => occurredAt.getTime() >= start - BEFORE)
      .filter(({ occurredAt }) => occurredAt <= incident.noticedAt)
      .toSorted((a, b) => b.occurredAt.getTime() - a.occurredAt.getTime())
      .map((each) => ({
        changeId: each.changeId,
        changeSetId: each.changeSetId,
        sourceId: each.sourceId,
        isNoise: each.noise !== null,
        isOwn:
          incident.environmentId === null || each.environmentIds.includes(incident.environmentId),
        times: times.get(`${each.service} ${each.action}`)!,
      }))
    const candidateCount = candidates.filter(
      ({ occurredAt }) => occurredAt.getTime() >= start - BEFORE,
    ).length
    return resultOf(scenario, { now, answer, suspects, shown, candidates: candidateCount })
  })
}

function candidatesOf(
  scenario: Scenario,
  known: { arrived: readonly Arrival[]; incident: RankedIncident; now: Date },
): Pick<Ranked, 'candidates' | 'context' | 'times'> {
  const { incident, now } = known
  const start = (incident.startedAt ?? incident.noticedAt).getTime()
  const from = start - BEFORE
  const to = Math.min(now.getTime() + 1, incident.noticedAt.getTime() + AFTER)
  const changes = known.arrived.map(({ imported }) => imported.change)
  const timeOf = (nth: number) => changes[nth]!.occurredAt.getTime()
  const isWithin = (nth: number, earliest: number) => timeOf(nth) >= earliest && timeOf(nth) < to
  const places = changes.map((_, nth) => nth)
  const stored = places.filter((nth) => isWithin(nth, from - HISTORY))
  const sets = new Map(
    mergeAll(changes.map((change, nth) => openSet(String(nth), change))).flatMap(
      ({ set, absorbed }) => [set.id, ...absorbed].map((id) => [id, set.id] as const),
    ),
  )
  const environmentsOf = linker(scenario)
  const names = new Map<string, string[]>()
  for (const { resources } of changes) {
    for (const { key, name, arn } of resources) {
      const texts = [name, arn].filter((text) => text !== undefined)
      names.set(key, [...(names.get(key) ?? []), ...texts])
    }
  }
  const keysOf = (nth: number) => {
    const { accountId, service, action, actor, resources, outcome } = changes[nth]!
    const sameAction = [accountId, service, action].join(' ')
    const sameActor = `${sameAction} ${actor.id}`
    return { sameAction, sameActor, sameResource: `${sameActor} ${outcome} ${resources[0]?.key}` }
  }
  const counts = new Map<string, number>()
  for (const nth of stored) {
    for (const [kind, key] of Object.entries(keysOf(nth))) {
      counts.set(`${kind} ${key}`, (counts.get(`${kind} ${key}`) ?? 0) + 1)
    }
  }
  const others = (kind: string, key: string) => Math.max(0, (counts.get(`${kind} ${key}`) ?? 1) - 1)
  const candidates = places
    .filter((nth) => {
      const effect = changes[nth]!.effectiveAt?.getTime() ?? 0
      return isWithin(nth, from) || (timeOf(nth) < from && effect >= from && effect < to)
    })
    .map((nth) => {
      const change = changes[nth]!
      const keys = keysOf(nth)
      const row = {
        ...columnsRead(change, []),
        id: String(nth),
        change_set_id: sets.get(String(nth)) ?? null,
        source: change.source,
        source_id: change.sourceId,
        occurred_at: change.occurredAt,
      }
      return toCandidate(row, {
        environmentIds: environmentsOf(change),
        aliases: [...new Set(names.get(change.resources[0]?.key ?? '') ?? [])],
        history: {
          sameAction: others('sameAction', keys.sameAction),
          sameActor: others('sameActor', keys.sameActor),
          sameResource: change.resources[0] ? others('sameResource', keys.sameResource) : 0,
        },
      })
    })
  const environment = scenario.environments.find(({ name }) => name === incident.environmentId)
  const times = new Map<string, number>()
  for (const { service, action } of changes) {
    times.set(`${service} ${action}`, (times.get(`${service} ${action}`) ?? 0) + 1)
  }
  return {
    candidates,
    times,
    context: {
      historySize: stored.length,
      environment: environment ? { id: environment.name, ...environment } : null,
      now,
      code: [],
    },
  }
}

function linker({ environments }: Scenario) {
  const rules = environments
    .filter(({ match }) => Object.keys(match).length > 0)
    .map(({ name, match }) => ({ match, environments: [name] }))
  const compiled = compileRules({ mode: 'all', rules })
  const byName = new Map(environments.map(({ name }) => [fold(name), name]))
  return (change: Arrival['imported']['change']): string[] => {
    const { attributes, resources } = change
    const only = (text: string | null | undefined) => (text == null ? [] : [text])
    const subject = {
      source: [change.source],
      connection: [],
      account: only(change.accountId),
      region: only(change.region),
      service: [change.service],
      resource: resources.flatMap(({ id, name, arn }) => [id, ...only(name), ...only(arn)]),
      tag: [],
      actor: [change.actor.id, change.actor.name],
      repository: only(attributes?.repository),
      branch: only(attributes?.branch),
      label: attributes?.labels ?? [],
      environment: attributes?.environments ?? [],
    }
    return ownEnvironments(subject, compiled, byName)?.environments ?? []
  }
}

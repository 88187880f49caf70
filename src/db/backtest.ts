import {
  type BacktestMoment,
  type BacktestResult,
  isCause,
  LATER_MS,
  placesOfCause,
} from '../incidents/backtest.ts'
import type { RankedIncident } from '../incidents/incident.ts'
import { compileMapping, mapAlert } from '../incidents/mapping.ts'
import type { PastIncident } from '../incidents/past-incidents.ts'
import { rank } from '../incidents/ranking/rank.ts'
import type { Trx } from './database.ts'
import { listEnvironments } from './environments.ts'
import { loadCandidates } from './incident-answer.ts'
import { loadCompleteness } from './incident-completeness.ts'
import { listServiceMappings, toMapping } from './service-mappings.ts'

const MAX_SUSPECTS = 3

/**
 * Ranks a past incident on the imported history, as Cairn would have at the alert and 15 minutes
 * later: only changes that had arrived by then count. Environments, links and noise rules are those
 * of today.
 */
export async function backtestIncident(
  trx: Trx,
  organizationId: string,
  past: PastIncident,
  now: Date,
): Promise<BacktestResult> {
  const { time, title, cause } = past
  const place = await locate(trx, past)
  const { environmentId, services } = place
  const incident: RankedIncident = {
    title,
    noticedAt: time,
    startedAt: null,
    startedAfter: null,
    environmentId,
    services,
  }
  const answerAt = async (at: Date): Promise<BacktestMoment> => {
    const { candidates, context, searched } = await loadCandidates(trx, organizationId, incident, {
      now: at,
      arrivedBy: at,
    })
    const all = rank(incident, candidates, context, Number.POSITIVE_INFINITY)
    const places = placesOfCause({ time, environmentId, cause }, all.suspects, candidates)
    return {
      at,
      answer: all.answer,
      sentence: all.sentence,
      candidates: searched.candidates,
      suspects: all.suspects.slice(0, MAX_SUSPECTS),
      causeRank: places.causeRank,
      causeSetRank: places.causeSetRank,
      newestFirstRank: places.newestFirstRank,
    }
  }
  const later = new Date(time.getTime() + LATER_MS)
  const atAlert = await answerAt(time)
  const after15Minutes = later > now ? null : await answerAt(later)
  const stored = await loadCandidates(trx, organizationId, incident, { now: later })
  return {
    time,
    title,
    cause,
    environmentId,
    services,
    environment: place.environment,
    causeMatches: stored.candidates.filter((each) => isCause(each, cause)).length,
    completeness: await loadCompleteness(trx, { from: stored.searched.from, noticedAt: time }, now),
    atAlert,
    after15Minutes,
  }
}

/** Where it happened: the environment that is named, or the one that service mappings select. */
async function locate(
  trx: Trx,
  past: PastIncident,
): Promise<Pick<BacktestResult, 'environment' | 'environmentId' | 'services'>> {
  const environments = await listEnvironments(trx)
  const nameOf = (id: string | null) => environments.find((each) => each.id === id)?.name ?? null
  if (past.environment !== null) {
    const wanted = past.environment.toLowerCase()
    const named = environments.find(({ name }) => name.toLowerCase() === wanted)
    return {
      environment: named?.name ?? past.environment,
      environmentId: named?.id ?? null,
      services: past.services,
    }
  }
  const [first, ...others] = past.services
  const services = first === undefined ? [] : [{ id: past.serviceId ?? first, name: first }]
  services.push(...others.map((name) => ({ id: name, name })))
  const mappings = (await listServiceMappings(trx)).map(toMapping)
  const alert = { source: 'pagerduty' as const, services, labels: {} }
  const mapped = mapAlert(alert, compileMapping(mappings, environments))
  return {
    environment: nameOf(mapped.environmentId),
    environmentId: mapped.environmentId,
    services: mapped.services,
  }
}

/** Ranks the changes that may have caused an incident. Pure, see docs/decisions/040-ranking.md. */

import type { IncidentAnswer, IncidentResponse, Suspect } from '../answer.ts'
import { relation } from '../distance.ts'
import type { RankedIncident } from '../incident.ts'
import type { Candidate, Evidence, RankingContext } from './candidate.ts'
import { deployEvidence, withDeploys } from './deploys.ts'
import { effectEvidence } from './effect.ts'
import {
  actorEvidence,
  environmentEvidence,
  exposureEvidence,
  matcherOf,
  outcomeEvidence,
  rarityEvidence,
  riskEvidence,
  routineEvidence,
  scopeEvidence,
  symptomEvidence,
} from './evidence.ts'
import { findReversals, isBefore, type Reversal } from './reversal.ts'
import { domainsOfAlert } from './symptoms.ts'
import { distanceOf, effectOf, MINUTE_MS, possibleStarts, timeEvidenceFor } from './time.ts'

/** Log-odds that a change without any evidence caused the incident. */
const PRIOR = -2.6
/** Below this score, no change is named: calibrated on bench/outages. */
export const THRESHOLD = 0.62
const MAX_SUSPECTS = 10
const MAX_RESPONSES = 50
const MAX_REASONS = 6
/** Alerts and clocks differ: a change this soon after the notice is no response yet. */
const RESPONSE_GRACE = MINUTE_MS

const REVERSED_BEFORE = -2.5
const RESTORES = -2
const REVERSED_AFTER = 2.2

interface Scored {
  candidate: Candidate
  score: number
  evidence: Evidence[]
}

/** The log-odds of each candidate. The order of the candidates does not matter. */
export function scoreCandidates(
  incident: RankedIncident,
  candidates: readonly Candidate[],
  context: RankingContext,
  reversals = findReversals(candidates),
): Scored[] {
  const ofTime = timeEvidenceFor(incident)
  const match = matcherOf(incident, candidates)
  const domains = domainsOfAlert(incident.title)
  const reversal = reversalEvidence(incident, reversals)
  const scored = candidates.map((candidate) => {
    const matching = match(candidate)
    const evidence = [
      ofTime(candidate),
      matching,
      scopeEvidence(candidate, matching),
      exposureEvidence(candidate),
      symptomEvidence(candidate, domains),
      effectEvidence(candidate),
      riskEvidence(candidate),
      environmentEvidence(candidate, context),
      rarityEvidence(candidate, context),
      actorEvidence(candidate, context),
      routineEvidence(candidate),
      outcomeEvidence(candidate),
      ...reversal(candidate),
      ...deployEvidence(candidate),
    ]
    const odds = evidence.reduce((sum, { weight }) => sum + weight, PRIOR)
    return { candidate, evidence, score: 1 / (1 + Math.exp(-odds)) }
  })
  return scored.sort(byScore)
}

function byScore(a: Scored, b: Scored): number {
  return (
    b.score - a.score ||
    effectOf(b.candidate).getTime() - effectOf(a.candidate).getTime() ||
    (a.candidate.changeId < b.candidate.changeId ? -1 : 1)
  )
}

/**
 * The answer to an incident.
 *
 * @param mostSuspects how many suspects are listed; a backtest reads all of them
 */
export function rank(
  incident: RankedIncident,
  changes: readonly Candidate[],
  context: RankingContext,
  mostSuspects = MAX_SUSPECTS,
): Omit<IncidentAnswer, 'searched'> {
  const candidates = withDeploys(changes, context)
  const reversals = findReversals(candidates)
  const scored = scoreCandidates(incident, candidates, context, reversals)
  const isResponse = responseTest(incident)
  const eligible = scored.filter(({ candidate }) => !isResponse(candidate))
  const suspects = toSuspects(eligible)
  const best = suspects[0]
  const answer = best !== undefined && best.score >= THRESHOLD ? 'suspect' : 'none'
  return {
    answer,
    sentence:
      answer === 'none'
        ? 'No recorded change explains this'
        : sentenceOf(best!, incident, candidates),
    suspects: suspects.slice(0, mostSuspects),
    responses: responsesOf(incident, candidates, { isResponse, reversals }),
  }
}

/** A change that took effect after every possible start of the incident cannot have caused it. */
function responseTest(incident: RankedIncident) {
  const latest = (incident.startedAt ?? incident.noticedAt).getTime()
  const end = Math.min(
    latest + 2 * MINUTE_MS,
    Math.max(latest, incident.noticedAt.getTime() + RESPONSE_GRACE),
  )
  return (candidate: Candidate) => effectOf(candidate).getTime() > end
}

/** One suspect for each change set: its best change. */
function toSuspects(scored: readonly Scored[]): Suspect[] {
  const sets = Map.groupBy(scored, ({ candidate }) => candidate.changeSetId ?? candidate.changeId)
  return [...sets.values()].map((members) => {
    const { candidate, score, evidence } = members[0]!
    return {
      changeId: candidate.changeId,
      occurredAt: candidate.occurredAt,
      changeSetId: candidate.changeSetId,
      changesInSet: members.length,
      summary: candidate.summary,
      source: candidate.source,
      sourceId: candidate.sourceId,
      score,
      reasons: reasonsOf(evidence),
    }
  })
}

/** The strongest first. */
function reasonsOf(evidence: readonly Evidence[]): string[] {
  return evidence
    .filter((each) => each.reason !== null && (each.weight !== 0 || each.kind === 'time'))
    .toSorted((a, b) => strength(b) - strength(a))
    .slice(0, MAX_REASONS)
    .map(({ reason }) => reason!)
}

/** Time is always a reason, and counts from its usual distance. */
const strength = ({ kind, weight }: Evidence) => (kind === 'time' ? weight + 1.5 : weight)

function sentenceOf(
  best: Suspect,
  incident: RankedIncident,
  candidates: readonly Candidate[],
): string {
  const candidate = candidates.find(({ changeId }) => changeId === best.changeId)!
  const time = effectOf(candidate)
  const verb = candidate.effectiveAt === null ? '' : 'which took effect '
  return `Most likely: ${best.summary}, ${verb}${relation(incident.noticedAt.getTime() - time.getTime(), 'the alert')}`
}

function reversalEvidence(incident: RankedIncident, reversals: readonly Reversal[]) {
  const isResponse = responseTest(incident)
  const earliest = new Date(Math.min(...possibleStarts(incident).map(({ time }) => time)))
  const found = new Map<string, Evidence>()
  for (const { later, earlier } of reversals) {
    const laterSubject = later.summary
    if (isResponse(later)) {
      if (!isResponse(earlier)) {
        const when = distanceOf(later.occurredAt, { ...incident, startedAt: null })
        found.set(earlier.changeId, {
          kind: 'reversal',
          weight: REVERSED_AFTER,
          reason: `It was reversed ${when}: ${laterSubject}`,
        })
      }
      continue
    }
    if (isBefore(later, earliest)) {
      found.set(earlier.changeId, {
        kind: 'reversal',
        weight: REVERSED_BEFORE,
        reason: `It was reversed before the incident: ${laterSubject}`,
      })
    }
    const weight = found.get(later.changeId)?.weight ?? 0
    if (weight === 0) {
      found.set(later.changeId, {
        kind: 'reversal',
        weight: RESTORES,
        reason: `It restores an earlier state: ${earlier.summary}`,
      })
    }
  }
  return (candidate: Candidate) => {
    const evidence = found.get(candidate.changeId)
    return evidence === undefined ? [] : [evidence]
  }
}

/** What was done after the notice. Earlier reversals are evidence only. */
function responsesOf(
  incident: RankedIncident,
  candidates: readonly Candidate[],
  known: { isResponse: (candidate: Candidate) => boolean; reversals: readonly Reversal[] },
): IncidentResponse[] {
  const { isResponse } = known
  const reversals = new Map(known.reversals.map(({ later, earlier }) => [later.changeId, earlier]))
  return candidates
    .filter(({ occurredAt }) => occurredAt >= incident.noticedAt)
    .filter((each) => !each.readOnly && (isResponse(each) || reversals.has(each.changeId)))
    .filter((each) => each.noise === null || reversals.has(each.changeId))
    .toSorted((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime())
    .slice(0, MAX_RESPONSES)
    .map((each) => {
      const reversed = reversals.get(each.changeId)
      return {
        changeId: each.changeId,
        occurredAt: each.occurredAt,
        summary: each.summary,
        reverses: reversed?.changeId ?? null,
        reason:
          reversed === undefined
            ? `It occurred ${distanceOf(each.occurredAt, incident)}`
            : `It reverses an earlier change: ${reversed.summary}`,
      }
    })
}

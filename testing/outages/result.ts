/** Formats the output of `npm run outages` from the rankings. */

import type { IncidentAnswer, Suspect } from '../../src/incidents/answer.ts'
import type { Scenario } from './scenario.ts'

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

const TOP = 5

/** A change that the baselines rank. */
interface ShownAnswer {
  changeId: string
  changeSetId: string | null
  sourceId: string
  isNoise: boolean
  /** In the incident's environment. */
  isOwn: boolean
  /** How often its action occurs in the stored history. */
  times: number
}

/** @param ranked.shown the changes up to the notice, the newest first */
export function resultOf(
  { id, culprits: sourceIds, askAt }: Scenario,
  ranked: {
    now: Date
    answer: IncidentAnswer['answer']
    suspects: readonly Suspect[]
    shown: readonly ShownAnswer[]
    candidates: number
  },
): ScenarioResult {
  const { now, answer, suspects, candidates } = ranked
  const culprits = new Set(sourceIds)
  const shown = ranked.shown.filter(({ isNoise }) => !isNoise)
  const newest = shown.filter(({ isOwn }) => isOwn)
  const rarest = shown.toSorted((a, b) => a.times - b.times)
  const culpritSets = new Set(
    ranked.shown
      .filter(({ sourceId }) => culprits.has(sourceId))
      .map(({ changeId, changeSetId }) => changeSetId ?? changeId),
  )
  const place = <T>(items: readonly T[], test: (item: T) => boolean) => {
    const index = items.findIndex(test)
    return index < 0 ? null : index + 1
  }
  return {
    id,
    ...(askAt?.length && { askedAt: now.toISOString() }),
    answer,
    rank: place(suspects, (each) => culpritSets.has(each.changeSetId ?? each.changeId)),
    lineRank: place(suspects, ({ sourceId }) => culprits.has(sourceId)),
    baselineRank: place(newest, ({ sourceId }) => culprits.has(sourceId)),
    rarityRank: place(rarest, ({ sourceId }) => culprits.has(sourceId)),
    candidates,
    reasons: suspects[0]?.reasons ?? [],
    top: suspects.slice(0, TOP).map(({ summary, sourceId, score, reasons }) => ({
      summary,
      sourceId,
      score: Number(score.toFixed(4)),
      reasons,
    })),
  }
}

interface OutageSummary {
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
): OutageSummary {
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

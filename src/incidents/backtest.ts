/** What a backtest reports: Cairn's answers to past incidents. Pure, see docs/decisions/045-backtest.md. */

import type { Suspect } from './answer.ts'
import type { WindowCompleteness } from './completeness.ts'
import type { Candidate } from './ranking/candidate.ts'

/** How long after the alert the second answer is. */
export const LATER_MS = 15 * 60_000
/**
 * When an event of imported history counts as arrived, after it occurred: CloudTrail's average.
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html
 */
export const MODELLED_DELAY_MINUTES = 5

/** The answer at one moment, on what had arrived by then. */
export interface BacktestMoment {
  at: Date
  answer: 'suspect' | 'none'
  sentence: string
  /** The number of changes in the window that had arrived. */
  candidates: number
  /** At most three, the most likely first. */
  suspects: Suspect[]
  /** The place of the cause among the suspects. Null: not listed, or the cause is unknown. */
  causeRank: number | null
  /** The place of the first suspect whose change set contains the cause. */
  causeSetRank: number | null
  /** The place of the cause in its environment's changes before the alert, the newest first. */
  newestFirstRank: number | null
}

export interface BacktestResult {
  time: Date
  title: string
  /** The name as written, or of the environment that a service mapping selects. */
  environment: string | null
  /** Null: unknown, or no environment has this name. Then all environments count the same. */
  environmentId: string | null
  services: string[]
  cause: string | null
  /** How many changes of the window match the cause, also those that had not arrived. */
  causeMatches: number
  completeness: WindowCompleteness
  atAlert: BacktestMoment
  /** Null: this moment is in the future. */
  after15Minutes: BacktestMoment | null
}

/** What identifies a change in a text of a person. */
type IdentifiedChange = Pick<Candidate, 'changeId' | 'sourceId' | 'summary'>

export function isCause(change: IdentifiedChange, cause: string | null): boolean {
  if (cause === null) return false
  const text = cause.toLowerCase()
  return (
    change.changeId === text ||
    change.sourceId.toLowerCase() === text ||
    change.summary.toLowerCase().includes(text)
  )
}

/** Places are 1-based. `suspects` are all of them, in their order. */
export function placesOfCause(
  incident: { time: Date; environmentId: string | null; cause: string | null },
  suspects: readonly Suspect[],
  candidates: readonly Candidate[],
): Pick<BacktestMoment, 'causeRank' | 'causeSetRank' | 'newestFirstRank'> {
  const { time, environmentId, cause } = incident
  const sets = new Set(
    candidates
      .filter((each) => isCause(each, cause))
      .map((each) => each.changeSetId ?? each.changeId),
  )
  const newest = candidates
    .filter(({ occurredAt, noise }) => occurredAt <= time && noise === null)
    .filter((each) => environmentId === null || each.environmentIds.includes(environmentId))
    .toSorted((a, b) => b.occurredAt.getTime() - a.occurredAt.getTime())
  return {
    causeRank: placeOf(suspects, (each) => isCause(each, cause)),
    causeSetRank: placeOf(suspects, (each) => sets.has(each.changeSetId ?? each.changeId)),
    newestFirstRank: placeOf(newest, (each) => isCause(each, cause)),
  }
}

function placeOf<T>(items: readonly T[], test: (item: T) => boolean): number | null {
  const index = items.findIndex(test)
  return index < 0 ? null : index + 1
}

/** What a summary reads of a result, so that it counts parsed JSON too. */
interface Counted {
  cause: string | null
  completeness: { isComplete: boolean }
  atAlert: CountedMoment
  after15Minutes: CountedMoment | null
}
type CountedMoment = Pick<BacktestMoment, 'answer' | 'causeRank' | 'newestFirstRank'>

export interface MomentSummary {
  incidents: number
  abstentions: number
  causeFirst: number
  causeInTopThree: number
  newestFirst: number
  newestInTopThree: number
}

interface BacktestSummary {
  incidents: number
  withCause: number
  incomplete: number
  atAlert: MomentSummary
  after15Minutes: MomentSummary
}

export function summarizeBacktest(results: readonly Counted[]): BacktestSummary {
  return {
    incidents: results.length,
    withCause: results.filter(({ cause }) => cause !== null).length,
    incomplete: results.filter(({ completeness }) => !completeness.isComplete).length,
    atAlert: summarizeMoments(results.map(({ atAlert }) => atAlert)),
    after15Minutes: summarizeMoments(results.flatMap(({ after15Minutes }) => after15Minutes ?? [])),
  }
}

function summarizeMoments(moments: readonly CountedMoment[]): MomentSummary {
  const count = (test: (moment: CountedMoment) => boolean) => moments.filter(test).length
  const within = (rank: number | null, most: number) => rank !== null && rank <= most
  return {
    incidents: moments.length,
    abstentions: count(({ answer }) => answer === 'none'),
    causeFirst: count(({ causeRank }) => within(causeRank, 1)),
    causeInTopThree: count(({ causeRank }) => within(causeRank, 3)),
    newestFirst: count(({ newestFirstRank }) => within(newestFirstRank, 1)),
    newestInTopThree: count(({ newestFirstRank }) => within(newestFirstRank, 3)),
  }
}

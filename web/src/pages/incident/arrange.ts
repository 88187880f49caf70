/** Which suspects an incident's page shows, and how its timeline is divided. Pure. */

import { relation } from '../../../../src/incidents/distance.ts'
import type { Change, IncidentAnswer, Suspect, Verdict } from '../../client.ts'

const MAX_SUSPECTS = 3

interface Arranged {
  /** A person decided that it caused the incident. */
  cause: Suspect | undefined
  shown: Suspect[]
  dismissed: number
}

/** At most three suspects: the confirmed cause first, and none that was dismissed. */
export function arrangeSuspects(
  suspects: readonly Suspect[],
  verdicts: readonly Verdict[],
): Arranged {
  const verdictOf = new Map(verdicts.map(({ changeId, verdict }) => [changeId, verdict]))
  const is = (verdict: Verdict['verdict']) => (suspect: Suspect) =>
    verdictOf.get(suspect.changeId) === verdict
  const caused = suspects.filter(is('caused'))
  const others = suspects.filter(
    (suspect) => !is('caused')(suspect) && !is('dismissed')(suspect) && !is('fixed')(suspect),
  )
  return {
    cause: caused[0],
    shown: [...caused, ...others].slice(0, MAX_SUSPECTS),
    dismissed: suspects.filter(is('dismissed')).length,
  }
}

/**
 * The answer in one sentence after the verdicts of people, for the page and for copied reports.
 *
 * @returns `isExplained`: whether the shown suspects are more than the closest candidates
 */
export function conclude(
  answer: Pick<IncidentAnswer, 'answer' | 'sentence' | 'suspects'>,
  verdicts: readonly Verdict[],
): { sentence: string; isExplained: boolean } {
  const { cause } = arrangeSuspects(answer.suspects, verdicts)
  if (cause) return { sentence: `Cause: ${cause.summary}`, isExplained: true }
  const first = answer.suspects[0]
  const verdict = verdicts.find(({ changeId }) => changeId === first?.changeId)?.verdict
  if (answer.answer === 'suspect' && (verdict === 'dismissed' || verdict === 'fixed')) {
    const done = verdict === 'dismissed' ? 'was dismissed' : 'is marked as the fix'
    return { sentence: `The most likely change ${done}: ${first!.summary}`, isExplained: false }
  }
  return { sentence: answer.sentence, isExplained: answer.answer === 'suspect' }
}

/** `6 minutes before the alert`. */
export function distance(occurredAt: string, noticedAt: string): string {
  return relation(Date.parse(noticedAt) - Date.parse(occurredAt), 'the alert')
}

/** A change that was stored after the incident was opened, although it occurred before. */
export function arrivedLater(change: Change, openedAt: string): boolean {
  return change.importedAt > openedAt && change.occurredAt < openedAt
}

/** A part of the timeline: a moment of the incident, or the changes of one set. */
type TimelineEntry =
  | { kind: 'moment'; key: string; at: string; label: string }
  | { kind: 'changes'; key: string; setId: string | null; named: Change; others: Change[] }

export interface Moment {
  at: string
  label: string
}

/**
 * Changes of one set are one entry, unless a moment of the incident divides them. The named change
 * is the suspect if the entry has one, else the newest.
 *
 * @param changes newest first
 */
export function toTimeline(
  changes: readonly Change[],
  moments: readonly Moment[],
  named: ReadonlySet<string>,
): TimelineEntry[] {
  const earlier = ({ occurredAt }: Change) =>
    moments.filter(({ at }) => Date.parse(at) <= Date.parse(occurredAt)).length
  const sets = Map.groupBy(
    changes,
    (change) => `${change.changeSetId ?? change.id} ${earlier(change)}`,
  )
  const entries = [...sets].map(([key, members]): TimelineEntry & { at: string } => {
    const first = members.find(({ id }) => named.has(id)) ?? members[0]!
    const setId = members.length > 1 ? first.changeSetId : null
    const others = members.filter((member) => member !== first)
    return { kind: 'changes', key, setId, named: first, others, at: first.occurredAt }
  })
  const marks = moments.map(({ at, label }) => ({
    kind: 'moment' as const,
    key: `${label} ${at}`,
    at,
    label,
  }))
  return [...marks, ...entries].sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
}

/** The window moved or extended by a part of its length. */
export function moveWindow(
  { from, to }: IncidentAnswer['timeline'],
  by: 'earlier' | 'later' | 'wider',
): { from: string; to: string } {
  const start = Date.parse(from)
  const end = Date.parse(to)
  const half = Math.round((end - start) / 2)
  const iso = (ms: number) => new Date(ms).toISOString()
  if (by === 'earlier') return { from: iso(start - half), to: iso(end - half) }
  if (by === 'later') return { from: iso(start + half), to: iso(end + half) }
  return { from: iso(start - half), to: iso(end + half) }
}

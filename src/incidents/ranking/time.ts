/** Evidence from time: how long before the incident's start a change took effect. */

import { duration, relation } from '../distance.ts'
import type { RankedIncident } from '../incident.ts'
import type { Candidate, Evidence } from './candidate.ts'

export const MINUTE_MS = 60_000
/** Log-odds that each doubling of the distance costs. */
const PER_DOUBLING = 0.42
/** Distances far below this are equal: alerts are late by minutes. */
const SCALE = 15 * MINUTE_MS
/** Clocks and alerts are this inexact. */
const GRACE = 2 * MINUTE_MS
/** An alert follows the start by 20 minutes on average, and by 90 minutes at most. */
const MEAN_DELAY = 20 * MINUTE_MS
const MAX_DELAY = 90 * MINUTE_MS
/** How much less likely a cause is that comes after every possible start. */
const AFTER_START = -4

/** When the change takes effect. */
export function effectOf(candidate: Pick<Candidate, 'occurredAt' | 'effectiveAt'>): Date {
  return candidate.effectiveAt ?? candidate.occurredAt
}

/** The times at which the incident may have started, in milliseconds, with their probabilities. */
export function possibleStarts(incident: RankedIncident): { time: number; probability: number }[] {
  const noticed = incident.noticedAt.getTime()
  if (incident.startedAt) {
    return [{ time: Math.min(incident.startedAt.getTime(), noticed), probability: 1 }]
  }
  const after = incident.startedAfter?.getTime() ?? Number.NEGATIVE_INFINITY
  const earliest = Math.min(noticed, Math.max(after, noticed - MAX_DELAY))
  const steps = 18
  const width = (noticed - earliest) / steps
  const starts = Array.from({ length: steps + 1 }, (_, nth) => {
    const delay = nth * width
    return { time: noticed - delay, probability: Math.exp(-delay / MEAN_DELAY) }
  })
  const total = starts.reduce((sum, { probability }) => sum + probability, 0)
  return starts.map(({ time, probability }) => ({ time, probability: probability / total }))
}

/** Log-odds of a change this long before the start, in milliseconds. Smooth, without a limit. */
function decay(elapsed: number): number {
  if (elapsed < -GRACE) return AFTER_START
  return -PER_DOUBLING * Math.log2(1 + Math.max(0, elapsed) / SCALE)
}

export function timeEvidenceFor(incident: RankedIncident): (candidate: Candidate) => Evidence {
  const starts = possibleStarts(incident)
  return (candidate) => {
    const effect = effectOf(candidate)
    const odds = starts.reduce(
      (sum, { time, probability }) => sum + probability * Math.exp(decay(time - effect.getTime())),
      0,
    )
    const distance = distanceOf(effect, incident)
    const deferred =
      candidate.effectiveAt === null
        ? ''
        : `: it was requested ${duration(effect.getTime() - candidate.occurredAt.getTime())} earlier`
    return {
      kind: 'time',
      weight: Math.log(odds),
      reason: `It took effect ${distance}${deferred}`,
    }
  }
}

/** `6 minutes before the alert`, or relative to the start if that is known. */
export function distanceOf(time: Date, incident: RankedIncident): string {
  const known = incident.startedAt !== null && incident.startedAt < incident.noticedAt
  const reference = known ? incident.startedAt! : incident.noticedAt
  return relation(reference.getTime() - time.getTime(), known ? 'the start' : 'the alert')
}

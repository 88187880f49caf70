import type { Ledger } from '../db/coverage.ts'
import { clip, seconds, subtract } from '../db/ranges.ts'
import type { SecondsRange } from '../db/schema/column-types.ts'
import { CONFIRM_AFTER_SECONDS, liveEdge, retentionEdge } from '../db/wanted-range.ts'

const HOUR_SECONDS = 3600

/** How far back the live scan reads. Older time is backfill. */
const LIVE_REACH_SECONDS = HOUR_SECONDS
/** With fewer unconfirmed seconds, a confirming scan is not worth a request. */
const MIN_CONFIRM_SECONDS = HOUR_SECONDS

export type Purpose = 'live' | 'backfill' | 'confirm'

/** Work that fails and backs off together. Confirmation belongs to backfill. */
export type Track = 'live' | 'backfill'

export const trackOf = (purpose: Purpose): Track => (purpose === 'live' ? 'live' : 'backfill')

export interface RegionWork {
  purpose: Purpose
  /** In the order of reading: newest first. */
  ranges: SecondsRange[]
}

/** What determines the next work of a region. All times are Unix seconds. */
interface RegionPlan {
  ledger: Ledger
  /** The start of the time to import. */
  wantedFrom: number
  now: number
  isLiveDue: boolean
  /** The ranges that running scans are reading. */
  taken: readonly SecondsRange[]
  /** The length of a piece of a gap. */
  pieceSeconds: number
}

/** The most important work that no scan is reading. */
export function nextWork(purposes: readonly Purpose[], plan: RegionPlan): RegionWork | undefined {
  const { now, taken, wantedFrom } = plan
  const { settled, confirmed, set_aside } = plan.ledger
  const liveFrom = startOfLiveScan(plan)

  if (purposes.includes('live') && plan.isLiveDue) {
    const ranges = subtract([[liveFrom, now]], [...set_aside, ...taken]).reverse()
    if (ranges.length > 0) return { purpose: 'live', ranges }
  }
  const busy = [...settled, ...set_aside, ...taken]
  const oldest = Math.max(wantedFrom, retentionEdge(new Date(now * 1000)))
  if (purposes.includes('backfill')) {
    const gap = subtract([[oldest, liveFrom]], busy).at(-1)
    if (gap) return { purpose: 'backfill', ranges: [newestPiece(gap, plan.pieceSeconds)] }
  }
  if (purposes.includes('confirm')) {
    const old = clip(settled, oldest, now - CONFIRM_AFTER_SECONDS)
    const unconfirmed = subtract(old, [...confirmed, ...taken])
    const range = unconfirmed.at(-1)
    if (range && seconds(unconfirmed) >= MIN_CONFIRM_SECONDS) {
      return { purpose: 'confirm', ranges: [newestPiece(range, plan.pieceSeconds)] }
    }
  }
  return undefined
}

function newestPiece([from, to]: SecondsRange, length: number): SecondsRange {
  return [Math.max(from, to - length), to]
}

/** The live edge, unless that is too far back. */
function startOfLiveScan({ ledger, wantedFrom, now }: RegionPlan): number {
  const edge = liveEdge(ledger.settled) ?? wantedFrom
  return Math.min(now, Math.max(edge, now - LIVE_REACH_SECONDS, wantedFrom))
}

import type { VerificationVerdict } from './checks.ts'

/*
 * The statuses of a connection, and how they are derived. Pure and without dependencies, so that
 * activities, the API and workflows derive the same status from the same facts.
 */

export const connectionStatuses = [
  'awaiting_role',
  'verifying',
  'waiting_for_aws',
  'importing',
  'current',
  'behind',
  'action_needed',
  'paused',
  'deleting',
] as const
export type ConnectionStatus = (typeof connectionStatuses)[number]

/**
 * The state of a region:
 *
 * - `active`: LookupEvents responds
 * - `unknown`: no response yet, for an unknown reason; it counts as incomplete and is retried
 * - `denied`, `not_enabled`: AWS's explicit response
 * - `excluded`: excluded by an owner, or by `CAIRN_REGIONS`
 */
export const regionStates = ['active', 'unknown', 'denied', 'not_enabled', 'excluded'] as const
export type RegionState = (typeof regionStates)[number]

/** Who excluded a region: an owner in Cairn, or `CAIRN_REGIONS`. */
export const regionExcluders = ['owner', 'configuration'] as const
export type ExcludedBy = (typeof regionExcluders)[number]

const MINUTE_SECONDS = 60

/**
 * CloudTrail delivers late and out of order: younger seconds are read again before they are
 * settled.
 */
export const SETTLING_SECONDS = 20 * MINUTE_SECONDS
/** A region without events is polled less and less often, down to this interval. */
export const MAX_QUIET_INTERVAL_SECONDS = 10 * MINUTE_SECONDS
/** How far a live edge may lag beyond the longest poll interval before the region is behind. */
const TOLERATED_LAG_SECONDS = 5 * MINUTE_SECONDS
/** A connection is behind if its last import cycle ended this many poll intervals ago. */
const MISSED_INTERVALS = 3

/**
 * The only definition of lag: how far a live edge is behind the newest second that can be settled.
 *
 * @param edge the live edge, Unix seconds; null while nothing is settled
 * @param now Unix seconds
 * @returns seconds, never negative; null while nothing is settled
 */
export function lagSeconds(edge: number | null, now: number): number | null {
  return edge === null ? null : Math.max(0, Math.round(now - SETTLING_SECONDS - edge))
}

/** Whether a lag is longer than polling alone explains. */
export function isLagging(lag: number, pollIntervalSeconds: number): boolean {
  return lag > Math.max(pollIntervalSeconds, MAX_QUIET_INTERVAL_SECONDS) + TOLERATED_LAG_SECONDS
}

/** A region's contribution to the status of its connection. */
export interface RegionStanding {
  region: string
  state: RegionState
  /**
   * Whether the region counts toward completeness. False if it is excluded, or if AWS has denied it
   * from the start.
   */
  counts: boolean
  /** The live edge; null while nothing is settled. */
  completeThrough: Date | null
  /** The number of wanted seconds below the live edge that are not imported yet. */
  gapSeconds: number
  /** The number of wanted seconds that could not be read completely and are skipped. */
  setAsideSeconds: number
  /** The imported share of the lookback. */
  backfill: { percent: number }
  lastError: string | null
}

/** All inputs from which the status of a connection is derived. */
export interface Standing {
  deleted: boolean
  hasRole: boolean
  paused: boolean
  pollIntervalSeconds: number
  /** The newest verdict on the connection's current role; null if there is none yet. */
  verdict: { state: VerificationVerdict; reason: string | null } | null
  /** Why the verified role cannot be assumed now, as one sentence; null if it can. */
  sessionError: string | null
  regions: readonly RegionStanding[]
  now: Date
}

export interface StatusAndReason {
  status: ConnectionStatus
  /** One sentence; null if the status is sufficient. */
  reason: string | null
}

/** Derives the status of a connection and its reason from the stored data. */
export function deriveStatus(standing: Standing): StatusAndReason {
  const { verdict } = standing
  if (standing.deleted) return { status: 'deleting', reason: null }
  if (!standing.hasRole) return { status: 'awaiting_role', reason: null }
  if (standing.paused) return { status: 'paused', reason: null }
  if (verdict === null) return { status: 'verifying', reason: null }
  if (verdict.state === 'failed') return { status: 'action_needed', reason: verdict.reason }
  if (verdict.state === 'waiting') return { status: 'waiting_for_aws', reason: verdict.reason }
  if (standing.sessionError !== null) return { status: 'behind', reason: standing.sessionError }
  return deriveImportStatus(standing)
}

/** Derives the status of a connection that may import. */
function deriveImportStatus(
  standing: Pick<Standing, 'regions' | 'now' | 'pollIntervalSeconds'>,
): StatusAndReason {
  const counted = standing.regions.filter(({ counts }) => counts)
  const failing = failingRegions(counted)
  const [first] = failing
  if (first) {
    const others = failing.length > 1 ? ` and ${failing.length - 1} more` : ''
    return { status: 'behind', reason: `${first.region}${others}: ${first.error}` }
  }
  const now = standing.now.getTime() / 1000
  const lags = counted.map(({ completeThrough }) =>
    lagSeconds(completeThrough && completeThrough.getTime() / 1000, now),
  )
  const hasGaps = counted.some(({ gapSeconds }) => gapSeconds > 0)
  if (counted.length === 0 || lags.includes(null) || hasGaps) {
    // How much is imported changes with each page, without this status: the coverage reports it.
    return { status: 'importing', reason: null }
  }
  const holed = counted.find(({ setAsideSeconds }) => setAsideSeconds > 0)
  if (holed) {
    const { region, setAsideSeconds: count } = holed
    return {
      status: 'behind',
      reason: `${region}: ${count} ${count === 1 ? 'second' : 'seconds'} could not be read completely after several attempts. The next verification retries them`,
    }
  }
  const lag = Math.max(...(lags as number[]))
  if (isLagging(lag, standing.pollIntervalSeconds)) {
    const slowest = counted[lags.indexOf(lag)]!.region
    return { status: 'behind', reason: `${slowest} is ${Math.round(lag / 60)} minutes behind` }
  }
  return { status: 'current', reason: null }
}

/** The counted regions that cannot be read now, those that AWS refuses first. */
export function failingRegions(
  regions: readonly Pick<RegionStanding, 'region' | 'state' | 'counts' | 'lastError'>[],
): { region: string; error: string }[] {
  const failing = regions.flatMap((region) => {
    const error = regionError(region)
    return error === null ? [] : [{ region: region.region, error, state: region.state }]
  })
  const isRefused = ({ state }: { state: RegionState }) =>
    state === 'denied' || state === 'not_enabled'
  return [...failing.filter(isRefused), ...failing.filter((region) => !isRefused(region))].map(
    ({ region, error }) => ({ region, error }),
  )
}

function regionError({
  state,
  counts,
  lastError,
}: Pick<RegionStanding, 'state' | 'counts' | 'lastError'>): string | null {
  if (!counts) return null
  switch (state) {
    case 'denied':
      return `AWS denies the role access to the region (${lastError}). Exclude the region if this is intended`
    case 'not_enabled':
      return `the region is no longer enabled in the account (${lastError}). Exclude the region if this is intended`
    case 'unknown':
      return lastError === null ? null : `not read yet (${lastError})`
    default:
      return lastError
  }
}

/** Whether a connection of this status has import cycles. */
export function isImporting(status: ConnectionStatus): boolean {
  return status === 'importing' || status === 'current' || status === 'behind'
}

/**
 * When a connection that should be importing became overdue, because no cycle has ended; null if it
 * is not.
 *
 * @param facts.cycleAt when the last import cycle ended. Ignored if it is more than three intervals
 *   ahead, because the clock that it comes from was wrong
 * @param facts.changedAt when the status or the desired state last changed
 */
export function overdueSince(facts: {
  status: ConnectionStatus
  cycleAt: Date | null
  changedAt: Date
  pollIntervalSeconds: number
  now: Date
}): Date | null {
  if (!isImporting(facts.status)) return null
  const now = facts.now.getTime()
  const tolerated = MISSED_INTERVALS * facts.pollIntervalSeconds * 1000
  const cycleAt = facts.cycleAt?.getTime() ?? 0
  const last = Math.max(cycleAt > now + tolerated ? 0 : cycleAt, facts.changedAt.getTime())
  const since = last + tolerated
  return now > since ? new Date(since) : null
}

import { SETTLING_SECONDS } from '../connections/status.ts'
import type { SecondsRange } from './schema/column-types.ts'
import type { ConnectionRow } from './schema/connections.ts'

const HOUR_SECONDS = 3600
const DAY_SECONDS = 24 * HOUR_SECONDS

/**
 * Every settled second is read once more at this age. Events that AWS delivers before are imported.
 */
export const CONFIRM_AFTER_SECONDS = 26 * HOUR_SECONDS
/** How long LookupEvents keeps events, minus a margin: near the limit it returns nothing. */
const RETENTION_SECONDS = 90 * DAY_SECONDS - 15 * 60

/**
 * The seconds that this connection should import: from a fixed start, its creation minus the
 * lookback, to 20 minutes before `now`.
 */
export function wantedRange(
  connection: Pick<ConnectionRow, 'created_at' | 'lookback_days'>,
  now: Date,
): SecondsRange {
  const connected = Math.floor(connection.created_at.getTime() / 1000)
  const end = Math.floor(now.getTime() / 1000) - SETTLING_SECONDS
  return [connected - connection.lookback_days * DAY_SECONDS, end]
}

/** The part of the gaps that is past CloudTrail's retention. */
export function retentionEdge(now: Date): number {
  return Math.floor(now.getTime() / 1000) - RETENTION_SECONDS
}

/** End of the newest settled range: the live edge. */
export function liveEdge(settled: readonly SecondsRange[]): number | null {
  return settled.at(-1)?.[1] ?? null
}

import type { AwsProblemKind } from '../connections/aws-problems.ts'
import { type RegionStanding, type RegionState, SETTLING_SECONDS } from '../connections/status.ts'
import type { Trx } from './database.ts'
import { clip, seconds, subtract } from './ranges.ts'
import type { SecondsRange } from './schema/column-types.ts'
import type { ConnectionRow, CoverageRow } from './schema/connections.ts'
import { liveEdge, retentionEdge, wantedRange } from './wanted-range.ts'

/** A region's coverage as it is shown. */
export interface RegionCoverage extends RegionStanding {
  state: RegionState
  /**
   * The live edge: all wanted time before it is imported, except for `gaps`, `lost` and `setAside`.
   */
  completeThrough: Date | null
  settled: SecondsRange[]
  /** Still to be imported. */
  gaps: SecondsRange[]
  /** Not imported, and past CloudTrail's retention. */
  lost: SecondsRange[]
  /** Skipped: these seconds could not be read completely after several attempts. */
  setAside: SecondsRange[]
  backfill: { percent: number; etaSeconds: number | null }
  /** When the region was excluded, and whether by an owner or by `CAIRN_REGIONS`. */
  excludedAt: Date | null
  excludedBy: CoverageRow['excluded_by']
  events: number
  requests: number
  throttled: number
  lateEvents: number
  /** Null without an error, and for an error that was stored before kinds were. */
  lastErrorKind: AwsProblemKind | null
  nextPollAt: Date
}

/** The coverage of the connection's current account and selection, by region. */
export async function regionCoverage(
  trx: Trx,
  connection: ConnectionRow,
  now: Date,
): Promise<RegionCoverage[]> {
  const rows = await coverageRows(trx, connection)
  return rows.map((row) => describe(row, connection, now))
}

/** The ledger rows of the connection's current account and selection. */
export async function coverageRows(trx: Trx, connection: ConnectionRow): Promise<CoverageRow[]> {
  if (!connection.account_id) return []
  return trx
    .selectFrom('coverage')
    .selectAll()
    .where('connection_id', '=', connection.id)
    .where('account_id', '=', connection.account_id)
    .where('selection', '=', connection.selection)
    .orderBy('region')
    .execute()
}

function describe(row: CoverageRow, connection: ConnectionRow, now: Date): RegionCoverage {
  const [from, to] = wantedRange(connection, now)
  const edge = retentionEdge(now)
  const missing = subtract([[from, to]], row.settled)
  const lost = clip(missing, from, edge)
  const setAside = clip(row.set_aside, Math.max(from, edge), to)
  const gaps = clip(missing, Math.max(from, edge), to)
  const left = countGapSeconds(row, connection, now)
  const wanted = seconds([[Math.max(from, edge), to]])
  const through = liveEdge(row.settled)
  return {
    region: row.region,
    state: row.excluded_at === null ? row.state : 'excluded',
    counts: row.counts,
    completeThrough: through === null ? null : new Date(through * 1000),
    settled: clip(row.settled, from, to),
    gaps,
    lost,
    setAside,
    gapSeconds: left,
    setAsideSeconds: seconds(setAside),
    excludedAt: row.excluded_at,
    excludedBy: row.excluded_by,
    backfill: {
      percent: wanted === 0 ? 100 : Math.floor((100 * (wanted - left)) / wanted),
      etaSeconds: estimate(row, left, connection, now),
    },
    events: row.events,
    requests: row.requests,
    throttled: row.throttled,
    lateEvents: row.late_events,
    lastError: row.last_error,
    lastErrorKind: row.last_error_kind,
    nextPollAt: row.next_poll_at,
  }
}

/**
 * The number of wanted seconds below the live edge that are not imported yet. Time after the live
 * edge is lag, not backfill. Seconds that are set aside or past the retention do not count.
 */
export function countGapSeconds(
  ledger: Pick<CoverageRow, 'settled' | 'set_aside'>,
  connection: Pick<ConnectionRow, 'created_at' | 'lookback_days'>,
  now: Date,
): number {
  const [from, to] = wantedRange(connection, now)
  const missing = subtract([[from, to]], [...ledger.settled, ...ledger.set_aside])
  return seconds(clip(missing, Math.max(from, retentionEdge(now)), liveEdge(ledger.settled) ?? to))
}

/**
 * Estimated from the pace since the connection was created; null before there is one, 0 when
 * nothing is left.
 */
function estimate(
  row: CoverageRow,
  left: number,
  connection: ConnectionRow,
  now: Date,
): number | null {
  if (left <= SETTLING_SECONDS) return 0
  const began = connection.role_arn_set_at?.getTime()
  const done = seconds(row.settled)
  if (!began || done === 0 || row.state !== 'active') return null
  const elapsed = Math.max(1, (now.getTime() - began) / 1000)
  return Math.ceil((left * elapsed) / done)
}

/** The live edge over all regions that count; null while one of them has settled nothing. */
export function completeThrough(regions: Pick<RegionCoverage, 'counts' | 'completeThrough'>[]) {
  const edges = regions.filter(({ counts }) => counts).map((r) => r.completeThrough)
  if (edges.length === 0 || edges.includes(null)) return null
  return new Date(Math.min(...edges.map((edge) => edge!.getTime())))
}

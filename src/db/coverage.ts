import { type ExpressionBuilder, type RawBuilder, sql } from 'kysely'
import type { Selection } from '../connections/selection.ts'
import {
  type ExcludedBy,
  type RegionStanding,
  type RegionState,
  SETTLING_SECONDS,
} from '../connections/status.ts'
import { multirangeLiteral, type Trx } from './database.ts'
import { clip, normalize, seconds, subtract } from './ranges.ts'
import type { ConnectionRow, CoverageRow, Schema, SecondsRange } from './schema.ts'

const HOUR = 3600
const DAY = 24 * HOUR

export { SETTLING_SECONDS }
/**
 * Every settled second is read once more at this age. Events that AWS delivers before are imported.
 */
export const CONFIRM_AFTER_SECONDS = 26 * HOUR
/** How long LookupEvents keeps events, minus a margin: near the limit it returns nothing. */
export const RETENTION_SECONDS = 90 * DAY - 15 * 60

/** Identifies one row of the ledger. */
export interface CoverageKey {
  connectionId: string
  accountId: string
  region: string
  selection: Selection
}

/**
 * The seconds that this connection should import: from a fixed start, its creation minus the
 * look-back, to 20 minutes before `now`.
 */
export function wantedRange(
  connection: Pick<ConnectionRow, 'created_at' | 'lookback_days'>,
  now: Date,
): SecondsRange {
  const connected = Math.floor(connection.created_at.getTime() / 1000)
  const end = Math.floor(now.getTime() / 1000) - SETTLING_SECONDS
  return [connected - connection.lookback_days * DAY, end]
}

/** The part of the gaps that is past CloudTrail's retention. */
export function retentionEdge(now: Date): number {
  return Math.floor(now.getTime() / 1000) - RETENTION_SECONDS
}

/** End of the newest settled range: the live edge. */
export function liveEdge(settled: readonly SecondsRange[]): number | null {
  return settled.at(-1)?.[1] ?? null
}

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
  // Time after the live edge is lag, not backfill.
  const left = seconds(clip(subtract(gaps, setAside), 0, liveEdge(row.settled) ?? to))
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
    nextPollAt: row.next_poll_at,
  }
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

/** The result of probing a region, to store in the ledger. */
export interface RegionFinding {
  region: string
  state: CoverageRow['state']
  /** The AWS response, or why there was none, if the state is not active. */
  error: string | null
}

/** How often a region that AWS has denied from the start is retried. */
const REFUSED_FROM_THE_START_SECONDS = DAY
const FIRST_RETRY_OF_REFUSED_SECONDS = 60

/**
 * When to retry a region that AWS denies, in seconds: after minutes, then hourly, if it was
 * imported before; daily if it was denied from the start.
 *
 * @param failures consecutive denials, including this one
 */
export function refusedRetrySeconds(answeredBefore: boolean, failures: number): number {
  if (!answeredBefore) return REFUSED_FROM_THE_START_SECONDS
  return Math.min(HOUR, FIRST_RETRY_OF_REFUSED_SECONDS * 2 ** Math.min(failures - 1, 10))
}

/**
 * Stores the state of the regions. A region that responds (again) is due immediately, and its
 * set-aside seconds are retried. A denied one is retried when it is due. A region without a
 * response keeps its state; a new one is unknown and due immediately.
 */
export async function keepRegions(
  trx: Trx,
  connection: ConnectionRow,
  findings: readonly RegionFinding[],
): Promise<void> {
  if (!connection.account_id || findings.length === 0) return
  const unanswered = findings.filter(({ state }) => state === 'unknown')
  const answered = findings.filter(({ state }) => state !== 'unknown')
  await sql`
    INSERT INTO coverage AS c (connection_id, organization_id, account_id, region, selection,
      state, last_error, answered_at, live_due_at, backfill_due_at)
    SELECT ${connection.id}, ${connection.organization_id}, ${connection.account_id}, f.region,
      ${connection.selection}, f.state, f.error,
      CASE f.state WHEN 'active' THEN now() END,
      now() + CASE f.state WHEN 'active' THEN interval '0'
        ELSE make_interval(secs => ${REFUSED_FROM_THE_START_SECONDS}) END,
      CASE f.state WHEN 'active' THEN now() END
    FROM jsonb_to_recordset(${JSON.stringify(answered)}::jsonb) AS f(region text, state text, error text)
    ORDER BY f.region
    ON CONFLICT (connection_id, account_id, region, selection) DO UPDATE SET
      state = excluded.state, last_error = excluded.last_error,
      answered_at = coalesce(c.answered_at, excluded.answered_at),
      live_failures = CASE excluded.state WHEN 'active' THEN 0 ELSE 1 END, backfill_failures = 0,
      live_due_at = CASE WHEN excluded.state <> 'active' AND (c.answered_at IS NOT NULL OR NOT isempty(c.settled))
        THEN now() + make_interval(secs => ${FIRST_RETRY_OF_REFUSED_SECONDS}) ELSE excluded.live_due_at END,
      backfill_due_at = excluded.backfill_due_at,
      set_aside = CASE excluded.state WHEN 'active' THEN '{}'::tstzmultirange ELSE c.set_aside END
  `.execute(trx)
  await sql`
    INSERT INTO coverage AS c
      (connection_id, organization_id, account_id, region, selection, state, last_error)
    SELECT ${connection.id}, ${connection.organization_id}, ${connection.account_id}, f.region,
      ${connection.selection}, 'unknown', f.error
    FROM jsonb_to_recordset(${JSON.stringify(unanswered)}::jsonb) AS f(region text, error text)
    ORDER BY f.region
    ON CONFLICT (connection_id, account_id, region, selection) DO UPDATE SET
      last_error = excluded.last_error,
      live_due_at = least(c.live_due_at, now())
      WHERE c.state IN ('active', 'unknown')
  `.execute(trx)
}

/**
 * Applies `CAIRN_REGIONS`. Regions that it does not list are excluded, and new ones are unknown
 * until they are read. The partition's global region is always imported.
 *
 * @param wanted undefined: every region
 */
export async function applyConfiguredRegions(
  trx: Trx,
  connection: ConnectionRow,
  globalRegion: string,
  wanted: readonly string[] | undefined,
): Promise<void> {
  const listed = wanted && [...new Set([...wanted, globalRegion])]
  const rows = await coverageRows(trx, connection)
  const known = new Set(rows.map(({ region }) => region))
  const missing = (listed ?? [globalRegion]).filter((region) => !known.has(region))
  await keepRegions(
    trx,
    connection,
    missing.map((region) => ({ region, state: 'unknown', error: null })),
  )
  const isListed = (region: string) => listed === undefined || listed.includes(region)
  const dropped = rows.filter(({ region, excluded_at }) => !isListed(region) && !excluded_at)
  const returned = rows.filter((row) => isListed(row.region) && row.excluded_by === 'configuration')
  await setExcluded(trx, connection, names(dropped), 'configuration')
  await setExcluded(trx, connection, names(returned), null)
}

const names = (rows: readonly CoverageRow[]) => rows.map(({ region }) => region)

/**
 * Excludes regions of the connection's current account, in both selections, or includes them again,
 * which makes them due immediately.
 *
 * @param by null: include
 */
export async function setExcluded(
  trx: Trx,
  connection: ConnectionRow,
  regions: readonly string[],
  by: ExcludedBy | null,
): Promise<void> {
  if (regions.length === 0) return
  await trx
    .updateTable('coverage')
    .set({
      excluded_by: by,
      excluded_at: by === null ? null : sql<Date>`now()`,
      ...(by === null && { live_due_at: sql<Date>`now()`, backfill_due_at: sql<Date>`now()` }),
    })
    .where('connection_id', '=', connection.id)
    .where('account_id', '=', connection.account_id)
    .where('region', 'in', regions)
    .execute()
}

/**
 * Reverts what a denied role has changed in regions that were imported before, and makes them due
 * again.
 */
export async function restoreRegions(
  trx: Trx,
  connection: ConnectionRow,
  rows: readonly CoverageRow[],
): Promise<void> {
  for (const row of rows) {
    await trx
      .updateTable('coverage')
      .set({
        state: row.state,
        last_error: row.last_error,
        live_failures: row.live_failures,
        live_due_at: row.live_due_at,
        backfill_failures: row.backfill_failures,
        backfill_due_at: row.backfill_due_at,
      })
      .where('connection_id', '=', connection.id)
      .where('account_id', '=', row.account_id)
      .where('selection', '=', row.selection)
      .where('region', '=', row.region)
      .execute()
  }
}

/** A new selection starts with the known regions of the account. */
export async function adoptRegions(trx: Trx, connection: ConnectionRow): Promise<void> {
  await sql`
    INSERT INTO coverage (connection_id, organization_id, account_id, region, selection, state,
      last_error, answered_at, excluded_at, excluded_by)
    SELECT connection_id, organization_id, account_id, region, ${connection.selection}, state,
      last_error, answered_at, excluded_at, excluded_by
    FROM coverage
    WHERE connection_id = ${connection.id} AND account_id = ${connection.account_id}
      AND selection <> ${connection.selection}
    ON CONFLICT DO NOTHING
  `.execute(trx)
}

/**
 * Claims rows to work on: increments their epochs, so that older attempts find no row to update.
 * Requires the connection locked for update, like all changes of several rows, because the rows
 * have no lock order. `force` makes quiet and failing regions due as well, except those that AWS
 * has denied from the start.
 */
export async function claimDue(
  trx: Trx,
  connection: ConnectionRow,
  options: { force: boolean; now: Date },
): Promise<CoverageRow[]> {
  const isUrgent = await hasOpenIncident(trx, options.now)
  const rows = await trx
    .updateTable('coverage')
    .set((eb) => ({
      epoch: eb('epoch', '+', 1),
      ...(options.force && {
        quiet_polls: 0,
        live_due_at: options.now,
        backfill_due_at: options.now,
      }),
      ...(isUrgent && !options.force && { live_due_at: sooner(options.now) }),
    }))
    .where('connection_id', '=', connection.id)
    .where('account_id', '=', connection.account_id)
    .where('selection', '=', connection.selection)
    .where('excluded_at', 'is', null)
    .where((eb) =>
      eb.or([
        eb('next_poll_at', '<=', options.now),
        ...(options.force ? [eb('counts', '=', true)] : []),
        // Due in every cycle: the newest changes matter most now.
        ...(isUrgent
          ? [
              eb.and([
                eb('quiet_polls', '>', 0),
                eb('live_failures', '=', 0),
                eb('counts', '=', true),
              ]),
            ]
          : []),
      ]),
    )
    .returningAll()
    .execute()
  return rows.sort((a, b) => a.region.localeCompare(b.region))
}

/** Quiet regions are due now. Failing ones keep their delay. */
const sooner = (now: Date) => sql<Date>`
  CASE WHEN quiet_polls > 0 AND live_failures = 0 THEN least(live_due_at, ${now}) ELSE live_due_at END`

/** While an incident is open, this long after its notice, quiet regions are polled as often as others. */
const URGENT_MS = 2 * 3_600_000

async function hasOpenIncident(trx: Trx, now: Date): Promise<boolean> {
  const row = await trx
    .selectFrom('incidents')
    .select('id')
    .where('merged_into', 'is', null)
    .where('state', '<>', 'resolved')
    .where('noticed_at', '>', new Date(now.getTime() - URGENT_MS))
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Increments all epochs of a connection: attempts that still work on it lose its rows. */
export async function fence(trx: Trx, connectionId: string): Promise<void> {
  await trx
    .updateTable('coverage')
    .set((eb) => ({ epoch: eb('epoch', '+', 1) }))
    .where('connection_id', '=', connectionId)
    .execute()
}

function isRow(key: CoverageKey, epoch: number) {
  return (eb: ExpressionBuilder<Schema, 'coverage'>) =>
    eb.and({
      connection_id: key.connectionId,
      account_id: key.accountId,
      region: key.region,
      selection: key.selection,
      epoch,
    })
}

/** The progress that one batch adds to its row. */
export interface Progress {
  settled?: readonly SecondsRange[]
  confirmed?: readonly SecondsRange[]
  setAside?: readonly SecondsRange[]
  /** Ranges that an earlier batch has settled and a later one has disproved. */
  takenBack?: { settled: readonly SecondsRange[]; confirmed: readonly SecondsRange[] }
  requests?: number
  throttled?: number
}

/** Another attempt has taken over the row. */
export class Fenced extends Error {
  override readonly name = 'Fenced'
}

export type Ledger = Pick<CoverageRow, 'settled' | 'confirmed' | 'set_aside'>

/**
 * Adds progress to the ledger, as the first statement of the batch's transaction: that serializes
 * the writers of a row, and the rest of the transaction can rely on it.
 *
 * @throws Fenced if the row no longer has `epoch`; the transaction must roll back
 */
export async function recordProgress(
  trx: Trx,
  key: CoverageKey,
  epoch: number,
  progress: Progress,
): Promise<Ledger> {
  const settled = multirangeLiteral(progress.settled ?? [])
  const takenBack = {
    settled: multirangeLiteral(progress.takenBack?.settled ?? []),
    confirmed: multirangeLiteral(progress.takenBack?.confirmed ?? []),
  }
  const row = await trx
    .updateTable('coverage')
    .set((eb) => ({
      settled:
        sql`settled - ${takenBack.settled}::tstzmultirange + ${settled}::tstzmultirange` as never,
      confirmed: sql`confirmed - ${takenBack.confirmed}::tstzmultirange
        + ${multirangeLiteral(progress.confirmed ?? [])}::tstzmultirange` as never,
      set_aside: sql`set_aside + ${multirangeLiteral(progress.setAside ?? [])}::tstzmultirange
        - ${settled}::tstzmultirange` as never,
      requests: eb('requests', '+', progress.requests ?? 0),
      throttled: eb('throttled', '+', progress.throttled ?? 0),
    }))
    .where(isRow(key, epoch))
    .returning(['settled', 'confirmed', 'set_aside'])
    .executeTakeFirst()
  if (!row) throw new Fenced(`Another attempt works on ${key.region} of ${key.connectionId}`)
  return { ...row, settled: normalize(row.settled) }
}

/** Counts new events, including late ones. Called within the transaction of `recordProgress`. */
export async function countEvents(
  trx: Trx,
  key: CoverageKey,
  epoch: number,
  counts: { events: number; lateEvents: number },
): Promise<void> {
  if (counts.events === 0) return
  await trx
    .updateTable('coverage')
    .set((eb) => ({
      events: eb('events', '+', counts.events),
      late_events: eb('late_events', '+', counts.lateEvents),
    }))
    .where(isRow(key, epoch))
    .execute()
}

/** The result of a region's turn, and when the next one is due. */
export interface Turn {
  state: CoverageRow['state']
  /** Whether AWS has responded in this turn. */
  answered: boolean
  lastError: string | null
  liveAt: Date | null
  liveDueAt: Date
  liveFailures: number
  /** Null: nothing is left to do. */
  backfillDueAt: Date | null
  backfillFailures: number
  quietPolls: number
}

/** @throws Fenced as {@link recordProgress} does */
export async function recordTurn(
  trx: Trx,
  key: CoverageKey,
  epoch: number,
  turn: Turn,
): Promise<void> {
  const row = await trx
    .updateTable('coverage')
    .set({
      state: turn.state,
      ...(turn.answered && { answered_at: sql<Date>`coalesce(answered_at, now())` }),
      last_error: turn.lastError,
      live_at: turn.liveAt,
      live_due_at: turn.liveDueAt,
      live_failures: turn.liveFailures,
      backfill_due_at: turn.backfillDueAt,
      backfill_failures: turn.backfillFailures,
      quiet_polls: turn.quietPolls,
    })
    .where(isRow(key, epoch))
    .returning('region')
    .executeTakeFirst()
  if (!row) throw new Fenced(`Another attempt works on ${key.region} of ${key.connectionId}`)
}

/** How far a connection is imported, over all its regions that count. */
export interface Imported {
  /** The live edge: null while a region has settled nothing. */
  through: Date | null
  /** The time that every region has settled. */
  settled: SecondsRange[]
}

/** `columns` for each connection that has begun to import, over its regions that count. */
const ofImporting = (columns: RawBuilder<unknown>, connectionId: string | null = null) => sql`
  SELECT k.id, ${columns}
  FROM connections k
  JOIN coverage c ON c.connection_id = k.id AND c.account_id = k.account_id
    AND c.selection = k.selection AND c.counts
  WHERE k.deleted_at IS NULL
    AND (${connectionId}::uuid IS NULL OR k.id = ${connectionId}::uuid)
  GROUP BY k.id
`
const edge = sql`
  CASE WHEN bool_and(upper(c.settled) IS NOT NULL) THEN min(upper(c.settled)) END AS through`

/** For each connection that has begun to import. */
export async function importedRanges(trx: Trx): Promise<Map<string, Imported>> {
  const columns = sql`${edge}, range_intersect_agg(c.settled) AS settled`
  const { rows } = await trx.executeQuery<{ id: string } & Imported>(
    ofImporting(columns).compile(trx),
  )
  return new Map(rows.map(({ id, ...imported }) => [id, imported]))
}

/**
 * Only the live edges, for lists that are polled often. Time before them is imported, except for
 * the gaps in the coverage. With an ID, only for that connection.
 */
export async function liveEdges(
  trx: Trx,
  connectionId: string | null = null,
): Promise<Map<string, Date | null>> {
  const { rows } = await trx.executeQuery<{ id: string } & Pick<Imported, 'through'>>(
    ofImporting(edge, connectionId).compile(trx),
  )
  return new Map(rows.map(({ id, through }) => [id, through]))
}

/**
 * Combines several connections: the earliest of their live edges, and `from`, the start of the time
 * that is imported up to there without a gap. Both are null if one connection has no value, because
 * the result would otherwise seem more complete than it is.
 */
export function completeRange(connections: readonly Imported[]): {
  from: Date | null
  through: Date | null
} {
  const edges = connections.map(({ through }) => through?.getTime() ?? null)
  if (edges.length === 0 || edges.includes(null)) return { from: null, through: null }
  const through = Math.min(...(edges as number[]))
  const starts = connections.map(({ settled }) => {
    const last = settled.find(([from, to]) => from * 1000 < through && through <= to * 1000)
    return last ? last[0] * 1000 : null
  })
  return {
    // In one of them, the preceding seconds are missing.
    from: starts.includes(null) ? null : new Date(Math.max(...(starts as number[]))),
    through: new Date(through),
  }
}

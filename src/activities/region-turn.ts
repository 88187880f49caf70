import type { AwsProblem } from '../aws/errors.ts'
import { isNewRole } from '../aws/verify-role.ts'
import type { AwsProblemKind } from '../connections/aws-problems.ts'
import { MAX_QUIET_INTERVAL_SECONDS } from '../connections/status.ts'
import type { Turn } from '../db/coverage.ts'
import { refusedRetrySeconds } from '../db/coverage-regions.ts'
import type { ConnectionRow, CoverageRow } from '../db/schema/connections.ts'
import type { Track } from './region-plan.ts'

const QUIET_POLLS_BEFORE_SLOWING = 5
/** Delay before the first retry. It doubles up to the longest. */
const FIRST_RETRY_SECONDS = 5
const MAX_RETRY_SECONDS = 600

/** The live scans of a region. Times are Unix milliseconds. */
export interface LiveScans {
  /** When the last one started; null before the first. */
  startedAt: number | null
  dueAt: number
  /** The number of scans since the last one that found events. */
  quietPolls: number
  /** Whether one was completed in this turn. */
  ranThisTurn: boolean
}

/** What happened in one turn of a region. */
export interface TurnProgress {
  /** The row at the start of the turn. */
  row: CoverageRow
  live: LiveScans
  /** The error that ended each track's work in this turn. */
  problems: Partial<Record<Track, AwsProblem>>
  /** The tracks that have settled or confirmed seconds. */
  progressed: ReadonlySet<Track>
}

/**
 * Whether a track may run: after a failure, not again in this turn, and then not before it is due.
 *
 * @param now Unix milliseconds
 */
export function mayTry(track: Track, turn: TurnProgress, now: number): boolean {
  if (turn.problems[track]) return false
  if (track === 'live') return true
  const { backfill_failures, backfill_due_at } = turn.row
  if (backfill_failures === 0 || turn.progressed.has('backfill')) return true
  return (backfill_due_at?.getTime() ?? 0) <= now
}

/**
 * The state after a completed live scan. Live scans read recent seconds repeatedly, so they may use
 * at most half of the quota. Regions without events are polled less often.
 *
 * @param scan Unix milliseconds, and the number of new changes
 * @param isGlobal the partition's global region is polled at the full interval even without events
 */
export function afterLiveScan(
  { quietPolls }: LiveScans,
  scan: { startedAt: number; finishedAt: number; imported: number },
  { connection, isGlobal }: { connection: ConnectionRow; isGlobal: boolean },
): LiveScans {
  const { startedAt, finishedAt } = scan
  const quiet = scan.imported === 0 ? quietPolls + 1 : 0
  const interval = connection.poll_interval_seconds
  const slower = quiet - QUIET_POLLS_BEFORE_SLOWING
  const seconds =
    isGlobal || slower <= 0
      ? interval
      : Math.max(
          interval,
          Math.min(MAX_QUIET_INTERVAL_SECONDS, interval * 2 ** Math.min(slower, 10)),
        )
  const dueAt = alignToInterval(
    connection,
    startedAt + seconds * 1000,
    startedAt + 2 * (finishedAt - startedAt),
  )
  return { startedAt, dueAt, quietPolls: quiet, ranThisTurn: true }
}

/**
 * The result of a turn, and when the next one is due.
 *
 * @param ended.now Unix milliseconds
 * @param ended.isAnswered whether AWS has responded in this turn
 * @param ended.refused AWS's denial, which ended the turn
 * @param ended.hasWork whether seconds are left to backfill or confirm
 */
export function turnOf(
  turn: TurnProgress,
  connection: ConnectionRow,
  ended: { now: number; isAnswered: boolean; refused: AwsProblem | null; hasWork: boolean },
): Turn {
  const { row } = turn
  const { now, isAnswered, refused } = ended
  const { startedAt, quietPolls } = turn.live
  const common = {
    answered: isAnswered,
    liveAt: startedAt === null ? null : new Date(startedAt),
    quietPolls,
  }
  if (refused) {
    const answeredBefore = row.answered_at !== null || row.settled.length > 0 || isAnswered
    const state = refused.kind === 'denied' ? 'denied' : 'not_enabled'
    // As in a verification, the denial of a new role does not take the region out of completeness.
    const setAt = connection.role_arn_set_at
    const isNew = setAt !== null && isNewRole(setAt, new Date(now))
    const isUnproven = state === 'denied' && isNew && !answeredBefore
    const wasRefused = row.last_error_kind === refused.kind
    const failures = isUnproven || !wasRefused ? 1 : row.live_failures + 1
    const seconds = refusedRetrySeconds({ state, answeredBefore, failures })
    return {
      ...common,
      state: isUnproven ? 'unknown' : state,
      lastError: `${refused.code}: ${refused.message}`,
      lastErrorKind: refused.kind,
      liveDueAt: new Date(retryAt(connection, now, seconds)),
      liveFailures: failures,
      backfillDueAt: null,
      backfillFailures: 0,
    }
  }
  const live = afterLive(turn, connection, now)
  const backfill = afterBackfill(turn, connection, { now, hasWork: ended.hasWork })
  const error = live.error ?? backfill.error
  return {
    ...common,
    state: isAnswered ? 'active' : row.state,
    lastError: error?.text ?? null,
    lastErrorKind: error?.kind ?? null,
    liveDueAt: new Date(live.dueAt),
    liveFailures: live.failures,
    backfillDueAt: backfill.dueAt === null ? null : new Date(backfill.dueAt),
    backfillFailures: backfill.failures,
  }
}

function afterLive(
  turn: TurnProgress,
  connection: ConnectionRow,
  now: number,
): { error: TurnError | null; failures: number; dueAt: number } {
  const { row, live } = turn
  const problem = turn.problems.live
  if (problem) {
    const { failures, dueAt } = backOff(turn, connection, { track: 'live', now })
    return { error: describeProblem(problem), failures, dueAt }
  }
  // Not due in this turn: it still waits for its next attempt.
  if (row.live_failures > 0 && !live.ranThisTurn) {
    return { error: storedError(row), failures: row.live_failures, dueAt: live.dueAt }
  }
  return { error: null, failures: 0, dueAt: live.dueAt }
}

function afterBackfill(
  turn: TurnProgress,
  connection: ConnectionRow,
  { now, hasWork }: { now: number; hasWork: boolean },
): { error: TurnError | null; failures: number; dueAt: number | null } {
  const { row } = turn
  const problem = turn.problems.backfill
  if (problem) {
    const { failures, dueAt } = backOff(turn, connection, { track: 'backfill', now })
    return { error: describeProblem(problem), failures, dueAt }
  }
  if (!mayTry('backfill', turn, now)) {
    const dueAt = row.backfill_due_at!.getTime()
    return { error: storedError(row), failures: row.backfill_failures, dueAt }
  }
  return { error: null, failures: 0, dueAt: hasWork ? now : null }
}

/** Progress resets the back-off. The pacer handles throttling. */
function backOff(
  turn: TurnProgress,
  connection: ConnectionRow,
  { track, now }: { track: Track; now: number },
): { failures: number; dueAt: number } {
  const before = track === 'live' ? turn.row.live_failures : turn.row.backfill_failures
  const failures = turn.progressed.has(track) ? 1 : before + 1
  if (turn.problems[track]?.kind === 'throttled') return { failures, dueAt: now }
  const seconds = FIRST_RETRY_SECONDS * 2 ** Math.min(failures - 1, 10)
  const dueAt = retryAt(connection, now, Math.min(MAX_RETRY_SECONDS, seconds))
  return { failures, dueAt }
}

/** Long waits end together with those of other regions. */
function retryAt(connection: ConnectionRow, now: number, seconds: number): number {
  const at = now + seconds * 1000
  return seconds < connection.poll_interval_seconds ? at : alignToInterval(connection, at, at)
}

/**
 * Aligns a due time to the connection's grid of poll intervals: all its regions are then due
 * together, and without events one cycle per interval is sufficient.
 *
 * @param dueAt the desired due time; moved to the grid point before it. Unix milliseconds
 * @param notBefore moved to the grid point after it
 */
function alignToInterval(
  connection: Pick<ConnectionRow, 'id' | 'poll_interval_seconds'>,
  dueAt: number,
  notBefore: number,
): number {
  const interval = connection.poll_interval_seconds * 1000
  // The last digits of a UUID are random, which spreads connections over the interval.
  const phase = Number.parseInt(connection.id.slice(-8), 16) % interval
  const before = phase + Math.floor((dueAt - phase) / interval) * interval
  const after = phase + Math.ceil((notBefore - phase) / interval) * interval
  return Math.max(before, after)
}

interface TurnError {
  text: string
  kind: AwsProblemKind | null
}

function describeProblem({ kind, code, message }: AwsProblem): TurnError {
  if (kind === 'throttled') return { text: `AWS is throttling: ${message}`, kind }
  return { text: `${code}: ${message}`, kind }
}

function storedError({ last_error, last_error_kind }: CoverageRow): TurnError | null {
  return last_error === null ? null : { text: last_error, kind: last_error_kind }
}

import { type ExpressionBuilder, type RawBuilder, sql } from 'kysely'
import type { AwsProblemKind } from '../connections/aws-problems.ts'
import type { Selection } from '../connections/selection.ts'
import type { Trx } from './database.ts'
import { multirangeLiteral } from './multirange.ts'
import { normalize } from './ranges.ts'
import type { SecondsRange } from './schema/column-types.ts'
import type { ConnectionRow, CoverageRow } from './schema/connections.ts'
import type { Schema } from './schema.ts'

/** Identifies one row of the ledger. */
export interface CoverageKey {
  connectionId: string
  accountId: string
  region: string
  selection: Selection
}

/**
 * Claims rows to work on: increments their epochs, so that older attempts find no row to update.
 * Requires the connection locked for update, like all changes of several rows, because the rows
 * have no lock order. `force` makes quiet and failing regions due as well, except those that AWS
 * has denied from the start. A due time that is too far ahead counts as due: the clock of the worker
 * that wrote it was wrong.
 */
export async function claimDue(
  trx: Trx,
  connection: ConnectionRow,
  options: { force: boolean; now: Date },
): Promise<CoverageRow[]> {
  const isUrgent = await hasOpenIncident(trx, options.now)
  const latest = latestDue(connection, options.now)
  const rows = await trx
    .updateTable('coverage')
    .set((eb) => ({
      epoch: eb('epoch', '+', 1),
      ...(options.force && {
        quiet_polls: 0,
        live_due_at: options.now,
        backfill_due_at: options.now,
      }),
      ...(!options.force && {
        live_due_at: dueBy(latest, isUrgent ? sooner(options.now) : sql`live_due_at`, options.now),
        backfill_due_at: dueBy(latest, sql`backfill_due_at`, options.now),
      }),
    }))
    .where('connection_id', '=', connection.id)
    .where('account_id', '=', connection.account_id)
    .where('selection', '=', connection.selection)
    .where('excluded_at', 'is', null)
    .where((eb) =>
      eb.or([
        eb('next_poll_at', '<=', options.now),
        eb('next_poll_at', '>', latest),
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

/**
 * How long a region that can be read may have to wait: its next live scan is due after twice the
 * duration of the last one, which an activity's timeout limits to 10 minutes, and retries after at
 * most 10 minutes. The rest is a margin for the difference between the workers' clocks.
 */
const MAX_WAIT_SECONDS = 30 * 60
/** A refused region waits this much longer. */
const MAX_REFUSED_WAIT_SECONDS = 24 * 3600

/**
 * The latest due time of a region that a correct clock can have written. A wait may be extended to
 * the next point of the grid of poll intervals. `now` is the worker's clock, which is also the clock
 * of the due times.
 */
const latestDue = (connection: ConnectionRow, now: Date) => sql<Date>`
  ${now}::timestamptz + make_interval(secs => ${connection.poll_interval_seconds + MAX_WAIT_SECONDS}
    + CASE WHEN state IN ('denied', 'not_enabled') THEN ${MAX_REFUSED_WAIT_SECONDS} ELSE 0 END)`

/** A due time, or now if it is later than the latest. */
const dueBy = (latest: RawBuilder<Date>, due: RawBuilder<unknown>, now: Date) =>
  sql<Date>`CASE WHEN ${due} > ${latest} THEN ${now} ELSE ${due} END`

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
  lastErrorKind: AwsProblemKind | null
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
      last_error_kind: turn.lastErrorKind,
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

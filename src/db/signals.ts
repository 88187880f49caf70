import { type ExpressionBuilder, sql } from 'kysely'
import type { Database, Trx } from './database.ts'
import type { Schema } from './schema.ts'

// Tracks which version of a connection's row its workflow was signalled about. A signal that the
// workflow has not handled yet makes it read the row as it is then, so a second one would only fill
// its history: Temporal accepts 10,000 signals per run.

/**
 * The pause after the first signal without a response. It doubles with each further one. Seconds.
 */
const FIRST_PAUSE = 60
const MAX_PAUSE_SECONDS = 600
/** The pause after a signal that could not be sent. Seconds. */
const RETRY_PAUSE = 3
/**
 * The longest wait of a workflow until its next poll, retry or verification is due. `next_poll_at`
 * comes from a worker's clock, which can be ahead. Seconds.
 */
const MAX_WAIT = 600

/**
 * For an UPDATE that increments `version`: claims the signal about the new version, unless an
 * earlier signal is still unread. `hasToSignal` reads the result from the returned row.
 */
export function claimSignal(eb: ExpressionBuilder<Schema, 'connections'>) {
  const unread = eb('signalled_version', '>', eb.ref('seen_version'))
  return {
    signalled_version: eb
      .case()
      .when(unread)
      .then(eb.ref('signalled_version'))
      .else(eb('version', '+', 1))
      .end(),
    signalled_at: eb.case().when(unread).then(eb.ref('signalled_at')).else(sql<Date>`now()`).end(),
    unanswered_signals: eb
      .case()
      .when(unread)
      .then(eb.ref('unanswered_signals'))
      .else(eb('unanswered_signals', '+', 1))
      .end(),
  }
}

/** Whether the statement that returned this row has claimed the signal about its version. */
export function hasToSignal(row: { version: number; signalled_version: number }): boolean {
  return row.signalled_version === row.version
}

/** The claimed signals could not be sent: the reconciler sends them a few seconds later. */
export async function unclaimSignals(trx: Database | Trx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await trx
    .updateTable('connections')
    .set((eb) => ({
      signalled_version: eb.ref('seen_version'),
      signalled_at: sql<Date>`now() - make_interval(secs => ${FIRST_PAUSE - RETRY_PAUSE})`,
      unanswered_signals: 0,
    }))
    .where('id', 'in', ids)
    .execute()
}

export interface ClaimedSignal {
  id: string
  organization_id: string
}

/**
 * Claims the signals that the reconciler has to send: to connections whose workflow has not read
 * the row's version, or was due to act and has not reported for three intervals. After a signal
 * without a response, the pause before the next one doubles from 1 to 10 min.
 *
 * Organizations take turns, so that one with thousands of connections does not delay the others.
 * Rows that another transaction has locked are left for the next call, and no two processes claim
 * the same signal.
 *
 * @param system the pool of the role `cairn_system`, which sees every organization's connections
 * @param limit the maximum number of signals
 */
export async function claimSignals(
  system: Database,
  options: { limit: number },
): Promise<ClaimedSignal[]> {
  const { rows } = await sql<ClaimedSignal>`
    WITH due AS (
      SELECT id, signalled_at, row_number() OVER (
        PARTITION BY organization_id ORDER BY signalled_at NULLS FIRST, id) AS turn
      FROM connections
      WHERE ended_at IS NULL
        AND (signalled_at IS NULL OR signalled_at < now() - make_interval(secs => least(
          ${MAX_PAUSE_SECONDS}, ${FIRST_PAUSE} * 2 ^ (least(greatest(unanswered_signals, 1), 16) - 1))))
        AND (version > seen_version
          OR (NOT paused AND role_arn IS NOT NULL AND deleted_at IS NULL
            AND greatest(reported_at, CASE WHEN next_poll_at IS NOT NULL
              THEN least(next_poll_at, reported_at + make_interval(secs => ${MAX_WAIT})) END)
              < now() - 3 * make_interval(secs => poll_interval_seconds))
          -- Marked as deleted and seen, but never finished.
          OR (deleted_at IS NOT NULL
            AND reported_at < now() - 3 * make_interval(secs => poll_interval_seconds)))
    ), claimed AS (
      SELECT c.id FROM connections c JOIN due ON due.id = c.id
      -- Holds again for what another process has committed meanwhile.
      WHERE c.signalled_at IS NOT DISTINCT FROM due.signalled_at
      ORDER BY due.turn, c.id
      LIMIT ${options.limit}
      FOR NO KEY UPDATE OF c SKIP LOCKED
    )
    UPDATE connections c SET signalled_version = version, signalled_at = now(),
      unanswered_signals = unanswered_signals + 1
    FROM claimed WHERE c.id = claimed.id
    RETURNING c.id, c.organization_id
  `.execute(system)
  return rows
}

import { sql } from 'kysely'
import type { TimeRange } from './change-filters.ts'
import type { Trx } from './database.ts'

/** The maximum time that one request spends on counting, in milliseconds. */
const BUDGET_MS = 3_000
/** Less than this is too short to count anything. */
const MIN_MS = 50
/** Most time ranges in use are counted in one piece. Milliseconds. */
const FIRST_SPAN_MS = 7 * 24 * 60 * 60_000
/**
 * The share of the remaining time that one piece may use, so that a smaller one still fits after
 * it.
 */
const SHARE = 0.6
const MAX_GROWTH = 8

/**
 * Counts a time range in pieces from its newest end, until all of it is counted or the time is up:
 * for a long range, the response covers its newest part instead of timing out.
 *
 * @param count counts one piece
 * @returns the results of `count`, newest first, and the start of the counted range
 */
export async function countNewestFirst<T>(
  trx: Trx,
  window: TimeRange,
  count: (piece: TimeRange) => Promise<T>,
  budgetMs = BUDGET_MS,
): Promise<{ parts: T[]; countedFrom: Date }> {
  const deadline = performance.now() + budgetMs
  const parts: T[] = []
  let to = window.to
  let span = FIRST_SPAN_MS
  while (to > window.from) {
    const started = performance.now()
    const limitMs = Math.round((deadline - started) * SHARE)
    if (limitMs < MIN_MS) break
    const from = new Date(Math.max(window.from.getTime(), to.getTime() - span))
    const part = await within(trx, limitMs, () => count({ from, to }))
    if (part === undefined) {
      span = Math.ceil(Math.min(span, to.getTime() - from.getTime()) / MAX_GROWTH)
      continue
    }
    parts.push(part.result)
    to = from
    const now = performance.now()
    const growth = ((deadline - now) * SHARE) / (2 * (now - started))
    span = Math.ceil(span * Math.min(MAX_GROWTH, Math.max(1 / MAX_GROWTH, growth)))
  }
  await sql`SET LOCAL statement_timeout TO DEFAULT`.execute(trx)
  return { parts, countedFrom: to }
}

/**
 * Runs statements with a time limit for each. The transaction continues in any case.
 *
 * @param ms the limit for each statement
 * @returns undefined if one exceeded it
 */
export async function within<T>(
  trx: Trx,
  ms: number,
  work: () => Promise<T>,
): Promise<{ result: T } | undefined> {
  await sql`SAVEPOINT within`.execute(trx)
  await sql`SET LOCAL statement_timeout = ${sql.lit(Math.max(1, Math.round(ms)))}`.execute(trx)
  try {
    const result = await work()
    await sql`RELEASE SAVEPOINT within`.execute(trx)
    return { result }
  } catch (error) {
    // query_canceled. If the client has disconnected, the next statement does not start either.
    if ((error as { code?: string }).code !== '57014') throw error
    await sql`ROLLBACK TO SAVEPOINT within`.execute(trx)
    return undefined
  }
}

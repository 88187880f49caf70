import { setTimeout as sleep } from 'node:timers/promises'
import { findEnvironmentRules } from '../db/change-rules.ts'
import { asOrganization } from '../db/database.ts'
import { relinkSome } from '../db/link-changes.ts'
import type { RelinkSummary, RelinkWork } from '../workflows/relink-state.ts'
import type { Dependencies } from './dependencies.ts'

/** How long a turn starts new batches. */
const TURN_MS = 10_000
/** A batch takes about a tenth of a second, for which the organization's imports wait. */
const CHANGES_AT_ONCE = 2_000

/**
 * One turn: applies the organization's rules to stored changes until all follow them or the time is
 * up. Pauses after each batch for as long as it took, so that imports and readers get at least half
 * of the time. Can be interrupted at any point and run again.
 *
 * @throws the signal's reason when aborted; Postgres' errors
 */
export async function relinkChanges(
  deps: Dependencies,
  { organizationId }: RelinkWork,
  signal: AbortSignal,
): Promise<RelinkSummary> {
  const { db, clock = Date.now, relinkAtOnce: limit = CHANGES_AT_ONCE } = deps
  const deadline = clock() + TURN_MS
  let written = 0
  let isDone = false
  while (!isDone) {
    signal.throwIfAborted()
    const startedAt = clock()
    if (startedAt >= deadline) break
    const batch = await asOrganization(db, organizationId, (trx) =>
      relinkSome(trx, organizationId, { limit, now: new Date(startedAt) }),
    )
    written += batch.written
    isDone = batch.isDone
    if (!isDone) await sleep(clock() - startedAt, undefined, { signal })
  }
  const { progress } = await asOrganization(db, organizationId, (trx) =>
    findEnvironmentRules(trx, organizationId),
  )
  return { total: progress.total, checked: progress.checked, written, isDone }
}

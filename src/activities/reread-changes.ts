import { setTimeout as sleep } from 'node:timers/promises'
import { asOrganization } from '../db/database.ts'
import {
  type CurrentReader,
  countOutdated,
  hasOutdated,
  organizationIds,
  rereadSome,
  weeksOfChanges,
} from '../db/outdated-changes.ts'
import { purgeSomeResources } from '../db/resources.ts'
import { currentReaders } from '../sources/readers.ts'
import type { RereadSummary, RereadWork } from '../workflows/reread-state.ts'
import type { Dependencies } from './dependencies.ts'
import { olderReader } from './errors.ts'

/** Organizations that the workflow keeps in its state at once. */
const MAX_ORGANIZATIONS = 500
/** How long a turn starts new batches. */
const TURN_MS = 10_000
/** A batch takes some tenths of a second, for which the organization's imports wait. */
const CHANGES_AT_ONCE = 200

/** Whether any organization has outdated changes. */
export async function isAnyOutdated({ db }: Pick<Dependencies, 'db'>): Promise<boolean> {
  for (const id of await organizationIds(db)) {
    const found = await asOrganization(db, id, async (trx) => {
      for (const reader of currentReaders()) if (await hasOutdated(trx, id, reader)) return true
      return false
    })
    if (found) return true
  }
  return false
}

/**
 * Counts the outdated changes of organizations, and returns those that have some.
 *
 * @throws ApplicationFailure, retryable, if this worker's readers are older than the workflow's
 */
export async function findOutdated(
  deps: Dependencies,
  work: RereadWork,
  signal: AbortSignal,
): Promise<{ organizationId: string; outdated: number }[]> {
  const readers = readersFor(work)
  const found: { organizationId: string; outdated: number }[] = []
  for (const organizationId of await organizationIds(deps.db)) {
    signal.throwIfAborted()
    const outdated = await asOrganization(deps.db, organizationId, async (trx) => {
      let count = 0
      for (const reader of readers) count += await countOutdated(trx, organizationId, reader)
      return count
    })
    if (outdated > 0) found.push({ organizationId, outdated })
    if (found.length === MAX_ORGANIZATIONS) break
  }
  return found
}

/**
 * One turn of an organization: reads stored records again, the newest weeks first, until none is
 * outdated or the time is up. Pauses after each batch for as long as it took, so that imports and
 * readers get at least half of the time. Can be interrupted at any point and run again.
 *
 * @throws ApplicationFailure, retryable, if this worker's readers are older than the workflow's;
 *   the signal's reason when aborted; Postgres' errors
 */
export async function rereadChanges(
  deps: Dependencies,
  work: RereadWork,
  { organizationId, signal }: { organizationId: string; signal: AbortSignal },
): Promise<RereadSummary> {
  const { db, clock = Date.now } = deps
  const limit = deps.rereadAtOnce ?? CHANGES_AT_ONCE
  const readers = readersFor(work)
  const deadline = clock() + TURN_MS
  const weeks = await asOrganization(db, organizationId, (trx) =>
    weeksOfChanges(trx, organizationId),
  )
  const summary: RereadSummary = { reread: 0, kept: 0, isDone: false }
  for (const week of weeks) {
    for (const reader of readers) {
      for (;;) {
        signal.throwIfAborted()
        const startedAt = clock()
        if (startedAt >= deadline) return summary
        const batch = await rereadSome(db, organizationId, { reader, week, limit })
        if (batch.isDone) break
        summary.reread += batch.reread
        summary.kept += batch.kept
        await sleep(clock() - startedAt, undefined, { signal })
      }
    }
  }
  summary.isDone = true
  return summary
}

/** @throws the signal's reason when aborted; Postgres' errors */
export async function removeUnusedResources(
  { db }: Dependencies,
  { organizationId, signal }: { organizationId: string; signal: AbortSignal },
): Promise<void> {
  for (let after: number | null = 0; after !== null; ) {
    signal.throwIfAborted()
    const checked: number = after
    after = await asOrganization(db, organizationId, (trx) =>
      purgeSomeResources(trx, organizationId, checked),
    )
  }
}

/** The current readers, unless one is older than the workflow asks for: during an upgrade. */
function readersFor({ versions }: RereadWork): CurrentReader[] {
  const readers = currentReaders()
  for (const [source, version] of Object.entries(versions)) {
    const own = readers.find((reader) => reader.source === source)?.version ?? 0
    if (own < version) throw olderReader(source, { own, version })
  }
  return readers
}

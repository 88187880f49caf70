import { sql } from 'kysely'
import { refreshStatus } from '../db/connection-status.ts'
import { hasEnded, lockConnection } from '../db/connections.ts'
import { fence } from '../db/coverage.ts'
import { asOrganization } from '../db/database.ts'
import {
  connectionsOfSameAccounts,
  purgeConnectionState,
  purgeCoverage,
  purgeSomeChanges,
  purgeSomeUnparsed,
  unsettleSameAccounts,
} from '../db/purge.ts'
import { purgeSomeResources } from '../db/resources.ts'
import type { ConnectionRef } from '../workflows/state.ts'
import type { Dependencies } from './dependencies.ts'
import { connectionChanged, connectionMissing } from './errors.ts'

/**
 * Finishes a deletion: stops every import that still runs, removes imported data if requested, and
 * marks the deletion as complete. Can be interrupted at any point and run again.
 *
 * @throws ApplicationFailure `ConnectionMissing`, retryable, if this database has no such row;
 *   `ConnectionChanged` if its row is not deleted, as after the restore of an older backup; the
 *   signal's reason when aborted; Postgres' errors
 */
export async function finishDeletion(
  deps: Dependencies,
  ref: ConnectionRef,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const row = await asOrganization(deps.db, ref.organizationId, async (trx) => {
      const locked = await lockConnection(trx, ref.connectionId, 'update')
      if (locked?.deleted_at) {
        await fence(trx, ref.connectionId)
        return locked
      }
      if (locked) throw connectionChanged('The connection is not deleted in this database')
      if (await hasEnded(trx, ref.connectionId)) return undefined
      throw connectionMissing(ref.connectionId)
    })
    if (!row) return
    if (row.purge) await purge(deps, ref, signal)
    await asOrganization(deps.db, ref.organizationId, (trx) =>
      trx
        .updateTable('connections')
        .set({ ended_at: sql<Date>`now()`, status: 'deleting', next_poll_at: null })
        .where('id', '=', ref.connectionId)
        .where('deleted_at', 'is not', null)
        .where('ended_at', 'is', null)
        // A purge that was requested in the meantime comes first.
        .where('purge', '=', row.purge)
        .execute(),
    )
  }
}

/** Removes what only this connection has imported, in steps that can be interrupted. */
async function purge(deps: Dependencies, ref: ConnectionRef, signal: AbortSignal): Promise<void> {
  // A connection that once had the account, and has it again or may get it again.
  const others = await asOrganization(deps.db, ref.organizationId, (trx) =>
    connectionsOfSameAccounts(trx, ref),
  )
  for (const id of others) {
    await asOrganization(deps.db, ref.organizationId, async (trx) => {
      const other = await lockConnection(trx, id, 'update')
      await unsettleSameAccounts(trx, id, ref)
      if (other) await refreshStatus(trx, other, new Date((deps.clock ?? Date.now)()))
    })
  }
  // An attempt that repeats a long purge must not unsettle again what they import meanwhile.
  await asOrganization(deps.db, ref.organizationId, async (trx) => {
    await lockConnection(trx, ref.connectionId, 'update')
    await purgeCoverage(trx, ref)
  })
  for (const some of [purgeSomeChanges, purgeSomeUnparsed]) {
    for (let more = true; more; ) {
      signal.throwIfAborted()
      more = await asOrganization(deps.db, ref.organizationId, (trx) => some(trx, ref))
    }
  }
  for (let after: number | null = 0; after !== null; ) {
    signal.throwIfAborted()
    const checked: number = after
    after = await asOrganization(deps.db, ref.organizationId, (trx) =>
      purgeSomeResources(trx, ref.organizationId, checked),
    )
  }
  await asOrganization(deps.db, ref.organizationId, (trx) => purgeConnectionState(trx, ref))
}

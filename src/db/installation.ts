import { sql } from 'kysely'
import type { Database, Trx } from './database.ts'

/**
 * The ID of the installation that this database belongs to. It is part of the task queue's name and
 * of the workflow IDs, so that several installations can share one Temporal namespace.
 */
export async function installationId(db: Database | Trx): Promise<string> {
  const { id } = await db.selectFrom('installation').select('id').executeTakeFirstOrThrow()
  return id
}

/**
 * Assigns a new installation id to this database, and marks every connection as not signalled yet: the
 * reconciler starts their workflows under the new id. For a copy of another database, which would
 * otherwise share the task queue and the workflows of the original.
 *
 * @param db the pool of the login that owns the tables
 * @returns the new id, and how many connections get a new workflow
 */
export function renewInstallation(db: Database): Promise<{ id: string; connections: number }> {
  return db.transaction().execute(async (trx) => {
    const { id } = await trx
      .updateTable('installation')
      .set({ id: sql<string>`gen_random_uuid()`, created_at: sql<Date>`now()` })
      .returning('id')
      .executeTakeFirstOrThrow()
    // The only role that sees the connections of every organization.
    await sql`SET LOCAL ROLE cairn_system`.execute(trx)
    return { id, connections: await forgetSignals(trx) }
  })
}

/**
 * Marks every connection as not signalled, and its workflow as unaware of the row. For when the
 * workflows cannot exist: Temporal has lost its history, or the installation has a new ID.
 *
 * @param system acts as the role `cairn_system`, which sees every organization's connections
 * @returns the number of connections
 */
export async function forgetSignals(system: Database | Trx): Promise<number> {
  const { numUpdatedRows } = await system
    .updateTable('connections')
    .set({ seen_version: 0, signalled_version: 0, signalled_at: null, unanswered_signals: 0 })
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

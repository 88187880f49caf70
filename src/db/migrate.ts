import { type Migration, Migrator } from 'kysely/migration'
import { openDatabase } from './database.ts'
import * as initial from './migrations/001-initial.ts'

/** In order of their names. A migration that was released is never edited: add the next one. */
export const migrations: Record<string, Migration> = {
  '001-initial': initial,
}

/**
 * Brings the database to the newest schema. Any number of processes may call it at once:
 * Kysely's lock lets one work and the others find nothing left to do.
 *
 * @throws the error of the migration that failed; Postgres has rolled it back
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const db = openDatabase({ url: databaseUrl, max: 1 })
  try {
    const migrator = new Migrator({
      db,
      provider: { getMigrations: async () => migrations },
    })
    const { error } = await migrator.migrateToLatest()
    if (error) throw error
  } finally {
    await db.destroy()
  }
}

import { type Kysely, sql } from 'kysely'

/**
 * Why a verified role cannot be assumed now, so that the connection stays `behind` with this reason
 * until it can.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`ALTER TABLE connections ADD COLUMN session_error text`.execute(db)
}

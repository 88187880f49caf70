import { type Kysely, sql } from 'kysely'

/**
 * The kind of each region's last error. It is null without an error, and for errors that were stored
 * before this migration.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    ALTER TABLE coverage
      ADD COLUMN last_error_kind text CHECK (last_error_kind IN ('throttled', 'denied',
        'not_enabled', 'expired', 'invalid_token', 'no_credentials', 'unreachable', 'unavailable',
        'malformed', 'rejected')),
      ADD CONSTRAINT coverage_last_error_kind_of_error
        CHECK (last_error_kind IS NULL OR last_error IS NOT NULL);
  `.execute(db)
}

import { type Kysely, sql } from 'kysely'

/** Finds the changes that take effect in a window, whenever they occurred. RFC 3339 sorts as text. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE INDEX changes_effective_at ON changes (organization_id, (envelope ->> 'effectiveAt'))
      WHERE envelope ->> 'effectiveAt' IS NOT NULL;
  `.execute(db)
}

import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/** Groups of changes that belong to one piece of work, see `docs/decisions/004-change-sets.md`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE change_sets (
      organization_id uuid NOT NULL,
      -- The id of the change that opened the set.
      id uuid NOT NULL,
      session_key text NOT NULL,
      stream text,
      opened_at timestamptz(3) NOT NULL,
      from_time timestamptz(3) NOT NULL,
      until_time timestamptz(3) NOT NULL,
      -- The set that this one was merged into. Its changes still point to this one.
      absorbed_into uuid,
      PRIMARY KEY (organization_id, id)
    );
    CREATE INDEX change_sets_by_session_key ON change_sets (organization_id, session_key, until_time)
      WHERE absorbed_into IS NULL;
    CREATE INDEX change_sets_absorbed ON change_sets (organization_id, absorbed_into)
      WHERE absorbed_into IS NOT NULL;
    CREATE INDEX change_sets_feed ON change_sets (organization_id, opened_at, id)
      WHERE absorbed_into IS NULL;
    ${isolateOrganizations('change_sets')}
    GRANT SELECT ON change_sets TO cairn_api;
  `.execute(db)
}

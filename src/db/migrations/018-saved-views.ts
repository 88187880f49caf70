import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/** Filters of the feed that people saved, for themselves or for the organization. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE saved_views (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      -- Null: created with an API key, or by a user who has been removed.
      user_id uuid REFERENCES auth."user" ON DELETE SET NULL,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
      -- The search parameters of the feed's URL: texts and lists of texts.
      query jsonb NOT NULL CHECK (jsonb_typeof(query) = 'object'),
      shared boolean NOT NULL,
      created_at timestamptz(3) NOT NULL DEFAULT now()
    );
    CREATE INDEX ON saved_views (organization_id, user_id);
    CREATE INDEX ON saved_views (user_id);
    ${isolateOrganizations('saved_views')}
    GRANT SELECT, INSERT, UPDATE, DELETE ON saved_views TO cairn_api;
  `.execute(db)
}

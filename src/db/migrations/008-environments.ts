import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/** Environments and their links to changes, see `docs/decisions/014-environment-links.md`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE environments (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      color text NOT NULL CHECK (color IN ('gray', 'red', 'pink', 'grape', 'violet', 'indigo',
        'blue', 'cyan', 'teal', 'green', 'lime', 'yellow', 'orange')),
      -- The first is 0. There are no gaps.
      position int NOT NULL CHECK (position >= 0),
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      UNIQUE (organization_id, id),
      -- Deferrable: checked once per statement, which may move many rows.
      UNIQUE (organization_id, position) DEFERRABLE
    );
    -- Does not depend on the database's locale.
    CREATE UNIQUE INDEX environments_name ON environments
      (organization_id, casefold(normalize(name) COLLATE pg_unicode_fast));
    ${isolateOrganizations('environments')}
    GRANT SELECT, INSERT, DELETE ON environments TO cairn_api;
    GRANT UPDATE (name, color, position) ON environments TO cairn_api;

    CREATE TABLE environment_links (
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      environment_id uuid NOT NULL,
      -- All changes of this connection, past and future.
      connection_id uuid NOT NULL,
      made_by text NOT NULL CHECK (made_by IN ('connection_default')),
      made_at timestamptz(3) NOT NULL DEFAULT now(),
      PRIMARY KEY (connection_id, environment_id, made_by),
      CONSTRAINT environment_links_environment FOREIGN KEY (organization_id, environment_id)
        REFERENCES environments (organization_id, id) ON DELETE CASCADE,
      FOREIGN KEY (organization_id, connection_id)
        REFERENCES connections (organization_id, id) ON DELETE CASCADE
    );
    CREATE UNIQUE INDEX environment_links_one_default ON environment_links (connection_id)
      WHERE made_by = 'connection_default';
    CREATE INDEX ON environment_links (organization_id, environment_id);
    ${isolateOrganizations('environment_links')}
    GRANT SELECT, INSERT, DELETE ON environment_links TO cairn_api;
    GRANT UPDATE (environment_id, made_at) ON environment_links TO cairn_api;
  `.execute(db)
}

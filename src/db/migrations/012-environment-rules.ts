import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/** Dependencies between environments. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    -- A change in what an environment depends on can break it: network, DNS, identity.
    CREATE TABLE environment_dependencies (
      organization_id uuid NOT NULL,
      environment_id uuid NOT NULL,
      depends_on uuid NOT NULL,
      PRIMARY KEY (organization_id, environment_id, depends_on),
      FOREIGN KEY (organization_id, environment_id)
        REFERENCES environments (organization_id, id) ON DELETE CASCADE,
      CONSTRAINT environment_dependencies_depends_on FOREIGN KEY (organization_id, depends_on)
        REFERENCES environments (organization_id, id) ON DELETE CASCADE,
      CONSTRAINT environment_dependencies_other CHECK (environment_id <> depends_on)
    );
    CREATE INDEX ON environment_dependencies (organization_id, depends_on);
    ${isolateOrganizations('environment_dependencies')}
    GRANT SELECT, INSERT, DELETE ON environment_dependencies TO cairn_api;
  `.execute(db)
}

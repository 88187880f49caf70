import { type Kysely, sql } from 'kysely'
import { forceRowLevelSecurity } from './row-level-security.ts'

/**
 * The installation, its organizations and its workers. `migrate` creates the roles before; see
 * `docs/decisions/002-row-level-security.md`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    GRANT USAGE ON SCHEMA public TO cairn_api, cairn_system, cairn_search;

    -- The organization that the current transaction acts for; with NULL, no row is visible.
    CREATE FUNCTION current_organization() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('cairn.organization_id', true), '')::uuid;

    -- One row. \`npm run admin -- installation renew\` gives a copy of the database its own id.
    CREATE TABLE installation (
      is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
      -- In Temporal's task queue and workflow ids: installations may share a namespace.
      id uuid NOT NULL DEFAULT gen_random_uuid(),
      created_at timestamptz(3) NOT NULL DEFAULT now()
    );
    INSERT INTO installation DEFAULT VALUES;
    ${forceRowLevelSecurity('installation')}
    -- Readable by every organization. Only an administrator's command, as the owner, changes it.
    CREATE POLICY installation ON installation USING (true);
    GRANT SELECT ON installation TO cairn_api, cairn_system;

    CREATE TABLE organizations (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200),
      created_at timestamptz(3) NOT NULL DEFAULT now()
    );
    ${forceRowLevelSecurity('organizations')}
    CREATE POLICY organization ON organizations USING (id = (SELECT current_organization()));
    GRANT SELECT ON organizations TO cairn_api;
    -- Creates organizations, and finds the one that a request is for.
    GRANT SELECT, INSERT ON organizations TO cairn_system;
    CREATE POLICY before_organization ON organizations TO cairn_system USING (true) WITH CHECK (true);

    -- The AWS role that each worker process runs as. It belongs to the installation, not to an
    -- organization. Contains only ARNs and sentences.
    CREATE TABLE worker_principals (
      worker text PRIMARY KEY CHECK (length(worker) BETWEEN 1 AND 200),
      seen_at timestamptz(3) NOT NULL,
      -- The worker's CAIRN_PRINCIPAL_ARN.
      configured text,
      finding jsonb NOT NULL
    );
    ${forceRowLevelSecurity('worker_principals')}
    -- Readable by every organization. Only the owner, which is the workers' login, writes.
    CREATE POLICY installation ON worker_principals USING (true);
    GRANT SELECT ON worker_principals TO cairn_api, cairn_system;
  `.execute(db)
}

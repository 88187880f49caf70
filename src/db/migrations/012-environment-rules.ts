import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/**
 * Environment rules, what they make of each change, and dependencies between environments. See
 * `docs/decisions/034-environment-rules.md`.
 */
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

    -- An organization's own rules for changes, and the progress of applying them to stored changes. An
    -- organization without a row has no rules.
    CREATE TABLE change_rules (
      organization_id uuid PRIMARY KEY REFERENCES organizations ON DELETE CASCADE,
      -- Of the environment rules. A client that saves them sends the version that it has read.
      version int NOT NULL DEFAULT 0,
      mode text NOT NULL DEFAULT 'first' CHECK (mode IN ('first', 'all')),
      environment_rules jsonb NOT NULL DEFAULT '[]',
      -- Whether a change names environments itself. Their names matter then.
      names_environments boolean NOT NULL DEFAULT false,
      -- Incremented by everything that can change what the rules make of stored changes.
      revision int NOT NULL DEFAULT 0,
      -- Stored changes follow this revision. Changes that are stored later follow the newest one.
      applied_revision int NOT NULL DEFAULT 0,
      -- Newest first: changes from here on follow the newest revision. Null: none yet.
      cursor_time timestamptz(3),
      cursor_id uuid,
      -- Stored changes when applying started, and how many of them were checked.
      total int,
      checked int NOT NULL DEFAULT 0,
      started_at timestamptz(3),
      applied_at timestamptz(3)
    );
    ${isolateOrganizations('change_rules')}
    GRANT SELECT, INSERT, UPDATE ON change_rules TO cairn_api;
    GRANT SELECT (organization_id, revision, applied_revision) ON change_rules TO cairn_system;
    CREATE POLICY before_organization ON change_rules FOR SELECT TO cairn_system USING (true);

    -- Each combination of environments that changes have. A change refers to a combination, so that
    -- deleting an environment rewrites some combinations and no changes.
    CREATE TABLE environment_sets (
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      id int GENERATED ALWAYS AS IDENTITY,
      -- Empty: the changes belong to no environment, regardless of their connection's default.
      environment_ids uuid[] NOT NULL,
      PRIMARY KEY (organization_id, id)
    );
    ${isolateOrganizations('environment_sets')}
    GRANT SELECT, INSERT, UPDATE, DELETE ON environment_sets TO cairn_api;

    -- The environments of changes that do not follow their connection's default. Partitioned like
    -- changes. A set that no longer exists means the default.
    CREATE TABLE change_environments (
      organization_id uuid NOT NULL,
      occurred_at timestamptz(3) NOT NULL,
      id uuid NOT NULL,
      set_id int NOT NULL,
      PRIMARY KEY (organization_id, occurred_at, id)
    ) PARTITION BY RANGE (occurred_at);
    -- For environments with few changes.
    CREATE INDEX change_environments_set ON change_environments (organization_id, set_id, occurred_at);
    ${isolateOrganizations('change_environments')}
    GRANT SELECT, INSERT, UPDATE, DELETE ON change_environments TO cairn_api;

    -- The newest value of each tag that a change has set on a resource.
    CREATE TABLE resource_tags (
      organization_id uuid NOT NULL,
      resource_id int NOT NULL,
      key text NOT NULL,
      value text NOT NULL,
      tagged_at timestamptz(3) NOT NULL,
      PRIMARY KEY (organization_id, resource_id, key),
      FOREIGN KEY (organization_id, resource_id)
        REFERENCES resources (organization_id, id) ON DELETE CASCADE
    );
    ${isolateOrganizations('resource_tags')}
    GRANT SELECT, INSERT, UPDATE ON resource_tags TO cairn_api;
  `.execute(db)
}

import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/**
 * The resources of changes, and the combinations of values that facets count. See
 * `docs/decisions/028-resources-and-facets.md`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    -- Each resource that changes refer to, once per organization.
    CREATE TABLE resources (
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      id int GENERATED ALWAYS AS IDENTITY,
      -- The canonical key, see src/changes/resource-key.ts. It can be too long for an index, so its
      -- SHA-256 is unique instead.
      key text NOT NULL,
      key_digest bytea NOT NULL CHECK (octet_length(key_digest) = 32),
      source text NOT NULL,
      account_id text,
      region text,
      type text NOT NULL,
      -- The last part of the key.
      resource_id text NOT NULL,
      name text,
      arn text,
      PRIMARY KEY (organization_id, id),
      CONSTRAINT resources_key UNIQUE (organization_id, key_digest)
    );
    CREATE INDEX resources_resource_id ON resources (organization_id, resource_id);
    CREATE INDEX resources_name ON resources (organization_id, name) WHERE name IS NOT NULL;
    CREATE INDEX resources_arn ON resources (organization_id, arn) WHERE arn IS NOT NULL;
    ${isolateOrganizations('resources')}
    GRANT SELECT ON resources TO cairn_api;

    -- Each combination of values that changes have. Facets first count combinations, then their values.
    CREATE TABLE facet_groups (
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      key bigint NOT NULL GENERATED ALWAYS AS (facet_key(source, service, region, account_id,
        actor_id, actor, tool, action, outcome, connection_id, is_noise)) STORED,
      source text NOT NULL,
      service text NOT NULL,
      region text,
      account_id text,
      actor_id text NOT NULL,
      actor text NOT NULL,
      tool text NOT NULL,
      action text NOT NULL,
      outcome text NOT NULL,
      connection_id uuid,
      is_noise boolean NOT NULL,
      PRIMARY KEY (organization_id, key)
    );
    CREATE INDEX facet_groups_actor ON facet_groups (organization_id, actor_id);
    CREATE INDEX facet_groups_connection ON facet_groups (connection_id);
    ${isolateOrganizations('facet_groups')}
    GRANT SELECT ON facet_groups TO cairn_api;

    -- In the order of the keys, so that transactions that insert the same groups do not deadlock.
    CREATE FUNCTION store_facet_groups() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO facet_groups (organization_id, source, service, region, account_id, actor_id, actor,
        tool, action, outcome, connection_id, is_noise)
      SELECT DISTINCT ON (organization_id, facet_key) organization_id, source, service, region,
        account_id, actor_id, actor, tool, action, outcome, connection_id, noise IS NOT NULL
      FROM fresh f
      WHERE NOT EXISTS (SELECT FROM facet_groups g
        WHERE g.organization_id = f.organization_id AND g.key = f.facet_key)
      ORDER BY organization_id, facet_key
      ON CONFLICT DO NOTHING;
      RETURN NULL;
    END $$;
    CREATE TRIGGER store_facet_groups AFTER INSERT ON changes
      REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION store_facet_groups();
    CREATE TRIGGER store_facet_groups_of_updated AFTER UPDATE ON changes
      REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION store_facet_groups();
  `.execute(db)
}

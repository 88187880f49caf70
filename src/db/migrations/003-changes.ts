import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/** Changes, the records that they come from, and their weekly partitions. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    -- An index needs an immutable function. array_to_string() is only stable, because of other types. That
    -- prevents inlining, which costs more than everything else in searched_text().
    CREATE FUNCTION join_many(texts text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_to_string(texts, E'\\x1f', '');

    -- Most resources have an id, or an id and an ARN.
    CREATE FUNCTION join_texts(texts text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE cardinality(texts) WHEN 1 THEN texts[1] WHEN 2 THEN texts[1] || E'\\x1f' || texts[2]
      ELSE join_many(texts) END;

    -- For the index behind text search.
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    -- The text that search matches.
    CREATE FUNCTION searched_text(summary text, actor text, action text, resources text[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN summary || E'\\x1f' || actor || E'\\x1f' || action || E'\\x1f' || join_texts(resources);

    -- The values that facets count, as one number: grouping by ten columns takes ten times as long. Two
    -- combinations with the same number would be counted as one. With a million combinations, the
    -- probability is 1 in 30 million.
    CREATE FUNCTION facet_key(source text, service text, region text, account_id text, actor_id text,
      actor text, tool text, action text, outcome text, connection_id uuid, is_noise boolean)
    RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN hash_record_extended(ROW(source, service, region, account_id, actor_id, actor, tool,
      action, outcome, connection_id, is_noise), 0);

    -- The primary key is both identity and the feed's order: id is derived from (organization, source,
    -- source account, source id) and the time, see changeId().
    CREATE TABLE changes (
      organization_id uuid NOT NULL,
      occurred_at timestamptz(3) NOT NULL,
      ended_at timestamptz(3),
      id uuid NOT NULL,
      -- The connection that imports it. The filter and the environment depend on it. Another connection
      -- to the same account takes it over. Null if no connection imports it.
      connection_id uuid,
      source text NOT NULL,
      -- The account in which source_id is unique. For CloudTrail, the AWS account that was queried.
      source_account text,
      source_id text NOT NULL,
      imported_at timestamptz(3) NOT NULL DEFAULT now(),
      -- The version of the source's reader that the columns below come from. After an upgrade, rows with
      -- an older version are read again from their records.
      reader_version int NOT NULL,
      summary text NOT NULL,
      service text NOT NULL,
      action text NOT NULL,
      -- The actor's name, and its id, which is the same in all its sessions.
      actor text NOT NULL,
      actor_id text NOT NULL,
      tool text NOT NULL,
      outcome text NOT NULL CHECK (outcome IN ('succeeded', 'failed', 'denied')),
      region text,
      account_id text,
      -- For text search: the ids and ARNs of its resources as in the source, and the run of its tool.
      resources text[] NOT NULL DEFAULT '{}',
      -- Limited, because Postgres refuses an index entry of more than 2,704 bytes.
      resource_ids int[] NOT NULL DEFAULT '{}' CHECK (cardinality(resource_ids) <= 100),
      read_only boolean NOT NULL DEFAULT false,
      noise text,
      change_set_id uuid,
      -- The parts that are only displayed: actor with its chain, tool, resources, risks, links.
      envelope jsonb NOT NULL,
      -- The part whose type depends on the source: { source, … }.
      detail jsonb NOT NULL,
      facet_key bigint NOT NULL GENERATED ALWAYS AS (facet_key(source, service, region, account_id,
        actor_id, actor, tool, action, outcome, connection_id, noise IS NOT NULL)) STORED,
      -- For the facet index. Most changes have one resource, and numbers are counted in half the time
      -- that arrays take.
      first_resource_id int GENERATED ALWAYS AS (resource_ids[1]) STORED,
      other_resource_ids int[] GENERATED ALWAYS AS (
        CASE WHEN cardinality(resource_ids) > 1 THEN resource_ids[2:] END) STORED,
      PRIMARY KEY (organization_id, occurred_at, id)
    ) PARTITION BY RANGE (occurred_at);
    CREATE INDEX changes_facets ON changes (organization_id, occurred_at)
      INCLUDE (outcome, noise, facet_key, first_resource_id, other_resource_ids);
    CREATE INDEX changes_search ON changes
      USING gin (searched_text(summary, actor, action, resources) gin_trgm_ops);
    CREATE INDEX changes_resource_ids ON changes USING gin (resource_ids);
    -- For how often a resource changed before an incident.
    CREATE INDEX changes_first_resource ON changes (organization_id, first_resource_id, occurred_at)
      INCLUDE (facet_key);
    CREATE INDEX changes_source_id ON changes (organization_id, source_id);
    -- For purges. It has few distinct values, so Postgres stores it in a few bytes per row.
    CREATE INDEX changes_connection ON changes (connection_id);
    CREATE INDEX changes_change_set ON changes (change_set_id);
    -- For rereading. It has few distinct values as well.
    CREATE INDEX changes_reader_version ON changes (organization_id, reader_version);
    ${isolateOrganizations('changes')}
    GRANT SELECT ON changes TO cairn_api;

    CREATE TABLE change_records (
      organization_id uuid NOT NULL,
      occurred_at timestamptz(3) NOT NULL,
      id uuid NOT NULL,
      -- json keeps the order of the fields, and readers list what changed in this order.
      record json NOT NULL,
      -- What the source returned beside the record, if its reader needs it.
      context json,
      PRIMARY KEY (organization_id, occurred_at, id)
    ) PARTITION BY RANGE (occurred_at);
    ${isolateOrganizations('change_records')}
    GRANT SELECT ON change_records TO cairn_api;

    CREATE FUNCTION partition_name(parent text, week timestamptz) RETURNS text
    LANGUAGE sql IMMUTABLE
    RETURN parent || '_' || to_char(week AT TIME ZONE 'UTC', 'IYYY"w"IW');

    -- Creates the weekly partitions that a range of time needs, also of change_environments (012). Attached, not created in place: ATTACH
    -- does not block readers and writers.
    CREATE PROCEDURE ensure_partitions(from_time timestamptz, to_time timestamptz)
    LANGUAGE plpgsql AS $$
    DECLARE
      week timestamptz := date_trunc('week', from_time, 'UTC');
      parent text;
      name text;
    BEGIN
      WHILE week <= to_time LOOP
        FOREACH parent IN ARRAY ARRAY['changes', 'change_records', 'change_environments'] LOOP
          name := partition_name(parent, week);
          -- Every cycle calls this. Only a caller that finds one missing waits for the lock, and checks
          -- again. In pg_class, because to_regclass may use its cache from before the wait.
          CONTINUE WHEN EXISTS (SELECT FROM pg_class
            WHERE relname = name AND relnamespace = 'public'::regnamespace);
          PERFORM pg_advisory_xact_lock(hashtext('cairn.ensure_partitions'));
          IF NOT EXISTS (SELECT FROM pg_class
            WHERE relname = name AND relnamespace = 'public'::regnamespace) THEN
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING INDEXES)', name, parent);
            EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
            EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
              parent, name, week, week + interval '7 days');
          END IF;
        END LOOP;
        week := week + interval '7 days';
      END LOOP;
    END $$;
  `.execute(db)
}

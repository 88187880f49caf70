import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/**
 * The number of changes of each day and combination of facet values, kept by triggers in the
 * transaction that writes the changes. See `docs/decisions/044-candidates-among-many.md`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    -- One day and key can have several rows, and their sum counts: a transaction adds to a row that no
    -- other one has locked, or inserts another. So imports never wait for each other here.
    CREATE TABLE change_counts (
      organization_id uuid NOT NULL,
      -- In UTC.
      day date NOT NULL,
      facet_key bigint NOT NULL,
      id bigint GENERATED ALWAYS AS IDENTITY,
      count int NOT NULL,
      PRIMARY KEY (organization_id, day, facet_key, id)
    ) WITH (fillfactor = 80);
    ${isolateOrganizations('change_counts')}
    GRANT SELECT, INSERT, DELETE ON change_counts TO cairn_api;
    GRANT UPDATE (count) ON change_counts TO cairn_api;

    CREATE FUNCTION change_day(at timestamptz) RETURNS date
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (at AT TIME ZONE 'UTC')::date;

    CREATE FUNCTION count_changes() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      organizations uuid[];
      days date[];
      keys bigint[];
      differences int[];
      updated bigint[];
    BEGIN
      IF TG_OP = 'INSERT' THEN
        SELECT array_agg(organization_id), array_agg(day), array_agg(facet_key), array_agg(n)
        INTO organizations, days, keys, differences
        FROM (
          SELECT organization_id, change_day(occurred_at) AS day, facet_key, count(*)::int AS n
          FROM fresh GROUP BY 1, 2, 3
        ) AS counted;
      ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(organization_id), array_agg(day), array_agg(facet_key), array_agg(n)
        INTO organizations, days, keys, differences
        FROM (
          SELECT organization_id, change_day(occurred_at) AS day, facet_key, -count(*)::int AS n
          FROM gone GROUP BY 1, 2, 3
        ) AS counted;
      ELSE
        SELECT array_agg(organization_id), array_agg(day), array_agg(facet_key), array_agg(n)
        INTO organizations, days, keys, differences
        FROM (
          SELECT organization_id, change_day(occurred_at) AS day, facet_key, sum(one)::int AS n
          FROM (
            SELECT organization_id, occurred_at, facet_key, 1 AS one FROM fresh
            UNION ALL
            SELECT organization_id, occurred_at, facet_key, -1 FROM gone
          ) AS written
          GROUP BY 1, 2, 3 HAVING sum(one) <> 0
        ) AS counted;
      END IF;
      IF organizations IS NULL THEN
        RETURN NULL;
      END IF;

      WITH difference AS (
        SELECT * FROM unnest(organizations, days, keys, differences)
          AS d (organization_id, day, facet_key, n)
      ), unlocked AS (
        SELECT c.organization_id, c.day, c.facet_key, c.id, d.n
        FROM difference d, LATERAL (
          SELECT * FROM change_counts c
          WHERE c.organization_id = d.organization_id AND c.day = d.day AND c.facet_key = d.facet_key
          LIMIT 1
          FOR UPDATE SKIP LOCKED
        ) AS c
      ), added AS (
        UPDATE change_counts c SET count = c.count + u.n
        FROM unlocked u
        WHERE c.organization_id = u.organization_id AND c.day = u.day
          AND c.facet_key = u.facet_key AND c.id = u.id
        RETURNING c.organization_id, c.day, c.facet_key, c.id
      ), inserted AS (
        INSERT INTO change_counts (organization_id, day, facet_key, count)
        SELECT organization_id, day, facet_key, n FROM difference d
        WHERE NOT EXISTS (SELECT FROM added a WHERE a.organization_id = d.organization_id
          AND a.day = d.day AND a.facet_key = d.facet_key)
      )
      SELECT array_agg(id) INTO updated FROM added;

      IF TG_OP <> 'INSERT' AND updated IS NOT NULL THEN
        DELETE FROM change_counts c
        USING (SELECT DISTINCT * FROM unnest(organizations, days, keys)
          AS w (organization_id, day, facet_key)) AS w
        WHERE c.organization_id = w.organization_id AND c.day = w.day
          AND c.facet_key = w.facet_key AND c.id = ANY (updated) AND c.count = 0;
      END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER count_inserted AFTER INSERT ON changes
      REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION count_changes();
    CREATE TRIGGER count_updated AFTER UPDATE ON changes
      REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
      FOR EACH STATEMENT EXECUTE FUNCTION count_changes();
    CREATE TRIGGER count_deleted AFTER DELETE ON changes
      REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_changes();

    -- What is stored already, of all organizations. The triggers have locked the table for writers.
    ALTER TABLE changes NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE change_counts NO FORCE ROW LEVEL SECURITY;
    INSERT INTO change_counts (organization_id, day, facet_key, count)
    SELECT organization_id, change_day(occurred_at), facet_key, count(*)
    FROM changes GROUP BY 1, 2, 3;
    ALTER TABLE changes FORCE ROW LEVEL SECURITY;
    ALTER TABLE change_counts FORCE ROW LEVEL SECURITY;
  `.execute(db)
}

import { type Kysely, sql } from 'kysely'

// Always the index on the text or the resources. The planner cannot estimate it, because it may not
// read its statistics.
const asSearch = sql`
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off
    SET enable_indexscan = off
    SET enable_indexonlyscan = off
    SET jit = off`

/**
 * @param options.parameter the name and type of the function's first parameter
 * @param options.condition with one placeholder of `format` for it
 */
function searchFunction(options: { name: string; parameter: string; condition: string }) {
  const name = sql.raw(options.name)
  const parameter = sql.raw(options.parameter)
  const condition = sql.raw(options.condition)
  const value = sql.raw(options.parameter.split(' ')[0]!)
  return sql`
    CREATE FUNCTION ${name}(${parameter}, from_time timestamptz, to_time timestamptz, most int)
    RETURNS SETOF uuid
    ${asSearch}
    AS $$
    BEGIN
      RETURN QUERY EXECUTE format('SELECT id FROM public.changes
        WHERE organization_id = %L AND occurred_at >= %L AND occurred_at < %L
          AND ${condition}
        LIMIT %s', public.current_organization(), coalesce(from_time, '-infinity'),
        coalesce(to_time, 'infinity'), ${value}, most);
    END $$;`
}

/**
 * Searches that need an index which row-level security rules out. ILIKE is not leakproof, so
 * Postgres uses no index for it on a table with a policy. These functions run as `cairn_search`,
 * whose policy allows every row, and filter by organization themselves. They return ids; the caller
 * reads the rows under its own policy.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    GRANT SELECT ON changes TO cairn_search;
    CREATE POLICY search ON changes FOR SELECT TO cairn_search USING (true);

    -- Ids contain their time. Patterns are alternatives. With more matches than \`most\`, which ids are
    -- returned is undefined.
    ${searchFunction({
      name: 'search_changes',
      parameter: 'patterns text[]',
      condition: 'public.searched_text(summary, actor, action, resources) ILIKE ANY (%L::text[])',
    })}

    -- The same for the changes of resources.
    ${searchFunction({
      name: 'changes_of_resources',
      parameter: 'ids int[]',
      condition: 'resource_ids && %L::int[]',
    })}

    -- The newest changes whose first resource is this one, at or before a time. In windows, each wider
    -- than the previous one, so that a resource with many changes costs no more than one with few.
    CREATE FUNCTION newest_changes_of_resource(resource int, through timestamptz, most int)
    RETURNS SETOF uuid
    ${asSearch}
    AS $$
    DECLARE
      width interval;
      upper timestamptz := through + interval '1 millisecond';
      lower timestamptz;
      remaining int := most;
      returned int;
    BEGIN
      FOREACH width IN ARRAY '{1 hour,1 day,7 days,30 days,100 days,400 days,10000 days}'::interval[] LOOP
        lower := through - width;
        RETURN QUERY EXECUTE format('SELECT id FROM public.changes
          WHERE organization_id = %L AND occurred_at >= %L AND occurred_at < %L
            AND resource_ids && ARRAY[%s] AND first_resource_id = %s
          ORDER BY occurred_at DESC, id DESC LIMIT %s',
          public.current_organization(), lower, upper, resource, resource, remaining);
        GET DIAGNOSTICS returned = ROW_COUNT;
        remaining := remaining - returned;
        EXIT WHEN remaining <= 0;
        upper := lower;
      END LOOP;
    END $$;

    -- For purges: returns those of the resources that a change refers to. In rounds, each about all
    -- that are left. As text, the organization has no index: only the one on resources remains, whose
    -- ids are unique in the database.
    CREATE FUNCTION used_resources(ids int[]) RETURNS SETOF int
    ${asSearch}
    AS $$
    DECLARE
      remaining int[] := ids;
      used int[];
    BEGIN
      LOOP
        EXECUTE format('SELECT array_agg(DISTINCT one) FROM (
            SELECT resource_ids FROM public.changes
            WHERE organization_id::text = %L AND resource_ids && %L::int[] LIMIT 1000
          ) AS c, unnest(c.resource_ids) AS one WHERE one = ANY (%L::int[])',
          public.current_organization(), remaining, remaining) INTO used;
        EXIT WHEN used IS NULL;
        RETURN QUERY SELECT unnest(used);
        remaining := ARRAY(SELECT unnest(remaining) EXCEPT SELECT unnest(used));
      END LOOP;
    END $$;

    REVOKE EXECUTE ON FUNCTION search_changes, changes_of_resources, newest_changes_of_resource,
      used_resources FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION search_changes, changes_of_resources, newest_changes_of_resource
      TO cairn_api;

    -- A function's owner needs CREATE on its schema.
    GRANT CREATE ON SCHEMA public TO cairn_search;
    ALTER FUNCTION search_changes OWNER TO cairn_search;
    ALTER FUNCTION changes_of_resources OWNER TO cairn_search;
    ALTER FUNCTION newest_changes_of_resource OWNER TO cairn_search;
    ALTER FUNCTION used_resources OWNER TO cairn_search;
    SET LOCAL ROLE cairn_search;
    GRANT EXECUTE ON FUNCTION used_resources, changes_of_resources, search_changes TO SESSION_USER;
    RESET ROLE;
    REVOKE CREATE ON SCHEMA public FROM cairn_search;
  `.execute(db)
}

import { type Kysely, sql } from 'kysely'

/**
 * Finds the changes that take effect in a window, although they occurred before it. RFC 3339 sorts as
 * text. The operator on `envelope` is not leakproof, so row-level security rules the index out, and
 * each earlier change would be read: the function runs as `cairn_search`, as those of 005.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE INDEX changes_effective_at ON changes (organization_id, (envelope ->> 'effectiveAt'))
      WHERE envelope ->> 'effectiveAt' IS NOT NULL;

    -- With more than \`most\`, which ids are returned is undefined.
    CREATE FUNCTION deferred_changes(from_time timestamptz, from_text text, to_text text, most int)
    RETURNS SETOF uuid
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off
    SET jit = off
    AS $$
    BEGIN
      RETURN QUERY EXECUTE format($query$
        SELECT id FROM public.changes
        WHERE organization_id = %L AND occurred_at < %L
          AND envelope ->> 'effectiveAt' >= %L AND envelope ->> 'effectiveAt' < %L
        LIMIT %s$query$, public.current_organization(), from_time, from_text, to_text, most);
    END $$;
    REVOKE EXECUTE ON FUNCTION deferred_changes FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION deferred_changes TO cairn_api;
    -- A function's owner needs CREATE on its schema.
    GRANT CREATE ON SCHEMA public TO cairn_search;
    ALTER FUNCTION deferred_changes OWNER TO cairn_search;
    SET LOCAL ROLE cairn_search;
    GRANT EXECUTE ON FUNCTION deferred_changes TO SESSION_USER;
    RESET ROLE;
    REVOKE CREATE ON SCHEMA public FROM cairn_search;
  `.execute(db)
}

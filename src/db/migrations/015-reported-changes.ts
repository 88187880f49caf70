import { type Kysely, sql } from 'kysely'

/**
 * What the API needs to store the changes that pipelines report. Row-level security limits it to
 * the rows of its organization. See docs/decisions/038-reported-changes.md.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    GRANT INSERT ON changes, change_records TO cairn_api;
    GRANT UPDATE (ended_at, outcome, envelope, detail) ON changes TO cairn_api;
    GRANT INSERT, UPDATE ON change_sets TO cairn_api;
    GRANT INSERT, UPDATE (name, arn) ON resources TO cairn_api;
    GRANT INSERT ON facet_groups TO cairn_api;
    -- An event that was unparsed before is deleted when it is stored as a change.
    GRANT DELETE ON unparsed_records TO cairn_api;

    -- The API must not create tables. This function creates the partition of one week, as the login that
    -- owns the tables, and only around the time in which reports are accepted.
    CREATE FUNCTION ensure_report_partitions(at timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    -- Tables are created in the first schema. pg_catalog is searched before it in any case.
    SET search_path = public, pg_temp
    AS $$
    BEGIN
      IF at < now() - interval '100 days' OR at > now() + interval '8 days' THEN
        RAISE EXCEPTION 'no partition is created for %', at USING ERRCODE = '22008';
      END IF;
      CALL public.ensure_partitions(at, at);
    END $$;
    REVOKE EXECUTE ON FUNCTION ensure_report_partitions FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION ensure_report_partitions TO cairn_api;
  `.execute(db)
}

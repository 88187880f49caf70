import { type Kysely, sql } from 'kysely'

/**
 * What the API's servers listen to, see `src/db/notifications.ts`. Postgres removes duplicates within
 * a transaction, and notifies only when it commits.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE FUNCTION notify_of_changes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_notify('cairn', json_build_object('kind', 'changes', 'organization', organization_id,
        'connection', connection_id, 'count', count(*), 'noise', count(noise),
        'newest', max(occurred_at))::text)
      FROM fresh GROUP BY organization_id, connection_id;
      RETURN NULL;
    END $$;
    CREATE TRIGGER notify_of_changes AFTER INSERT ON changes
      REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION notify_of_changes();

    -- Only ids: a coverage row is written with each page, and can contain many ranges.
    CREATE FUNCTION notify_of_connection() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      connection uuid;
    BEGIN
      IF TG_TABLE_NAME = 'connections' THEN
        connection := coalesce(NEW.id, OLD.id);
        -- The reconciler recorded that it signalled the workflow. No page shows that.
        IF TG_OP = 'UPDATE' AND NEW.version = OLD.version
          AND NEW.unanswered_signals > OLD.unanswered_signals THEN RETURN NULL; END IF;
      ELSE
        connection := NEW.connection_id;
      END IF;
      PERFORM pg_notify('cairn', json_build_object('kind', 'connection',
        'organization', coalesce(NEW.organization_id, OLD.organization_id),
        'connection', connection)::text);
      RETURN NULL;
    END $$;
    CREATE TRIGGER notify_of_connection AFTER INSERT OR UPDATE OR DELETE ON connections
      FOR EACH ROW EXECUTE FUNCTION notify_of_connection();
    CREATE TRIGGER notify_of_connection AFTER INSERT OR UPDATE ON verifications
      FOR EACH ROW EXECUTE FUNCTION notify_of_connection();
    CREATE TRIGGER notify_of_connection AFTER INSERT OR UPDATE ON coverage
      FOR EACH ROW EXECUTE FUNCTION notify_of_connection();
  `.execute(db)
}

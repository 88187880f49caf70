import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/** Events that a source returned and that cannot become a change. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    -- One row per event.
    CREATE TABLE unparsed_records (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      -- The connection that last returned it. Null for a source without connections.
      connection_id uuid,
      source text NOT NULL,
      -- As in changes.
      source_account text,
      -- SHA-256 of the event's id, or of the whole entry if the source gave no id.
      event_key bytea NOT NULL CHECK (octet_length(event_key) = 32),
      region text,
      event_id text,
      event_name text,
      event_source text,
      event_time timestamptz(3),
      username text,
      reason text NOT NULL,
      -- The source's whole entry. bytea, because it may contain bytes that text does not accept.
      raw bytea NOT NULL,
      seen_at timestamptz(3) NOT NULL DEFAULT now(),
      CONSTRAINT unparsed_records_event UNIQUE NULLS NOT DISTINCT
        (organization_id, source_account, event_key),
      FOREIGN KEY (organization_id, connection_id)
        REFERENCES connections (organization_id, id) ON DELETE CASCADE
    );
    CREATE INDEX unparsed_records_connection ON unparsed_records (connection_id, id);
    ${isolateOrganizations('unparsed_records')}
    GRANT SELECT ON unparsed_records TO cairn_api;
  `.execute(db)
}

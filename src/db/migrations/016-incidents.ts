import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/** Incidents, the alerts that report them, and what people decided about changes. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE incidents (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      title text NOT NULL CHECK (length(title) BETWEEN 1 AND 300),
      -- Of the first alert; 'person' without one.
      source text NOT NULL CHECK (source IN ('pagerduty', 'alertmanager', 'person')),
      state text NOT NULL CHECK (state IN ('open', 'acknowledged', 'resolved')),
      noticed_at timestamptz(3) NOT NULL,
      -- Null: unknown. A start between started_after and started_at, or noticed_at, is a range.
      started_at timestamptz(3),
      started_after timestamptz(3),
      resolved_at timestamptz(3),
      environment_id uuid,
      services text[] NOT NULL DEFAULT '{}',
      -- The columns that a person has set. Alerts no longer change them.
      edited text[] NOT NULL DEFAULT '{}',
      -- The email address of its creator. It stays when that user is removed.
      created_by text CHECK (length(created_by) <= 320),
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      -- Of the request that created it, if it had one.
      idempotency_key text CHECK (length(idempotency_key) BETWEEN 1 AND 200),
      -- Its alerts have moved to this incident. Only its address is still in use.
      merged_into uuid,
      UNIQUE (organization_id, id),
      CHECK (merged_into <> id),
      CONSTRAINT incidents_environment FOREIGN KEY (organization_id, environment_id)
        REFERENCES environments (organization_id, id) ON DELETE SET NULL (environment_id),
      FOREIGN KEY (organization_id, merged_into) REFERENCES incidents (organization_id, id)
    );
    CREATE INDEX ON incidents (organization_id, noticed_at DESC, id DESC) WHERE merged_into IS NULL;
    CREATE UNIQUE INDEX ON incidents (organization_id, idempotency_key)
      WHERE idempotency_key IS NOT NULL;
    CREATE INDEX ON incidents (organization_id, merged_into) WHERE merged_into IS NOT NULL;
    CREATE INDEX ON incidents (organization_id, environment_id);
    ${isolateOrganizations('incidents')}
    GRANT SELECT, INSERT, UPDATE ON incidents TO cairn_api;

    CREATE TABLE incident_alerts (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      incident_id uuid NOT NULL,
      source text NOT NULL CHECK (source IN ('pagerduty', 'alertmanager')),
      -- Alertmanager uses one ID again for a later outage: that is another alert.
      source_id text NOT NULL CHECK (length(source_id) BETWEEN 1 AND 600),
      title text NOT NULL CHECK (length(title) BETWEEN 1 AND 300),
      state text NOT NULL CHECK (state IN ('open', 'acknowledged', 'resolved')),
      -- The earliest that an event reported, and the one of the newest event.
      noticed_at timestamptz(3) NOT NULL,
      latest_noticed_at timestamptz(3) NOT NULL,
      -- Of the newest event that was applied.
      reported_at timestamptz(3) NOT NULL,
      resolved_at timestamptz(3),
      -- [{id, name}], as the source reported them.
      services jsonb NOT NULL,
      labels jsonb NOT NULL,
      url text CHECK (length(url) <= 2100),
      -- What the mappings made of the services and labels.
      environment_id uuid,
      mapped_services text[] NOT NULL DEFAULT '{}',
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      CHECK ((state = 'resolved') = (resolved_at IS NOT NULL)),
      FOREIGN KEY (organization_id, incident_id)
        REFERENCES incidents (organization_id, id) ON DELETE CASCADE,
      FOREIGN KEY (organization_id, environment_id)
        REFERENCES environments (organization_id, id) ON DELETE SET NULL (environment_id)
    );
    CREATE INDEX ON incident_alerts (organization_id, source, source_id);
    CREATE INDEX ON incident_alerts (organization_id, incident_id);
    CREATE INDEX ON incident_alerts (organization_id, environment_id);
    CREATE INDEX ON incident_alerts (organization_id, noticed_at);
    ${isolateOrganizations('incident_alerts')}
    GRANT SELECT, INSERT, UPDATE ON incident_alerts TO cairn_api;

    CREATE TABLE verdicts (
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      incident_id uuid NOT NULL,
      -- No foreign key: changes are partitioned, and a verdict outlives the change's retention.
      change_id uuid NOT NULL,
      verdict text NOT NULL CHECK (verdict IN ('suspect', 'caused', 'fixed', 'dismissed')),
      decided_by text CHECK (length(decided_by) <= 320),
      decided_at timestamptz(3) NOT NULL DEFAULT now(),
      PRIMARY KEY (incident_id, change_id),
      FOREIGN KEY (organization_id, incident_id)
        REFERENCES incidents (organization_id, id) ON DELETE CASCADE
    );
    CREATE INDEX ON verdicts (organization_id, incident_id);
    ${isolateOrganizations('verdicts')}
    GRANT SELECT, INSERT, UPDATE, DELETE ON verdicts TO cairn_api;

    CREATE TABLE service_mappings (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      -- Null: every alert source.
      source text CHECK (source IN ('pagerduty', 'alertmanager')),
      -- The name of the label whose value is compared. Null: the service's ID or name.
      label text CHECK (length(label) BETWEEN 1 AND 300),
      -- A pattern with *, ignoring case.
      value text NOT NULL CHECK (length(value) BETWEEN 1 AND 300),
      environment_id uuid,
      services text[] NOT NULL DEFAULT '{}',
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      CONSTRAINT service_mappings_environment FOREIGN KEY (organization_id, environment_id)
        REFERENCES environments (organization_id, id) ON DELETE CASCADE
    );
    CREATE UNIQUE INDEX service_mappings_once ON service_mappings
      (organization_id, source, label, casefold(value COLLATE pg_unicode_fast)) NULLS NOT DISTINCT;
    CREATE INDEX ON service_mappings (organization_id, environment_id);
    ${isolateOrganizations('service_mappings')}
    GRANT SELECT, INSERT, DELETE ON service_mappings TO cairn_api;

    CREATE FUNCTION notify_of_incident() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_notify('cairn', json_build_object('kind', 'incident',
        'organization', NEW.organization_id,
        'incident', CASE TG_TABLE_NAME WHEN 'incidents' THEN to_jsonb(NEW) ->> 'id'
          ELSE to_jsonb(NEW) ->> 'incident_id' END)::text);
      RETURN NULL;
    END $$;
    CREATE TRIGGER notify_of_incident AFTER INSERT OR UPDATE ON incidents
      FOR EACH ROW EXECUTE FUNCTION notify_of_incident();
    CREATE TRIGGER notify_of_incident AFTER INSERT OR UPDATE ON verdicts
      FOR EACH ROW EXECUTE FUNCTION notify_of_incident();
  `.execute(db)
}

import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/** Deliveries and reports that were refused, and webhooks of LaunchDarkly. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    ALTER TABLE integrations
      DROP CONSTRAINT integrations_kind_check,
      ADD CONSTRAINT integrations_kind_check
        CHECK (kind IN ('github', 'pagerduty', 'alertmanager', 'launchdarkly'));

    -- One row for each sender, hour and reason: untrusted senders can cause refusals.
    CREATE TABLE refusals (
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      -- Null: reports of pipelines.
      integration_id uuid,
      -- Its start.
      hour timestamptz(3) NOT NULL,
      reason text NOT NULL CHECK (reason IN ('signature', 'too_large', 'throttled', 'invalid')),
      first_at timestamptz(3) NOT NULL,
      last_at timestamptz(3) NOT NULL,
      UNIQUE NULLS NOT DISTINCT (organization_id, integration_id, hour, reason),
      FOREIGN KEY (organization_id, integration_id)
        REFERENCES integrations (organization_id, id) ON DELETE CASCADE
    );
    ${isolateOrganizations('refusals')}
    GRANT SELECT, INSERT, DELETE ON refusals TO cairn_api;
    GRANT UPDATE (first_at, last_at) ON refusals TO cairn_api;
  `.execute(db)
}

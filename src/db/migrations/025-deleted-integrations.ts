import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/**
 * The deliveries of a deleted integration are removed in batches. See
 * `docs/decisions/049-deleted-integrations.md`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    -- Integrations whose deliveries are being removed.
    CREATE TABLE deleted_integrations (
      integration_id uuid PRIMARY KEY,
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      deleted_at timestamptz(3) NOT NULL DEFAULT now()
    );
    CREATE INDEX ON deleted_integrations (organization_id);
    ${isolateOrganizations('deleted_integrations')}
    GRANT SELECT, INSERT ON deleted_integrations TO cairn_api;
    -- The starter of workflows sees which organizations have deliveries to remove.
    GRANT SELECT (organization_id) ON deleted_integrations TO cairn_system;
    CREATE POLICY before_organization ON deleted_integrations FOR SELECT TO cairn_system
      USING (true);

    -- They outlive their integration. Inserting one locks the integration.
    ALTER TABLE deliveries
      DROP CONSTRAINT deliveries_organization_id_integration_id_fkey,
      ADD FOREIGN KEY (organization_id) REFERENCES organizations ON DELETE CASCADE;
    -- For the counts on an integration's card, without reading the bodies.
    CREATE INDEX deliveries_state ON deliveries
      (organization_id, integration_id, state, received_at);
  `.execute(db)
}

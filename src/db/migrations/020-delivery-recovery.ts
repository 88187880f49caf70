import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/**
 * GitHub does not send a delivery again that Cairn has missed. With a token, a workflow finds such
 * deliveries. See `docs/decisions/047-missed-deliveries.md`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE delivery_recoveries (
      integration_id uuid PRIMARY KEY,
      organization_id uuid NOT NULL,
      -- The token, encrypted under a key that is not in this database.
      sealed bytea NOT NULL CHECK (octet_length(sealed) <= 4096),
      -- Whose webhooks are checked: organizations ("acme") and repositories ("acme/shop").
      hooks_of text[] NOT NULL CHECK (cardinality(hooks_of) BETWEEN 1 AND 20),
      token_set_at timestamptz(3) NOT NULL DEFAULT now(),
      -- Incremented by each change of the token or of hooks_of.
      revision int NOT NULL DEFAULT 1,
      -- The last check that ended, whether or not it was complete.
      checked_at timestamptz(3),
      -- Deliveries until this time were compared.
      checked_through timestamptz(3),
      -- What prevents a complete check, and what to do.
      problem text CHECK (length(problem) <= 2000),
      recovered int NOT NULL DEFAULT 0,
      due_at timestamptz(3) NOT NULL DEFAULT now(),
      FOREIGN KEY (organization_id, integration_id)
        REFERENCES integrations (organization_id, id) ON DELETE CASCADE
    );
    CREATE INDEX ON delivery_recoveries (organization_id, integration_id);
    ${isolateOrganizations('delivery_recoveries')}
    -- The API stores tokens, and cannot read them.
    GRANT SELECT (integration_id, organization_id, hooks_of, token_set_at, revision, checked_at,
      checked_through, problem, recovered, due_at) ON delivery_recoveries TO cairn_api;
    GRANT INSERT, DELETE ON delivery_recoveries TO cairn_api;
    GRANT UPDATE (sealed, hooks_of, token_set_at, revision, checked_through, problem, due_at)
      ON delivery_recoveries TO cairn_api;
    -- The starter of workflows finds checks that are overdue.
    GRANT SELECT (integration_id, organization_id, due_at) ON delivery_recoveries TO cairn_system;
    CREATE POLICY before_organization ON delivery_recoveries FOR SELECT TO cairn_system USING (true);

    -- When Cairn fetched a delivery that it had missed. Its received_at is when it was sent.
    ALTER TABLE deliveries ADD recovered_at timestamptz(3);
  `.execute(db)
}

import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/**
 * Integrations receive webhooks. Each delivery is stored as it arrived, and translated after. See
 * `docs/decisions/036-deliveries.md`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE integrations (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      kind text NOT NULL CHECK (kind IN ('github', 'pagerduty', 'alertmanager')),
      name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
      settings jsonb NOT NULL DEFAULT '{}',
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      -- The last delivery with a valid signature, whether or not it was stored before.
      last_delivery_at timestamptz(3),
      UNIQUE (organization_id, id)
    );
    ${isolateOrganizations('integrations')}
    GRANT SELECT, INSERT, DELETE ON integrations TO cairn_api;
    GRANT UPDATE (name, settings) ON integrations TO cairn_api;
    -- The receiver finds the organization by the integration's ID.
    GRANT SELECT (id, organization_id, kind, last_delivery_at) ON integrations TO cairn_system;
    GRANT UPDATE (last_delivery_at) ON integrations TO cairn_system;
    CREATE POLICY before_organization ON integrations FOR SELECT TO cairn_system USING (true);

    CREATE TABLE integration_secrets (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL,
      integration_id uuid NOT NULL,
      -- Encrypted under a key that is not in this database, see src/integrations/secret-box.ts.
      sealed bytea CHECK (octet_length(sealed) <= 4096),
      -- SHA-256 of a bearer token, which is only compared. Tokens are 256 random bits.
      token_hash bytea CHECK (octet_length(token_hash) = 32),
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      -- When a replaced secret stops to be valid.
      expires_at timestamptz(3),
      CHECK ((sealed IS NULL) <> (token_hash IS NULL)),
      FOREIGN KEY (organization_id, integration_id)
        REFERENCES integrations (organization_id, id) ON DELETE CASCADE
    );
    CREATE INDEX ON integration_secrets (organization_id, integration_id);
    CREATE INDEX ON integration_secrets (integration_id);
    -- One current secret, and at most one that is being replaced.
    CREATE UNIQUE INDEX integration_secrets_current ON integration_secrets (integration_id)
      WHERE expires_at IS NULL;
    ${isolateOrganizations('integration_secrets')}
    GRANT SELECT, INSERT, DELETE ON integration_secrets TO cairn_api;
    GRANT UPDATE (expires_at) ON integration_secrets TO cairn_api;
    GRANT SELECT (organization_id, integration_id, sealed, token_hash, expires_at)
      ON integration_secrets TO cairn_system;
    CREATE POLICY before_organization ON integration_secrets FOR SELECT TO cairn_system
      USING (true);

    CREATE TABLE deliveries (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL,
      integration_id uuid NOT NULL,
      -- The sender's ID, or a digest of the body if it sends none.
      delivery_id text NOT NULL CHECK (length(delivery_id) BETWEEN 1 AND 200),
      event text CHECK (length(event) <= 200),
      headers jsonb NOT NULL,
      body bytea NOT NULL,
      received_at timestamptz(3) NOT NULL DEFAULT now(),
      state text NOT NULL DEFAULT 'received'
        CHECK (state IN ('received', 'translated', 'ignored', 'failed')),
      -- Why it is ignored or failed, or why the last attempt failed.
      reason text CHECK (length(reason) <= 2000),
      -- What it became: {"changes": ["id", …], "incidents": 1}.
      result jsonb,
      attempts int NOT NULL DEFAULT 0,
      -- When it is translated next. Null: it is done.
      due_at timestamptz(3) DEFAULT now(),
      done_at timestamptz(3),
      is_test boolean NOT NULL DEFAULT false,
      CHECK ((state = 'received') = (due_at IS NOT NULL)),
      UNIQUE (integration_id, delivery_id),
      FOREIGN KEY (organization_id, integration_id)
        REFERENCES integrations (organization_id, id) ON DELETE CASCADE
    );
    -- The log: newest first.
    CREATE INDEX ON deliveries (organization_id, integration_id, id DESC);
    CREATE INDEX deliveries_due_of_integration ON deliveries (integration_id, due_at)
      WHERE due_at IS NOT NULL;
    CREATE INDEX deliveries_due ON deliveries (organization_id, due_at) WHERE due_at IS NOT NULL;
    ${isolateOrganizations('deliveries')}
    GRANT SELECT ON deliveries TO cairn_api;
    GRANT UPDATE (state, due_at, reason, attempts, done_at) ON deliveries TO cairn_api;
    -- The receiver, which acts for the organization after it has verified a signature.
    GRANT SELECT (id, organization_id, integration_id, delivery_id, due_at) ON deliveries
      TO cairn_system;
    GRANT INSERT ON deliveries TO cairn_system;
    -- The starter of workflows sees which organizations have deliveries that are due.
    CREATE POLICY before_organization ON deliveries FOR SELECT TO cairn_system USING (true);
  `.execute(db)
}

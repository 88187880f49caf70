import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/** API keys. `cairn_system` finds a key's organization. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE api_keys (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      name text NOT NULL,
      -- SHA-256 of the key. Keys are 256 random bits, so a slow hash would add no protection.
      key_hash bytea NOT NULL UNIQUE CHECK (octet_length(key_hash) = 32),
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      revoked_at timestamptz(3),
      -- Its first characters, to recognize it. Only for keys that Cairn generated.
      prefix text CHECK (length(prefix) <= 12),
      -- Updated at most once an hour.
      last_used_at timestamptz(3),
      -- The email address of its creator. It stays when that user is removed, as the key does.
      created_by text CHECK (length(created_by) <= 320)
    );
    CREATE INDEX ON api_keys (organization_id);
    ${isolateOrganizations('api_keys')}
    GRANT SELECT, INSERT, UPDATE ON api_keys TO cairn_api;
    GRANT SELECT, INSERT ON api_keys TO cairn_system;
    GRANT UPDATE (last_used_at) ON api_keys TO cairn_system;
    CREATE POLICY before_organization ON api_keys TO cairn_system USING (true) WITH CHECK (true);
  `.execute(db)
}

import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/** Links that set a new password for a member. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE password_resets (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      user_id uuid NOT NULL REFERENCES auth."user" ON DELETE CASCADE,
      -- SHA-256 of the link's token, which is 256 random bits like an API key.
      token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      created_by uuid REFERENCES auth."user" ON DELETE SET NULL,
      expires_at timestamptz(3) NOT NULL,
      -- A new link replaces the earlier one.
      UNIQUE (organization_id, user_id)
    );
    ${isolateOrganizations('password_resets')}
    GRANT SELECT, INSERT, DELETE ON password_resets TO cairn_api;
    GRANT SELECT, DELETE ON password_resets TO cairn_system;
    CREATE POLICY before_organization ON password_resets TO cairn_system USING (true);
  `.execute(db)
}

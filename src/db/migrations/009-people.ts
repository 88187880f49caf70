import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/**
 * Users, members and invitations. `cairn_system` authenticates a user before the organization is
 * known; `cairn_api` has no access to the schema `auth`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    -- better-auth's own tables, as its getMigrations() prints them for the options in
    -- src/auth/better-auth.ts. test/auth/schema.integration.test.ts fails when better-auth needs others.
    CREATE SCHEMA auth;
    CREATE TABLE auth."user" (
      "id" uuid DEFAULT gen_random_uuid() NOT NULL PRIMARY KEY,
      "name" text NOT NULL,
      "email" text NOT NULL UNIQUE,
      "emailVerified" boolean NOT NULL,
      "image" text,
      "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
      "updatedAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL
    );
    CREATE TABLE auth."session" (
      "id" uuid DEFAULT gen_random_uuid() NOT NULL PRIMARY KEY,
      "expiresAt" timestamptz NOT NULL,
      "token" text NOT NULL UNIQUE,
      "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
      "updatedAt" timestamptz NOT NULL,
      "ipAddress" text,
      "userAgent" text,
      "userId" uuid NOT NULL REFERENCES auth."user" ("id") ON DELETE CASCADE
    );
    CREATE TABLE auth."account" (
      "id" uuid DEFAULT gen_random_uuid() NOT NULL PRIMARY KEY,
      "accountId" text NOT NULL,
      "providerId" text NOT NULL,
      "userId" uuid NOT NULL REFERENCES auth."user" ("id") ON DELETE CASCADE,
      "accessToken" text,
      "refreshToken" text,
      "idToken" text,
      "accessTokenExpiresAt" timestamptz,
      "refreshTokenExpiresAt" timestamptz,
      "scope" text,
      "password" text,
      "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
      "updatedAt" timestamptz NOT NULL
    );
    CREATE TABLE auth."verification" (
      "id" uuid DEFAULT gen_random_uuid() NOT NULL PRIMARY KEY,
      "identifier" text NOT NULL,
      "value" text NOT NULL,
      "expiresAt" timestamptz NOT NULL,
      "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
      "updatedAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL
    );
    CREATE TABLE auth."rateLimit" (
      "id" uuid DEFAULT gen_random_uuid() NOT NULL PRIMARY KEY,
      "key" text NOT NULL UNIQUE,
      "count" integer NOT NULL,
      "lastRequest" bigint NOT NULL
    );
    CREATE INDEX "session_userId_idx" ON auth."session" ("userId");
    CREATE INDEX "account_userId_idx" ON auth."account" ("userId");
    CREATE INDEX "verification_identifier_idx" ON auth."verification" ("identifier");
    GRANT USAGE ON SCHEMA auth TO cairn_system;
    GRANT SELECT, INSERT, DELETE ON auth."user" TO cairn_system;
    GRANT SELECT, INSERT, UPDATE, DELETE ON auth."session", auth."rateLimit" TO cairn_system;
    GRANT SELECT, INSERT ON auth."account" TO cairn_system;
    GRANT UPDATE ("password", "updatedAt") ON auth."account" TO cairn_system;

    CREATE TABLE members (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      user_id uuid NOT NULL REFERENCES auth."user" ON DELETE CASCADE,
      role text NOT NULL CHECK (role IN ('owner', 'member')),
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      UNIQUE (organization_id, user_id)
    );
    CREATE INDEX ON members (user_id);
    ${isolateOrganizations('members')}
    GRANT SELECT, DELETE ON members TO cairn_api;
    GRANT SELECT, INSERT ON members TO cairn_system;
    CREATE POLICY before_organization ON members TO cairn_system USING (true) WITH CHECK (true);

    CREATE TABLE invitations (
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      role text NOT NULL CHECK (role IN ('owner', 'member')),
      -- The invited person's address, if given.
      email text,
      -- SHA-256 of the link's token, which is 256 random bits like an API key.
      token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
      -- The link that Cairn prints at start. It is invalid once there is an owner.
      first_owner boolean NOT NULL DEFAULT false,
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      created_by uuid REFERENCES auth."user" ON DELETE SET NULL,
      expires_at timestamptz(3) NOT NULL,
      accepted_at timestamptz(3),
      revoked_at timestamptz(3)
    );
    CREATE INDEX ON invitations (organization_id);
    ${isolateOrganizations('invitations')}
    GRANT SELECT, INSERT ON invitations TO cairn_api;
    GRANT UPDATE (revoked_at) ON invitations TO cairn_api;
    GRANT SELECT, INSERT ON invitations TO cairn_system;
    GRANT UPDATE (accepted_at) ON invitations TO cairn_system;
    CREATE POLICY before_organization ON invitations TO cairn_system USING (true) WITH CHECK (true);
  `.execute(db)
}

import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/** An organization's own noise rules. See `docs/decisions/035-noise-rules.md`. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE noise_rules (
      organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
      id uuid PRIMARY KEY DEFAULT uuidv7(),
      effect text NOT NULL CHECK (effect IN ('hide', 'show')),
      -- Values by field: all of them must be equal.
      match jsonb NOT NULL,
      created_at timestamptz(3) NOT NULL DEFAULT now(),
      created_by text,
      UNIQUE (organization_id, match)
    );
    ${isolateOrganizations('noise_rules')}
    GRANT SELECT, INSERT, DELETE ON noise_rules TO cairn_api;

    -- What the source makes of the change; \`noise\` is what remains after the organization's rules.
    ALTER TABLE changes ADD COLUMN source_noise text;
  `.execute(db)
}

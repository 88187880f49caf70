import { type Kysely, sql } from 'kysely'
import { isolateOrganizations } from './row-level-security.ts'

/** When pipelines reported changes, for the completeness of an incident's window. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    CREATE TABLE report_receipts (
      organization_id uuid PRIMARY KEY REFERENCES organizations ON DELETE CASCADE,
      first_at timestamptz(3) NOT NULL DEFAULT now(),
      last_at timestamptz(3) NOT NULL DEFAULT now()
    );
    ${isolateOrganizations('report_receipts')}
    GRANT SELECT, INSERT, UPDATE (last_at) ON report_receipts TO cairn_api;
  `.execute(db)
}

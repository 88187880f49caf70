import { type RawBuilder, sql } from 'kysely'

// Released migrations run these statements: do not change them, add a function instead.

/** Enables row-level security, for the table's owner as well. The table needs a policy of its own. */
export function forceRowLevelSecurity(table: string): RawBuilder<unknown> {
  return sql`
    ALTER TABLE ${sql.table(table)} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${sql.table(table)} FORCE ROW LEVEL SECURITY;
  `
}

/**
 * Forces row-level security and limits each transaction to the rows of its organization. The table
 * has an `organization_id`. See `docs/decisions/002-row-level-security.md`.
 */
export function isolateOrganizations(table: string): RawBuilder<unknown> {
  return sql`
    ${forceRowLevelSecurity(table)}
    CREATE POLICY organization ON ${sql.table(table)}
      USING (organization_id = (SELECT current_organization()))
      WITH CHECK (organization_id = (SELECT current_organization()));
  `
}

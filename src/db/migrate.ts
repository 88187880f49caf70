import { sql } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { type Database, openDatabase } from './database.ts'
import { installationId } from './installation.ts'
import * as organizations from './migrations/001-organizations.ts'
import * as connections from './migrations/002-connections.ts'
import * as changes from './migrations/003-changes.ts'
import * as facets from './migrations/004-facets.ts'
import * as search from './migrations/005-search.ts'
import * as changeSets from './migrations/006-change-sets.ts'
import * as unparsedRecords from './migrations/007-unparsed-records.ts'
import * as environments from './migrations/008-environments.ts'
import * as people from './migrations/009-people.ts'
import * as apiKeys from './migrations/010-api-keys.ts'
import * as notifications from './migrations/011-notifications.ts'
import * as environmentRules from './migrations/012-environment-rules.ts'
import * as noiseRules from './migrations/013-noise-rules.ts'
import * as integrations from './migrations/014-integrations.ts'
import * as reportedChanges from './migrations/015-reported-changes.ts'
import * as incidents from './migrations/016-incidents.ts'
import * as deferredChanges from './migrations/017-deferred-changes.ts'
import * as savedViews from './migrations/018-saved-views.ts'
import * as passwordResets from './migrations/019-password-resets.ts'
import * as deliveryRecovery from './migrations/020-delivery-recovery.ts'
import * as reportReceipts from './migrations/021-report-receipts.ts'
import * as refusals from './migrations/022-refusals.ts'
import * as changeCounts from './migrations/023-change-counts.ts'
import * as regionErrorKinds from './migrations/024-region-error-kinds.ts'
import * as deletedIntegrations from './migrations/025-deleted-integrations.ts'
import * as encryptedColumns from './migrations/026-encrypted-columns.ts'
import * as sessionErrors from './migrations/027-session-errors.ts'

/** In order of their names. Never edit a released migration: add another one. */
export const migrations: Record<string, Migration> = {
  '001-organizations': organizations,
  '002-connections': connections,
  '003-changes': changes,
  '004-facets': facets,
  '005-search': search,
  '006-change-sets': changeSets,
  '007-unparsed-records': unparsedRecords,
  '008-environments': environments,
  '009-people': people,
  '010-api-keys': apiKeys,
  '011-notifications': notifications,
  '012-environment-rules': environmentRules,
  '013-noise-rules': noiseRules,
  '014-integrations': integrations,
  '015-reported-changes': reportedChanges,
  '016-incidents': incidents,
  '017-deferred-changes': deferredChanges,
  '018-saved-views': savedViews,
  '019-password-resets': passwordResets,
  '020-delivery-recovery': deliveryRecovery,
  '021-report-receipts': reportReceipts,
  '022-refusals': refusals,
  '023-change-counts': changeCounts,
  '024-region-error-kinds': regionErrorKinds,
  '025-deleted-integrations': deletedIntegrations,
  '026-encrypted-columns': encryptedColumns,
  '027-session-errors': sessionErrors,
}

/**
 * The roles that Cairn's processes use. Roles belong to the Postgres server, not to one database.
 */
const ROLES = ['cairn_api', 'cairn_system', 'cairn_search']

/** The oldest version with all functions that the schema uses: uuidv7() and pg_unicode_fast. */
const OLDEST_SERVER = 180_000

/**
 * Migrates the database to the current schema. Several processes may call it at once: Kysely's lock
 * lets one of them migrate, and the others find nothing to do.
 *
 * @returns the ID of the installation that the database belongs to
 * @throws if an administrator has to act first; the message contains the SQL
 * @throws the error of the migration that failed; Postgres has rolled it back
 */
export async function migrate(databaseUrl: string): Promise<string> {
  const db = openDatabase({ url: databaseUrl, max: 1 })
  try {
    await checkServer(db)
    await ensureRoles(db)
    const migrator = new Migrator({
      db,
      provider: { getMigrations: async () => migrations },
    })
    const { error } = await migrator.migrateToLatest()
    if (error) throw error
    return await installationId(db)
  } finally {
    await db.destroy()
  }
}

async function checkServer(db: Database): Promise<void> {
  const { rows } = await sql<{ number: number; version: string; mayCreate: boolean }>`
    SELECT current_setting('server_version_num')::int AS number,
      current_setting('server_version') AS version,
      has_schema_privilege('public', 'CREATE')
        AND has_database_privilege(current_database(), 'CREATE') AS "mayCreate"
  `.execute(db)
  const { number, version, mayCreate } = rows[0]!
  if (number < OLDEST_SERVER)
    throw new Error(`Cairn needs Postgres 18 or later. DATABASE_URL points to ${version}.`)
  if (mayCreate) return
  const { login, database } = await whoami(db)
  throw new Error(
    `The login ${login} of DATABASE_URL may not create Cairn's tables in the database ${database}. ` +
      `As an administrator: ALTER DATABASE ${database} OWNER TO ${login};`,
  )
}

/**
 * Creates the roles that are missing, and allows this login to set them. If another login has
 * created them for another database, an administrator has to grant them.
 *
 * @throws with the SQL for an administrator
 */
async function ensureRoles(db: Database): Promise<void> {
  const { rows } = await sql<{ role: string; exists: boolean; usable: boolean }>`
    SELECT role, rolname IS NOT NULL AS exists,
      -- A role that this statement does not see yet has no oid to ask for.
      coalesce(pg_has_role(pg_roles.oid, 'SET'), false) AS usable
    FROM unnest(${ROLES}::text[]) WITH ORDINALITY AS wanted (role, place)
      LEFT JOIN pg_roles ON rolname = role
    ORDER BY place
  `.execute(db)
  const missing = rows.filter(({ exists }) => !exists).map(({ role }) => role)
  const unusable = rows.filter(({ usable }) => !usable).map(({ role }) => role)
  const refused: string[] = []
  const { login } = await whoami(db)
  for (const role of unusable) {
    const create = sql.raw(`CREATE ROLE ${role} NOLOGIN NOSUPERUSER NOBYPASSRLS`)
    const grant = sql.raw(`GRANT ${role} TO ${login} WITH INHERIT FALSE, SET TRUE`)
    if (missing.includes(role) && !(await permitted(create.execute(db))))
      refused.push(`CREATE ROLE ${role} NOLOGIN;`)
    if (!(await permitted(grant.execute(db))))
      refused.push(`GRANT ${role} TO ${login} WITH INHERIT FALSE, SET TRUE;`)
  }
  if (refused.length === 0) return
  const reason =
    missing.length > 0
      ? `may not create the roles ${missing.join(', ')}`
      : `may not use the roles ${unusable.join(', ')}, which another login of this Postgres server created`
  throw new Error(
    `The login ${login} of DATABASE_URL ${reason}. As an administrator: ${refused.join(' ')}`,
  )
}

/** Whether a statement about roles was permitted. A concurrent process may have done the same. */
async function permitted(statement: Promise<unknown>): Promise<boolean> {
  const insufficientPrivilege = '42501'
  // duplicate_object, unique_violation, and "tuple concurrently updated", an internal_error.
  const doneByAnother = ['42710', '23505', 'XX000']
  try {
    await statement
    return true
  } catch (error) {
    const { code = '' } = error as { code?: string }
    if (doneByAnother.includes(code)) return true
    // A role that could not be created cannot be granted either.
    if (code === insufficientPrivilege || code === '42704') return false
    throw error
  }
}

/** Names of the login and the database, quoted for SQL. */
async function whoami(db: Database): Promise<{ login: string; database: string }> {
  const { rows } = await sql<{ login: string; database: string }>`
    SELECT quote_ident(current_user) AS login, quote_ident(current_database()) AS database
  `.execute(db)
  return rows[0]!
}

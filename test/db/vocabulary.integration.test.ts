import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { roles } from '../../src/auth/roles.ts'
import { environmentColors } from '../../src/changes/environments.ts'
import { verdicts } from '../../src/connections/checks.ts'
import { selections } from '../../src/connections/selection.ts'
import { connectionStatuses, regionExcluders, regionStates } from '../../src/connections/status.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { CHANGE_VERDICTS, INCIDENT_SOURCES, INCIDENT_STATES } from '../../src/incidents/incident.ts'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'

let database: TestDatabase
let db: Database

beforeAll(async () => {
  database = await createTestDatabase()
  db = openDatabase({ url: database.superuserUrl })
})
afterAll(async () => {
  await db.destroy()
  await database.drop()
})

/** @returns the texts that the check constraint of one column accepts, sorted */
async function accepted(table: string, column: string): Promise<string[]> {
  const { rows } = await sql<{ definition: string }>`
    SELECT pg_get_constraintdef(c.oid) AS definition
    FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum]
    WHERE c.contype = 'c' AND c.conrelid = ${table}::regclass AND a.attname = ${column}
      AND pg_get_constraintdef(c.oid) LIKE '%ARRAY%'
  `.execute(db)
  expect(rows).toHaveLength(1)
  return [...rows[0]!.definition.matchAll(/'([^']*)'::text/g)].map(([, text]) => text!).sort()
}

// A migration cannot import these lists: it must not change after its release.
test.each([
  ['connections', 'status', connectionStatuses],
  ['connections', 'selection', selections],
  ['coverage', 'selection', selections],
  // An excluded region keeps its state beside `excluded_at`.
  ['coverage', 'state', regionStates.filter((state) => state !== 'excluded')],
  ['coverage', 'excluded_by', regionExcluders],
  ['verifications', 'state', verdicts],
  ['members', 'role', roles],
  ['invitations', 'role', roles],
  ['environments', 'color', environmentColors],
  ['incidents', 'source', INCIDENT_SOURCES],
  ['incidents', 'state', INCIDENT_STATES],
  ['incident_alerts', 'source', INCIDENT_SOURCES.filter((source) => source !== 'person')],
  ['incident_alerts', 'state', INCIDENT_STATES],
  ['verdicts', 'verdict', CHANGE_VERDICTS],
  ['service_mappings', 'source', INCIDENT_SOURCES.filter((source) => source !== 'person')],
])('the database accepts for %s.%s what the code lists', async (table, column, list) => {
  expect(await accepted(table, column)).toEqual([...list].sort())
})

import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { roles } from '../../src/auth/roles.ts'
import { OUTCOMES } from '../../src/changes/change.ts'
import { RULE_MODES } from '../../src/changes/environment-rules.ts'
import { environmentColors } from '../../src/changes/environments.ts'
import { NOISE_EFFECTS } from '../../src/changes/noise-rules.ts'
import { awsProblemKinds } from '../../src/connections/aws-problems.ts'
import { verdicts } from '../../src/connections/checks.ts'
import { selections } from '../../src/connections/selection.ts'
import { connectionStatuses, regionExcluders, regionStates } from '../../src/connections/status.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { REFUSALS } from '../../src/incidents/completeness.ts'
import {
  ALERT_SOURCES,
  CHANGE_VERDICTS,
  INCIDENT_SOURCES,
  INCIDENT_STATES,
} from '../../src/incidents/incident.ts'
import { DELIVERY_STATES, INTEGRATION_KINDS } from '../../src/integrations/integration.ts'
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

/** @returns the texts that each check constraint with a list of texts accepts, by `table.column` */
async function acceptedTexts(): Promise<Map<string, string[]>> {
  const { rows } = await sql<{ name: string; definition: string }>`
    SELECT c.conrelid::regclass || '.' || a.attname AS name,
      pg_get_constraintdef(c.oid) AS definition
    FROM pg_constraint c
    JOIN pg_class t ON t.oid = c.conrelid AND NOT t.relispartition
    JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public'
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum]
    WHERE c.contype = 'c' AND pg_get_constraintdef(c.oid) LIKE '%ANY (ARRAY[''%'
  `.execute(db)
  return new Map(
    rows.map(({ name, definition }) => [
      name,
      [...definition.matchAll(/'([^']*)'::text/g)].map(([, text]) => text!).sort(),
    ]),
  )
}

// A migration cannot import these lists: it must not change after its release.
const vocabularies: [table: string, column: string, list: readonly string[]][] = [
  ['connections', 'status', connectionStatuses],
  ['connections', 'selection', selections],
  ['coverage', 'selection', selections],
  // An excluded region keeps its state beside `excluded_at`.
  ['coverage', 'state', regionStates.filter((state) => state !== 'excluded')],
  ['coverage', 'excluded_by', regionExcluders],
  ['coverage', 'last_error_kind', awsProblemKinds],
  ['verifications', 'state', verdicts],
  ['members', 'role', roles],
  ['invitations', 'role', roles],
  ['environments', 'color', environmentColors],
  ['changes', 'outcome', OUTCOMES],
  ['change_rules', 'mode', RULE_MODES],
  ['noise_rules', 'effect', NOISE_EFFECTS],
  ['integrations', 'kind', INTEGRATION_KINDS],
  ['refusals', 'reason', REFUSALS],
  ['deliveries', 'state', DELIVERY_STATES],
  ['incidents', 'source', INCIDENT_SOURCES],
  ['incidents', 'state', INCIDENT_STATES],
  ['incident_alerts', 'source', ALERT_SOURCES],
  ['incident_alerts', 'state', INCIDENT_STATES],
  ['verdicts', 'verdict', CHANGE_VERDICTS],
  ['service_mappings', 'source', ALERT_SOURCES],
]

test.each(vocabularies)(
  'the database accepts for %s.%s exactly the values in the code',
  async (table, column, list) => {
    expect((await acceptedTexts()).get(`${table}.${column}`)).toEqual([...list].sort())
  },
)

test('every column that accepts a list of texts is compared', async () => {
  expect([...(await acceptedTexts()).keys()].sort()).toEqual(
    vocabularies.map(([table, column]) => `${table}.${column}`).sort(),
  )
})

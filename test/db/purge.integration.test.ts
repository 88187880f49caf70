import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { finishDeletion } from '../../src/activities/finish-deletion.ts'
import { insertConnection, markDeleted } from '../../src/db/connections.ts'
import { asOrganization, type Database, openDatabase, type Trx } from '../../src/db/database.ts'
import { insertEnvironment } from '../../src/db/environments.ts'
import { ensurePartitions, storeEvents } from '../../src/db/imports.ts'
import { multirangeLiteral } from '../../src/db/multirange.ts'
import { aChange, imported, unparsed } from '../../testing/changes.ts'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'

const NOW = new Date('2026-03-02T12:00:00Z')
let database: TestDatabase
let db: Database
let superuser: Database

beforeAll(async () => {
  database = await createTestDatabase()
  db = openDatabase({ url: database.url })
  superuser = openDatabase({ url: database.superuserUrl })
  await db.transaction().execute((trx) => ensurePartitions(trx, NOW))
})
afterAll(async () => {
  await Promise.all([db.destroy(), superuser.destroy()])
  await database.drop()
})

/** Of a connection that has been in use: a row in every table that can refer to one. */
async function fill(trx: Trx, organizationId: string, name: string): Promise<string> {
  const environment = await insertEnvironment(trx, organizationId, { name })
  const { id } = await insertConnection(trx, {
    organizationId,
    name,
    externalId: `id-${name}`,
    environmentId: environment.id,
  })
  const keys = { connection_id: id, organization_id: organizationId }
  await trx
    .insertInto('verifications')
    .values({ ...keys, role_arn: 'arn', role_revision: 1 })
    .execute()
  await trx
    .insertInto('coverage')
    .values({ ...keys, account_id: '1', region: 'r', selection: 'all' })
    .execute()
  const owner = { organizationId, connectionId: id, sourceAccount: name }
  await storeEvents(trx, owner, {
    changes: [imported(aChange({ occurredAt: NOW }))],
    unparsed: [unparsed()],
  })
  return id
}

/** Every table that refers to a connection by a column, or anywhere in a row's text. */
async function rowsAbout(connectionId: string): Promise<Record<string, number>> {
  const { rows: tables } = await sql<{ name: string; refers: boolean }>`
    SELECT c.oid::regclass::text AS name,
      EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname ~ 'connection_id$')
        OR EXISTS (SELECT FROM pg_constraint k
          WHERE k.conrelid = c.oid AND k.confrelid = 'connections'::regclass) AS refers
    FROM pg_class c
    WHERE c.relnamespace IN ('public'::regnamespace, 'auth'::regnamespace)
      AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'connections'
  `.execute(superuser)
  const counts: Record<string, number> = {}
  for (const { name, refers } of tables) {
    const { rows } = await sql<{ count: number }>`
      SELECT count(*)::int AS count FROM ${sql.raw(name)} AS t
      WHERE t::text LIKE ${`%${connectionId}%`}
    `.execute(superuser)
    if (refers || rows[0]!.count > 0) counts[name] = rows[0]!.count
  }
  return counts
}

/** Every row of every table that belongs to the organization, by table. */
async function everything(organizationId: string): Promise<Record<string, number>> {
  const { rows: tables } = await sql<{ name: string }>`
    SELECT c.oid::regclass::text AS name FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT c.relispartition
  `.execute(superuser)
  const counts: Record<string, number> = {}
  for (const { name } of tables) {
    const { rows } = await sql<{ count: number }>`
      SELECT count(*)::int AS count FROM ${sql.raw(name)}
      WHERE organization_id = ${organizationId}
    `.execute(superuser)
    counts[name] = rows[0]!.count
  }
  return counts
}

test('after a purge no row of any table refers to the connection, and other rows are unchanged', async () => {
  const { id: organizationId } = await superuser
    .insertInto('organizations')
    .values({ name: 'one' })
    .returning('id')
    .executeTakeFirstOrThrow()
  const inOrganization = <T>(work: (trx: Trx) => Promise<T>) =>
    asOrganization(db, organizationId, work)
  const kept = await inOrganization((trx) => fill(trx, organizationId, 'kept'))
  const before = { about: await rowsAbout(kept), all: await everything(organizationId) }
  const purged = await inOrganization((trx) => fill(trx, organizationId, 'purged'))

  for (const [table, count] of Object.entries(await rowsAbout(purged))) {
    expect(count, `${table} needs a row of the connection in this test`).toBeGreaterThan(0)
  }
  await inOrganization((trx) => markDeleted(trx, purged, { purge: true }))
  await finishDeletion(
    { db } as Parameters<typeof finishDeletion>[0],
    { organizationId, connectionId: purged },
    new AbortController().signal,
  )
  for (const [table, count] of Object.entries(await rowsAbout(purged))) {
    expect(count, `${table} still refers to the purged connection`).toBe(0)
  }
  expect(await rowsAbout(kept)).toEqual(before.about)
  // Only the marker that it existed, and the environment, which is the organization's.
  expect(await everything(organizationId)).toEqual({
    ...before.all,
    connections: 2,
    environments: 2,
  })
})

test('a purge that is repeated does not remove again what another connection imports meanwhile', async () => {
  const { id: organizationId } = await superuser
    .insertInto('organizations')
    .values({ name: 'repeated' })
    .returning('id')
    .executeTakeFirstOrThrow()
  const inOrganization = <T>(work: (trx: Trx) => Promise<T>) =>
    asOrganization(db, organizationId, work)
  const successor = await inOrganization((trx) => fill(trx, organizationId, 'successor'))
  const purged = await inOrganization((trx) => fill(trx, organizationId, 'repeated'))
  await inOrganization((trx) => markDeleted(trx, purged, { purge: true }))
  const finish = (signal: AbortSignal) =>
    finishDeletion(
      { db } as Parameters<typeof finishDeletion>[0],
      { organizationId, connectionId: purged },
      signal,
    )
  const ofSuccessor = () =>
    superuser
      .selectFrom('coverage')
      .where('connection_id', '=', successor)
      .select(['epoch', 'settled'])

  // Interrupted before it removes the first change.
  await expect(finish(AbortSignal.abort(new Error('interrupted')))).rejects.toThrow('interrupted')
  expect(await ofSuccessor().execute()).toEqual([{ epoch: 1, settled: [] }])
  const settled = [[NOW.getTime() / 1000 - 3600, NOW.getTime() / 1000]] as const
  await sql`
    UPDATE coverage SET settled = ${multirangeLiteral(settled)}::tstzmultirange
    WHERE connection_id = ${successor}
  `.execute(superuser)
  await finish(new AbortController().signal)
  expect(await ofSuccessor().execute()).toEqual([{ epoch: 1, settled }])
  const { changes } = await rowsAbout(purged)
  expect(changes).toBe(0)
})

import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { asOrganization, type Database, openDatabase } from '../../src/db/database.ts'
import { removeMember } from '../../src/db/members.ts'
import { ensureOrganization } from '../../src/db/organizations.ts'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'

let database: TestDatabase
let superuser: Database
let apiDb: Database

beforeAll(async () => {
  database = await createTestDatabase()
  superuser = openDatabase({ url: database.superuserUrl })
  apiDb = openDatabase({ url: database.url, role: 'cairn_api' })
})
afterAll(async () => {
  await Promise.all([superuser.destroy(), apiDb.destroy()])
  await database.drop()
})

async function addOwner(organizationId: string): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    WITH made AS (
      INSERT INTO auth."user" (name, email, "emailVerified")
      VALUES ('x', ${`${randomUUID()}@example.com`}, false) RETURNING id
    )
    INSERT INTO members (organization_id, user_id, role)
    SELECT ${organizationId}::uuid, id, 'owner' FROM made RETURNING id
  `.execute(superuser)
  return rows[0]!.id
}

test('one of two owners who remove each other concurrently remains', async () => {
  const { id } = await ensureOrganization(superuser, 'two owners')
  const [one, other] = [await addOwner(id), await addOwner(id)]
  const commit = Promise.withResolvers<void>()
  const removed = Promise.withResolvers<unknown>()
  const first = asOrganization(apiDb, id, async (trx) => {
    removed.resolve(await removeMember(trx, id, one))
    await commit.promise
  })
  expect(await removed.promise).toMatchObject({ userId: expect.any(String) })
  // The first is not committed, so the second one has to wait for its result.
  const second = asOrganization(apiDb, id, (trx) => removeMember(trx, id, other))
  try {
    await vi.waitFor(async () => {
      const { rows } = await sql`
      SELECT FROM pg_locks JOIN pg_database d ON d.oid = database
      WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()
    `.execute(superuser)
      expect(rows).toHaveLength(1)
    }, 240_000)
  } finally {
    commit.resolve()
  }
  await first
  expect(await second).toBe('last_owner')
})

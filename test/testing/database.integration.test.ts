import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'

const databases: TestDatabase[] = []
afterAll(() => Promise.all(databases.map((database) => database.drop())))

test('databases that are created concurrently have the schema and separate rows', async () => {
  databases.push(...(await Promise.all([1, 2, 3].map(() => createTestDatabase()))))
  const counts = await Promise.all(
    databases.map(async ({ superuserUrl }, index) => {
      const client = new pg.Client({ connectionString: superuserUrl })
      await client.connect()
      try {
        for (let n = 0; n < index; n++) {
          await client.query('INSERT INTO organizations (name) VALUES ($1)', [`organization ${n}`])
        }
        const { rows } = await client.query('SELECT count(*)::int AS count FROM organizations')
        return rows[0].count
      } finally {
        await client.end()
      }
    }),
  )
  expect(counts).toEqual([0, 1, 2])
})

import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../src/db/database.ts'
import { ensurePartitions } from '../../src/db/imports.ts'
import { createTestDatabase } from '../../testing/database.ts'

test('partitions for any time are created once, also by concurrent requests', async () => {
  const database = await createTestDatabase()
  const db = openDatabase({ url: database.url, max: 12 })
  onTestFinished(async () => {
    await db.destroy()
    await database.drop()
  })
  const from = new Date(Date.now() - 90 * 86_400_000)
  const ask = () => db.transaction().execute((trx) => ensurePartitions(trx, from))
  await Promise.all(Array.from({ length: 12 }, ask))
  await ask()

  const { rows } = await sql<{ parent: string; partitions: number; secured: boolean }>`
    SELECT parent.relname AS parent, count(*)::int AS partitions,
      bool_and(child.relrowsecurity AND child.relforcerowsecurity) AS secured
    FROM pg_inherits
    JOIN pg_class parent ON parent.oid = inhparent AND parent.relkind = 'p'
    JOIN pg_class child ON child.oid = inhrelid
    GROUP BY parent.relname ORDER BY parent.relname
  `.execute(db)
  expect(rows.map(({ parent }) => parent)).toEqual([
    'change_environments',
    'change_records',
    'changes',
  ])
  for (const { partitions, secured } of rows) {
    // 90 days back and three weeks ahead, on any day of the week.
    expect(partitions).toBeGreaterThanOrEqual(16)
    expect(partitions).toBeLessThanOrEqual(17)
    expect(secured).toBe(true)
  }
})

import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TimeRange } from '../../src/db/change-filters.ts'
import { countNewestFirst } from '../../src/db/count-newest-first.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'

const DAY_MS = 86_400_000
const to = new Date('2026-03-31T00:00:00Z')
const window = { from: new Date(to.getTime() - 90 * DAY_MS), to }

let database: TestDatabase
let db: Database
beforeAll(async () => {
  database = await createTestDatabase()
  db = openDatabase({ url: database.url, statementTimeoutMs: 600_000 })
})
afterAll(async () => {
  await db.destroy()
  await database.drop()
})

/** Counts with a statement that never ends for pieces that `isSlow` says. */
function counting(isSlow: (piece: TimeRange) => boolean, budgetMs?: number) {
  return db.transaction().execute(async (trx) => {
    const tried: TimeRange[] = []
    const found = await countNewestFirst(
      trx,
      window,
      async (piece) => {
        tried.push(piece)
        await sql`SELECT pg_sleep(${isSlow(piece) ? 3600 : 0})`.execute(trx)
        return piece
      },
      budgetMs,
    )
    const { rows } = await sql<{ statement_timeout: string }>`SHOW statement_timeout`.execute(trx)
    expect(rows).toEqual([{ statement_timeout: '10min' }])
    return { ...found, tried }
  })
}

/** Newest first, without a gap, from the window's end on. */
function expectContiguous(parts: TimeRange[], countedFrom: Date) {
  let end = to
  for (const part of parts) {
    expect(part.to).toEqual(end)
    expect(part.from < part.to).toBe(true)
    end = part.from
  }
  expect(end).toEqual(countedFrom)
}

test('a window that is fast to count is counted completely, in a few pieces', async () => {
  const { parts, countedFrom, tried } = await counting(() => false, 600_000)
  expect(countedFrom).toEqual(window.from)
  expect(tried).toEqual(parts)
  expect(parts.length).toBeLessThan(5)
  expectContiguous(parts, countedFrom)
})

test('a piece that takes too long is retried as a smaller one', async () => {
  const { parts, countedFrom, tried } = await counting(
    (piece) => piece.to.getTime() - piece.from.getTime() > 2 * DAY_MS,
    3_000,
  )
  expect(tried.length).toBeGreaterThan(parts.length)
  expect(parts.length).toBeGreaterThan(0)
  expect(countedFrom > window.from).toBe(true)
  expectContiguous(parts, countedFrom)
})

test('nothing is counted if no piece is fast enough', async () => {
  const { parts, countedFrom } = await counting(() => true, 500)
  expect(parts).toEqual([])
  expect(countedFrom).toEqual(to)
})

test('other errors are not treated as timeouts', async () => {
  const failing = db
    .transaction()
    .execute((trx) => countNewestFirst(trx, window, () => sql`SELECT 1 / 0`.execute(trx)))
  await expect(failing).rejects.toThrow('division by zero')
})

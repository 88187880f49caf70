import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { multirangeLiteral, parseMultirange } from '../../src/db/multirange.ts'
import { clip, normalize, seconds, subtract } from '../../src/db/ranges.ts'
import type { SecondsRange } from '../../src/db/schema/column-types.ts'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'

let database: TestDatabase
let db: Database

beforeAll(async () => {
  database = await createTestDatabase()
  db = openDatabase({ url: database.url })
})
afterAll(async () => {
  await db.destroy()
  await database.drop()
})

const second = fc.integer({ min: 1_700_000_000, max: 1_700_000_060 })
const range = fc.tuple(second, second).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
const ranges = fc.array(range, { maxLength: 8 })

async function inPostgres(expression: ReturnType<typeof sql<SecondsRange[]>>) {
  const { rows } = await sql<{ result: SecondsRange[] }>`SELECT ${expression} AS result`.execute(db)
  return rows[0]!.result
}
const literal = (of: readonly SecondsRange[]) => sql`${multirangeLiteral(of)}::tstzmultirange`

test("the arithmetic of planning matches Postgres' multiranges", async () => {
  await fc.assert(
    fc.asyncProperty(ranges, ranges, range, async (a, b, window) => {
      expect(normalize(a)).toEqual(await inPostgres(sql`${literal(a)}`))
      expect(subtract(a, b)).toEqual(await inPostgres(sql`${literal(a)} - ${literal(b)}`))
      expect(clip(a, ...window)).toEqual(
        await inPostgres(sql`${literal(a)} * ${literal([window])}`),
      )
    }),
    { numRuns: 200 },
  )
})

test('a subtraction leaves exactly the seconds that are only in the first range', () => {
  fc.assert(
    fc.property(ranges, ranges, (a, b) => {
      const overlap =
        seconds(normalize(a)) + seconds(normalize(b)) - seconds(normalize([...a, ...b]))
      expect(seconds(subtract(a, b))).toBe(seconds(normalize(a)) - overlap)
    }),
  )
})

test('an empty multirange is parsed as no ranges', () => {
  expect(parseMultirange('{}')).toEqual([])
})

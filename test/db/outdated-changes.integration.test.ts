import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asOrganization, type Trx } from '../../src/db/database.ts'
import { ensurePartitions, storeEvents } from '../../src/db/imports.ts'
import { rereadBatch } from '../../src/db/outdated-changes.ts'
import { READER_VERSION } from '../../src/sources/cloudtrail/reader.ts'
import { createTestApi, type TestApi } from '../../testing/api.ts'
import { aChange, imported, someTime } from '../../testing/changes.ts'

/** A comparison of each change with all of them would read 100,000 rows. */
const STORED = 2_000
const BATCH = 50
const WEEK = [new Date('2026-03-02T00:00:00Z'), new Date('2026-03-09T00:00:00Z')] as const

let api: TestApi

beforeAll(async () => {
  api = await createTestApi()
  await api.db.transaction().execute((trx) => ensurePartitions(trx, someTime))
})
afterAll(() => api.close())

/** Rows and index entries of changes and records that this transaction has read. */
async function rowsRead(trx: Trx): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT sum(pg_stat_get_xact_tuples_returned(oid) + pg_stat_get_xact_tuples_fetched(oid))::int
      AS count
    FROM pg_class WHERE relname ~ '^change(s|_records)_2' AND relkind IN ('r', 'i')
  `.execute(trx)
  return rows[0]!.count
}

// Without statistics, and with those of Postgres: the planner chooses other plans.
test.each([
  ['without', []],
  ['with', ['ANALYZE changes', 'ANALYZE change_records']],
])('a batch reads only its own rows, %s statistics', async (name, statements) => {
  const { id: organizationId } = await api.tenant(`batch ${name}`)
  const owner = { organizationId, connectionId: null, sourceAccount: null }
  const changes = Array.from({ length: STORED }, (_, n) =>
    aChange({ sourceId: `${n}`, occurredAt: new Date(someTime.getTime() + n * 1_000) }),
  )
  await asOrganization(api.db, organizationId, (trx) =>
    storeEvents(trx, owner, { changes: changes.map((change) => imported(change)), unparsed: [] }),
  )
  for (const statement of statements) await sql.raw(statement).execute(api.superuser)
  const reader = {
    source: 'aws.cloudtrail',
    version: READER_VERSION + 1,
    reread: ({ sourceId }: { sourceId: string }) => changes[Number(sourceId)],
  }
  await asOrganization(api.db, organizationId, async (trx) => {
    // What earlier transactions of the session read may not have been reported yet.
    const before = await rowsRead(trx)
    const result = await rereadBatch(trx, organizationId, { reader, week: WEEK, limit: BATCH })
    expect(result).toEqual({ reread: BATCH, kept: 0, isDone: false })
    // At worst, each change of the batch is compared with the others of the batch in two statements,
    // but never with all changes of the week.
    const read = (await rowsRead(trx)) - before
    expect(read).toBeGreaterThan(BATCH)
    expect(read).toBeLessThan(3 * BATCH * BATCH)
  })
})

import { Socket } from 'node:net'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { openApiDatabases } from '../../src/api/databases.ts'
import { openCanceller } from '../../src/db/cancellation.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { openNotifications } from '../../src/db/notifications.ts'
import { openWorkerDatabase } from '../../src/db/worker-database.ts'
import { createOpenDatabase } from '../../testing/database.ts'

let testDatabase: Awaited<ReturnType<typeof createOpenDatabase>>
beforeAll(async () => {
  testDatabase = await createOpenDatabase()
})
afterAll(async () => {
  await testDatabase.db.destroy()
  await testDatabase.drop()
})

const setKeepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive')
beforeEach(() => {
  setKeepAlive.mockClear()
})

const pools: [string, (url: string) => Database[]][] = [
  ['an API process', (url) => Object.values(openApiDatabases({ url, maxQueries: 2 }))],
  ['a worker', (url) => [openWorkerDatabase({ url })]],
  ['a command', (url) => [openDatabase({ url, max: 1 })]],
]

test.each(pools)('%s and Postgres notice that the other has vanished', async (_, open) => {
  const databases = open(testDatabase.url)
  try {
    for (const db of databases) {
      const { rows } = await sql`
        SELECT current_setting('tcp_keepalives_idle') AS idle,
          current_setting('tcp_keepalives_interval') AS interval,
          current_setting('tcp_keepalives_count') AS count,
          current_setting('idle_in_transaction_session_timeout') AS "inTransaction"
      `.execute(db)
      expect(rows).toEqual([{ idle: '30', interval: '10', count: '3', inTransaction: '5min' }])
    }
    expect(setKeepAlive.mock.calls).toEqual(databases.map(() => [true, 10_000]))
  } finally {
    await Promise.all(databases.map((db) => db.destroy()))
  }
})

test('so does the connection that cancels', async () => {
  const canceller = openCanceller({
    connectionString: testDatabase.url,
    connectionTimeoutMillis: 30_000,
    onError: () => {},
  })
  try {
    // No backend has this ID: Postgres warns.
    await canceller.cancelBackend(0)
    expect(setKeepAlive.mock.calls).toEqual([[true, 10_000]])
  } finally {
    await canceller.close()
  }
})

test('so does the connection that listens', async () => {
  const notifications = openNotifications({ url: testDatabase.url })
  try {
    notifications.subscribe('an organization', () => {})
    await vi.waitFor(() => expect(setKeepAlive.mock.calls).toEqual([[true, 10_000]]), 240_000)
  } finally {
    await notifications.close()
  }
})

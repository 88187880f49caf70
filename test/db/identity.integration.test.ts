import { sql } from 'kysely'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { finishDeletion } from '../../src/activities/finish-deletion.ts'
import type { Change } from '../../src/changes/change.ts'
import type { ChangeFilters } from '../../src/db/change-filters.ts'
import { asOrganization, type Database, openDatabase } from '../../src/db/database.ts'
import { ensurePartitions, storeEvents } from '../../src/db/imports.ts'
import { listChangeSets } from '../../src/db/list-change-sets.ts'
import type { Owner } from '../../src/db/owner.ts'
import { purgeSomeChanges } from '../../src/db/purge.ts'
import { withSearch } from '../../src/db/search.ts'
import { aChange, imported, unparsed } from '../../testing/changes.ts'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'

const ACCOUNT = '111122223333'
const START = Date.parse('2026-03-02T12:00:00Z')
let database: TestDatabase
let db: Database
let superuser: Database
let organizations = 0

beforeAll(async () => {
  database = await createTestDatabase()
  db = openDatabase({ url: database.url })
  superuser = openDatabase({ url: database.superuserUrl })
  await db.transaction().execute((trx) => ensurePartitions(trx, new Date(START - 86_400_000)))
})
afterAll(async () => {
  await Promise.all([db.destroy(), superuser.destroy()])
  await database.drop()
})

async function newOrganization() {
  const name = `organization ${++organizations}`
  const { id } = await superuser
    .insertInto('organizations')
    .values({ name })
    .returning('id')
    .executeTakeFirstOrThrow()
  let connections = 0
  const connect = async (sourceAccount: string | null = ACCOUNT): Promise<Owner> => {
    const externalId = `${name}-${++connections}`
    const row = await superuser
      .insertInto('connections')
      .values({ organization_id: id, name: externalId, external_id: externalId })
      .returning('id')
      .executeTakeFirstOrThrow()
    return { organizationId: id, connectionId: row.id, sourceAccount }
  }
  const changes = () =>
    superuser
      .selectFrom('changes')
      .select(['id', 'source_id', 'connection_id', 'change_set_id', 'occurred_at'])
      .where('organization_id', '=', id)
      .orderBy('occurred_at')
      .orderBy('id')
      .execute()
  return { id, connect, changes }
}

/** Changes a second apart, the newest first, as pages come; every ten of them of one session. */
function events(count: number, fields: Partial<Change> = {}): Change[] {
  return Array.from({ length: count }, (_, n) =>
    aChange({
      sourceId: `event-${n}`,
      occurredAt: new Date(START - n * 1_000),
      changeSet: {
        sessionKey: `session-${Math.floor(n / 10)}`,
        stream: null,
        idleTimeoutMs: 60_000,
      },
      ...fields,
    }),
  )
}

function store(
  owner: Owner,
  changes: readonly Change[],
  records = [] as ReturnType<typeof unparsed>[],
) {
  return asOrganization(db, owner.organizationId, (trx) =>
    storeEvents(trx, owner, {
      changes: changes.map((change) => imported(change)),
      unparsed: records,
    }),
  )
}

async function requestDeletion({ connectionId }: Owner, options: { purge: boolean }) {
  await superuser
    .updateTable('connections')
    .set({ deleted_at: new Date(START), ended_at: null, purge: options.purge })
    .where('id', '=', connectionId!)
    .execute()
}

const noSignal = new AbortController().signal

async function remove(owner: Owner, options: { purge: boolean }) {
  await requestDeletion(owner, options)
  await finish(owner)
}

function finish({ organizationId, connectionId }: Owner) {
  return finishDeletion(
    { db } as Parameters<typeof finishDeletion>[0],
    { organizationId, connectionId: connectionId! },
    noSignal,
  )
}

test('a deleted connection that is connected again shows every change once', async () => {
  const { connect, changes } = await newOrganization()
  const first = await connect()
  const page = events(50)
  expect(await store(first, page)).toEqual({ inserted: 50, takenOver: 0 })
  const before = await changes()
  await remove(first, { purge: false })

  const second = await connect()
  expect(await store(second, page)).toEqual({ inserted: 0, takenOver: 50 })
  expect(await changes()).toEqual(
    before.map((row) => ({ ...row, connection_id: second.connectionId })),
  )
  expect(await store(second, page)).toEqual({ inserted: 0, takenOver: 0 })

  // A purge that is asked for afterwards finds nothing that is still the first one's.
  await remove(first, { purge: true })
  expect(await changes()).toHaveLength(50)
})

test('the same event IDs in another account or organization are different events', async () => {
  const one = await newOrganization()
  const other = await newOrganization()
  const page = events(3)
  await store(await one.connect(), page)
  expect(await store(await one.connect('444455556666'), page)).toMatchObject({ inserted: 3 })
  expect(await store(await other.connect(), page)).toMatchObject({ inserted: 3 })
  expect(new Set((await one.changes()).map(({ id }) => id)).size).toBe(6)
  const ids = (await one.changes()).map(({ id }) => id)
  expect((await other.changes()).filter(({ id }) => ids.includes(id))).toEqual([])
})

test('an account that moves to another connection moves only its own changes', async () => {
  const { connect, changes } = await newOrganization()
  const moving = await connect()
  await store(moving, events(5))
  await store({ ...moving, sourceAccount: '444455556666' }, events(5))
  const second = await connect()
  expect(await store(second, events(5))).toEqual({ inserted: 0, takenOver: 5 })
  await remove(moving, { purge: true })
  const left = await changes()
  expect(left.map(({ connection_id }) => connection_id)).toEqual(Array(5).fill(second.connectionId))
})

test('an event without a connection is stored once, and is never taken over', async () => {
  const { id, connect, changes } = await newOrganization()
  const pushed = { organizationId: id, connectionId: null, sourceAccount: null }
  const page = events(2, { source: 'deploy' })
  expect(await store(pushed, page)).toEqual({ inserted: 2, takenOver: 0 })
  expect(await store(pushed, page)).toEqual({ inserted: 0, takenOver: 0 })
  await remove(await connect(), { purge: true })
  expect(await changes()).toHaveLength(2)
})

test('a purge removes the changes that only its connection imported, and empty change sets', async () => {
  const { id, connect, changes } = await newOrganization()
  const first = await connect()
  const page = events(60)
  await store(first, page)
  const second = await connect()
  // The first session whole, and half of the second one.
  await store(second, page.slice(0, 15))
  const kept = (await changes()).filter((row) => row.connection_id === second.connectionId)
  await remove(first, { purge: true })
  expect(await changes()).toEqual(kept)
  const sets = await superuser
    .selectFrom('change_sets')
    .select('id')
    .where('organization_id', '=', id)
    .execute()
  expect(sets.map((set) => set.id).sort()).toEqual(
    [...new Set(kept.map(({ change_set_id }) => change_set_id))].sort(),
  )
  const records = await superuser
    .selectFrom('change_records')
    .select('id')
    .where('organization_id', '=', id)
    .execute()
  expect(records.map((record) => record.id).sort()).toEqual(kept.map((row) => row.id).sort())
})

test('merged sets leave no ID behind when their changes are purged', async () => {
  const { id, connect } = await newOrganization()
  const owner = await connect()
  const { changeSet } = events(1)[0]!
  const at = (seconds: number) => new Date(START - seconds * 1_000)
  const page = events(3, { changeSet: { ...changeSet, idleTimeoutMs: 10_000 } })
  const [a, b, between] = [0, 18, 9].map((seconds, n) => ({
    ...page[n]!,
    occurredAt: at(seconds),
  }))
  await store(owner, [a!])
  await store(owner, [b!])
  await store(owner, [between!])
  const sets = () =>
    superuser.selectFrom('change_sets').select('id').where('organization_id', '=', id).execute()
  expect(await sets()).toHaveLength(2)
  await remove(owner, { purge: true })
  expect(await sets()).toEqual([])
})

/** Two transactions of which the second begins while the first is not committed. */
async function overlapping(
  organizationId: string,
  first: (trx: Parameters<Parameters<typeof asOrganization>[2]>[0]) => Promise<unknown>,
  second: () => Promise<unknown>,
) {
  const done = Promise.withResolvers<void>()
  const commit = Promise.withResolvers<void>()
  const running = asOrganization(db, organizationId, async (trx) => {
    await first(trx)
    done.resolve()
    await commit.promise
  })
  await done.promise
  const waiting = second()
  await isWaiting()
  commit.resolve()
  await Promise.all([running, waiting])
}

/** Until a transaction of this database waits for another one. */
async function isWaiting() {
  for (;;) {
    const rows = await superuser
      .selectFrom('pg_stat_activity' as never)
      .select('pid' as never)
      .where('datname' as never, '=', new URL(database.url).pathname.slice(1) as never)
      .where('wait_event_type' as never, '=', 'Lock' as never)
      .execute()
    if (rows.length > 0) return
  }
}

test('an import that waits for a purge stores the change again', async () => {
  const { connect, changes } = await newOrganization()
  const [first, second] = [await connect(), await connect()]
  const page = events(20)
  await store(first, page)
  const { organizationId, connectionId } = first
  await overlapping(
    organizationId,
    (trx) => purgeSomeChanges(trx, { organizationId, connectionId: connectionId! }),
    () => store(second, page),
  )
  const rows = await changes()
  expect(rows.map((row) => row.connection_id)).toEqual(Array(20).fill(second.connectionId))
})

test('a purge that waits for an import keeps the changes that it took over', async () => {
  const { connect, changes } = await newOrganization()
  const [first, second] = [await connect(), await connect()]
  const page = events(20)
  await store(first, page)
  await overlapping(
    first.organizationId,
    (trx) =>
      storeEvents(trx, second, {
        changes: page.slice(5, 15).map((change) => imported(change)),
        unparsed: [],
      }),
    () => remove(first, { purge: true }),
  )
  const rows = await changes()
  expect(rows.map((row) => row.connection_id)).toEqual(Array(10).fill(second.connectionId))
})

test('imports during a purge lose nothing and never deadlock', async () => {
  const { connect, changes } = await newOrganization()
  const [first, second] = [await connect(), await connect()]
  const all = events(600)
  const pages = Array.from({ length: 12 }, (_, n) => all.slice(n * 50, n * 50 + 50))
  for (const page of pages) await store(first, page)
  // Two regions of the second connection, from both ends, so that they meet.
  const region = async (own: Change[][]) => {
    for (const page of own) await store(second, page)
  }
  await Promise.all([
    remove(first, { purge: true }),
    region(pages),
    region(pages.toReversed().map((page) => page.toReversed())),
  ])
  const rows = await changes()
  expect(rows.map((row) => row.connection_id)).toEqual(Array(600).fill(second.connectionId))
  expect(new Set(rows.map((row) => row.source_id)).size).toBe(600)
})

test('an event that two regions return concurrently with two times is one change', async () => {
  const { id, connect, changes } = await newOrganization()
  const owner = await connect()
  const [change] = events(1)
  const moved = { ...change!, occurredAt: new Date(START - 3_600_000) }
  await overlapping(
    id,
    (trx) => storeEvents(trx, owner, { changes: [imported(change!)], unparsed: [] }),
    () => store(owner, [moved]),
  )
  expect(await changes()).toMatchObject([{ occurred_at: change!.occurredAt }])
  const records = () =>
    superuser
      .selectFrom('unparsed_records')
      .select(['event_id', 'reason'])
      .where('organization_id', '=', id)
      .execute()
  const known = [{ event_id: 'event-0', reason: 'known_under_another_time' }]
  expect(await records()).toEqual(known)
  // Importing it again with either time does not change that.
  await store(owner, [change!])
  await store(owner, [moved])
  expect(await records()).toEqual(known)
})

test('an event that is imported again with another time is taken over as well', async () => {
  const { connect, changes } = await newOrganization()
  const [first, second] = [await connect(), await connect()]
  const [change] = events(1)
  await store(first, [change!])
  await store(second, [{ ...change!, occurredAt: new Date(START - 1_000) }])
  await remove(first, { purge: true })
  expect(await changes()).toMatchObject([
    { occurred_at: change!.occurredAt, connection_id: second.connectionId },
  ])
})

test('a purge that is requested while the deletion finishes is carried out', async () => {
  const { connect, changes } = await newOrganization()
  const owner = await connect()
  await store(owner, events(3))
  await requestDeletion(owner, { purge: false })
  // The request's transaction is open while the activity wants to mark the end.
  await overlapping(
    owner.organizationId,
    (trx) =>
      trx
        .updateTable('connections')
        .set({ purge: true })
        .where('id', '=', owner.connectionId!)
        .execute(),
    () => finish(owner),
  )
  expect(await changes()).toEqual([])
})

// Autovacuum may have counted the tables last when they were empty. A plan that trusts such counts
// compared each change set with each other one: more than a minute for 150 sets, hours for 500.
test('a purge reads sets by key, even if statistics show an empty table', async () => {
  const { connect, changes } = await newOrganization()
  const owner = await connect()
  const analyze = () => sql`ANALYZE change_sets, changes, change_records`.execute(superuser)
  await sql`TRUNCATE changes, change_records, change_sets, unparsed_records`.execute(superuser)
  await analyze()
  const all = events(5_000)
  for (let n = 0; n < all.length; n += 500) await store(owner, all.slice(n, n + 500))
  await remove(owner, { purge: true })
  expect(await changes()).toEqual([])
})

test('change sets are searched by key, even if statistics show an empty table', async () => {
  const { id, connect } = await newOrganization()
  const owner = await connect()
  await sql`TRUNCATE changes, change_records, change_sets, unparsed_records`.execute(superuser)
  await sql`ANALYZE change_sets, changes, change_records`.execute(superuser)
  const rare = 'i-5ea2c4ed'
  const all = events(5_000).map((change, n) => ({
    ...change,
    summary: n % 500 === 250 ? `ada stopped ${rare}` : change.summary,
    changeSet: { ...change.changeSet, sessionKey: `session ${n}` },
  }))
  for (let n = 0; n < all.length; n += 500) await store(owner, all.slice(n, n + 500))
  // As an API server asks.
  const api = openDatabase({ url: database.url, role: 'cairn_api', statementTimeoutMs: 5_000 })
  onTestFinished(() => api.destroy())
  const list = (filters: ChangeFilters, cursor?: string) =>
    asOrganization(api, id, async (trx) =>
      listChangeSets(trx, await withSearch(trx, filters), { limit: 4, cursor }),
    )
  const filters = { q: rare, include: {}, exclude: {} }
  const found = []
  for (let cursor: string | undefined; ; ) {
    const { items, nextCursor } = await list(filters, cursor)
    found.push(...items.map(({ openedAt }) => openedAt.getTime()))
    if (nextCursor === null) break
    cursor = nextCursor
  }
  const wanted = all.filter(({ summary }) => summary.includes(rare))
  expect(found).toEqual(
    wanted.map(({ occurredAt }) => occurredAt.getTime()).toSorted((a, b) => b - a),
  )
  const without = { include: {}, exclude: { resource: [all[0]!.resources[0]!.key] } }
  await list(without)
})

test('an interrupted purge continues where it stopped', async () => {
  const { id, connect, changes } = await newOrganization()
  const owner = await connect()
  const all = events(1_500)
  for (let n = 0; n < all.length; n += 50) await store(owner, all.slice(n, n + 50))
  await store(
    owner,
    [],
    Array.from({ length: 3 }, () => unparsed()),
  )
  await requestDeletion(owner, { purge: true })
  const { organizationId, connectionId } = owner
  await asOrganization(db, organizationId, (trx) =>
    purgeSomeChanges(trx, { organizationId, connectionId: connectionId! }),
  )
  expect(await changes()).toHaveLength(500)
  await finish(owner)
  await finish(owner)
  expect(await changes()).toEqual([])
  const rest = await superuser
    .selectFrom('unparsed_records')
    .select('id')
    .where('organization_id', '=', id)
    .execute()
  expect(rest).toEqual([])
})

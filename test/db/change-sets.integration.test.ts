import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Change } from '../../src/changes/change.ts'
import { assignChangeSets } from '../../src/changes/change-sets.ts'
import { presentSetIds } from '../../src/db/change-sets.ts'
import { listChanges } from '../../src/db/changes.ts'
import {
  asOrganization,
  type Database,
  openDatabase,
  readOrganization,
  type Trx,
} from '../../src/db/database.ts'
import { ensurePartitions, storeEvents } from '../../src/db/imports.ts'
import { listChangeSets } from '../../src/db/list-change-sets.ts'
import { imported } from '../../testing/changes.ts'
import { LABELLED } from '../../testing/cloudtrail/labelled-sessions.ts'
import { read } from '../../testing/cloudtrail/read.ts'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'

const changes = LABELLED.map(({ record }) => read(record))
let database: TestDatabase
let db: Database
let superuser: Database

beforeAll(async () => {
  database = await createTestDatabase()
  db = openDatabase({ url: database.url })
  superuser = openDatabase({ url: database.superuserUrl })
  const oldest = Math.min(...changes.map(({ occurredAt }) => occurredAt.getTime()))
  await db.transaction().execute((trx) => ensurePartitions(trx, new Date(oldest)))
})
afterAll(async () => {
  await Promise.all([db.destroy(), superuser.destroy()])
  await database.drop()
})

let organizations = 0

async function newOwner() {
  const { id: organizationId } = await superuser
    .insertInto('organizations')
    .values({ name: `organization ${++organizations}` })
    .returning('id')
    .executeTakeFirstOrThrow()
  const { id: connectionId } = await superuser
    .insertInto('connections')
    .values({ organization_id: organizationId, name: 'c', external_id: `id-${organizations}` })
    .returning('id')
    .executeTakeFirstOrThrow()
  return { organizationId, connectionId, sourceAccount: '111122223333' }
}
type Owner = Awaited<ReturnType<typeof newOwner>>

function store(owner: Owner, batch: readonly Change[]) {
  return asOrganization(db, owner.organizationId, (trx) =>
    storeEvents(trx, owner, { changes: batch.map((change) => imported(change)), unparsed: [] }),
  )
}

/** Set id by event id, as people see it: names that were given up lead on. */
function present(owner: Owner): Promise<Map<string, string>> {
  return asOrganization(db, owner.organizationId, async (trx) => {
    const rows = await trx.selectFrom('changes').select(['source_id', 'change_set_id']).execute()
    const names = await presentSetIds(
      trx,
      rows.map(({ change_set_id }) => change_set_id),
    )
    return new Map(
      rows.map(({ source_id, change_set_id: id }) => [source_id, names.get(id!) ?? id!]),
    )
  })
}

/** Which changes belong together, without the ids of their sets. */
function partition(sets: Map<string, string>): string[] {
  const groups = Map.groupBy(sets.keys(), (id) => sets.get(id)!)
  return [...groups.values()].map((ids) => ids.toSorted().join()).sort()
}

const expected = partition(
  assignChangeSets(changes.map((change) => ({ ...change, id: change.sourceId }))),
)

/** The changes in any order, cut into batches as pages would be. */
const arrivals = fc
  .shuffledSubarray(changes, { minLength: changes.length })
  .chain((order) =>
    fc
      .integer({ min: 7, max: 60 })
      .map((size) =>
        Array.from({ length: Math.ceil(order.length / size) }, (_, index) =>
          order.slice(index * size, (index + 1) * size),
        ),
      ),
  )

test('changes in any order of arrival result in the same sets, and re-reading them changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(arrivals, async (batches) => {
      const owner = await newOwner()
      for (const batch of batches) await store(owner, batch)
      const sets = await present(owner)
      expect(partition(sets)).toEqual(expected)
      for (const batch of batches.toReversed()) {
        expect(await store(owner, batch)).toEqual({ inserted: 0, takenOver: 0 })
      }
      expect(await present(owner)).toEqual(sets)
    }),
    { numRuns: 5 },
  )
})

test('an ID always returns its changes, and keeps its position', async () => {
  const owner = await newOwner()
  const named = new Map<string, string>()
  const opened = new Map<string, number>()
  const [batches] = fc.sample(arrivals, { numRuns: 1, seed: 7 })
  for (const batch of batches!) {
    await store(owner, batch)
    for (const [event, set] of await present(owner)) if (!named.has(event)) named.set(event, set)
    for (const set of await superuser
      .selectFrom('change_sets')
      .select(['id', 'opened_at'])
      .where('organization_id', '=', owner.organizationId)
      .execute()) {
      const before = opened.get(set.id)
      if (before !== undefined) expect(set.opened_at.getTime()).toBe(before)
      opened.set(set.id, set.opened_at.getTime())
    }
  }
  const last = await present(owner)
  const names = await asOrganization(db, owner.organizationId, (trx) =>
    presentSetIds(trx, [...named.values()]),
  )
  for (const [event, name] of named) expect(names.get(name) ?? name).toBe(last.get(event))
})

test("batches that are stored concurrently see each other's changes", async () => {
  const owner = await newOwner()
  const lanes = [0, 1, 2, 3].map((lane) => changes.filter((_, index) => index % 4 === lane))
  await Promise.all(
    lanes.map(async (lane) => {
      for (let at = 0; at < lane.length; at += 15) await store(owner, lane.slice(at, at + 15))
    }),
  )
  expect(partition(await present(owner))).toEqual(expected)
})

test('pages contain every set once while late changes arrive', async () => {
  const owner = await newOwner()
  const late = changes.filter((_, index) => index % 5 === 0)
  await store(
    owner,
    changes.filter((_, index) => index % 5 !== 0),
  )
  const filters = { include: {}, exclude: {} }
  const list = (cursor?: string) =>
    asOrganization(db, owner.organizationId, (trx) =>
      listChangeSets(trx, filters, { limit: 3, cursor }),
    )
  const before = new Set((await present(owner)).values())
  const seen: string[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await list(cursor)
    seen.push(...page.items.map(({ id }) => id))
    await store(owner, late.splice(0, 10))
    if (page.nextCursor === null) break
    cursor = page.nextCursor
  }
  expect(new Set(seen).size).toBe(seen.length)
  const names = await asOrganization(db, owner.organizationId, (trx) =>
    presentSetIds(trx, [...before, ...seen]),
  )
  const now = (id: string) => names.get(id) ?? id
  expect(seen.map(now)).toEqual(expect.arrayContaining([...before].map(now)))

  // When everything is stored, the list matches the changes.
  await store(owner, late)
  const sizes = [...Map.groupBy((await present(owner)).values(), (id) => id)]
  const all = await asOrganization(db, owner.organizationId, (trx) =>
    listChangeSets(trx, filters, { limit: 500 }),
  )
  expect(
    new Map(all.items.map(({ id, parts }) => [id, parts.reduce((n, { count }) => n + count, 0)])),
  ).toEqual(new Map(sizes.map(([id, members]) => [id, members.length])))
})

test('a reading transaction sees one snapshot during an import, and cannot write', async () => {
  const owner = await newOwner()
  const late = changes.filter((_, index) => index % 3 === 0)
  await store(
    owner,
    changes.filter((_, index) => index % 3 !== 0),
  )
  const page = (trx: Trx) => listChangeSets(trx, { include: {}, exclude: {} }, { limit: 500 })
  const reader = { ...owner, disconnected: new AbortController().signal }
  const [before, after] = await readOrganization(db, reader, async (trx) => {
    const first = await page(trx)
    // It merges sets.
    await store(owner, late)
    return [first, await page(trx)]
  })
  expect(after).toEqual(before)
  expect(await readOrganization(db, reader, page)).not.toEqual(before)
  const storing = readOrganization(db, reader, (trx) =>
    storeEvents(trx, owner, { changes: [imported(late[0]!)], unparsed: [] }),
  )
  await expect(storing).rejects.toThrow('read-only transaction')
})

test('any earlier ID of a set filters for the whole set', async () => {
  const owner = await newOwner()
  const names = new Set<string>()
  for (const half of [0, 1]) {
    await store(
      owner,
      changes.filter((_, index) => index % 2 === half),
    )
    for (const id of (await present(owner)).values()) names.add(id)
  }
  const sets = await present(owner)
  await asOrganization(db, owner.organizationId, async (trx) => {
    const now = await presentSetIds(trx, [...names])
    for (const name of names) {
      const filters = { include: { changeSet: [name] }, exclude: {} }
      const { items } = await listChanges(trx, filters, { limit: 500 })
      const members = [...sets].filter(([, id]) => id === (now.get(name) ?? name))
      expect(items.map((row) => row.source_id).sort()).toEqual(members.map(([id]) => id).sort())
      const listed = await listChangeSets(trx, filters, { limit: 500 })
      expect(listed.items.map(({ id }) => id)).toEqual([now.get(name) ?? name])
    }
    const without = { include: {}, exclude: { changeSet: [...names] } }
    expect((await listChanges(trx, without, { limit: 500 })).items).toEqual([])
    const other = { include: { changeSet: ['no-id'] }, exclude: {} }
    expect((await listChanges(trx, other, { limit: 500 })).items).toEqual([])
  })
})

test('a set of one change includes the change itself, and other sets do not', async () => {
  const owner = await newOwner()
  await store(owner, changes)
  const sizes = [...Map.groupBy(await present(owner), ([, id]) => id)]
  const { items } = await asOrganization(db, owner.organizationId, (trx) =>
    listChangeSets(trx, { include: {}, exclude: {} }, { limit: 500 }),
  )
  const expected = sizes.map(([id, members]) => [id, members.length === 1 ? members[0]![0] : null])
  expect(items.map(({ id, only }) => [id, only?.source_id ?? null]).sort()).toEqual(expected.sort())
})

test("another organization's sets are not visible", async () => {
  const owner = await newOwner()
  await store(owner, changes.slice(0, 20))
  const other = await newOwner()
  const seen = await asOrganization(db, other.organizationId, (trx) =>
    sql`SELECT id FROM change_sets`.execute(trx),
  )
  expect(seen.rows).toEqual([])
})

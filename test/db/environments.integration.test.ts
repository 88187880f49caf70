import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeId } from '../../src/db/change-id.ts'
import { listChanges, pageQuery } from '../../src/db/changes.ts'
import { insertConnection } from '../../src/db/connections.ts'
import { asOrganization, type Database, openDatabase, type Trx } from '../../src/db/database.ts'
import { environmentsOf, setDefaultEnvironment } from '../../src/db/environment-links.ts'
import {
  deleteEnvironment,
  insertEnvironment,
  listEnvironments,
  updateEnvironment,
} from '../../src/db/environments.ts'
import { ensurePartitions } from '../../src/db/imports.ts'
import { ensureOrganization } from '../../src/db/organizations.ts'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'

let database: TestDatabase
let superuser: Database
/** As the API's role. */
let apiDb: Database
let made = 0

beforeAll(async () => {
  database = await createTestDatabase()
  superuser = openDatabase({ url: database.superuserUrl })
  apiDb = openDatabase({ url: database.url, role: 'cairn_api' })
})
afterAll(async () => {
  await Promise.all([superuser.destroy(), apiDb.destroy()])
  await database.drop()
})

async function newOrganization() {
  const { id } = await ensureOrganization(superuser, `organization ${++made}`)
  const act = <T>(work: (trx: Trx) => Promise<T>) => asOrganization(apiDb, id, work)
  return {
    id,
    act,
    environment: (name: string) => act((trx) => insertEnvironment(trx, id, { name })),
    connection: (environmentId?: string) =>
      act((trx) =>
        insertConnection(trx, {
          organizationId: id,
          name: 'c',
          externalId: `id-${++made}`,
          environmentId,
        }),
      ),
  }
}

test('any sequence of creations, moves and deletions results in the order of a list', async () => {
  const place = fc.nat({ max: 12 })
  const step = fc.oneof(
    fc.record({ do: fc.constant('make' as const) }),
    fc.record({ do: fc.constant('move' as const), which: place, to: place }),
    fc.record({ do: fc.constant('delete' as const), which: place }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      const { id, act } = await newOrganization()
      const list: string[] = []
      for (const [n, step] of steps.entries()) {
        if (step.do === 'make') {
          const row = await act((trx) => insertEnvironment(trx, id, { name: `${n}` }))
          expect(row.position).toBe(list.length)
          list.push(row.id)
          continue
        }
        const [chosen] = list.splice(step.which, 1)
        if (chosen === undefined) continue
        if (step.do === 'move') {
          list.splice(step.to, 0, chosen)
          const wanted = { position: step.to }
          const row = await act((trx) => updateEnvironment(trx, id, chosen, wanted))
          expect(row?.position).toBe(list.indexOf(chosen))
        } else {
          await act((trx) => deleteEnvironment(trx, id, chosen))
        }
      }
      const rows = await act(listEnvironments)
      expect(rows.map((row) => row.id)).toEqual(list)
      expect(rows.map((row) => row.position)).toEqual(list.map((_, index) => index))
    }),
    { numRuns: 30 },
  )
})

test('a connection has one default, and setting it again changes nothing', async () => {
  const { act, environment, connection } = await newOrganization()
  const [first, second] = [await environment('first'), await environment('second')]
  const row = await connection(first.id)
  const links = () => act((trx) => trx.selectFrom('environment_links').selectAll().execute())
  const [before] = await links()
  await act((trx) => setDefaultEnvironment(trx, row, first.id))
  expect(await links()).toEqual([before])
  await act((trx) => setDefaultEnvironment(trx, row, second.id))
  const [after, ...more] = await links()
  expect(more).toEqual([])
  expect(after).toMatchObject({ environment_id: second.id, made_by: 'connection_default' })
  expect(after!.made_at.getTime()).toBeGreaterThan(before!.made_at.getTime())
  const environments = () =>
    act(async (trx) => {
      const subject = { connectionId: row.id }
      return (await environmentsOf(trx, [subject]))(subject)
    })
  expect(await environments()).toEqual([second.id])
  await act((trx) => setDefaultEnvironment(trx, row, null))
  expect(await environments()).toEqual([])
})

test("a link cannot reference another organization's rows", async () => {
  const [one, other] = [await newOrganization(), await newOrganization()]
  const mine = { environment: await one.environment('x'), connection: await one.connection() }
  const theirs = {
    environment: await other.environment('x'),
    connection: await other.connection(),
  }
  const link = (organization_id: string, environment_id: string, connection_id: string) => ({
    organization_id,
    environment_id,
    connection_id,
    made_by: 'connection_default' as const,
  })
  const crossing = [
    link(one.id, theirs.environment.id, mine.connection.id),
    link(one.id, mine.environment.id, theirs.connection.id),
    link(one.id, theirs.environment.id, theirs.connection.id),
  ]
  for (const row of crossing) {
    for (const db of [apiDb, superuser]) {
      const done = asOrganization(db, one.id, (trx) =>
        trx.insertInto('environment_links').values(row).execute(),
      )
      await expect(done).rejects.toMatchObject({ code: '23503' })
    }
  }
  const cuckoo = one.act((trx) =>
    trx
      .insertInto('environment_links')
      .values(link(other.id, theirs.environment.id, theirs.connection.id))
      .execute(),
  )
  await expect(cuckoo).rejects.toMatchObject({ code: '42501' })
  // Nor can one be turned to it, nor one's own be taken away by its id.
  await one.act((trx) => setDefaultEnvironment(trx, mine.connection, mine.environment.id))
  const turned = one.act((trx) =>
    setDefaultEnvironment(trx, mine.connection, theirs.environment.id),
  )
  await expect(turned).rejects.toMatchObject({ code: '23503' })
  await other.act((trx) => setDefaultEnvironment(trx, mine.connection, null))
  await other.act((trx) => deleteEnvironment(trx, other.id, mine.environment.id))
  const environments = await one.act(async (trx) => {
    const subject = { connectionId: mine.connection.id }
    return (await environmentsOf(trx, [subject, { connectionId: null }]))(subject)
  })
  expect(environments).toEqual([mine.environment.id])
})

test('twenty thousand changes are linked by one row, and read without sorting', async () => {
  const { id: organizationId, act, environment, connection } = await newOrganization()
  const { id: production } = await environment('Production')
  const [live, other] = [await connection(), await connection()]
  const now = Date.parse('2026-03-02T00:00:00Z')
  const rows = Array.from({ length: 20_000 }, (_, n) => {
    const occurredAt = new Date(now - n * 60_000)
    const connectionId = n % 3 === 0 ? live.id : other.id
    const source = { source: 'aws.cloudtrail', sourceAccount: null, sourceId: `${n}` }
    return {
      id: changeId({ organizationId, ...source, occurredAt }),
      connectionId,
      occurredAt,
      sourceId: `${n}`,
    }
  })
  await superuser
    .transaction()
    .execute((trx) => ensurePartitions(trx, new Date(now - 20_000 * 60_000)))
  await sql`
    INSERT INTO changes (organization_id, occurred_at, id, connection_id, source, source_id, summary,
      service, action, actor, actor_id, tool, outcome, envelope, detail, reader_version)
    SELECT ${organizationId}::uuid, "occurredAt", id, "connectionId", 'aws.cloudtrail', "sourceId",
      's', 'ec2', 'a', 'a', 'a', 't', 'succeeded', '{}', '{}', 1
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      AS r (id uuid, "connectionId" uuid, "occurredAt" timestamptz, "sourceId" text)
  `.execute(superuser)
  await sql`ANALYZE changes`.execute(superuser)

  const newest = async () =>
    (await sql`SELECT max(xmin::text::bigint) AS version FROM changes`.execute(superuser)).rows
  const before = await newest()
  await act((trx) => setDefaultEnvironment(trx, live, production))
  expect(await newest()).toEqual(before)

  const filters = (include: object, exclude: object) => ({ include, exclude })
  const page = { limit: 50 }
  const sought = { environment: [production] }
  const asked = [
    [filters(sought, {}), (n: number) => n % 3 === 0],
    [filters({}, sought), (n: number) => n % 3 !== 0],
  ] as const
  for (const [filter, belongs] of asked) {
    const { items } = await act((trx) => listChanges(trx, filter, page))
    const expected = rows.filter((_, n) => belongs(n)).slice(0, page.limit)
    expect(items.map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
    const plan = await act(async (trx) =>
      JSON.stringify(await pageQuery(trx, filter, page).explain('json')),
    )
    expect(plan).toContain('"Scan Direction":"Backward"')
    expect(plan).not.toMatch(/Sort"|Join"|Nested Loop"|Seq Scan","[^}]*"Relation Name":"changes/)
  }
})

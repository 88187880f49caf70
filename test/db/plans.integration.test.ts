import { type CompiledQuery, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChangeFilters } from '../../src/db/change-filters.ts'
import { listChanges, pageQuery } from '../../src/db/changes.ts'
import { insertConnection } from '../../src/db/connections.ts'
import { asOrganization, type Database, openDatabase, type Trx } from '../../src/db/database.ts'
import { facets, facetsQuery } from '../../src/db/facets.ts'
import { histogramQuery } from '../../src/db/histogram.ts'
import { ensureOrganization } from '../../src/db/organizations.ts'
import { withSearch } from '../../src/db/search.ts'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'
import { generateChanges, withIndexesAfter } from '../../testing/generate-changes.ts'

const DAY_MS = 86_400_000
const ROWS = 100_000
const DAYS = 60
const to = new Date('2026-03-02T12:00:00Z')

interface Node {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Actual Rows': number
  'Rows Removed by Filter'?: number
  'Actual Loops': number
  Plans?: Node[]
}

let database: TestDatabase
let superuser: Database
let apiDb: Database
let one: string
let other: string
let connectionId: string

beforeAll(async () => {
  database = await createTestDatabase()
  superuser = openDatabase({ url: database.superuserUrl })
  apiDb = openDatabase({ url: database.url, role: 'cairn_api' })
  const fill = async (name: string, rows: number) => {
    const { id } = await ensureOrganization(superuser, name)
    const connection = await asOrganization(superuser, id, (trx) =>
      insertConnection(trx, { organizationId: id, name, externalId: `${name}-id` }),
    )
    const connectionIds = [connection.id]
    await generateChanges(superuser, { organizationId: id, connectionIds, rows, to, days: DAYS })
    return { id, connectionId: connection.id }
  }
  await withIndexesAfter(superuser, async () => {
    ;({ id: one, connectionId } = await fill('one', ROWS * 0.9))
    ;({ id: other } = await fill('other', ROWS * 0.1))
  })
})
afterAll(async () => {
  await Promise.all([superuser, apiDb].map((pool) => pool.destroy()))
  await database.drop()
})

/** Every node of the plan that was carried out as the API's role. */
async function planOf(trx: Trx, query: CompiledQuery): Promise<Node[]> {
  const { rows } = await trx.executeQuery<{ 'QUERY PLAN': { Plan: Node }[] }>({
    ...query,
    sql: `EXPLAIN (ANALYZE, FORMAT JSON) ${query.sql}`,
  })
  const below = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(below)]
  return below(rows[0]!['QUERY PLAN'][0]!.Plan)
}

const weeks = (plan: Node[]) =>
  new Set(
    plan.flatMap((node) => {
      const name = node['Relation Name']
      return name?.startsWith('changes_2') && node['Actual Loops'] > 0 ? [name] : []
    }),
  )

/** How many rows of changes were looked at. */
const looked = (plan: Node[]) =>
  plan
    .filter((node) => node['Relation Name']?.startsWith('changes_2'))
    .reduce(
      (sum, node) =>
        sum + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
      0,
    )

const no: ChangeFilters = { include: {}, exclude: {} }

test('plans are those of the API’s role, and rows are those of one organization', async () => {
  await asOrganization(apiDb, one, async (trx) => {
    const { rows } = await sql<{ role: string; count: number; forced: boolean }>`
      SELECT current_user AS role, (SELECT count(*) FROM changes) AS count,
        (SELECT relforcerowsecurity FROM pg_class WHERE oid = 'changes'::regclass) AS forced
    `.execute(trx)
    expect(rows).toEqual([{ role: 'cairn_api', count: ROWS * 0.9, forced: true }])
  })
})

describe('a page is read from the end of the index, only as far as necessary', () => {
  test.each<[string, ChangeFilters]>([
    ['without filters', no],
    ['without noise', { ...no, noise: false }],
    ['only noise', { ...no, noise: true }],
    [
      'of a window',
      {
        ...no,
        from: new Date(to.getTime() - 20 * DAY_MS),
        to: new Date(to.getTime() - 19 * DAY_MS),
      },
    ],
    ['of a service', { ...no, include: { service: ['service-3'] } }],
    ['without a service', { ...no, exclude: { service: ['service-3'] } }],
    ['of a region', { ...no, include: { region: ['eu-west-1'] } }],
    ['of an account', { ...no, include: { account: ['111122220000'] } }],
    ['of an actor', { ...no, include: { actor: ['person-1@shop-prod.example.com'] } }],
    ['of a tool', { ...no, include: { tool: ['tool-1'] } }],
    ['of an outcome', { ...no, include: { outcome: ['denied', 'failed'] } }],
    ['of a source', { ...no, include: { source: ['aws.cloudtrail'] } }],
    ['of a connection', { ...no, include: { connection: ['CONNECTION'] } }],
    ['without an environment', { ...no, exclude: { environment: ['none'] } }],
    ['with a frequent word', { ...no, q: 'shop-prod' }],
  ])('%s', async (_, filters) => {
    if (filters.include.connection) filters.include.connection = [connectionId]
    await asOrganization(apiDb, one, async (trx) => {
      const found = await withSearch(trx, filters)
      const isOneOfAll = filters === no || filters.q !== undefined
      for (const order of isOneOfAll ? (['desc', 'asc'] as const) : (['desc'] as const)) {
        const page = { limit: 50, order }
        const first = await listChanges(trx, found, page)
        expect(first.items).toHaveLength(50)
        for (const cursor of [undefined, first.nextCursor ?? undefined]) {
          const plan = await planOf(trx, pageQuery(trx, found, { ...page, cursor }).compile())
          const kinds = plan.map((node) => node['Node Type'])
          expect(kinds.filter((kind) => /^(Seq Scan|Sort|Incremental Sort)$/.test(kind))).toEqual(
            [],
          )
          expect(weeks(plan).size).toBeLessThanOrEqual(2)
          expect(looked(plan)).toBeLessThan(ROWS / 20)
        }
      }
    })
  })
})

test('no change is read for an environment that no rule and no connection assigns', async () => {
  await asOrganization(apiDb, one, async (trx) => {
    const filters = { ...no, include: { environment: ['none'] } }
    expect(looked(await planOf(trx, pageQuery(trx, filters, { limit: 50 }).compile()))).toBe(0)
  })
})

describe('rare values are found by the text index', () => {
  test.each<[string, (sample: { resource: string; id: string }) => ChangeFilters]>([
    ['a resource', ({ resource }) => ({ ...no, include: { resource: [resource] } })],
    ['a part of an id', ({ resource }) => ({ ...no, q: resource.slice(2, 14).toUpperCase() })],
    ['nothing', () => ({ ...no, q: 'nobody wrote this' })],
  ])('for %s', async (name, filtersOf) => {
    await asOrganization(apiDb, one, async (trx) => {
      const { rows } = await sql<{ resource: string; id: string }>`
        SELECT resources[1] AS resource, min(id::text) AS id FROM changes
        GROUP BY 1 HAVING count(*) BETWEEN 1 AND 3 ORDER BY 1 LIMIT 1
      `.execute(trx)
      const filters = filtersOf(rows[0]!)
      const found = await withSearch(trx, filters)
      expect(found.found).toBeDefined()
      if (name !== 'nothing') expect(found.found).toContain(rows[0]!.id)
      const plan = await planOf(trx, pageQuery(trx, found, { limit: 50 }).compile())
      expect(JSON.stringify(plan)).not.toContain('"Seq Scan"')
      expect(looked(plan)).toBeLessThan(1000)
      const byIndex = await listChanges(trx, found, { limit: 50 })
      const byReading = await listChanges(trx, filters, { limit: 50 })
      expect(byIndex.items).toEqual(byReading.items)
    })
  })

  test("regardless of the planner's choice", async () => {
    // As the function's own role, with the settings of the function.
    await superuser.transaction().execute(async (trx) => {
      await sql`SET LOCAL ROLE cairn_search`.execute(trx)
      for (const name of ['enable_seqscan', 'enable_indexscan', 'enable_indexonlyscan'])
        await sql.raw(`SET LOCAL ${name} = off`).execute(trx)
      const { rows } = await sql<{ config: string[] }>`
        SELECT proconfig AS config FROM pg_proc WHERE proname = 'search_changes'
      `.execute(trx)
      expect(rows[0]!.config).toEqual(
        expect.arrayContaining([
          'search_path=pg_catalog, public, pg_temp',
          'enable_seqscan=off',
          'enable_indexscan=off',
          'enable_indexonlyscan=off',
        ]),
      )
      const query = sql`
        SELECT id FROM changes WHERE organization_id = ${one}
          AND searched_text(summary, actor, action, resources) ILIKE ANY ('{%0a1b2c%}'::text[]) LIMIT 5001
      `.compile(trx)
      const plan = await planOf(trx, query)
      const indexes = plan.flatMap((node) => node['Index Name'] ?? [])
      expect(indexes.some((index) => index.includes('searched_text'))).toBe(true)
      expect(JSON.stringify(plan)).not.toContain('"Seq Scan"')
    })
  })
})

test('changes that take effect later are found by their index', async () => {
  await superuser.transaction().execute(async (trx) => {
    await sql`SET LOCAL ROLE cairn_search`.execute(trx)
    await sql`SET LOCAL enable_seqscan = off`.execute(trx)
    const { rows } = await sql<{ config: string[] }>`
      SELECT proconfig AS config FROM pg_proc WHERE proname = 'deferred_changes'
    `.execute(trx)
    expect(rows[0]!.config).toEqual(
      expect.arrayContaining(['search_path=pg_catalog, public, pg_temp', 'enable_seqscan=off']),
    )
    const query = sql`
      SELECT id FROM changes WHERE organization_id = ${one} AND occurred_at < ${to}
        AND envelope ->> 'effectiveAt' >= '2026-01-01' AND envelope ->> 'effectiveAt' < '2026-02-01'
      LIMIT 200
    `.compile(trx)
    const plan = await planOf(trx, query)
    const indexes = plan.flatMap((node) => node['Index Name'] ?? [])
    expect(indexes.length).toBeGreaterThan(0)
    expect(indexes.filter((index) => !index.includes('expr'))).toEqual([])
    expect(JSON.stringify(plan)).not.toContain('"Seq Scan"')
  })
})

describe('the search returns nothing of another organization', () => {
  const search = (trx: Trx | Database, pattern: string) =>
    sql<{ id: string }>`
      SELECT id FROM search_changes(ARRAY[${pattern}], NULL, NULL, 1000000) AS id
    `.execute(trx)

  test('although it bypasses the policy', async () => {
    const own = await asOrganization(apiDb, other, (trx) => search(trx, '%'))
    expect(own.rows).toHaveLength(ROWS * 0.1)
    const { rows } = await sql<{ id: string }>`
      SELECT id FROM changes WHERE organization_id = ${other}
    `.execute(superuser)
    expect(new Set(own.rows.map(({ id }) => id))).toEqual(new Set(rows.map(({ id }) => id)))
  })

  test('and nothing before an organization is set', async () => {
    expect((await search(apiDb, '%')).rows).toEqual([])
  })

  test('and its text argument cannot inject SQL', async () => {
    for (const hostile of ["'; SELECT 1 --", "%' OR true --", '{%}', '"', '$1', '%s %L']) {
      const { rows } = await asOrganization(apiDb, one, (trx) => search(trx, hostile))
      expect(rows, hostile).toEqual([])
    }
  })

  test('and no other role may call it', async () => {
    const system = openDatabase({ url: database.url, role: 'cairn_system' })
    await expect(search(system, '%')).rejects.toMatchObject({ code: '42501' })
    await system.destroy()
  })
})

describe('counts are read from the index', () => {
  const from = new Date(to.getTime() - 3 * DAY_MS)

  test.each<[string, ChangeFilters]>([
    ['everything', no],
    ['without noise', { ...no, noise: false }],
  ])('%s', async (_, filters) => {
    await asOrganization(apiDb, one, async (trx) => {
      const inWindow = { ...filters, from, to }
      const queries = [
        histogramQuery(trx, inWindow, 3600).compile(),
        facetsQuery(inWindow).compile(trx),
      ]
      for (const query of queries) {
        const plan = await planOf(trx, query)
        const scans = plan.filter((node) => node['Relation Name']?.startsWith('changes_2'))
        expect(new Set(scans.map((node) => node['Node Type']))).toEqual(
          new Set(['Index Only Scan']),
        )
        expect(weeks(plan).size).toBeLessThanOrEqual(2)
        // Nothing outside of the window: the histogram in one scan, the facets in three.
        const scanned = query === queries[0] ? 1 : 3
        expect(looked(plan)).toBeLessThanOrEqual(scanned * ((ROWS * 0.9 * 3) / DAYS + 2))
      }
    })
  })

  test('with filters, in one scan of only the window', async () => {
    await asOrganization(apiDb, one, async (trx) => {
      const include = { service: ['service-3'], tool: ['tool-1'] }
      const plan = await planOf(trx, facetsQuery({ ...no, include, from, to }).compile(trx))
      expect(weeks(plan).size).toBeLessThanOrEqual(2)
      const scans = plan.filter((node) => node['Relation Name']?.startsWith('changes_2'))
      expect(scans.length).toBeLessThanOrEqual(2 * weeks(plan).size)
    })
  })

  test('and equal a count of the rows', async () => {
    await asOrganization(apiDb, one, async (trx) => {
      const { rows } = await sql<{ value: string; count: number }>`
        SELECT actor_id AS value, count(*) AS count FROM changes
        WHERE occurred_at >= ${from} AND occurred_at < ${to} AND noise IS NULL
        GROUP BY 1 ORDER BY 2 DESC, actor_id COLLATE "C" LIMIT 20
      `.execute(trx)
      const { fields } = await facets(trx, { ...no, noise: false, from, to })
      expect(fields.actor).toEqual(rows)
    })
  })
})

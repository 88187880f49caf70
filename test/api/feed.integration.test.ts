import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toProblem } from '../../src/api/errors.ts'
import type { Change } from '../../src/changes/change.ts'
import { facetFields, newestFacetFields } from '../../src/changes/filters.ts'
import { asOrganization, openDatabase } from '../../src/db/database.ts'
import { bucketsFor } from '../../src/db/histogram.ts'
import { ensurePartitions } from '../../src/db/imports.ts'
import { multirangeLiteral } from '../../src/db/multirange.ts'
import type { SecondsRange } from '../../src/db/schema/column-types.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { someChange, someDetail, someResource, someTool } from '../../testing/changes.ts'
import { createTestDatabase } from '../../testing/database.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const window = 'from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z'

let api: TestApi
let tenant: Tenant
let connectionIds: string[]
let environmentId: string

/** What is in the feed besides one ordinary change of each connection at noon. */
const changes: { connection: number; minutes: number; fields: Partial<Change> }[] = [
  { connection: 0, minutes: 0, fields: {} },
  { connection: 1, minutes: 0, fields: { accountId: '222233334444' } },
  {
    connection: 0,
    minutes: 1,
    fields: {
      service: 's3',
      action: 'PutBucketPolicy',
      summary: 'alice changed who may read shop-prod-logs',
      actor: { kind: 'person', name: 'alice@example.com', id: 'alice', chain: [] },
      resources: [someResource('AWS::S3::Bucket', 'shop-prod-logs', 'arn:aws:s3:::shop-prod-logs')],
    },
  },
  {
    connection: 0,
    minutes: 61,
    fields: {
      service: 's3',
      action: 'DeleteBucket',
      outcome: 'denied',
      detail: someDetail({ error: { code: 'AccessDenied' } }),
      resources: [],
      region: null,
    },
  },
  {
    connection: 1,
    minutes: 61,
    fields: { noise: 'a-rule', tool: someTool('cli', 'the CLI') },
  },
  // Outside of the window.
  { connection: 0, minutes: 12 * 60, fields: { service: 'late' } },
]

beforeAll(async () => {
  api = await createTestApi()
  await api.db.transaction().execute((trx) => ensurePartitions(trx, new Date(noon)))
  const stranger = await api.tenant('stranger')
  tenant = await api.tenant('feed')
  connectionIds = []
  for (const owner of [stranger, tenant, tenant]) {
    const name = `account ${connectionIds.length}`
    const { body } = await owner.request('POST', '/api/v1/connections', { name })
    connectionIds.push(body.id)
  }
  const [theirs, ...own] = connectionIds
  connectionIds = own
  const made = await tenant.request('POST', '/api/v1/environments', { name: 'Production' })
  environmentId = made.body.id
  await tenant.request('PATCH', `/api/v1/connections/${own[0]}`, { environmentId })
  await asOrganization(api.db, stranger.id, (trx) =>
    someChange(
      trx,
      { organizationId: stranger.id, connectionId: theirs! },
      { occurredAt: new Date(noon), service: 'theirs', summary: 'shop-prod' },
    ),
  )
  await asOrganization(api.db, tenant.id, async (trx) => {
    for (const { connection, minutes, fields } of changes) {
      const owner = { organizationId: tenant.id, connectionId: connectionIds[connection]! }
      await someChange(trx, owner, { occurredAt: new Date(noon + minutes * 60_000), ...fields })
    }
  })
})
afterAll(() => api.close())

const histogram = (query: string) => tenant.request('GET', `/api/v1/changes/histogram?${query}`)
const facets = (query: string) => tenant.request('GET', `/api/v1/changes/facets?${query}`)

describe('the histogram', () => {
  test('counts changes and failures, and includes empty buckets', async () => {
    const { status, body } = await histogram(`${window}&buckets=24`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      from: '2026-03-02T00:00:00.000Z',
      to: '2026-03-03T00:00:00.000Z',
      bucketSeconds: 3600,
      total: 5,
    })
    expect(body.buckets).toHaveLength(24)
    expect(body.buckets[0]).toEqual({ from: '2026-03-02T00:00:00.000Z', total: 0, failed: 0 })
    expect(body.buckets.filter(({ total }: { total: number }) => total > 0)).toEqual([
      { from: '2026-03-02T12:00:00.000Z', total: 3, failed: 0 },
      { from: '2026-03-02T13:00:00.000Z', total: 2, failed: 1 },
    ])
  })

  test("accepts the feed's filters, and counts the listed changes", async () => {
    for (const query of [
      'noise=false',
      'noise=true',
      'service=s3',
      'service!=s3',
      'q=SHOP-prod',
      'q=ali',
      'resource=shop-prod-logs',
      `environment=${environmentId}`,
      `environment!=${environmentId}`,
      `connection=${connectionIds[1]}`,
      'service=theirs',
    ]) {
      const counted = await histogram(`${window}&${query}`)
      const listed = await tenant.request('GET', `/api/v1/changes?${window}&${query}`)
      expect(counted.body.total, query).toBe(listed.body.items.length)
    }
  })

  test('covers the last 24 hours by default', async () => {
    const { body } = await histogram('')
    expect(Date.parse(body.to) - Date.parse(body.from)).toBe(24 * 3_600_000)
    expect(Math.abs(Date.parse(body.to) - Date.now())).toBeLessThan(60_000)
    const { body: day } = await histogram('to=2026-03-03T00:00:00Z')
    expect(day).toMatchObject({ from: '2026-03-02T00:00:00.000Z', total: 5 })
  })

  test.each([
    ['buckets=0', '?buckets'],
    ['buckets=201', '?buckets'],
    ['from=2026-03-03T00:00:00Z&to=2026-03-02T00:00:00Z', '?from'],
    ['from=2026-03-03T00:00:00Z&to=2026-03-03T00:00:00Z', '?from'],
    ['from=9999-03-03T00:00:00Z', '?from'],
    ['limit=5', '?limit'],
  ])('rejects %j', async (query, pointer) => {
    const { status, body } = await histogram(query)
    expect({ status, body }).toMatchObject({ status: 422, body: { errors: [{ pointer }] } })
  })

  test('accepts any time', async () => {
    const { body } = await histogram('from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z')
    expect(body.total).toBe(6)
    expect(body.buckets.length).toBeLessThanOrEqual(60)
    const one = await histogram('buckets=1&from=1970-01-01T00:00:00Z&to=2026-03-04T00:00:00Z')
    expect(one.body.buckets).toHaveLength(1)
  })
})

test.each<[string, string, number, number, number]>([
  ['2026-03-02T12:00:00Z', '2026-03-02T12:00:10Z', 60, 1, 10],
  ['2026-03-02T12:00:00Z', '2026-03-02T12:15:00Z', 60, 15, 60],
  ['2026-03-02T12:00:00Z', '2026-03-02T13:00:00Z', 60, 60, 60],
  ['2026-03-02T12:00:30Z', '2026-03-02T13:00:30Z', 60, 300, 13],
  ['2026-03-02T00:00:00Z', '2026-03-03T00:00:00Z', 60, 1800, 48],
  ['2026-03-02T00:00:00Z', '2026-03-09T00:00:00Z', 60, 10_800, 56],
  // 4 March is a Wednesday: its week began on Monday, the 2nd.
  ['2026-03-04T00:00:00Z', '2026-03-18T00:00:00Z', 3, 604_800, 3],
  ['2026-03-04T00:00:00Z', '2026-03-04T00:00:02Z', 1, 5, 1],
])('from %s to %s has at most %d buckets of %d seconds', (from, to, most, seconds, count) => {
  const found = bucketsFor({ from: new Date(from), to: new Date(to) }, most)
  expect(found).toMatchObject({ seconds, count })
  expect(found.first).toBeLessThanOrEqual(Date.parse(from))
  expect(found.first + count * seconds * 1000).toBeGreaterThanOrEqual(Date.parse(to))
  expect(found.first + seconds * 1000).toBeGreaterThan(Date.parse(from))
})

describe('facets', () => {
  test('count the values of each field, the most frequent first', async () => {
    const { status, body } = await facets(window)
    expect(status).toBe(200)
    expect(body.total).toBe(5)
    expect(body.noise).toEqual({ hidden: 1, shown: 4 })
    expect(Object.keys(body.fields).sort()).toEqual([...facetFields].sort())
    expect(body.fields).toMatchObject({
      source: [{ value: 'aws.cloudtrail', count: 5 }],
      service: [
        { value: 'ec2', count: 3 },
        { value: 's3', count: 2 },
      ],
      actor: [
        { value: 'ada', count: 4 },
        { value: 'alice', count: 1, label: 'alice@example.com' },
      ],
      tool: [
        { value: 'console', count: 4 },
        { value: 'cli', count: 1 },
      ],
      account: [
        { value: '111122223333', count: 4 },
        { value: '222233334444', count: 1 },
      ],
      // One change has no region.
      region: [{ value: 'us-east-1', count: 4 }],
      outcome: [
        { value: 'succeeded', count: 4 },
        { value: 'denied', count: 1 },
      ],
      connection: [
        { value: connectionIds[0], count: 3, label: 'account 1' },
        { value: connectionIds[1], count: 2, label: 'account 2' },
      ],
      environment: [{ value: environmentId, count: 3, label: 'Production' }],
      // Its ARN is the same bucket.
      resource: [
        {
          value: 'aws.cloudtrail/111122223333/us-east-1/AWS::EC2::Instance/i-0123456789abcdef0',
          count: 3,
          label: 'i-0123456789abcdef0',
        },
        {
          value: 'aws.cloudtrail/111122223333/us-east-1/AWS::S3::Bucket/shop-prod-logs',
          count: 1,
          label: 'shop-prod-logs',
        },
      ],
    })
    expect(body.fields.action).toHaveLength(3)
  })

  test('are narrowed by filters on other fields, not by their own', async () => {
    const { body } = await facets(`${window}&service=s3&outcome=denied`)
    expect(body.total).toBe(1)
    expect(body.noise).toEqual({ hidden: 0, shown: 1 })
    // Of denied changes.
    expect(body.fields.service).toEqual([{ value: 's3', count: 1 }])
    // Of changes of S3.
    expect(body.fields.outcome).toEqual([
      { value: 'denied', count: 1 },
      { value: 'succeeded', count: 1 },
    ])
    expect(body.fields.actor).toEqual([{ value: 'ada', count: 1 }])
    expect(body.fields.resource).toEqual([])
  })

  test.each<[string, string]>([
    ['service', 's3'],
    ['actor', 'ada'],
    ['tool', 'cli'],
    ['region', 'us-east-1'],
    ['account', '222233334444'],
    ['action', 'RunInstances'],
    ['outcome', 'denied'],
    ['resource', 'shop-prod-logs'],
    ['connection', 'CONNECTION'],
    ['environment', 'ENVIRONMENT'],
    ['source', 'aws.cloudtrail'],
  ])('count what the feed lists with %s: %s', async (field, wanted) => {
    const value = wanted
      .replace('CONNECTION', connectionIds[1]!)
      .replace('ENVIRONMENT', environmentId)
    for (const other of ['', '&noise=false', '&outcome=succeeded', '&service!=s3']) {
      const query = `${window}&${field}=${encodeURIComponent(value)}${other}`
      const { body } = await facets(query)
      const listed = await tenant.request('GET', `/api/v1/changes?${query}`)
      expect(body.total, query).toBe(listed.body.items.length)
      // Another filter on the same field does not change its counts.
      const { body: elsewhere } = await facets(
        `${query}&${field}=${field === 'outcome' ? 'failed' : 'nothing'}`,
      )
      const count = elsewhere.fields[field].find(
        (facet: { value: string; label?: string }) =>
          facet.value === value || (field === 'resource' && facet.label === value),
      )
      // The outcome is asked for twice in one of them.
      if (field !== 'outcome') expect(count?.count ?? 0, query).toBe(listed.body.items.length)
    }
  })

  test('count noise, hidden or not', async () => {
    for (const noise of ['', '&noise=false', '&noise=true']) {
      const { body } = await facets(window + noise)
      expect(body.noise, noise).toEqual({ hidden: 1, shown: 4 })
    }
    expect((await facets(`${window}&noise=true`)).body.total).toBe(1)
  })

  test('of fields without an index count the newest changes, each without its own filter', async () => {
    const newest = async (query: string) =>
      (await tenant.request('GET', `/api/v1/changes/newest-facets?${query}`)).body
    const all = await newest(window)
    expect(all).toMatchObject({ counted: 5, partial: false })
    expect(Object.keys(all.fields).sort()).toEqual([...newestFacetFields].sort())
    for (const field of newestFacetFields) {
      for (const { value, count } of all.fields[field]) {
        const query = `${window}&${field}=${encodeURIComponent(value)}`
        const { body } = await tenant.request('GET', `/api/v1/changes?${query}`)
        expect(body.items, query).toHaveLength(count)
        // The filter narrows the other fields only.
        const filtered = await newest(query)
        expect(filtered.fields[field], query).toEqual(all.fields[field])
        expect(filtered.counted, query).toBe(count)
      }
    }
    expect(all.fields.errorCode).toEqual([{ value: 'AccessDenied', count: 1 }])
    expect(all.fields.resourceType).toEqual([
      { value: 'AWS::EC2::Instance', count: 3 },
      { value: 'AWS::S3::Bucket', count: 1 },
    ])
    expect(all.fields.readOnly).toEqual([{ value: 'false', count: 5 }])
    const denied = await newest(`${window}&outcome=denied`)
    expect(denied.counted).toBe(1)
    expect(denied.fields.resourceType).toEqual([])
    const other = await api.tenant('without changes')
    const { body } = await other.request('GET', `/api/v1/changes/newest-facets?${window}`)
    expect(body).toMatchObject({ counted: 0, fields: { errorCode: [] } })
  })

  test('include long values, and the resources of a change with many', async () => {
    const other = await api.tenant('long names')
    const { body } = await other.request('POST', '/api/v1/connections', { name: 'a' })
    const long = (letter: string, bytes = 512) => letter.repeat(bytes)
    const id = await asOrganization(api.db, other.id, (trx) =>
      someChange(
        trx,
        { organizationId: other.id, connectionId: body.id },
        {
          occurredAt: new Date(noon),
          service: long('s'),
          action: long('a'),
          actor: { kind: 'user', name: long('u'), id: 'u', chain: [] },
          tool: someTool(long('t'), 't'),
          region: long('r'),
          resources: Array.from({ length: 40 }, (_, n) =>
            someResource('t', `${n}`.padEnd(512, 'x')),
          ),
        },
      ),
    )
    const found = await other.request('GET', `/api/v1/changes/${id}`)
    expect(found.status).toBe(200)
    const { body: counted } = await other.request('GET', `/api/v1/changes/facets?${window}`)
    expect(counted.total).toBe(1)
    expect(counted.fields.service).toEqual([{ value: long('s'), count: 1 }])
    expect(counted.fields.resource).toHaveLength(20)
    // The last of forty is not among the twenty that are listed.
    const last = `39${'x'.repeat(510)}`
    const listed = await other.request('GET', `/api/v1/changes?resource=${last}`)
    expect(listed.body.items).toHaveLength(1)
  })
})

describe('search', () => {
  test.each([
    ['shop-prod', 1],
    ['SHOP-PROD', 1],
    ['hop-pro', 1],
    ['alice', 1],
    ['lice@exam', 1],
    ['i-0123', 3],
    ['arn:aws:s3:::shop', 1],
    ['BucketPol', 1],
    ['%', 0],
    ['___', 0],
    ['s3', 1],
    ['nowhere to be found', 0],
  ])('finds %j in %d changes', async (q, count) => {
    const { body } = await tenant.request(
      'GET',
      `/api/v1/changes?${window}&q=${encodeURIComponent(q)}`,
    )
    expect(body.items).toHaveLength(count)
  })

  test('continues on the next pages', async () => {
    const first = await tenant.request('GET', `/api/v1/changes?${window}&q=i-0123&limit=2`)
    expect(first.body.items).toHaveLength(2)
    const next = `/api/v1/changes?${window}&q=i-0123&limit=2&cursor=${first.body.nextCursor}`
    const second = await tenant.request('GET', next)
    expect(second.body.items).toHaveLength(1)
    expect(second.body.nextCursor).toBeNull()
  })
})

describe('a window that takes too long to count', () => {
  let slow: TestApi
  let owner: Tenant
  const recent = noon + 20 * 24 * 3_600_000
  beforeAll(async () => {
    slow = await createTestApi()
    await slow.db.transaction().execute((trx) => ensurePartitions(trx, new Date(noon)))
    owner = await slow.tenant('slow')
    const { body } = await owner.request('POST', '/api/v1/connections', { name: 'shop' })
    await asOrganization(slow.db, owner.id, async (trx) => {
      for (const [at, summary] of [
        [noon, 'a needle of old'],
        [recent, 'a new needle'],
        [recent + 1_000, 'another new needle'],
      ] as const) {
        const fields = { occurredAt: new Date(at), summary }
        await someChange(trx, { organizationId: owner.id, connectionId: body.id }, fields)
      }
    })
    // Reading the old change takes an hour, as reading very many old ones would.
    await sql`
      CREATE OR REPLACE FUNCTION searched_text(summary text, actor text, action text, resources text[])
      RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
      BEGIN
        IF summary LIKE '%old%' THEN PERFORM pg_sleep(3600); END IF;
        RETURN summary;
      END $$
    `.execute(slow.superuser)
  })
  afterAll(() => slow.close())

  test('has partial counts of its newest part, and is marked', async () => {
    const query = `q=needle&from=${new Date(noon - 1).toISOString()}&to=${new Date(recent + 60_000).toISOString()}`
    for (const list of ['histogram', 'facets']) {
      const { status, body } = await owner.request('GET', `/api/v1/changes/${list}?${query}`)
      expect(status, list).toBe(200)
      expect(body, list).toMatchObject({ partial: true, total: 2 })
      const countedFrom = Date.parse(body.countedFrom)
      expect(countedFrom, list).toBeGreaterThan(noon)
      expect(countedFrom, list).toBeLessThanOrEqual(recent)
    }
  })

  test('is different from one that is counted completely', async () => {
    const from = new Date(recent - 60_000).toISOString()
    const query = `from=${from}&to=${new Date(recent + 60_000).toISOString()}`
    for (const list of ['histogram', 'facets']) {
      const { body } = await owner.request('GET', `/api/v1/changes/${list}?${query}&q=needle`)
      expect(body, list).toMatchObject({ partial: false, total: 2, countedFrom: from })
    }
  })
})

test('a window has the same counts in several pieces as in one', async () => {
  for (const list of ['histogram', 'facets']) {
    const of = (query: string) => tenant.request('GET', `/api/v1/changes/${list}?${query}`)
    // Pieces of a week and more; all changes are within a day.
    const whole = (await of('from=2026-03-02T12:00:00Z&to=2026-03-03T12:00:00Z')).body
    const pieces = (await of('from=2020-01-01T00:00:00Z&to=2026-03-09T12:30:00Z')).body
    expect(pieces).toMatchObject({ partial: false, countedFrom: '2020-01-01T00:00:00.000Z' })
    expect(pieces.total).toBe(whole.total)
    expect(pieces.fields).toEqual(whole.fields)
    expect(pieces.noise).toEqual(whole.noise)
  }
})

test('a statement that takes too long is cancelled, and the error describes the fix', async () => {
  const database = await createTestDatabase()
  const url = database.url
  const impatient = openDatabase({ url, role: 'cairn_api', statementTimeoutMs: 50 })
  const error = await sql`SELECT pg_sleep(30)`.execute(impatient).catch((error) => error)
  await impatient.destroy()
  await database.drop()
  expect(toProblem(error)).toMatchObject({
    status: 504,
    message: expect.stringContaining('`from`'),
  })
})

describe('completeness', () => {
  const hour = (n: number) => noon / 1000 + n * 3600
  const time = (n: number) => new Date(hour(n) * 1000).toISOString()

  test('is the range without a gap in every active region of the query', async () => {
    const owner = await api.tenant('completeness')
    const cover = async (
      id: string,
      account: string,
      region: string,
      hours: SecondsRange[],
      state = 'active',
    ) => {
      const settled = multirangeLiteral(hours.map(([from, to]) => [hour(from), hour(to)]))
      await sql`
        INSERT INTO coverage
          (connection_id, organization_id, account_id, region, selection, state, settled)
        VALUES (${id}, ${owner.id}, ${account}, ${region}, 'changes', ${state},
          ${settled}::tstzmultirange)
      `.execute(api.superuser)
    }
    const connect = async (account: string) => {
      const { body } = await owner.request('POST', '/api/v1/connections', { name: account })
      const roleArn = `arn:aws:iam::${account}:role/cairn`
      await owner.request('PATCH', `/api/v1/connections/${body.id}`, { roleArn })
      return body.id as string
    }
    const whole = await connect('111122223333')
    await cover(whole, '111122223333', 'us-east-1', [[-48, 2]])
    // An hour is missing, and the lookback of before has left something older.
    const holed = await connect('444455556666')
    await cover(holed, '444455556666', 'us-east-1', [
      [-90, -80],
      [-24, -4],
      [-3, 1],
    ])
    await cover(holed, '444455556666', 'eu-west-1', [[-30, 3]])
    await cover(holed, '444455556666', 'af-south-1', [], 'denied')

    const rangeOf = async (query: string) => {
      const answers = await Promise.all(
        ['changes', 'change-sets', 'changes/histogram'].map((list) =>
          owner.request('GET', `/api/v1/${list}?${query}`),
        ),
      )
      const [first, ...others] = answers.map(({ body }) => [
        body.completeFrom,
        body.completeThrough,
      ])
      for (const other of others) expect(other).toEqual(first)
      return first
    }
    expect(await rangeOf('')).toEqual([time(-3), time(1)])
    expect(await rangeOf(`connection=${whole}`)).toEqual([time(-48), time(2)])
    expect(await rangeOf(`connection!=${whole}`)).toEqual([time(-3), time(1)])
    expect(await rangeOf('connection=00000000-0000-4000-8000-000000000000')).toEqual([null, null])

    // Just before the earliest edge another region has nothing yet: no stretch leads there.
    await cover(holed, '444455556666', 'us-west-2', [[1, 2]])
    expect(await rangeOf('')).toEqual([null, time(1)])
    await cover(holed, '444455556666', 'us-west-1', [])
    expect(await rangeOf('')).toEqual([null, null])
    expect(await rangeOf(`connection=${whole}`)).toEqual([time(-48), time(2)])

    // Its changed selection has no regions until the next cycle.
    const reset = await connect('777788889999')
    await cover(reset, '777788889999', 'us-east-1', [[-50, 3]])
    const both = `connection=${whole}&connection=${reset}`
    expect(await rangeOf(both)).toEqual([time(-48), time(2)])
    const change = (body: object) => owner.request('PATCH', `/api/v1/connections/${reset}`, body)
    await change({ selection: 'all' })
    expect(await rangeOf(both)).toEqual([null, null])
    await change({ selection: 'changes' })
    expect(await rangeOf(both)).toEqual([time(-48), time(2)])
    await change({ selection: 'all' })
    // In another account, it is like a new connection.
    await change({ roleArn: 'arn:aws:iam::121212121212:role/cairn' })
    expect(await rangeOf(both)).toEqual([time(-48), time(2)])
    await change({ roleArn: null })
    expect(await rangeOf(both)).toEqual([time(-48), time(2)])
  })
})

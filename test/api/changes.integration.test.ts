import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createApp } from '../../src/api/app.ts'
import { createByteBudget } from '../../src/api/bodies/budget.ts'
import type { Change } from '../../src/changes/change.ts'
import { changeId } from '../../src/db/change-id.ts'
import { findChange, findRecord, pageQuery } from '../../src/db/changes.ts'
import { asOrganization } from '../../src/db/database.ts'
import { ensurePartitions } from '../../src/db/imports.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { someChange, someDetail, someResource, someTool } from '../../testing/changes.ts'

const logger = pino({ level: 'silent' })
const SECOND_MS = 1_000
const HOUR_MS = 3_600 * SECOND_MS
/** A Monday: the change before it is in another partition. */
const monday = Date.parse('2026-03-02T00:00:00Z')

let api: TestApi
let tenants = 0

beforeAll(async () => {
  api = await createTestApi()
  await api.db
    .transaction()
    .execute((trx) => ensurePartitions(trx, new Date(monday - 30 * 24 * HOUR_MS)))
})
afterAll(() => api.close())

async function newTenant() {
  const tenant = await api.tenant(`tenant ${++tenants}`)
  const { body } = await tenant.request('POST', '/api/v1/connections', { name: 'production' })
  const owner = { organizationId: tenant.id, connectionId: body.id as string }
  const add = (fields: Partial<Change> = {}, record?: object) =>
    asOrganization(api.db, tenant.id, (trx) => someChange(trx, owner, fields, record))
  return { tenant, add, connectionId: owner.connectionId }
}

const list = (tenant: Tenant, query = '') => tenant.request('GET', `/api/v1/changes?${query}`)

const at = (ms: number) => new Date(monday + ms)

/** Reads page after page. */
async function readAll(
  tenant: Tenant,
  query: string,
  between: (page: number) => Promise<void> = async () => {},
): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | null = null
  for (let page = 0; ; page++) {
    const { status, body } = await list(tenant, query + (cursor ? `&cursor=${cursor}` : ''))
    expect(status).toBe(200)
    ids.push(...body.items.map(({ id }: { id: string }) => id))
    cursor = body.nextCursor
    if (cursor === null) return ids
    await between(page)
  }
}

describe('a change', () => {
  test('has all its fields in the list, and also its record when requested by ID', async () => {
    const { tenant, add, connectionId } = await newTenant()
    const detail = someDetail({
      edits: [{ field: 'ingress', from: 'none', to: '22/tcp from 0.0.0.0/0' }],
      error: { code: 'AccessDenied', message: 'no' },
    })
    const id = await add({
      sourceId: 'the-event-id',
      occurredAt: at(0),
      summary: 'ada opened 22/tcp to the world',
      actor: {
        kind: 'person',
        name: 'ada',
        id: 'ada@example.com',
        chain: [{ kind: 'person', name: 'ada' }],
      },
      tool: someTool('terraform', 'Terraform', '1.9.5'),
      resources: [someResource('AWS::EC2::SecurityGroup', 'sg-1', 'arn:aws:ec2:::sg-1')],
      risks: ['network'],
      publicAccess: '22/tcp to the world',
      subject: 'ada',
      outcome: 'denied',
      detail,
      noise: 'some-rule',
      links: [{ label: 'CloudTrail', url: 'https://example.com' }],
    })
    const { body } = await tenant.request('GET', `/api/v1/changes/${id}`)
    expect(body).toEqual({
      id,
      source: 'aws.cloudtrail',
      sourceId: 'the-event-id',
      occurredAt: '2026-03-02T00:00:00.000Z',
      endedAt: null,
      importedAt: expect.stringMatching(/Z$/),
      summary: 'ada opened 22/tcp to the world',
      subject: 'ada',
      actor: {
        kind: 'person',
        name: 'ada',
        id: 'ada@example.com',
        chain: [{ kind: 'person', name: 'ada' }],
      },
      tool: someTool('terraform', 'Terraform', '1.9.5'),
      service: 'ec2',
      action: 'RunInstances',
      resources: [someResource('AWS::EC2::SecurityGroup', 'sg-1', 'arn:aws:ec2:::sg-1')],
      outcome: 'denied',
      region: 'us-east-1',
      accountId: '111122223333',
      environments: [],
      changeSetId: expect.any(String),
      noise: 'some-rule',
      readOnly: false,
      risks: ['network'],
      publicAccess: '22/tcp to the world',
      links: [{ label: 'CloudTrail', url: 'https://example.com' }],
      connectionId,
      detail: { ...detail, other: { eventName: 'RunInstances' } },
      record: { eventName: 'RunInstances' },
    })
    const { record: _, ...withoutRecord } = body
    expect((await list(tenant)).body.items).toEqual([{ ...withoutRecord, detail }])
  })

  test.each([
    'none',
    randomUUID(),
    '00000000-0000-8000-8000-000000000000',
    'ffffffff-ffff-8fff-bfff-ffffffffffff',
    '%00',
    '..%2f..',
  ])('is not found if it does not exist: %s', async (id) => {
    const { tenant } = await newTenant()
    expect((await tenant.request('GET', `/api/v1/changes/${id}`)).status).toBe(404)
  })
})

describe('filters', () => {
  let tenant: Tenant
  let connectionId: string
  const ids: Record<string, string> = {}

  beforeAll(async () => {
    const made = await newTenant()
    tenant = made.tenant
    connectionId = made.connectionId
    const changes: Record<string, Partial<Change>> = {
      bucket: {
        occurredAt: at(1 * SECOND_MS),
        service: 's3',
        action: 'PutBucketPolicy',
        summary: 'ada changed 100%_of the policy',
        resources: [someResource('AWS::S3::Bucket', 'logs', 'arn:aws:s3:::logs')],
      },
      database: {
        occurredAt: at(2 * SECOND_MS),
        service: 'rds',
        region: 'eu-west-1',
        actor: { kind: 'ci', name: 'acme/shop', id: 'acme/shop', chain: [] },
        tool: someTool('terraform', 'Terraform'),
        outcome: 'failed',
        detail: someDetail({ error: { code: 'Throttled' } }),
      },
      nowhere: { occurredAt: at(-1 * SECOND_MS), region: null, accountId: null, noise: 'a-rule' },
      deploy: { occurredAt: at(-2 * SECOND_MS), source: 'deploy', accountId: '999988887777' },
    }
    for (const [name, fields] of Object.entries(changes)) ids[name] = await made.add(fields)
  })

  test.each<[string, string[]]>([
    ['', ['database', 'bucket', 'nowhere', 'deploy']],
    ['service=s3', ['bucket']],
    ['service=s3&service=rds', ['database', 'bucket']],
    ['service!=s3', ['database', 'nowhere', 'deploy']],
    ['service%21=s3&service!=rds', ['nowhere', 'deploy']],
    ['service!=ec2&service!=s3', ['database']],
    ['service=s3&service=ec2&service!=ec2', ['bucket']],
    ['source=deploy', ['deploy']],
    ['action=PutBucketPolicy', ['bucket']],
    ['actor=acme%2Fshop', ['database']],
    ['actor!=acme%2Fshop&tool=console', ['bucket', 'nowhere', 'deploy']],
    ['tool=terraform', ['database']],
    ['region=eu-west-1', ['database']],
    // A change without a region remains when a region is excluded.
    ['region!=us-east-1', ['database', 'nowhere']],
    ['account=999988887777', ['deploy']],
    ['account!=999988887777', ['database', 'bucket', 'nowhere']],
    ['outcome=failed', ['database']],
    ['outcome!=failed&service=ec2', ['nowhere', 'deploy']],
    ['resource=logs', ['bucket']],
    ['resource=arn:aws:s3:::logs', ['bucket']],
    ['resource!=logs', ['database', 'nowhere', 'deploy']],
    ['noise=false', ['database', 'bucket', 'deploy']],
    ['noise=true', ['nowhere']],
    ['connection=CONNECTION', ['database', 'bucket', 'nowhere', 'deploy']],
    ['connection!=CONNECTION', []],
    [`connection=${randomUUID()}`, []],
    ['connection=not-an-id', []],
    ['environment=production', []],
    [`environment!=${randomUUID()}`, ['database', 'bucket', 'nowhere', 'deploy']],
    ['q=POLICY', ['bucket']],
    ['q=0%25_o&from=2026-02-27T00:00:00Z&to=2026-03-03T00:00:00Z', ['bucket']],
    ['q=1%25o&from=2026-02-27T00:00:00Z&to=2026-03-03T00:00:00Z', []],
    ['q=%5C&from=2026-02-27T00:00:00Z&to=2026-03-03T00:00:00Z', []],
    ['from=2026-03-02T00:00:00Z', ['database', 'bucket']],
    ['from=2026-03-02T00:00:01Z&to=2026-03-02T00:00:02Z', ['bucket']],
    ['to=2026-03-02T01:00:01%2B01:00', ['nowhere', 'deploy']],
    ['service=S3', []],
  ])('match the expected changes: %j', async (query, expected) => {
    const { status, body } = await list(tenant, query.replace('CONNECTION', connectionId))
    expect(status).toBe(200)
    const names = body.items.map(({ id }: { id: string }) =>
      Object.keys(ids).find((name) => ids[name] === id),
    )
    expect(names).toEqual(expected)
  })

  test.each([
    ['servise=s3', '?servise'],
    ['__proto__=x', '?__proto__'],
    ['service[]=s3', '?service[]'],
    ['from=yesterday', '?from'],
    ['from=2026-03-02', '?from'],
    ['from=2026-02-30T00:00:00Z', '?from'],
    ['from=2026-03-02T00:00:00Z&from=2026-03-02T00:00:00Z', '?from'],
    ['outcome=maybe', '?outcome'],
    ['noise=perhaps', '?noise'],
    ['limit=0', '?limit'],
    ['limit=501', '?limit'],
    ['limit=ten', '?limit'],
    ['limit=1.5', '?limit'],
    ['q=', '?q'],
    ['q=a%00b', '?q'],
    ['q=s3', '?q'],
    ['q=%25_%25_%25', '?q'],
    ['q=s3&from=2026-03-01T00:00:00Z&to=2026-03-10T00:00:00Z', '?q'],
    [`q=${'x'.repeat(201)}`, '?q'],
    [`q=${'abc%20'.repeat(13)}`, '?q'],
    ['service=a%00b', '?service'],
    ['to=9999-12-31T23:59:59-23:00', '?to'],
    ['from=0000-01-01T00:00:00%2B14:00', '?from'],
    ['request=r-1', '?request'],
    ['request!=r-1&from=2026-03-02T00:00:00Z', '?request'],
    [`service=${'x'.repeat(2049)}`, '?service'],
    [Array.from({ length: 101 }, (_, n) => `service=${n}`).join('&'), '?service'],
    ['cursor=', '?cursor'],
    ['cursor=nonsense', '?cursor'],
  ])('are rejected if invalid: %j', async (query, pointer) => {
    const { status, body } = await list(tenant, query)
    expect({ status, body }).toMatchObject({ status: 422, body: { errors: [{ pointer }] } })
    expect(body.detail).toContain(pointer)
  })

  test('find the run of a tool, such as a pull request', async () => {
    const { tenant, add } = await newTenant()
    const run = 'atlantis/shop/infra/12'
    const tool = { ...someTool('terraform', 'Terraform', '1.9.5'), run }
    const id = await add({ occurredAt: at(0), tool })
    await add({ occurredAt: at(0), tool: { ...tool, run: 'atlantis/shop/infra/13' } })
    for (const q of [run, 'INFRA/12']) {
      const { body } = await list(tenant, `q=${encodeURIComponent(q)}`)
      expect(body.items.map((item: { id: string }) => item.id)).toEqual([id])
    }
  })

  test('accept stored names, including line breaks', async () => {
    const { tenant, add } = await newTenant()
    await add({ occurredAt: at(0), resources: [someResource('AWS::S3::Object', 'a\nb')] })
    const window = 'from=2026-03-01T00:00:00Z&to=2026-03-03T00:00:00Z'
    const { body } = await tenant.request('GET', `/api/v1/changes/facets?${window}`)
    expect(body.fields.resource).toMatchObject([{ label: 'a\nb', count: 1 }])
    const { value } = body.fields.resource[0]
    const found = await list(tenant, `resource=${encodeURIComponent(value)}`)
    expect(found.body.items).toHaveLength(1)
  })

  test('accept any time', async () => {
    const { status } = await list(tenant, 'from=0000-01-01T00:00:00Z&to=9999-12-31T23:59:59Z')
    expect(status).toBe(200)
  })
})

test('changes of one request are found by its ID', async () => {
  const { tenant, add } = await newTenant()
  const ofRequest = (requestId: string) => ({ detail: someDetail({ requestId }) })
  const one = await add({ ...ofRequest('r-1'), occurredAt: at(0) })
  const other = await add({ ...ofRequest('r-1'), occurredAt: at(SECOND_MS) })
  await add({ ...ofRequest('r-2'), occurredAt: at(SECOND_MS) })
  await add({ occurredAt: at(0) })
  const window = `from=${at(-HOUR_MS).toISOString()}&to=${at(HOUR_MS).toISOString()}`
  const { body } = await list(tenant, `request=r-1&${window}`)
  expect(body.items.map(({ id }: { id: string }) => id)).toEqual([other, one])
  expect((await list(tenant, `request!=r-1&${window}`)).body.items).toHaveLength(2)
  const facets = await tenant.request('GET', `/api/v1/changes/facets?request=r-1&${window}`)
  expect(facets.body.total).toBe(2)
})

describe('a change set', () => {
  const session = (sessionKey: string) => ({
    changeSet: { sessionKey, stream: null, idleTimeoutMs: HOUR_MS },
  })

  test('shows where its changes occurred, and lists them', async () => {
    const { tenant, add } = await newTenant()
    const first = await add({ ...session('apply'), occurredAt: at(0), region: 'eu-west-1' })
    const second = await add({
      ...session('apply'),
      occurredAt: at(SECOND_MS),
      region: null,
      accountId: '999988887777',
      publicAccess: '22/tcp to the world',
    })
    const alone = await add({ ...session('another'), occurredAt: at(-SECOND_MS) })
    const { body } = await tenant.request('GET', '/api/v1/change-sets')
    expect(body.items).toMatchObject([
      {
        changes: 2,
        only: null,
        regions: ['eu-west-1'],
        accounts: ['111122223333', '999988887777'],
        publicAccess: ['22/tcp to the world'],
      },
      { changes: 1, only: { id: alone, changeSetId: body.items[1].id }, publicAccess: [] },
    ])
    const listed = await list(tenant, `changeSet=${body.items[0].id}`)
    expect(listed.body.items.map(({ id }: { id: string }) => id)).toEqual([second, first])
  })
})

describe('pages', () => {
  test('are newest first, with the requested length', async () => {
    const { tenant, add } = await newTenant()
    for (let n = 0; n < 7; n++) await add({ occurredAt: at(n * SECOND_MS) })
    const first = await list(tenant, 'limit=3')
    expect(first.body.items.map(({ occurredAt }: { occurredAt: string }) => occurredAt)).toEqual(
      [6, 5, 4].map((n) => at(n * SECOND_MS).toISOString()),
    )
    const all = await readAll(tenant, 'limit=3')
    expect(new Set(all).size).toBe(7)
    expect(await readAll(tenant, 'limit=7')).toEqual(all)
    expect((await list(tenant, 'limit=7')).body.nextCursor).toBeNull()
    expect((await list(tenant)).body.items).toHaveLength(7)
  })

  test('continue with the filters of the first page', async () => {
    const { tenant, add } = await newTenant()
    for (let n = 0; n < 3; n++) await add({ occurredAt: at(n * SECOND_MS) })
    const { nextCursor } = (await list(tenant, 'service=ec2&limit=1')).body
    expect((await list(tenant, `service=ec2&limit=500&cursor=${nextCursor}`)).status).toBe(200)
    const others = ['', 'service=s3', 'service=ec2&region=us-east-1', 'service!=ec2']
    for (const query of [...others, 'service=ec2&order=asc']) {
      const { status, body } = await list(tenant, `${query}&cursor=${nextCursor}`)
      expect({ status, errors: body.errors }).toMatchObject({
        status: 422,
        errors: [{ pointer: '?cursor' }],
      })
    }
  })

  test('reject a manipulated cursor', async () => {
    const { tenant, add } = await newTenant()
    for (let n = 0; n < 2; n++) await add({ occurredAt: at(n * SECOND_MS) })
    const { nextCursor } = (await list(tenant, 'limit=1')).body
    const [time, id, hash] = JSON.parse(Buffer.from(nextCursor, 'base64url').toString())
    const cursors = fc.oneof(
      fc.stringMatching(/^[\w-]{1,100}$/),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
      fc
        .tuple(
          fc.oneof(
            fc.constant(time),
            fc.double(),
            fc.constantFrom(8.64e15, -8.64e15, null, '2026'),
          ),
          fc.oneof(fc.constant(id), fc.uuid(), fc.string()),
          fc.constant(hash),
        )
        .filter((place) => place[0] !== time || place[1] !== id)
        .map((place) => Buffer.from(JSON.stringify(place)).toString('base64url')),
    )
    await fc.assert(
      fc.asyncProperty(cursors, async (cursor) => {
        expect((await list(tenant, `cursor=${cursor}`)).status).toBe(422)
      }),
      { numRuns: 200 },
    )
  })

  test('contain each change exactly once, even while others arrive', async () => {
    // Few distinct times, so that many changes share one and arrivals fall between pages.
    const time = fc.integer({ min: -3, max: 3 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(time, { minLength: 1, maxLength: 25 }),
        fc.array(fc.array(time, { maxLength: 4 }), { maxLength: 10 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom('desc', 'asc'),
        async (before, arrivals, limit, order) => {
          const { tenant, add } = await newTenant()
          const change = (n: number) => add({ occurredAt: at(n * SECOND_MS) })
          const there = await Promise.all(before.map(change))
          const meanwhile: string[] = []
          const read = await readAll(tenant, `limit=${limit}&order=${order}`, async (page) => {
            meanwhile.push(...(await Promise.all((arrivals[page] ?? []).map(change))))
          })
          expect(new Set(read).size).toBe(read.length)
          // An id begins with its time.
          expect(order === 'asc' ? read : read.toReversed()).toEqual(read.toSorted())
          for (const id of there) expect(read).toContain(id)
          for (const id of read) expect([...there, ...meanwhile]).toContain(id)
        },
      ),
      { numRuns: 25 },
    )
  })
})

describe('a large record', () => {
  // Compressed, it is far smaller. Of each €, UTF-8 has 3 bytes.
  const record = { text: '€'.repeat(100_000) }
  const bytes = Buffer.byteLength(JSON.stringify(record))

  test('counts for the bytes that an organization can read, and a usual one does not', async () => {
    const what = 'The records that were read'
    const recordBudget = createByteBudget({ maxBytesPerMinute: 1.5 * bytes, what, now: () => 0 })
    const app = await createApp({ ...api.context, recordBudget }, { logger })
    onTestFinished(() => app.close())
    const [one, other] = [await newTenant(), await newTenant()]
    const read = ({ tenant }: { tenant: Tenant }, id: string) =>
      app.inject({
        url: `/api/v1/changes/${id}`,
        headers: { authorization: `Bearer ${tenant.key}` },
      })
    const large = await one.add({ sourceId: 'large' }, record)
    const usual = await one.add({ sourceId: 'usual' })
    const first = await read(one, large)
    expect([first.statusCode, first.json().record]).toEqual([200, record])
    const second = await read(one, large)
    expect([second.statusCode, second.headers['retry-after']]).toEqual([429, '60'])
    expect(second.json().detail).toBe(
      'The records that were read are too large in total. Retry in 60 s.',
    )
    for (let n = 0; n < 3; n++) expect((await read(one, usual)).statusCode).toBe(200)
    const others = await other.add({}, record)
    expect((await read(other, others)).statusCode).toBe(200)
  })

  test('is not read to find its size, or to find its change', async () => {
    const { tenant, add } = await newTenant()
    const id = await add({}, record)
    await asOrganization(api.db, tenant.id, async (trx) => {
      const row = (await findChange(trx, id))!
      expect(row).toMatchObject({ id })
      expect(row).not.toHaveProperty('record')
      const find = (maxBytes: number) => findRecord(trx, row, { maxBytes })
      expect(await find(bytes - 1)).toEqual({ bytes, record: null })
      expect(await find(bytes)).toEqual({ bytes, record })
    })
  })
})

test("a page is read from the index without sorting, with the API's role", async () => {
  const { tenant, connectionId } = await newTenant()
  const rows = Array.from({ length: 20_000 }, (_, n) => {
    const occurredAt = at(-n * 60 * SECOND_MS)
    const source = { source: 'aws.cloudtrail', sourceAccount: null, sourceId: `${n}` }
    const id = changeId({ organizationId: tenant.id, ...source, occurredAt })
    return { id, occurred_at: occurredAt, source_id: `${n}` }
  })
  const detail = { resources: [], risks: [], links: [] }
  const { actor, tool } = {
    actor: { kind: 'user', name: 'a', id: 'a' },
    tool: { name: 't', title: 't', label: 't' },
  }
  await sql`
    INSERT INTO changes (organization_id, occurred_at, id, connection_id, source, source_id, summary,
      service, action, actor, actor_id, tool, outcome, envelope, detail, reader_version)
    SELECT ${tenant.id}::uuid, occurred_at, id, ${connectionId}::uuid, 'aws.cloudtrail', source_id,
      's', 'ec2', 'a', 'a', 'a', 't', 'succeeded',
      ${JSON.stringify({ ...detail, actor, tool })}::jsonb, ${JSON.stringify(someDetail())}::jsonb, 1
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      AS r (id uuid, occurred_at timestamptz, source_id text)
  `.execute(api.superuser)
  await sql`ANALYZE changes`.execute(api.superuser)
  const from = at(-10 * 24 * HOUR_MS)
  const { status, body } = await list(tenant, `from=${from.toISOString()}&limit=2`)
  expect(status).toBe(200)
  const plan = await asOrganization(api.db, tenant.id, async (trx) => {
    await sql`SET LOCAL ROLE cairn_api`.execute(trx)
    const filters = { from, include: {}, exclude: {} }
    const page = { limit: 50, cursor: body.nextCursor }
    return JSON.stringify(await pageQuery(trx, filters, page).explain('json'))
  })
  expect(plan).toContain('"Scan Direction":"Backward"')
  expect(plan).not.toMatch(/Sort"|Seq Scan/)
  // Two weeks at most are looked at, of all that there are.
  expect(new Set(plan.match(/changes_2\d{3}w\d\d/g)).size).toBeLessThanOrEqual(2)
})

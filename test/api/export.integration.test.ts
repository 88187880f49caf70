import { once } from 'node:events'
import { type ClientRequest, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { csvCell } from '../../src/changes/csv.ts'
import { asOrganization } from '../../src/db/database.ts'
import { ensurePartitions, storeEvents } from '../../src/db/imports.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { aChange, imported, someTime } from '../../testing/changes.ts'

const COUNT = 1_200
let api: TestApi
let tenant: Tenant
beforeAll(async () => {
  api = await createTestApi()
  tenant = await tenantWithChanges(api)
})
afterAll(() => api.close())

async function tenantWithChanges(api: TestApi): Promise<Tenant> {
  const tenant = await api.tenant('export')
  const changes = Array.from({ length: COUNT }, (_, nth) =>
    imported(
      aChange({
        sourceId: `e${nth}`,
        summary: nth === 0 ? '=HYPERLINK("http://evil.example")' : `change ${nth}, "quoted"`,
        occurredAt: new Date(someTime.getTime() + nth * 1000),
      }),
    ),
  )
  const owner = { organizationId: tenant.id, connectionId: null, sourceAccount: '111122223333' }
  await asOrganization(api.db, tenant.id, async (trx) => {
    await ensurePartitions(trx, someTime)
    await storeEvents(trx, owner, { changes, unparsed: [] })
  })
  return tenant
}

const get = (query: string, key = tenant.key) =>
  api.app.inject({
    url: `/api/v1/changes/export?${query}`,
    headers: { authorization: `Bearer ${key}` },
  })

test('NDJSON contains the filters, each change once, and its end', async () => {
  const response = await get('format=ndjson&from=2026-03-02T00:00:00Z&service=ec2')
  expect(response.statusCode).toBe(200)
  expect(response.headers['content-type']).toContain('application/x-ndjson')
  const [head, ...rest] = response.body
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(head.export).toMatchObject({
    filters: { from: '2026-03-02T00:00:00Z', service: ['ec2'], to: expect.any(String) },
    completeThrough: null,
  })
  expect(rest.pop()).toEqual({ end: { changes: COUNT } })
  expect(new Set(rest.map(({ sourceId }) => sourceId)).size).toBe(COUNT)
  expect(rest[0]).toMatchObject({ sourceId: `e${COUNT - 1}`, service: 'ec2' })
})

test('CSV is quoted, and cells cannot be formulas', async () => {
  const { body, headers } = await get('format=csv&q=evil')
  expect(headers['content-disposition']).toMatch(/^attachment; filename="cairn-changes-.*\.csv"$/)
  const lines = body.trim().split('\r\n')
  expect(lines).toHaveLength(3)
  expect(lines[0]).toMatch(/^"# \{""export"":/)
  expect(lines[1]).toMatch(/^occurredAt,endedAt,source,summary,/)
  expect(lines[2]).toContain(`"'=HYPERLINK(""http://evil.example"")"`)
  const whole = await get('format=csv')
  expect(whole.body.trim().split('\r\n')).toHaveLength(COUNT + 2)
})

test.each([
  ['=1+1', "'=1+1"],
  [' =1+1', `"' =1+1"`],
  ['-2', "'-2"],
  ['+2', "'+2"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', `"'\t=1"`],
  ['＝1', "'＝1"],
  ['a,b', '"a,b"'],
  ['a"b', '"a""b"'],
  ['a\nb', '"a\nb"'],
  ['plain - text', 'plain - text'],
])('the cell %j is exported as %j', (text, cell) => {
  const line = csvCell(text)
  // Leading spaces stay within the quotes.
  expect(line.replaceAll('"', '')).toBe(cell.replaceAll('"', ''))
})

test('invalid filters are rejected, and other organizations export nothing', async () => {
  expect((await get('format=xml')).statusCode).toBe(422)
  expect((await get('format=csv&unknown=1')).statusCode).toBe(422)
  const other = await api.tenant('others')
  const { body } = await get('format=ndjson', other.key)
  expect(JSON.parse(body.trim().split('\n').at(-1)!)).toEqual({ end: { changes: 0 } })
})

interface Answer {
  status: number
  retryAfter: string | undefined
  /** Undefined if the connection was lost before the end. */
  text: string | undefined
}

/** An API of its own, whose exports wait while `work` runs. */
async function whileExportsWait(
  work: (own: {
    api: TestApi
    tenant: Tenant
    /** Resolves to the status and the text, or to undefined if the connection was lost. */
    start(key?: string): { sent: ClientRequest; answer: Promise<Answer | undefined> }
    /** Resolves when this number of statements wait. */
    waiting(count: number): Promise<void>
  }) => Promise<void>,
): Promise<void> {
  // Far longer than the test waits: the statement must not end at its limit.
  const limits = { statement: 600_000, wait: 600_000 }
  const own = await createTestApi({ timeoutsMs: limits })
  onTestFinished(() => own.close())
  const tenant = await tenantWithChanges(own)
  await own.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = own.app.server.address() as AddressInfo
  const start = (key = tenant.key) => {
    const sent = request({
      port,
      host: '127.0.0.1',
      path: '/api/v1/changes/export?format=ndjson',
      headers: { authorization: `Bearer ${key}` },
      agent: false,
    })
    const answer = once(sent, 'response')
      .then(async ([response]) => ({
        status: response.statusCode as number,
        retryAfter: response.headers['retry-after'],
        text: await text(response).catch(() => undefined),
      }))
      .catch(() => undefined)
    sent.end()
    return { sent, answer }
  }
  await own.superuser.transaction().execute(async (trx) => {
    await sql`LOCK TABLE changes IN ACCESS EXCLUSIVE MODE`.execute(trx)
    const waiting = (count: number) =>
      vi.waitFor(async () => {
        const { rows } = await sql<{ count: number }>`
          SELECT count(*)::int AS count FROM pg_locks l JOIN pg_database d ON d.oid = l.database
          WHERE d.datname = current_database() AND NOT l.granted
        `.execute(trx)
        expect(rows[0]!.count).toBe(count)
      }, 240_000)
    await work({ api: own, tenant, start, waiting })
  })
}

test('the query of a client that disconnects is cancelled', () =>
  whileExportsWait(async ({ start, waiting }) => {
    const { sent } = start()
    await waiting(1)
    sent.destroy()
    await waiting(0)
  }))

test('the export ends when its client disconnects', async () => {
  await api.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = api.app.server.address() as AddressInfo
  const headers = { authorization: `Bearer ${tenant.key}` }
  const sent = request({
    port,
    host: '127.0.0.1',
    path: '/api/v1/changes/export?format=ndjson',
    headers,
  })
  sent.end()
  const [response] = await once(sent, 'response')
  await once(response, 'data')
  response.destroy()
  // Its transactions have ended: the next request of the organization is answered.
  await vi.waitFor(
    async () => expect((await get('format=csv&q=evil')).statusCode).toBe(200),
    240_000,
  )
})

test('an organization has at most four open exports, until they end', async () => {
  let answers: Promise<(Answer | undefined)[]>
  let own: TestApi
  let key: string
  await whileExportsWait(async ({ api, tenant, start, waiting }) => {
    own = api
    key = tenant.key
    const exports = Array.from({ length: 5 }, () => start())
    const refused = await Promise.race(
      exports.map(async (each) => ({ ...each, answer: await each.answer })),
    )
    expect(refused.answer).toMatchObject({ status: 429, retryAfter: '60' })
    const open = exports.filter(({ sent }) => sent !== refused.sent)
    open[0]!.sent.destroy()
    open[1]!.sent.destroy()
    // The two that waited for them run now.
    await waiting(2)
    answers = Promise.all(open.map(({ answer }) => answer))
  })
  const ended = await answers!
  expect(
    ended.filter((answer) => answer?.text?.includes(`{"end":{"changes":${COUNT}}}`)),
  ).toHaveLength(2)
  const all = async () =>
    Promise.all(
      Array.from({ length: 4 }, async () => {
        const { statusCode } = await own.app.inject({
          url: '/api/v1/changes/export?format=ndjson',
          headers: { authorization: `Bearer ${key}` },
        })
        return statusCode
      }),
    )
  await vi.waitFor(async () => expect(await all()).toEqual([200, 200, 200, 200]), 240_000)
})

test('an export ends before its next page when its key has been revoked', async () => {
  let answer: Promise<Answer | undefined>
  await whileExportsWait(async ({ tenant, start, waiting }) => {
    const owner = await tenant.signedIn()
    const { id, key } = (await owner.request('POST', '/api/v1/api-keys', { name: 'leaked' })).body
    answer = start(key).answer
    await waiting(1)
    expect((await owner.request('DELETE', `/api/v1/api-keys/${id}`)).status).toBe(200)
  })
  expect(await answer!).toEqual({ status: 200, retryAfter: undefined, text: undefined })
})

test('an export that its client does not read ends when its key has been revoked', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  await whileExportsWait(async ({ api, tenant, start, waiting }) => {
    const owner = await tenant.signedIn()
    const { id, key } = (await owner.request('POST', '/api/v1/api-keys', { name: 'leaked' })).body
    // An organization runs two statements at the same time, and the removal needs one.
    const [revoked, kept] = [start(key), start((await api.tenant('other')).key)]
    await waiting(2)
    expect((await owner.request('DELETE', `/api/v1/api-keys/${id}`)).status).toBe(200)
    vi.advanceTimersByTime(61_000)
    expect(await revoked.answer).toBeUndefined()
    await waiting(1)
    kept.sent.destroy()
    await waiting(0)
  })
})

import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
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
  tenant = await api.tenant('export')
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
})
afterAll(() => api.close())

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

test('the query of a client that disconnects is cancelled', async () => {
  // Far longer than the test waits: the statement must not end at its limit.
  const limits = { statement: 600_000, wait: 600_000 }
  const own = await createTestApi({ timeoutsMs: limits })
  onTestFinished(() => own.close())
  const { key } = await own.tenant('export')
  await own.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = own.app.server.address() as AddressInfo
  await own.superuser.transaction().execute(async (trx) => {
    // The export waits for it, so its query runs until it is cancelled.
    await sql`LOCK TABLE changes IN ACCESS EXCLUSIVE MODE`.execute(trx)
    const waiting = async () => {
      const { rows } = await sql<{ count: number }>`
        SELECT count(*)::int AS count FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE d.datname = current_database() AND NOT l.granted
      `.execute(trx)
      return rows[0]!.count
    }
    const sent = request({
      port,
      host: '127.0.0.1',
      path: '/api/v1/changes/export?format=ndjson',
      headers: { authorization: `Bearer ${key}` },
    })
    sent.on('error', () => {})
    sent.end()
    await vi.waitFor(async () => expect(await waiting()).toBe(1), 240_000)
    sent.destroy()
    await vi.waitFor(async () => expect(await waiting()).toBe(0), 240_000)
  })
})

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

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { asOrganization } from '../../src/db/database.ts'
import { insertUnparsed, type UnparsedRecord } from '../../src/db/unparsed-records.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { unparsed } from '../../testing/changes.ts'

const ACCOUNT = '111122223333'
let api: TestApi
let tenant: Tenant
let id: string
let url: string
let tenants = 0

beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api.close())
beforeEach(async () => {
  tenant = await api.tenant(`tenant ${++tenants}`)
  const { body } = await tenant.request('POST', '/api/v1/connections', { name: 'Production' })
  id = body.id
  url = `/api/v1/connections/${id}/unparsed-records`
})

function keep(...records: UnparsedRecord[]) {
  const owner = { organizationId: tenant.id, connectionId: id, sourceAccount: ACCOUNT }
  return asOrganization(api.db, tenant.id, (trx) => insertUnparsed(trx, owner, records))
}

test("an unparsed record contains the source's response and the reason", async () => {
  expect((await tenant.request('GET', url)).body).toEqual({ items: [], nextCursor: null, total: 0 })
  const eventId = '8f4f7d8c-2f0e-4f0b-9d0e-3c5b8a7e6d21'
  await keep(unparsed({ eventId, reason: 'not_json' }))
  const { status, body } = await tenant.request('GET', url)
  expect(status).toBe(200)
  expect(body).toEqual({
    items: [
      {
        id: expect.any(String),
        eventId,
        eventName: 'RunInstances',
        eventSource: 'ec2.amazonaws.com',
        eventTime: '2026-03-01T12:00:00.000Z',
        username: 'ada',
        region: 'us-east-1',
        reason: 'not_json',
        seenAt: expect.any(String),
      },
    ],
    nextCursor: null,
    total: 1,
  })
})

test('an entry without data from the source has null fields', async () => {
  await keep(
    unparsed({
      eventId: null,
      eventName: null,
      eventSource: null,
      eventTime: null,
      username: null,
    }),
  )
  expect((await tenant.request('GET', url)).body.items).toMatchObject([
    { eventId: null, eventName: null, eventSource: null, eventTime: null, username: null },
  ])
})

test('pages contain every record once, newest first, while others arrive', async () => {
  for (let n = 0; n < 7; n++) await keep(unparsed({ eventId: `event-${n}` }))
  const first = (await tenant.request('GET', `${url}?limit=3`)).body
  await keep(unparsed({ eventId: 'later' }))
  const second = (await tenant.request('GET', `${url}?limit=3&cursor=${first.nextCursor}`)).body
  const third = (await tenant.request('GET', `${url}?limit=3&cursor=${second.nextCursor}`)).body
  const ids = [first, second, third].flatMap(({ items }) =>
    items.map(({ eventId }: { eventId: string }) => eventId),
  )
  expect(ids).toEqual(Array.from({ length: 7 }, (_, n) => `event-${6 - n}`))
  expect([first.total, third.total, third.nextCursor]).toEqual([7, 8, null])
})

test.each(['x', '', 'eA', Buffer.from('01980000').toString('base64url')])(
  'the cursor %j is rejected',
  async (cursor) => {
    const answer = await tenant.request('GET', `${url}?cursor=${cursor}`)
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '?cursor' }] } })
  },
)

test.each([
  ['HTML', '<script>alert(1)</script>'],
  ['control characters', '\u0000\u001b[31m\r\nSet-Cookie: a=b\u202e'],
  ['a long record', JSON.stringify({ CloudTrailEvent: 'x'.repeat(300_000) })],
])('the download is text with the same bytes: %s', async (_what, raw) => {
  await keep(unparsed({ raw }))
  const [record] = (await tenant.request('GET', url)).body.items
  const response = await api.app.inject({
    url: `${url}/${record.id}`,
    headers: { authorization: `Bearer ${tenant.key}` },
  })
  expect(response.statusCode).toBe(200)
  expect(response.rawPayload.equals(Buffer.from(raw))).toBe(true)
  expect(response.headers).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'content-disposition': `attachment; filename="unparsed-${record.id}.txt"`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  })
})

test('a record is only found through its own connection', async () => {
  await keep(unparsed())
  const [record] = (await tenant.request('GET', url)).body.items
  const stranger = await api.tenant(`stranger ${tenants}`)
  const theirs = (await stranger.request('POST', '/api/v1/connections', { name: 'Theirs' })).body
  const other = (await tenant.request('POST', '/api/v1/connections', { name: 'Other' })).body
  for (const [who, connection] of [
    [stranger, id],
    [stranger, theirs.id],
    [tenant, other.id],
  ] as const) {
    const list = `/api/v1/connections/${connection}/unparsed-records`
    expect((await who.request('GET', `${list}/${record.id}`)).status).toBe(404)
  }
  expect((await tenant.request('GET', `${url}/none`)).status).toBe(404)
  expect((await stranger.request('GET', url)).status).toBe(404)
})

test('coverage counts unparsed records by region, for the connected account', async () => {
  await api.superuser
    .updateTable('connections')
    .set({ role_arn: `arn:aws:iam::${ACCOUNT}:role/cairn`, account_id: ACCOUNT, partition: 'aws' })
    .where('id', '=', id)
    .execute()
  await api.superuser
    .insertInto('coverage')
    .values(
      ['us-east-1', 'eu-west-1'].map((region) => ({
        connection_id: id,
        organization_id: tenant.id,
        account_id: ACCOUNT,
        region,
        selection: 'changes' as const,
      })),
    )
    .execute()
  await keep(unparsed(), unparsed(), unparsed({ region: 'eu-west-2' }))
  const { body } = await tenant.request('GET', `/api/v1/connections/${id}/coverage`)
  expect(
    body.regions.map(({ region, unparsed }: Record<string, unknown>) => [region, unparsed]),
  ).toEqual([
    ['eu-west-1', 0],
    ['us-east-1', 2],
  ])
})

import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'

const MAX_CONNECTIONS = 5

let api: TestApi
beforeAll(async () => {
  // Temporal is not needed, and no workflows remain.
  api = await createTestApi({ temporalAddress: '127.0.0.1:1', maxConnections: MAX_CONNECTIONS })
})
afterAll(() => api.close())

const create = (tenant: Tenant) => tenant.request('POST', '/api/v1/connections', { name: 'shop' })
const createBulk = (tenant: Tenant, first: number, count: number) =>
  tenant.request('POST', '/api/v1/connections/bulk', {
    accountIds: Array.from({ length: count }, (_, n) => `${111_122_220_000 + first + n}`),
  })
const countOf = async (tenant: Tenant) =>
  (await tenant.request('GET', '/api/v1/connections')).body.items.length

test('an organization cannot exceed its quota of connections, and the error names the limit', async () => {
  const tenant = await api.tenant('one by one')
  for (let n = 0; n < MAX_CONNECTIONS; n++) expect((await create(tenant)).status).toBe(201)
  const refused = await create(tenant)
  expect(refused).toMatchObject({
    status: 409,
    headers: { 'content-type': expect.stringContaining('application/problem+json') },
    body: {
      detail:
        'The organization has 5 connections. Adding 1 would exceed the limit of 5. Delete connections, ' +
        'or ask the operator of this Cairn installation to raise CAIRN_MAX_CONNECTIONS.',
    },
  })
  expect(await countOf(tenant)).toBe(MAX_CONNECTIONS)
  // Another organization has its own quota.
  expect((await create(await api.tenant('beside'))).status).toBe(201)
})

test('a bulk creation that would exceed the quota creates no connection', async () => {
  const tenant = await api.tenant('bulk')
  expect((await createBulk(tenant, 0, 3)).status).toBe(201)
  const refused = await createBulk(tenant, 3, 3)
  expect(refused.status).toBe(409)
  expect(refused.body.detail).toContain('has 3 connections. Adding 3')
  expect(await countOf(tenant)).toBe(3)
  expect((await createBulk(tenant, 3, 2)).status).toBe(201)
})

test('deletions count until they are complete', async () => {
  const tenant = await api.tenant('deleting')
  const { body } = await createBulk(tenant, 0, MAX_CONNECTIONS)
  const [{ id }] = body.items
  expect((await tenant.request('DELETE', `/api/v1/connections/${id}`)).status).toBe(202)
  const refused = await create(tenant)
  expect(refused.status).toBe(409)
  expect(refused.body.detail).toContain('5 connections, 1 of which is still being deleted.')
  await sql`UPDATE connections SET ended_at = now() WHERE id = ${id}`.execute(api.superuser)
  expect((await create(tenant)).status).toBe(201)
})

test('a purge of a deleted connection counts until it is complete', async () => {
  const tenant = await api.tenant('purging')
  const [{ id }] = (await createBulk(tenant, 0, MAX_CONNECTIONS)).body.items
  const remove = (query = '') => tenant.request('DELETE', `/api/v1/connections/${id}${query}`)
  const end = () =>
    sql`UPDATE connections SET ended_at = now() WHERE id = ${id}`.execute(api.superuser)
  expect((await remove()).status).toBe(202)
  await end()
  const next = await create(tenant)
  expect(next.status).toBe(201)

  const refused = await remove('?purge=true')
  expect(refused).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining('Deleting the changes of another one would exceed') },
  })
  expect((await tenant.request('DELETE', `/api/v1/connections/${next.body.id}`)).status).toBe(202)
  await sql`UPDATE connections SET ended_at = now() WHERE id = ${next.body.id}`.execute(
    api.superuser,
  )
  expect((await remove('?purge=true')).status).toBe(202)
  // The running deletion counts, and can be requested again.
  expect((await remove('?purge=true')).status).toBe(202)
  expect((await create(tenant)).body.detail).toContain('1 of which is still being deleted')
})

test('concurrent creations cannot exceed the quota together', async () => {
  const tenant = await api.tenant('at once')
  const answers = await Promise.all([
    ...Array.from({ length: 8 }, () => create(tenant)),
    ...Array.from({ length: 4 }, (_, n) => createBulk(tenant, 10 * n, 3)),
  ])
  for (const { status } of answers) expect([201, 409]).toContain(status)
  expect(await countOf(tenant)).toBe(MAX_CONNECTIONS)
})

import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestApi, type Person, type Tenant, type TestApi } from '../../testing/api.ts'

let api: TestApi
let tenant: Tenant
let owner: Person

beforeAll(async () => {
  api = await createTestApi()
  tenant = await api.tenant('keys')
  owner = await tenant.signedIn()
})
afterAll(() => api.close())

const withKey = async (key: string) =>
  (
    await api.app.inject({
      url: '/api/v1/me',
      headers: { authorization: `Bearer ${key}` },
    })
  ).statusCode

const make = async (name: string) =>
  (await owner.request('POST', '/api/v1/api-keys', { name })).body

const listed = async (id: string) => {
  const { body } = await owner.request('GET', '/api/v1/api-keys')
  return body.items.find((item: { id: string }) => item.id === id)
}

test('an owner creates a key, which works and is shown once', async () => {
  const made = await owner.request('POST', '/api/v1/api-keys', { name: ' pipeline ' })
  expect(made.status).toBe(201)
  const { key, ...shown } = made.body
  expect(key).toMatch(/^cairn_[\w-]{43}$/)
  expect(shown).toEqual({
    id: expect.any(String),
    name: 'pipeline',
    prefix: key.slice(0, 12),
    createdBy: owner.user.email,
    createdAt: expect.any(String),
    lastUsedAt: null,
    revokedAt: null,
  })
  expect(await listed(shown.id)).toEqual(shown)
  expect(await withKey(key)).toBe(200)
})

test('a key shows when it was last used, to the hour', async () => {
  const { id, key } = await make('used')
  expect((await listed(id)).lastUsedAt).toBeNull()
  await withKey(key)
  const first = (await listed(id)).lastUsedAt
  expect(Date.now() - Date.parse(first)).toBeLessThan(60_000)
  await withKey(key)
  expect((await listed(id)).lastUsedAt).toBe(first)
  await sql`UPDATE api_keys SET last_used_at = now() - interval '61 minutes' WHERE id = ${id}`.execute(
    api.superuser,
  )
  await withKey(key)
  expect(Date.parse((await listed(id)).lastUsedAt)).toBeGreaterThanOrEqual(Date.parse(first))
})

test('a revoked key is rejected from the next request on, and keeps its revocation time', async () => {
  const { id, key } = await make('leaked')
  expect(await withKey(key)).toBe(200)
  const revoked = await owner.request('DELETE', `/api/v1/api-keys/${id}`)
  expect(revoked).toMatchObject({ status: 200, body: { id, revokedAt: expect.any(String) } })
  expect(await withKey(key)).toBe(401)
  expect((await owner.request('DELETE', `/api/v1/api-keys/${id}`)).body).toEqual(revoked.body)
  expect(await listed(id)).toEqual(revoked.body)
})

test('no part of a configured key is shown', async () => {
  await sql`
    INSERT INTO api_keys (organization_id, name, key_hash) VALUES (${tenant.id}, 'chosen', sha256('x'))
  `.execute(api.superuser)
  const { body } = await owner.request('GET', '/api/v1/api-keys')
  const chosen = body.items.find(({ name }: { name: string }) => name === 'chosen')
  expect(chosen.prefix).toBeNull()
})

describe('access to members and keys', () => {
  const routes: [method: string, url: string, body?: object][] = [
    ['POST', '/api/v1/api-keys', { name: 'more' }],
    ['DELETE', '/api/v1/api-keys/ID'],
    ['POST', '/api/v1/invitations', {}],
    ['GET', '/api/v1/invitations'],
    ['DELETE', '/api/v1/invitations/ID'],
    ['DELETE', '/api/v1/members/ID'],
  ]

  test.each(routes)("requires an owner's session for %s %s", async (method, url, body) => {
    const member = await tenant.signedIn('member')
    const { id } = await make('target')
    const count = () =>
      Promise.all(
        (['api_keys', 'invitations', 'members'] as const).map(
          async (table) => (await api.superuser.selectFrom(table).select('id').execute()).length,
        ),
      )
    const before = await count()
    for (const [who, says] of [
      [member, 'Requires an owner'],
      [tenant, 'Not allowed with an API key'],
    ] as const) {
      const answer = await who.request(method, url.replace('ID', id), body)
      expect(answer).toMatchObject({ status: 403, body: { detail: expect.stringContaining(says) } })
    }
    expect(await count()).toEqual(before)
    expect((await listed(id)).revokedAt).toBeNull()
  })

  test('allows members and keys to list both', async () => {
    const member = await tenant.signedIn('member')
    for (const who of [member, tenant]) {
      expect((await who.request('GET', '/api/v1/members')).status).toBe(200)
      expect((await who.request('GET', '/api/v1/api-keys')).status).toBe(200)
    }
  })

  test('allows members everything else', async () => {
    const member = await tenant.signedIn('member')
    const made = await member.request('POST', '/api/v1/connections', { name: 'x' })
    expect(made.status).toBe(201)
  })
})

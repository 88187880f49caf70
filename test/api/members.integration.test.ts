import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { User } from '../../src/db/members.ts'
import { cookieOf, createTestApi, type Person, type TestApi } from '../../testing/api.ts'

let api: TestApi

beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api.close())

let count = 0

const accept = async (url: string, person: { email?: string } = {}) => {
  const response = await api.app.inject({
    method: 'POST',
    url: '/api/invitation',
    payload: {
      token: new URL(url).searchParams.get('token'),
      name: 'New',
      email: `new-${++count}@example.com`,
      password: 'long enough',
      ...person,
    },
  })
  return { status: response.statusCode, body: response.json(), cookie: cookieOf(response.headers) }
}

const members = async (person: Person) =>
  (await person.request('GET', '/api/v1/members')).body.items as {
    id: string
    user: User
    role: string
  }[]

describe('an invitation', () => {
  test('adds a user with its role, once', async () => {
    const owner = await (await api.tenant('inviting')).signedIn()
    const made = await owner.request('POST', '/api/v1/invitations', {})
    expect(made).toMatchObject({ status: 201, body: { email: null, role: 'member' } })
    const { url, ...shown } = made.body
    expect(url).toMatch(/^http:\/\/localhost:80\/accept-invitation\?token=cairn_invite_[\w-]{43}$/)
    const days = (Date.parse(shown.expiresAt) - Date.parse(shown.createdAt)) / 86_400_000
    expect(days).toBeCloseTo(7, 2)
    expect((await owner.request('GET', '/api/v1/invitations')).body.items).toEqual([shown])

    const accepted = await accept(url)
    expect(accepted.status).toBe(201)
    expect((await owner.request('GET', '/api/v1/invitations')).body.items).toEqual([])
    expect(await members(owner)).toMatchObject([
      { user: owner.user, role: 'owner' },
      { user: accepted.body.user, role: 'member' },
    ])
    expect((await accept(url)).status).toBe(404)
  })

  test('can create another owner', async () => {
    const owner = await (await api.tenant('two owners')).signedIn()
    const { url } = (await owner.request('POST', '/api/v1/invitations', { role: 'owner' })).body
    const { cookie } = await accept(url)
    const me = await api.app.inject({ url: '/api/v1/me', headers: { cookie } })
    expect(me.json().role).toBe('owner')
  })

  test('with an address is only valid for that address, in any case', async () => {
    const owner = await (await api.tenant('by name')).signedIn()
    const email = `Asked-${++count}@Example.com`
    const made = await owner.request('POST', '/api/v1/invitations', { email })
    expect(made.body.email).toBe(email.toLowerCase())
    expect(await accept(made.body.url, { email: 'somebody@example.com' })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/email' }] },
    })
    expect(await accept(made.body.url, { email: email.toUpperCase() })).toMatchObject({
      status: 201,
      body: { user: { email: email.toLowerCase() } },
    })
  })

  test('is invalid after it was revoked or has expired', async () => {
    const tenant = await api.tenant('taking back')
    const owner = await tenant.signedIn()
    const invite = async () => (await owner.request('POST', '/api/v1/invitations', {})).body
    const [revoked, expired] = [await invite(), await invite()]
    const path = `/api/v1/invitations/${revoked.id}`
    expect((await owner.request('DELETE', path)).status).toBe(204)
    expect((await owner.request('DELETE', path)).status).toBe(404)
    await sql`UPDATE invitations SET expires_at = now() WHERE id = ${expired.id}`.execute(
      api.superuser,
    )
    for (const { url } of [revoked, expired]) expect((await accept(url)).status).toBe(404)
    expect((await owner.request('GET', '/api/v1/invitations')).body.items).toEqual([])
    expect(await members(owner)).toHaveLength(1)
  })

  test('adds no user if it is revoked while it is being accepted', async () => {
    const tenant = await api.tenant('revoked meanwhile')
    const owner = await tenant.signedIn()
    for (const wait of [10, 30, 50]) {
      const { id, url } = (await owner.request('POST', '/api/v1/invitations', {})).body
      // Hashing the password takes longer than that.
      const accepting = accept(url)
      await setTimeout(wait)
      const { status: revoked } = await owner.request('DELETE', `/api/v1/invitations/${id}`)
      const { status: accepted } = await accepting
      // The second request gets an error, in either order.
      expect([revoked, accepted]).toEqual(revoked === 204 ? [204, 404] : [404, 201])
    }
  })

  test.each([{ role: 'admin' }, { email: 'nobody' }, { organizationId: 'x' }])(
    'is not created from %j',
    async (body) => {
      const owner = await (await api.tenant(`refused ${JSON.stringify(body)}`)).signedIn()
      expect((await owner.request('POST', '/api/v1/invitations', body)).status).toBe(422)
    },
  )

  test('uses the public URL if it is set', async () => {
    const other = await createTestApi({ publicUrl: 'https://cairn.example.com' })
    try {
      const owner = await (await other.tenant('public')).signedIn()
      const { url } = (await owner.request('POST', '/api/v1/invitations', {})).body
      expect(url).toMatch(/^https:\/\/cairn\.example\.com\/accept-invitation\?token=/)
    } finally {
      await other.close()
    }
  })
})

describe('removing a member', () => {
  const idOf = async (owner: Person, user: User) =>
    (await members(owner)).find((each) => each.user.id === user.id)!.id

  test('is rejected for the last owner, also when two remove each other concurrently', async () => {
    const tenant = await api.tenant('last owner')
    const one = await tenant.signedIn()
    const remove = (by: Person, id: string) => by.request('DELETE', `/api/v1/members/${id}`)
    expect((await remove(one, await idOf(one, one.user))).status).toBe(409)
    await tenant.signedIn('member')
    expect((await remove(one, await idOf(one, one.user))).status).toBe(409)

    const other = await tenant.signedIn()
    const ids = [await idOf(one, other.user), await idOf(one, one.user)] as const
    const answers = await Promise.all([remove(one, ids[0]), remove(other, ids[1])])
    const statuses = answers.map(({ status }) => status).sort()
    // The owner who was removed first may be rejected before the removal.
    expect(statuses[0]).toBe(204)
    expect([401, 403, 409]).toContain(statuses[1])
    const left = await api.superuser
      .selectFrom('members')
      .select('role')
      .where('organization_id', '=', tenant.id)
      .where('role', '=', 'owner')
      .execute()
    expect(left).toHaveLength(1)
  })

  test('also revokes the invitations that they created', async () => {
    const tenant = await api.tenant('by a link of their own')
    const owner = await tenant.signedIn()
    const other = await tenant.signedIn()
    const { url } = (await other.request('POST', '/api/v1/invitations', { role: 'owner' })).body
    const kept = (await owner.request('POST', '/api/v1/invitations', {})).body
    await owner.request('DELETE', `/api/v1/members/${await idOf(owner, other.user)}`)
    expect((await accept(url)).status).toBe(404)
    expect((await accept(kept.url)).status).toBe(201)
  })

  test('allows inviting the address again', async () => {
    const tenant = await api.tenant('back again')
    const owner = await tenant.signedIn()
    const { user } = await tenant.signedIn('member')
    await owner.request('DELETE', `/api/v1/members/${await idOf(owner, user)}`)
    const { url } = (await owner.request('POST', '/api/v1/invitations', {})).body
    const back = await accept(url, { email: user.email })
    expect(back.status).toBe(201)
    expect(back.body.user.id).not.toBe(user.id)
  })

  test('does not block the address if it was interrupted', async () => {
    const tenant = await api.tenant('cut off')
    const owner = await tenant.signedIn()
    const { user } = await tenant.signedIn('member')
    await sql`DELETE FROM members WHERE user_id = ${user.id}`.execute(api.superuser)
    const { url } = (await owner.request('POST', '/api/v1/invitations', {})).body
    expect((await accept(url, { email: user.email })).status).toBe(201)
  })
})

test('a member of several organizations acts for the first one', async () => {
  const [first, second] = [await api.tenant('first of two'), await api.tenant('second of two')]
  const person = await first.signedIn('member')
  await sql`
    INSERT INTO members (organization_id, user_id, role) VALUES (${second.id}, ${person.user.id}, 'owner')
  `.execute(api.superuser)
  expect((await person.request('GET', '/api/v1/me')).body).toMatchObject({
    organization: { id: first.id },
    role: 'member',
  })
})

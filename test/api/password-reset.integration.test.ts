import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, type Person, type TestApi } from '../../testing/api.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api.close())

const members = async (person: Person) =>
  (await person.request('GET', '/api/v1/members')).body.items as {
    id: string
    user: { id: string }
  }[]

/** An owner with a member, and the member's ID in the organization. */
async function ownerAndMember(name: string) {
  const tenant = await api.tenant(name)
  const owner = await tenant.signedIn()
  const member = await tenant.signedIn('member')
  const id = (await members(owner)).find(({ user }) => user.id === member.user.id)!.id
  return { tenant, owner, member, id }
}

const createLink = (person: Person, id: string) =>
  person.request('POST', `/api/v1/members/${id}/password-reset`)

const tokenOf = (url: string) => new URL(url).searchParams.get('token')!

async function post(url: string, payload: object) {
  const response = await api.app.inject({ method: 'POST', url, payload })
  return { status: response.statusCode, body: response.body }
}
const setPassword = (token: string, password: string) =>
  post('/api/password-reset', { token, password })
const signIn = (email: string, password: string) =>
  post('/api/auth/sign-in/email', { email, password })
const isSignedIn = async (person: Person) =>
  (await person.request('GET', '/api/v1/me')).status === 200

test('a link sets a new password once, and ends all sessions', async () => {
  const { owner, member, id } = await ownerAndMember('forgetful')
  const link = await createLink(owner, id)
  expect(link.status).toBe(201)
  expect(link.body.url).toMatch(/\/reset-password\?token=cairn_reset_[\w-]{43}$/)
  const token = tokenOf(link.body.url)
  const shown = await api.app.inject(`/api/password-reset?token=${token}`)
  expect(shown.json()).toMatchObject({ email: member.user.email, expiresAt: link.body.expiresAt })
  expect(await isSignedIn(member)).toBe(true)

  expect((await setPassword(token, 'short')).status).toBe(422)
  expect((await setPassword(token, 'a new long password')).status).toBe(204)
  expect(await isSignedIn(member)).toBe(false)
  expect(await isSignedIn(owner)).toBe(true)
  expect((await signIn(member.user.email, member.password)).status).toBe(401)
  expect((await signIn(member.user.email, 'a new long password')).status).toBe(200)
  expect((await setPassword(token, 'another long password')).status).toBe(404)
  expect((await api.app.inject(`/api/password-reset?token=${token}`)).statusCode).toBe(404)
})

test('only one of several concurrent uses of a link succeeds', async () => {
  const { owner, id } = await ownerAndMember('concurrent')
  const token = tokenOf((await createLink(owner, id)).body.url)
  const uses = await Promise.all(
    ['one', 'two', 'three'].map((name) => setPassword(token, `the password ${name}`)),
  )
  expect(uses.map(({ status }) => status).sort()).toEqual([204, 404, 404])
})

test('only owners create links', async () => {
  const { tenant, member, id } = await ownerAndMember('members only')
  expect((await createLink(member, id)).status).toBe(403)
  expect((await tenant.request('POST', `/api/v1/members/${id}/password-reset`)).status).toBe(403)
})

test('a link is invalid if it was replaced, has expired, or its member was removed', async () => {
  const { owner, id } = await ownerAndMember('expiring')
  const first = tokenOf((await createLink(owner, id)).body.url)
  const second = tokenOf((await createLink(owner, id)).body.url)
  expect((await setPassword(first, 'a new long password')).status).toBe(404)
  await sql`UPDATE password_resets SET expires_at = now() - interval '1 s'`.execute(api.superuser)
  expect((await setPassword(second, 'a new long password')).status).toBe(404)
  const third = tokenOf((await createLink(owner, id)).body.url)
  await owner.request('DELETE', `/api/v1/members/${id}`)
  expect((await setPassword(third, 'a new long password')).status).toBe(404)
})

test('a link is invalid after the owner who created it was removed', async () => {
  const { tenant, owner, id } = await ownerAndMember('links of a former owner')
  const former = await tenant.signedIn()
  const token = tokenOf((await createLink(former, id)).body.url)
  const kept = await tenant.signedIn('member')
  const idOf = async ({ user }: Person) =>
    (await members(owner)).find((each) => each.user.id === user.id)!.id
  const keptToken = tokenOf((await createLink(owner, await idOf(kept))).body.url)

  expect((await owner.request('DELETE', `/api/v1/members/${await idOf(former)}`)).status).toBe(204)
  expect((await api.app.inject(`/api/password-reset?token=${token}`)).statusCode).toBe(404)
  expect((await setPassword(token, 'a new long password')).status).toBe(404)
  expect((await setPassword(keptToken, 'a new long password')).status).toBe(204)
})

test('an owner cannot reset the password of a user of another organization', async () => {
  const { owner, member, id } = await ownerAndMember('shared user')
  const before = tokenOf((await createLink(owner, id)).body.url)
  const other = await api.tenant('another organization of the user')
  await sql`INSERT INTO members (organization_id, user_id, role)
    VALUES (${other.id}, ${member.user.id}, 'owner')`.execute(api.superuser)
  expect((await createLink(owner, id)).status).toBe(409)
  expect((await setPassword(before, 'a new long password')).status).toBe(404)
  expect((await signIn(member.user.email, member.password)).status).toBe(200)
})

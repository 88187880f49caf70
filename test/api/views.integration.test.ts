import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createTestApi, type Person, type Tenant, type TestApi } from '../../testing/api.ts'

let api: TestApi
let tenant: Tenant
let owner: Person
let ada: Person
let bob: Person
let tenants = 0

const builtIn = ['Public access', 'IAM', 'Production, last hour', 'Failed and denied']
const query = { service: ['iam', 'ec2'], 'actor!': ['arn:aws:iam::1:role/deploy'], range: '4h' }

type Client = Pick<Person, 'request'>

beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api.close())
beforeEach(async () => {
  tenant = await api.tenant(`tenant ${++tenants}`)
  owner = await tenant.signedIn()
  ada = await tenant.signedIn('member')
  bob = await tenant.signedIn('member')
})

const save = (as: Client, body: object = {}) =>
  as.request('POST', '/api/v1/views', { name: 'Mine', query, ...body })
const patch = (as: Client, id: string, body: object) =>
  as.request('PATCH', `/api/v1/views/${id}`, body)
const remove = (as: Client, id: string) => as.request('DELETE', `/api/v1/views/${id}`)
const list = async (as: Client) => (await as.request('GET', '/api/v1/views')).body.items
/** Without the built-in ones. */
const names = async (as: Client): Promise<string[]> =>
  (await list(as)).slice(builtIn.length).map((view: { name: string }) => view.name)

test('built-in views come first, work as filters and cannot be changed', async () => {
  const views = await list(ada)
  expect(views.map((view: { name: string }) => view.name)).toEqual(builtIn)
  await tenant.request('POST', '/api/v1/environments', { name: 'Production' })
  for (const view of views) {
    expect(view).toMatchObject({ isBuiltIn: true, canChange: false, createdAt: null })
    const { range: _, ...filters } = view.query
    const search = new URLSearchParams()
    for (const [name, values] of Object.entries(filters as Record<string, string[]>))
      for (const value of values) search.append(name, value)
    expect((await ada.request('GET', `/api/v1/changes?${search}`)).status, view.name).toBe(200)
    expect((await patch(owner, view.id, { name: 'Taken over' })).status).toBe(409)
    expect((await remove(tenant, view.id)).status).toBe(409)
  }
  expect(await list(ada)).toEqual(views)
})

test('a private view is visible only to its creator, who can change, share and delete it', async () => {
  const saved = await save(ada)
  expect(saved.status).toBe(201)
  expect(saved.body).toMatchObject({ name: 'Mine', query, shared: false, isOwn: true })
  expect((await list(ada)).at(-1)).toEqual(saved.body)
  const { id } = saved.body
  for (const other of [bob, owner, tenant]) {
    expect(await names(other)).toEqual([])
    expect((await patch(other, id, { shared: true })).status).toBe(404)
    expect((await remove(other, id)).status).toBe(404)
  }
  const patched = await patch(ada, id, { name: 'Ours', shared: true })
  expect(patched.body).toEqual({ ...saved.body, name: 'Ours', shared: true })
  expect(await names(bob)).toEqual(['Ours'])
  expect((await patch(ada, id, { shared: false })).status).toBe(200)
  expect(await names(bob)).toEqual([])
  expect((await remove(ada, id)).status).toBe(204)
  expect(await names(ada)).toEqual([])
  expect((await remove(ada, id)).status).toBe(404)
})

test('a shared view is visible to all, and can be changed by its creator, owners and API keys', async () => {
  const { id } = (await save(ada, { shared: true })).body
  expect((await list(bob)).at(-1)).toMatchObject({ id, isOwn: false, canChange: false })
  expect((await patch(bob, id, { name: 'Bob was here' })).status).toBe(403)
  expect((await remove(bob, id)).status).toBe(403)
  expect(await names(ada)).toEqual(['Mine'])
  for (const other of [owner, tenant]) {
    expect((await list(other)).at(-1)).toMatchObject({ id, isOwn: false, canChange: true })
    expect((await patch(other, id, { name: 'Ours' })).status).toBe(200)
    expect((await patch(other, id, { shared: false })).status).toBe(403)
  }
  expect(await names(bob)).toEqual(['Ours'])
  expect((await remove(owner, id)).status).toBe(204)
  expect(await names(ada)).toEqual([])
})

test('a view of an API key is shared', async () => {
  expect((await save(tenant, { shared: false })).body.errors).toMatchObject([
    { pointer: '/shared' },
  ])
  expect((await save(tenant)).body).toMatchObject({ shared: true, isOwn: false, canChange: true })
  expect(await names(bob)).toEqual(['Mine'])
})

test('the shared views of a removed member stay, and the private ones are deleted', async () => {
  await save(ada, { name: 'Private' })
  await save(ada, { name: 'Shared', shared: true })
  const members = (await owner.request('GET', '/api/v1/members')).body.items
  const { id } = members.find((each: { user: { id: string } }) => each.user.id === ada.user.id)
  expect((await owner.request('DELETE', `/api/v1/members/${id}`)).status).toBe(204)
  const left = await api.superuser
    .selectFrom('saved_views')
    .select(['name', 'user_id'])
    .where('organization_id', '=', tenant.id)
    .execute()
  expect(left).toEqual([{ name: 'Shared', user_id: null }])
  expect(await names(bob)).toEqual(['Shared'])
})

test.each([
  ['no name', { name: ' ' }],
  ['a control character in the name', { name: 'a\u0000b' }],
  ['a number', { query: { range: 1 } }],
  ['an object', { query: { service: { is: 'iam' } } }],
  ['a list of lists', { query: { service: [['iam']] } }],
  ['NUL in a value', { query: { q: '\u0000' } }],
  ['a list as the query', { query: [] }],
  ['more than 8 KB', { query: { action: Array.from({ length: 900 }, (_, n) => `Action${n}`) } }],
  ['8 KB in more bytes than characters', { query: { q: 'ü'.repeat(4_090), a: 'ü'.repeat(10) } }],
  ['an unknown field', { owner: 'me' }],
])('a view with %s is rejected, and nothing changes', async (_what, fields) => {
  const { id } = (await save(ada)).body
  const before = await list(ada)
  expect((await save(ada, fields)).status).toBe(422)
  expect((await patch(ada, id, fields)).status).toBe(422)
  expect(await list(ada)).toEqual(before)
})

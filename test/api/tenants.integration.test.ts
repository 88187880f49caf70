import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeId } from '../../src/db/change-id.ts'
import { asOrganization } from '../../src/db/database.ts'
import { ensurePartitions } from '../../src/db/imports.ts'
import { insertUnparsed, listUnparsed } from '../../src/db/unparsed-records.ts'
import { createTestApi, type Person, type Tenant, type TestApi } from '../../testing/api.ts'
import { someChange, someTime, unparsed } from '../../testing/changes.ts'
import { someIncident } from '../../testing/incidents.ts'

let api: TestApi
let owner: Tenant
let stranger: Tenant
/** An owner of the other organization: routes that manage access require one. */
let person: Person
const inPerson = ['api-keys', 'coverage', 'invitations', 'members']
/** An id of the owner's for every kind of resource that a route can name. */
const samples: Record<string, string> = {}

/** Of the owner's connection: what a route names beside it. */
let recordId: string
/** Of the owner's integration. */
let deliveryId: string

const absent = {
  connections: '01980000-0000-7000-8000-000000000000',
  environments: '01980000-0000-7000-8000-000000000000',
  integrations: '01980000-0000-7000-8000-000000000000',
  members: '01980000-0000-7000-8000-000000000000',
  'api-keys': '01980000-0000-7000-8000-000000000000',
  invitations: '01980000-0000-7000-8000-000000000000',
  incidents: '01980000-0000-7000-8000-000000000000',
  views: '01980000-0000-7000-8000-000000000000',
  'service-mappings': '01980000-0000-7000-8000-000000000000',
  changes: changeId({
    organizationId: 'absent',
    source: 'test',
    sourceAccount: null,
    sourceId: 'absent',
    occurredAt: new Date(0),
  }),
} as Record<string, string>

/** Valid bodies, so that the error is not about the body. */
const bodies: Record<string, unknown> = {
  'PATCH /api/v1/connections/{id}': { name: 'taken over' },
  'PATCH /api/v1/connections/{id}/coverage/{region}': { excluded: true },
  'PATCH /api/v1/environments/{id}': { name: 'taken over', position: 0 },
  'PATCH /api/v1/incidents/{id}': { title: 'taken over' },
  'POST /api/v1/incidents/{id}/merge': { incidents: ['01980000-0000-7000-8000-000000000000'] },
  'POST /api/v1/incidents/{id}/split': { alerts: ['01980000-0000-7000-8000-000000000000'] },
  'PUT /api/v1/incidents/{id}/verdicts/{changeId}': { verdict: 'caused' },
  'PATCH /api/v1/views/{id}': { name: 'taken over' },
  'PATCH /api/v1/integrations/{id}': { name: 'taken over' },
  'POST /api/v1/integrations/{id}/rotate-secret': {},
  'PUT /api/v1/integrations/{id}/recovery': { token: 'a-token-of-the-stranger', hooksOf: ['acme'] },
  'POST /api/v1/integrations/{id}/recovery/check': {},
  'POST /api/v1/connections/{id}/trust-review': { role: '{"Statement": []}' },
}

beforeAll(async () => {
  api = await createTestApi()
  owner = await api.tenant('owner')
  stranger = await api.tenant('stranger')
  person = await stranger.signedIn()
  const theirs = await owner.signedIn()
  samples.members = (await theirs.request('GET', '/api/v1/members')).body.items[0].id
  samples['api-keys'] = (await theirs.request('GET', '/api/v1/api-keys')).body.items[0].id
  samples.invitations = (await theirs.request('POST', '/api/v1/invitations', {})).body.id
  const { body } = await owner.request('POST', '/api/v1/connections', { name: 'Production' })
  samples.connections = body.id
  recordId = await asOrganization(api.db, owner.id, async (trx) => {
    const from = { organizationId: owner.id, connectionId: body.id, sourceAccount: '111122223333' }
    await insertUnparsed(trx, from, [unparsed()])
    return (await listUnparsed(trx, body.id, { limit: 1 })).items[0]!.id
  })
  samples.environments = (
    await owner.request('POST', '/api/v1/environments', { name: 'Production' })
  ).body.id
  const rule = { effect: 'hide', match: { action: 'RunInstances' } }
  samples['noise-rules'] = (await owner.request('POST', '/api/v1/noise-rules', rule)).body.id
  const view = { name: 'Ours', query: { service: ['iam'] }, shared: true }
  samples.views = (await owner.request('POST', '/api/v1/views', view)).body.id
  const integration = await owner.request('POST', '/api/v1/integrations', { kind: 'github' })
  samples.integrations = integration.body.id
  await owner.request('POST', `/api/v1/integrations/${samples.integrations}/test`)
  const log = await owner.request('GET', `/api/v1/integrations/${samples.integrations}/deliveries`)
  deliveryId = log.body.items[0].id
  samples.changes = await asOrganization(api.db, owner.id, async (trx) => {
    await ensurePartitions(trx, someTime)
    return someChange(trx, { organizationId: owner.id, connectionId: body.id })
  })
  samples.incidents = await asOrganization(api.db, owner.id, (trx) =>
    someIncident(trx, {
      organizationId: owner.id,
      environmentId: samples.environments!,
      changeId: samples.changes!,
    }),
  )
  samples['service-mappings'] = (
    await owner.request('GET', '/api/v1/service-mappings')
  ).body.items[0].id
})
afterAll(() => api.close())

interface Route {
  method: string
  path: string
  resource: string
}

async function routesWithIds(): Promise<Route[]> {
  const { paths } = (await api.app.inject('/api/openapi.json')).json()
  return (
    Object.entries(paths as Record<string, object>)
      // Those of other systems answer in their own way, which test/api/receivers tests.
      .filter(([path]) => path.includes('{') && !path.includes('/repos/'))
      .flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => ({
          method: method.toUpperCase(),
          path,
          resource: path.split('/')[3]!,
        })),
      )
  )
}

test("every route handles another organization's ID like an absent one", async () => {
  const routes = await routesWithIds()
  expect(routes.length).toBeGreaterThanOrEqual(8)
  for (const { method, path, resource } of routes) {
    const route = `${method} ${path}`
    expect(samples, `${route} needs a sample of ${resource} in this test`).toHaveProperty(resource)
    const body = bodies[route]
    const who = inPerson.some((each) => path.split('/').includes(each)) ? person : stranger
    const ask = (id: string) =>
      who.request(
        method,
        path
          .replace('{id}', id)
          .replace('{recordId}', recordId)
          .replace('{changeId}', samples.changes!)
          .replace('{deliveryId}', deliveryId),
        body,
      )
    const foreign = await ask(samples[resource]!)
    const missing = await ask(absent[resource]!)
    const malformed = await ask('none')
    expect(foreign.status, route).toBe(404)
    for (const answer of [missing, malformed]) {
      expect({ ...foreign.body, instance: '' }, route).toEqual({ ...answer.body, instance: '' })
    }
  }
  // Rejected requests changed nothing, and the owner still sees everything.
  const { body } = await owner.request('GET', `/api/v1/connections/${samples.connections}`)
  expect(body).toMatchObject({ name: 'Production', status: 'awaiting_role' })
  expect((await owner.request('GET', `/api/v1/changes/${samples.changes}`)).status).toBe(200)
  expect((await owner.request('GET', '/api/v1/me')).status).toBe(200)
  expect((await owner.request('GET', '/api/v1/members')).body.items).toHaveLength(1)
  const environments = await owner.request('GET', '/api/v1/environments')
  expect(environments.body.items).toMatchObject([{ name: 'Production' }])
})

test('lists contain nothing of another organization', async () => {
  const lists = ['connections', 'changes', 'environments', 'incidents', 'service-mappings']
  for (const list of [...lists, 'integrations']) {
    expect((await stranger.request('GET', `/api/v1/${list}`)).body.items).toEqual([])
    expect((await owner.request('GET', `/api/v1/${list}`)).body.items).toHaveLength(1)
  }
})

test('every route rejects requests without a valid key', async () => {
  const { paths } = (await api.app.inject('/api/openapi.json')).json()
  for (const [path, methods] of Object.entries(paths as Record<string, object>)) {
    if (!path.startsWith('/api/v1/')) continue
    for (const method of Object.keys(methods)) {
      for (const authorization of [undefined, 'Bearer nothing', `Basic ${owner.key}`]) {
        const url = path
          .replace('{id}', samples.connections!)
          .replace('{recordId}', recordId)
          .replace('{changeId}', samples.changes!)
          .replace('{deliveryId}', deliveryId)
        const response = await api.app.inject({
          method: method.toUpperCase() as 'GET',
          url,
          headers: authorization ? { authorization } : {},
        })
        expect(response.statusCode, `${method} ${path}`).toBe(401)
        expect(response.headers['content-type']).toContain('application/problem+json')
      }
    }
  }
})

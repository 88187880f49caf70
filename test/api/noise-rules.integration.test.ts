import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Dependencies } from '../../src/activities/dependencies.ts'
import { relinkChanges } from '../../src/activities/relink-changes.ts'
import type { Change } from '../../src/changes/change.ts'
import { asOrganization } from '../../src/db/database.ts'
import { ensurePartitions, storeEvents } from '../../src/db/imports.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { aChange, imported, someResource } from '../../testing/changes.ts'

const now = Date.now()
let api: TestApi
let tenant: Tenant
let tenants = 0

beforeAll(async () => {
  api = await createTestApi()
  await api.db.transaction().execute((trx) => ensurePartitions(trx, new Date(now - 24 * 3_600_000)))
})
beforeEach(async () => {
  tenant = await api.tenant(`tenant ${++tenants}`)
})
afterAll(() => api.close())

const ask = (method: string, path: string, body?: object, as = tenant) =>
  as.request(method, `/api/v1/${path}`, body)

function store(changes: Partial<Change>[], as = tenant) {
  const owner = { organizationId: as.id, connectionId: null, sourceAccount: '1' }
  const page = changes.map((fields) =>
    imported(aChange({ occurredAt: new Date(now - 60_000), ...fields })),
  )
  return asOrganization(api.db, as.id, (trx) =>
    storeEvents(trx, owner, { changes: page, unparsed: [] }),
  )
}
async function relink() {
  const deps = { db: api.db, relinkAtOnce: 2 } as Dependencies
  const work = { installationId: '', organizationId: tenant.id }
  for (let isDone = false; !isDone; )
    ({ isDone } = await relinkChanges(deps, work, new AbortController().signal))
}
async function noise(as = tenant): Promise<Record<string, string | null>> {
  const { body } = await ask('GET', 'changes', undefined, as)
  return Object.fromEntries(
    body.items.map((item: { sourceId: string; noise: string | null }) => [
      item.sourceId,
      item.noise,
    ]),
  )
}
const counted = async () => (await ask('GET', 'changes/facets?noise=false')).body.noise

test('rules hide and show earlier and later changes, and removing them restores those', async () => {
  const web = someResource('AWS::ECS::Service', 'web')
  const changes = (when: string): Partial<Change>[] => [
    { sourceId: `deploy ${when}`, action: 'UpdateService', service: 'ecs', resources: [web] },
    { sourceId: `other service ${when}`, action: 'UpdateService', service: 'ecs' },
    { sourceId: `routine ${when}`, action: 'AssumeRole', noise: 'built-in' },
    { sourceId: `plain ${when}` },
  ]
  const expected = (values: (string | null)[], times: string[]) =>
    Object.fromEntries(
      times.flatMap((when) => changes(when).map(({ sourceId }, n) => [sourceId!, values[n]!])),
    )
  await store(changes('past'))
  const hide = await ask('POST', 'noise-rules', {
    effect: 'hide',
    match: { action: 'UpdateService', resource: web.key },
  })
  const show = await ask('POST', 'noise-rules', { effect: 'show', match: { action: 'AssumeRole' } })
  expect([hide.status, show.status]).toEqual([201, 201])
  await store(changes('future'))
  await relink()
  expect(await noise()).toEqual(expected([hide.body.id, null, null, null], ['past', 'future']))
  expect(await counted()).toEqual({ hidden: 2, shown: 6 })
  expect((await ask('GET', 'changes/histogram?noise=true')).body.total).toBe(2)
  expect((await ask('GET', 'noise-rules')).body.items).toEqual([show.body, hide.body])

  // A rule that shows changes takes precedence.
  const both = await ask('POST', 'noise-rules', { effect: 'show', match: { service: 'ecs' } })
  await relink()
  expect(await noise()).toEqual(expected([null, null, null, null], ['past', 'future']))
  for (const { body } of [hide, show, both])
    expect((await ask('DELETE', `noise-rules/${body.id}`)).status).toBe(200)
  await relink()
  expect(await noise()).toEqual(expected([null, null, 'built-in', null], ['past', 'future']))
  expect(await counted()).toEqual({ hidden: 2, shown: 6 })
})

test('a rule with the same match is replaced', async () => {
  const match = { action: 'RunInstances', actor: 'ada' }
  await ask('POST', 'noise-rules', { effect: 'hide', match })
  const { body } = await ask('POST', 'noise-rules', { effect: 'show', match })
  expect((await ask('GET', 'noise-rules')).body.items).toEqual([body])
})

test('rules of another organization have no effect, and cannot be removed', async () => {
  const other = await api.tenant('other')
  const { body } = await ask(
    'POST',
    'noise-rules',
    { effect: 'hide', match: { action: 'RunInstances' } },
    other,
  )
  await store([{ sourceId: 'ours' }])
  await relink()
  expect(await noise()).toEqual({ ours: null })
  expect((await ask('GET', 'noise-rules')).body.items).toEqual([])
  for (const id of [body.id, randomUUID(), 'x'])
    expect((await ask('DELETE', `noise-rules/${id}`)).status).toBe(404)
  expect((await ask('GET', 'noise-rules', undefined, other)).body.items).toHaveLength(1)
})

test('invalid rules are rejected', async () => {
  for (const rule of [
    { effect: 'hide', match: {} },
    { effect: 'forget', match: { action: 'RunInstances' } },
    { effect: 'hide', match: { color: 'red' } },
    { effect: 'hide', match: { action: '' } },
    { effect: 'hide', match: { action: 'a\0b' } },
    { effect: 'hide' },
  ])
    expect((await ask('POST', 'noise-rules', rule)).status, JSON.stringify(rule)).toBe(422)
  expect((await ask('GET', 'noise-rules')).body.items).toEqual([])
})

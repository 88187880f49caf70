import { afterAll, beforeAll, expect, test } from 'vitest'
import { asOrganization } from '../../src/db/database.ts'
import { ensurePartitions, storeEvents } from '../../src/db/imports.ts'
import { registerSource } from '../../src/sources/index.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { imported } from '../../testing/changes.ts'
import { readSwitching, type Switching, toySource } from '../fixtures/toy-source/source.ts'

const SWITCHINGS: Switching[] = [
  { id: '1', at: '2026-03-02T12:00:00Z', by: 'ada', room: 'kitchen', brightness: 80 },
  { id: '2', at: '2026-03-02T12:00:10Z', by: 'ada', room: 'hall', brightness: 10 },
  { id: '3', at: '2026-03-02T13:00:00Z', by: 'bob', room: 'kitchen', brightness: 0 },
]
const WINDOW = 'from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z'
const KITCHEN = 'toy.lights///Toy::House::Light/kitchen'

let api: TestApi
let tenant: Tenant
let removeSource: () => void

beforeAll(async () => {
  removeSource = registerSource(toySource)
  api = await createTestApi()
  tenant = await api.tenant('house')
  await asOrganization(api.db, tenant.id, async (trx) => {
    await ensurePartitions(trx, new Date('2026-03-02T00:00:00Z'))
    const owner = { organizationId: tenant.id, connectionId: null, sourceAccount: null }
    const changes = SWITCHINGS.map((record) => imported(readSwitching(record), record))
    await storeEvents(trx, owner, { changes, unparsed: [] })
  })
})
afterAll(async () => {
  removeSource()
  await api.close()
})

const get = async (path: string) => (await tenant.request('GET', `/api/v1/${path}`)).body
const sourceIds = async (query: string) =>
  (await get(`changes?${WINDOW}&${query}`)).items.map(
    ({ sourceId }: { sourceId: string }) => sourceId,
  )

test('changes of the toy source are in the feed, and every filter finds them', async () => {
  expect(await sourceIds('')).toEqual(['3', '2', '1'])
  expect(await sourceIds('source=toy.lights&actor=house/ada')).toEqual(['2', '1'])
  expect(await sourceIds('resource=kitchen')).toEqual(['3', '1'])
  expect(await sourceIds('resource=light:kitchen')).toEqual(['3', '1'])
  expect(await sourceIds(`resource=${encodeURIComponent(KITCHEN)}`)).toEqual(['3', '1'])
  expect(await sourceIds('risk=configuration&resourceType=Toy::House::Light')).toHaveLength(3)
  expect(await sourceIds('source!=toy.lights')).toEqual([])
})

test('changes of the toy source are counted in the histogram and in the facets', async () => {
  expect((await get(`changes/histogram?${WINDOW}`)).total).toBe(3)
  expect((await get(`changes/facets?${WINDOW}`)).fields).toMatchObject({
    source: [{ value: 'toy.lights', count: 3 }],
    action: [
      { value: 'TurnOn', count: 2 },
      { value: 'TurnOff', count: 1 },
    ],
    actor: [
      { value: 'house/ada', label: 'ada', count: 2 },
      { value: 'house/bob', label: 'bob', count: 1 },
    ],
    resource: [
      { value: KITCHEN, label: 'kitchen', count: 2 },
      { value: KITCHEN.replace('kitchen', 'hall'), label: 'hall', count: 1 },
    ],
    connection: [],
    environment: [],
  })
})

test('changes of the toy source are found by text', async () => {
  expect(await sourceIds('q=turned%20off')).toEqual(['3'])
  expect(await sourceIds('q=kitch')).toEqual(['3', '1'])
})

test('changes of the toy source are in change sets', async () => {
  const { items } = await get(`change-sets?${WINDOW}`)
  expect(items).toMatchObject([
    { subject: 'bob', changes: 1, only: { sourceId: '3' } },
    { subject: 'ada', changes: 2, tools: ['a switch'], services: ['lights'] },
  ])
})

test('a change of the toy source has its detail, which test/web/toy-source.test.ts renders', async () => {
  const [{ id }] = (await get(`changes?${WINDOW}`)).items
  const change = await get(`changes/${id}`)
  expect(change).toMatchObject({
    source: 'toy.lights',
    detail: { source: 'toy.lights', brightness: 0, switchedBy: 'bob' },
    record: SWITCHINGS[2],
    environments: [],
    connectionId: null,
  })
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SourceDetail } from '../../src/changes/change.ts'
import { resourceKey } from '../../src/changes/resource-key.ts'
import { asOrganization } from '../../src/db/database.ts'
import { ensurePartitions, storeEvents } from '../../src/db/imports.ts'
import { createTestApi, type TestApi } from '../../testing/api.ts'
import { aChange, imported, someTime, someTool } from '../../testing/changes.ts'

let api: TestApi
beforeAll(async () => {
  api = await createTestApi()
})
afterAll(() => api.close())

const key = { source: 'toy', accountId: null, region: null, type: 'Toy::Robot', id: 'r2' }
interface ToyDetail extends SourceDetail {
  turns: number
}
const detail: ToyDetail = { source: 'toy', turns: 12 }

const toy = (sourceId: string) =>
  aChange({
    source: 'toy',
    sourceId,
    occurredAt: someTime,
    summary: 'ada wound up the robot r2',
    subject: 'ada',
    service: 'toybox',
    action: 'wind_up',
    actor: { kind: 'person', id: 'toy:ada', name: 'ada', chain: [{ kind: 'person', name: 'ada' }] },
    tool: someTool('key', 'Key'),
    resources: [{ ...key, key: resourceKey(key) }],
    accountId: null,
    region: null,
    changeSet: { sessionKey: 'a-play-session', stream: null, idleTimeoutMs: 60_000 },
    detail,
  })

test('changes of an unknown source are in the feed, facets, sets, and on their page', async () => {
  const tenant = await api.tenant('toys')
  await api.db.transaction().execute((trx) => ensurePartitions(trx, someTime))
  const owner = { organizationId: tenant.id, connectionId: null, sourceAccount: null }
  const record = { event: 'wind_up', robot: 'r2' }
  const changes = ['one', 'two'].map((id) => imported(toy(id), record))
  await asOrganization(api.db, tenant.id, (trx) =>
    storeEvents(trx, owner, { changes, unparsed: [] }),
  )
  const range = 'from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z'
  const get = async (path: string) => (await tenant.request('GET', `/api/v1${path}`)).body

  const feed = await get(`/changes?${range}&source=toy&service=toybox&q=robot`)
  expect(feed.items).toHaveLength(2)
  const { fields } = await get(`/changes/facets?${range}`)
  expect(fields).toMatchObject({
    source: [{ value: 'toy', count: 2 }],
    service: [{ value: 'toybox', count: 2 }],
    resource: [{ value: 'toy///Toy::Robot/r2', count: 2 }],
  })
  const sets = await get(`/change-sets?${range}`)
  expect(sets.items).toMatchObject([
    { changes: 2, subject: 'ada', tools: ['Key'], sources: ['toy'] },
  ])
  const change = await get(`/changes/${feed.items[0].id}`)
  expect(change).toMatchObject({
    source: 'toy',
    resources: [{ key: 'toy///Toy::Robot/r2' }],
    detail,
    record,
    connectionId: null,
  })
})

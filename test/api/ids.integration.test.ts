import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { asOrganization } from '../../src/db/database.ts'
import { ensurePartitions, storeEvents } from '../../src/db/imports.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { aChange, imported } from '../../testing/changes.ts'

const anHourAgo = new Date(Date.now() - 3_600_000)

let api: TestApi
let tenant: Tenant
let tenants = 0

beforeAll(async () => {
  api = await createTestApi()
  await api.db.transaction().execute((trx) => ensurePartitions(trx, anHourAgo))
})
beforeEach(async () => {
  tenant = await api.tenant(`tenant ${++tenants}`)
})
afterAll(() => api.close())

const ask = (method: string, path: string, body?: object) =>
  tenant.request(method, `/api/v1/${path}`, body)

async function environment(name: string): Promise<string> {
  return (await ask('POST', 'environments', { name })).body.id
}

describe('an ID in capital letters', () => {
  test('in a path deletes an environment from the rules too', async () => {
    const [kept, deleted] = [await environment('kept'), await environment('deleted')]
    const rules = [{ match: { service: ['rds'] }, environments: [kept, deleted] }]
    await ask('PUT', 'environment-rules', { version: 0, mode: 'first', rules })
    expect((await ask('DELETE', `environments/${deleted.toUpperCase()}`)).status).toBe(200)
    const stored = (await ask('GET', 'environment-rules')).body
    expect(stored.rules).toMatchObject([{ environments: [kept] }])
    const { version, mode } = stored
    const again = await ask('PUT', 'environment-rules', { version, mode, rules: stored.rules })
    expect(again.status).toBe(200)
  })

  test('in a path moves an environment', async () => {
    const [first, second] = [await environment('first'), await environment('second')]
    const path = `environments/${second.toUpperCase()}`
    expect(await ask('PATCH', path, { position: 0 })).toMatchObject({ status: 200 })
    const { items } = (await ask('GET', 'environments')).body
    expect(items.map(({ id }: { id: string }) => id)).toEqual([second, first])
  })

  test('in a path removes a member', async () => {
    const owner = await tenant.signedIn()
    await tenant.signedIn('member')
    const { items } = (await ask('GET', 'members')).body
    const { id } = items.find(({ role }: { role: string }) => role === 'member')
    const { status } = await owner.request('DELETE', `/api/v1/members/${id.toUpperCase()}`)
    expect(status).toBe(204)
    expect((await ask('GET', 'members')).body.items).toHaveLength(1)
  })

  test('in a body is stored and returned in lower case', async () => {
    const id = await environment('production')
    const rules = [{ match: { service: ['rds'] }, environments: [id.toUpperCase()] }]
    const saved = await ask('PUT', 'environment-rules', { version: 0, mode: 'first', rules })
    expect(saved).toMatchObject({ status: 200, body: { rules: [{ environments: [id] }] } })
    const connection = { name: 'connection', environmentId: id.toUpperCase() }
    expect((await ask('POST', 'connections', connection)).body).toMatchObject({ environmentId: id })
    const dependent = { name: 'dependent', dependsOn: [id, id.toUpperCase()] }
    expect((await ask('POST', 'environments', dependent)).body).toMatchObject({ dependsOn: [id] })
  })

  test('in a query filters changes and incidents', async () => {
    const environmentId = await environment('production')
    const connection = (await ask('POST', 'connections', { name: 'connection', environmentId }))
      .body
    const owner = { organizationId: tenant.id, connectionId: connection.id, sourceAccount: '1' }
    const changes = [imported(aChange({ occurredAt: anHourAgo }))]
    await asOrganization(api.db, tenant.id, (trx) =>
      storeEvents(trx, owner, { changes, unparsed: [] }),
    )
    await ask('POST', 'incidents', { title: 'Checkout is slow', environmentId })
    const { changeSetId } = (await ask('GET', 'changes')).body.items[0]
    for (const [path, id] of [
      ['changes?connection', connection.id],
      ['changes?environment', environmentId],
      ['changes?changeSet', changeSetId],
      ['incidents?environment', environmentId],
    ]) {
      const { status, body } = await ask('GET', `${path}=${id.toUpperCase()}`)
      expect([status, body.items?.length], path).toEqual([200, 1])
    }
  })
})

import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { finishDeletion } from '../../src/activities/finish-deletion.ts'
import type { Change, Resource } from '../../src/changes/change.ts'
import { resourceKey, resourceLabels } from '../../src/changes/resource-key.ts'
import { asOrganization } from '../../src/db/database.ts'
import { ensurePartitions, storeEvents } from '../../src/db/imports.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { aChange, imported } from '../../testing/changes.ts'
import { read } from '../../testing/cloudtrail/read.ts'
import { call } from '../../testing/cloudtrail/records.ts'

const START = Date.parse('2026-03-02T12:00:00Z')
const WINDOW = 'from=2026-03-01T00:00:00Z&to=2026-03-03T00:00:00Z'

let api: TestApi

beforeAll(async () => {
  api = await createTestApi()
  await api.db.transaction().execute((trx) => ensurePartitions(trx, new Date(START - 86_400_000)))
})
afterAll(() => api.close())

let tenants = 0

async function newTenant() {
  const tenant = await api.tenant(`resources ${++tenants}`)
  const connect = async () => {
    const name = `account ${Math.random()}`
    const { body } = await tenant.request('POST', '/api/v1/connections', { name })
    return body.id as string
  }
  let stored = 0
  const store = (connectionId: string | null, ...changes: Partial<Change>[]) =>
    asOrganization(api.db, tenant.id, (trx) =>
      storeEvents(
        trx,
        { organizationId: tenant.id, connectionId, sourceAccount: '1' },
        {
          changes: changes.map((fields) =>
            imported(
              aChange({
                occurredAt: new Date(START + ++stored * 1_000),
                sourceId: `event ${stored}`,
                ...fields,
              }),
            ),
          ),
          unparsed: [],
        },
      ),
    )
  const resources = () =>
    api.superuser
      .selectFrom('resources')
      .selectAll()
      .where('organization_id', '=', tenant.id)
      .orderBy('key')
      .execute()
  return { tenant, connect, store, resources }
}

function resource(type: string, id: string, fields: Partial<Resource> = {}): Resource {
  const { accountId = '111122223333', region = null } = fields
  const key = resourceKey({ source: 'aws.cloudtrail', accountId, region, type, id })
  return { type, id, key, ...fields, accountId, region }
}

const facets = async (tenant: Tenant) =>
  (await tenant.request('GET', `/api/v1/changes/facets?${WINDOW}`)).body.fields.resource
const summaries = async (tenant: Tenant, name: string, value: string) =>
  (
    await tenant.request('GET', `/api/v1/changes?${WINDOW}&${name}=${encodeURIComponent(value)}`)
  ).body.items
    .map(({ summary }: { summary: string }) => summary)
    .sort()

describe('resources with the same name', () => {
  test('are separate in facets, and each has its own history', async () => {
    const { tenant, store } = await newTenant()
    const role = resource('AWS::IAM::Role', 'deploy', {
      arn: 'arn:aws:iam::111122223333:role/deploy',
    })
    const same = resource('AWS::IAM::Role', 'deploy', {
      accountId: '444455556666',
      arn: 'arn:aws:iam::444455556666:role/deploy',
    })
    const policy = resource('AWS::IAM::Policy', 'deploy', {
      arn: 'arn:aws:iam::111122223333:policy/deploy',
    })
    await store(
      null,
      { summary: 'a role', resources: [role] },
      { summary: 'a role again', resources: [role] },
      { summary: 'its namesake', resources: [same] },
      { summary: 'a policy', resources: [policy] },
    )
    expect(await facets(tenant)).toEqual([
      { value: role.key, count: 2, label: 'deploy (AWS::IAM::Role, 111122223333)' },
      { value: policy.key, count: 1, label: 'deploy (AWS::IAM::Policy, 111122223333)' },
      { value: same.key, count: 1, label: 'deploy (AWS::IAM::Role, 444455556666)' },
    ])
    expect(await summaries(tenant, 'resource', role.key)).toEqual(['a role', 'a role again'])
    expect(await summaries(tenant, 'resource', role.arn!)).toEqual(['a role', 'a role again'])
    expect(await summaries(tenant, 'resource', same.key)).toEqual(['its namesake'])
    expect(await summaries(tenant, 'resource!', role.key)).toEqual(['a policy', 'its namesake'])
    expect(await summaries(tenant, 'resource', 'deploy')).toHaveLength(4)
    expect(await summaries(tenant, 'resource', 'deplo')).toEqual([])
  })

  test('are named only with the fields that differ', () => {
    const of = (type: string, account_id: string | null, region: string | null) => ({
      resource_id: 'x',
      type,
      account_id,
      region,
    })
    const other = { ...of('T', null, null), resource_id: 'y' }
    expect(resourceLabels([of('T', '1', 'a'), other])).toEqual(['x', 'y'])
    expect(resourceLabels([of('T', '1', 'a'), of('T', '1', 'b')])).toEqual(['x (a)', 'x (b)'])
    expect(resourceLabels([of('T', '1', null), of('T', '2', 'b')])).toEqual(['x (1)', 'x (2, b)'])
  })
})

test('a function is one resource, by its name or its ARN', async () => {
  const { tenant, store, resources } = await newTenant()
  const arn = 'arn:aws:lambda:eu-west-1:123456789012:function:checkout'
  const names = ['checkout', arn, `${arn}:live`, '123456789012:function:checkout']
  const changes = names.map((functionName, n) => ({
    ...read(call('lambda', 'UpdateFunctionCode20150331v2', { functionName })),
    sourceId: `${n}`,
    occurredAt: new Date(START + n * 1_000),
    summary: `change ${n}`,
  }))
  await store(null, ...changes)
  expect(await facets(tenant)).toMatchObject([{ count: 4, label: 'checkout' }])
  expect(await resources()).toMatchObject([
    { type: 'AWS::Lambda::Function', resource_id: 'checkout' },
  ])
  for (const value of [...names.slice(0, 3), (await resources())[0]!.key])
    expect(await summaries(tenant, 'resource', value), value).toHaveLength(4)
})

test('a name and an ARN are added to a resource without them, and are kept', async () => {
  const { store, resources } = await newTenant()
  const bare = resource('AWS::EC2::SecurityGroup', 'sg-1')
  await store(null, { resources: [bare] })
  await store(null, { resources: [{ ...bare, name: 'web', arn: 'arn:1' }] })
  await store(null, { resources: [{ ...bare, name: 'another' }] }, { resources: [bare] })
  expect(await resources()).toMatchObject([{ name: 'web', arn: 'arn:1' }])
})

test('a stored resource is read, and uses no new ID', async () => {
  const { store } = await newTenant()
  const changes = Array.from({ length: 30 }, (_, n) => ({
    sourceId: `${n}`,
    occurredAt: new Date(START + n * 1_000),
    resources: [resource('T', `${n % 10}`)],
  }))
  const lastId = async () => {
    const { rows } = await sql<{ last: number }>`
      SELECT last_value AS last FROM pg_sequences WHERE sequencename = 'resources_id_seq'
    `.execute(api.superuser)
    return rows[0]!.last
  }
  await store(null, ...changes)
  const last = await lastId()
  await store(null, ...changes)
  // Other changes of the same resources.
  await store(null, ...changes.map((change) => ({ ...change, sourceId: `new ${change.sourceId}` })))
  expect(await lastId()).toBe(last)
})

test('pages with the same resources in any order are stored concurrently without a deadlock', async () => {
  const { store, resources } = await newTenant()
  const ids = Array.from({ length: 40 }, (_, n) => `r-${n}`)
  for (let round = 0; round < 5; round++) {
    const named = ids.map((id) => resource('T', `${id} ${round}`))
    await Promise.all(
      Array.from({ length: 6 }, (_, page) => {
        const ordered = page % 2 === 0 ? named : named.toReversed()
        return store(null, ...ordered.map((one) => ({ resources: [one] })))
      }),
    )
  }
  expect(await resources()).toHaveLength(5 * ids.length)
})

describe('a purge', () => {
  const remove = async (organizationId: string, connectionId: string) => {
    await api.superuser
      .updateTable('connections')
      .set({ deleted_at: new Date(START), purge: true })
      .where('id', '=', connectionId)
      .execute()
    const deps = { db: api.db } as Parameters<typeof finishDeletion>[0]
    await finishDeletion(deps, { organizationId, connectionId }, new AbortController().signal)
  }

  test('removes exactly the resources that no change refers to', async () => {
    const { tenant, connect, store, resources } = await newTenant()
    const [kept, purged] = [await connect(), await connect()]
    const [own, shared, theirs] = ['own', 'shared', 'theirs'].map((id) => resource('T', id))
    await store(kept, { resources: [own!, shared!] })
    await store(purged, { resources: [shared!, theirs!] })
    const other = await newTenant()
    await other.store(await other.connect(), { resources: [theirs!] })
    await remove(tenant.id, purged)
    expect((await resources()).map(({ resource_id }) => resource_id)).toEqual(['own', 'shared'])
    expect(await other.resources()).toHaveLength(1)
    const groups = await api.superuser
      .selectFrom('facet_groups')
      .select('connection_id')
      .where('organization_id', '=', tenant.id)
      .execute()
    expect(groups).toEqual([{ connection_id: kept }])
    expect(await facets(tenant)).toMatchObject([{ label: 'own' }, { label: 'shared' }])
  })

  test('checks many resources in one lookup', async () => {
    const { tenant, connect, store } = await newTenant()
    const kept = await connect()
    const all = Array.from({ length: 500 }, (_, n) => resource('T', `many-${n}`))
    for (let n = 0; n < all.length; n += 100)
      await store(kept, { resources: all.slice(n, n + 100) })
    await asOrganization(api.db, tenant.id, async (trx) => {
      const ids = await trx.selectFrom('resources').select('id').execute()
      const scans = async () => {
        const { rows } = await sql<{ scans: number; indexes: number }>`
          SELECT sum(pg_stat_get_xact_numscans(i.indexrelid))::int AS scans, count(*)::int AS indexes
          FROM pg_index i
          JOIN pg_attribute a ON a.attrelid = i.indexrelid AND a.attname = 'resource_ids'
          JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
        `.execute(trx)
        return rows[0]!
      }
      // What earlier transactions of the session counted may not have been reported yet.
      const before = await scans()
      const { rows } = await sql<{ used: number }>`
        SELECT used FROM used_resources(${ids.map(({ id }) => id)}::int[]) AS used
      `.execute(trx)
      expect(rows.map(({ used }) => used).sort()).toEqual(ids.map(({ id }) => id).sort())
      // The second round finds that none is left.
      const counted = await scans()
      expect(counted.indexes).toBeGreaterThan(0)
      expect(counted.scans - before.scans).toBe(2 * counted.indexes)
    })
  })

  test('keeps the resources of changes that are imported concurrently', async () => {
    const { tenant, connect, store } = await newTenant()
    const kept = await connect()
    const one = resource('T', 'one')
    for (let round = 0; round < 5; round++) {
      const purged = await connect()
      await store(purged, { resources: [one, resource('T', `${round}`)] })
      await Promise.all([
        remove(tenant.id, purged),
        store(kept, { resources: [one] }),
        store(kept, { resources: [resource('T', `${round}`)] }),
      ])
    }
    const { rows } = await sql<{ count: number }>`
      SELECT count(*)::int AS count FROM changes c, unnest(c.resource_ids) AS used
      WHERE c.organization_id = ${tenant.id}
        AND NOT EXISTS (SELECT FROM resources r WHERE r.organization_id = c.organization_id AND r.id = used)
    `.execute(api.superuser)
    expect(rows).toEqual([{ count: 0 }])
    expect((await facets(tenant)).map(({ count }: { count: number }) => count)).toEqual([
      ...[5, 1, 1, 1, 1, 1],
    ])
  })
})

test('every change has its group, even after another connection takes it over', async () => {
  const { tenant, connect, store } = await newTenant()
  const [first, second] = [await connect(), await connect()]
  const change = { sourceId: 'one', occurredAt: new Date(START) }
  await store(first, change)
  await store(second, change)
  const { body } = await tenant.request('GET', `/api/v1/changes/facets?${WINDOW}`)
  expect(body.total).toBe(1)
  expect(body.fields.connection).toMatchObject([{ value: second, count: 1 }])
})

import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Change } from '../../src/changes/change.ts'
import { asOrganization } from '../../src/db/database.ts'
import { MAX_ENVIRONMENTS } from '../../src/db/environments.ts'
import { ensurePartitions } from '../../src/db/imports.ts'
import { multirangeLiteral } from '../../src/db/multirange.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { someChange } from '../../testing/changes.ts'

const monday = Date.parse('2026-03-02T00:00:00Z')
const at = (seconds: number) => new Date(monday + seconds * 1_000)

let api: TestApi
let tenant: Tenant
let tenants = 0

beforeAll(async () => {
  api = await createTestApi()
  await api.db.transaction().execute((trx) => ensurePartitions(trx, at(-1)))
})
beforeEach(async () => {
  tenant = await api.tenant(`tenant ${++tenants}`)
  // The workflow's tests cover Temporal.
  vi.spyOn(api.workflows, 'changed').mockReset().mockResolvedValue(true)
})
afterAll(() => api.close())

const ask = (method: string, path: string, body?: object, as = tenant) =>
  as.request(method, `/api/v1/${path}`, body)

async function made(path: string, body: object, as = tenant): Promise<{ id: string }> {
  const answer = await ask('POST', path, body, as)
  expect(answer.status).toBe(201)
  return answer.body
}
const environment = (name: string, as = tenant) => made('environments', { name }, as)
const connection = (fields: object = {}, as = tenant) =>
  made('connections', { name: 'production', ...fields }, as)

/** As an import stores it. */
const addChange = (connectionId: string, seconds: number, fields: Partial<Change> = {}) =>
  asOrganization(api.db, tenant.id, (trx) =>
    someChange(
      trx,
      { organizationId: tenant.id, connectionId },
      { occurredAt: at(seconds), ...fields },
    ),
  )

const environments = async () => (await ask('GET', 'environments')).body.items
const names = async () => (await environments()).map(({ name }: { name: string }) => name)
const positions = async () =>
  (await environments()).map(({ position }: { position: number }) => position)

/** The feed's changes, newest first. */
async function feed(query = ''): Promise<{ id: string; environments: string[] }[]> {
  const { status, body } = await ask('GET', `changes?${query}`)
  expect(status).toBe(200)
  return body.items.map(({ id, environments }: { id: string; environments: string[] }) => ({
    id,
    environments,
  }))
}
const idsOf = (changes: { id: string }[]) => changes.map(({ id }) => id)

describe('an environment', () => {
  test('has a name, a color, a position, and the number of its connections', async () => {
    const answer = await ask('POST', 'environments', { name: ' Production ', color: 'red' })
    expect(answer.status).toBe(201)
    expect(answer.body).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'Production',
      color: 'red',
      position: 0,
      dependsOn: [],
      createdAt: expect.stringMatching(/Z$/),
      connections: 0,
    })
    const { id } = answer.body
    expect(answer.headers.location).toBe(`/api/v1/environments/${id}`)
    await connection({ environmentId: id })
    await connection({ environmentId: id })
    await connection()
    const counted = { ...answer.body, connections: 2 }
    expect((await ask('GET', `environments/${id}`)).body).toEqual(counted)
    expect(await environments()).toEqual([counted])
  })

  test('gets the least used color by default', async () => {
    const colors: string[] = []
    for (let n = 0; n < 13; n++) {
      const { body } = await ask('POST', 'environments', { name: `environment ${n}` })
      colors.push(body.color)
    }
    expect(new Set(colors).size).toBe(13)
    await ask('DELETE', `environments/${(await environments())[4].id}`)
    const next = (await ask('POST', 'environments', { name: 'next' })).body
    expect(next).toMatchObject({ color: colors[4], position: 12 })
  })

  test.each<[object, string]>([
    [{}, '/name'],
    [{ name: '' }, '/name'],
    [{ name: '  ' }, '/name'],
    [{ name: 'x'.repeat(61) }, '/name'],
    [{ name: 'a\nb' }, '/name'],
    [{ name: '\ud800' }, '/name'],
    [{ name: null }, '/name'],
    [{ name: 'x', color: 'mauve' }, '/color'],
    [{ name: 'x', color: '#ff0000' }, '/color'],
    [{ name: 'x', position: 0 }, '/position'],
    [{ name: 'x', id: randomUUID() }, '/id'],
  ])('is rejected when requested as %j', async (body, pointer) => {
    const answer = await ask('POST', 'environments', body)
    expect(answer.status).toBe(422)
    expect(answer.body.errors).toMatchObject([{ pointer }])
    expect(await environments()).toEqual([])
  })

  test.each([
    [{ position: -1 }, '/position'],
    [{ position: 1.5 }, '/position'],
    [{ position: 100 }, '/position'],
    [{ name: ' ' }, '/name'],
    [{ color: null }, '/color'],
    [{ connections: 3 }, '/connections'],
  ])('is not changed to %j', async (body, pointer) => {
    const { id } = await environment('Production')
    const answer = await ask('PATCH', `environments/${id}`, body)
    expect(answer.status).toBe(422)
    expect(answer.body.errors).toMatchObject([{ pointer }])
  })

  test('has a unique name in its organization, ignoring case', async () => {
    const { id } = await environment('Größe')
    const other = await environment('other')
    for (const name of ['Größe', 'GRÖSSE', 'gro\u0308ße', ' größe ']) {
      const again = await ask('POST', 'environments', { name })
      expect(again.status, name).toBe(409)
      expect(again.body).toMatchObject({
        detail: expect.stringContaining(`"${name.trim()}"`),
        errors: [{ pointer: '/name' }],
      })
      expect((await ask('PATCH', `environments/${other.id}`, { name })).status, name).toBe(409)
    }
    expect(await names()).toEqual(['Größe', 'other'])
    // Its own name in another case does not conflict, nor does another organization's.
    const renamed = await ask('PATCH', `environments/${id}`, { name: 'GRÖSSE' })
    expect(renamed).toMatchObject({ status: 200, body: { name: 'GRÖSSE' } })
    await environment('Größe', await api.tenant(`tenant ${++tenants}`))
  })

  test('keeps its other fields when its name or color changes', async () => {
    const { id } = await environment('Production')
    const path = `environments/${id}`
    const before = (await ask('GET', path)).body
    const changed = await ask('PATCH', path, { name: 'Live', color: 'orange' })
    expect(changed.body).toEqual({ ...before, name: 'Live', color: 'orange' })
    expect((await ask('PATCH', path, { color: 'lime' })).body).toEqual({
      ...changed.body,
      color: 'lime',
    })
    expect((await ask('PATCH', path, {})).body).toEqual({ ...changed.body, color: 'lime' })
  })

  test('can be moved, which shifts the others', async () => {
    const ids: Record<string, string> = {}
    for (const name of ['a', 'b', 'c', 'd']) ids[name] = (await environment(name)).id
    const move = (name: string, position: number) =>
      ask('PATCH', `environments/${ids[name]}`, { position })
    expect((await move('d', 0)).body).toMatchObject({ name: 'd', position: 0 })
    expect(await names()).toEqual(['d', 'a', 'b', 'c'])
    await move('d', 2)
    expect(await names()).toEqual(['a', 'b', 'd', 'c'])
    // Past the end is the end.
    expect((await move('a', 99)).body.position).toBe(3)
    await move('b', 0)
    expect(await names()).toEqual(['b', 'd', 'c', 'a'])
    await ask('DELETE', `environments/${ids.d}`)
    expect(await names()).toEqual(['b', 'c', 'a'])
    expect(await positions()).toEqual([0, 1, 2])
  })

  test('is one of at most a hundred, even with concurrent creations', async () => {
    await sql`
      INSERT INTO environments (organization_id, name, color, position)
      SELECT ${tenant.id}::uuid, 'environment ' || n, 'gray', n
      FROM generate_series(0, ${MAX_ENVIRONMENTS - 4}::int) AS n
    `.execute(api.superuser)
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => ask('POST', 'environments', { name: `new ${n}` })),
    )
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([...Array(3).fill(201), ...Array(9).fill(409)])
    expect(answers.find(({ status }) => status === 409)?.body.detail).toBe(
      'The organization has 100 environments, which is the limit. Delete one first.',
    )
    expect(await positions()).toEqual(Array.from({ length: MAX_ENVIRONMENTS }, (_, n) => n))
  })

  test('keeps positions contiguous under concurrent moves, creations and deletions', async () => {
    const ids = []
    for (let n = 0; n < 10; n++) ids.push((await environment(`environment ${n}`)).id)
    const answers = await Promise.all(
      ids.flatMap((id, n) => [
        ask('PATCH', `environments/${id}`, { position: (n * 7) % 10, name: `moved ${n}` }),
        ask('PATCH', `environments/${id}`, { name: `renamed ${n}` }),
        ask('POST', 'environments', { name: `new ${n}` }),
        ...(n % 3 === 0 ? [ask('DELETE', `environments/${id}`)] : []),
      ]),
    )
    for (const { status } of answers) expect([200, 201, 404]).toContain(status)
    expect(await positions()).toEqual(Array.from({ length: 16 }, (_, n) => n))
  })
})

describe("a connection's default environment", () => {
  test('is null until it is set, and is shown with the connection', async () => {
    const production = await environment('Production')
    const plain = await connection()
    expect(plain).toMatchObject({ environmentId: null })
    const linked = await connection({ environmentId: production.id })
    expect(linked).toMatchObject({ environmentId: production.id })
    const path = `connections/${plain.id}`
    const patched = await ask('PATCH', path, { environmentId: production.id })
    expect(patched).toMatchObject({ status: 200, body: { environmentId: production.id } })
    expect((await ask('GET', path)).body).toEqual(patched.body)
    expect((await ask('GET', 'connections')).body.items).toEqual([patched.body, linked])
    // Other updates keep it.
    expect((await ask('PATCH', path, { name: 'x' })).body.environmentId).toBe(production.id)
    expect((await ask('DELETE', path)).body.environmentId).toBe(production.id)
  })

  test('can be assigned to many accounts', async () => {
    const { id: environmentId } = await environment('Production')
    const accountIds = ['111122223333', '444455556666']
    const { items } = (await made('connections/bulk', { accountIds, environmentId })) as never as {
      items: object[]
    }
    expect(items).toMatchObject([{ environmentId }, { environmentId }])
    expect((await ask('GET', 'connections')).body.items).toEqual(items)
    expect(await environments()).toMatchObject([{ connections: 2 }])
  })

  test('does not signal the workflow', async () => {
    const { id } = await connection()
    vi.mocked(api.workflows.changed).mockClear()
    await ask('PATCH', `connections/${id}`, { environmentId: (await environment('x')).id })
    expect(api.workflows.changed).not.toHaveBeenCalled()
  })

  test('is rejected the same way if it does not exist or belongs to another organization', async () => {
    const stranger = await api.tenant(`tenant ${++tenants}`)
    const theirs = await environment('Production', stranger)
    const { id } = await connection()
    const gone = await environment('gone')
    await ask('DELETE', `environments/${gone.id}`)
    vi.mocked(api.workflows.changed).mockClear()
    for (const environmentId of [theirs.id, randomUUID(), gone.id, 'production', 7]) {
      const answers = [
        await ask('PATCH', `connections/${id}`, { name: 'renamed', environmentId }),
        await ask('POST', 'connections', { name: 'x', environmentId }),
        await ask('POST', 'connections/bulk', { accountIds: ['111122223333'], environmentId }),
      ]
      for (const { status, body } of answers) {
        expect({ status, ...body, instance: '' }).toEqual({
          status: 422,
          type: 'about:blank',
          title: 'Unprocessable Entity',
          detail: 'The request is not valid. /environmentId: No such environment.',
          instance: '',
          errors: [{ pointer: '/environmentId', detail: 'No such environment.' }],
        })
      }
    }
    // All of the request is applied, or none.
    expect((await ask('GET', 'connections')).body.items).toMatchObject([{ name: 'production' }])
    expect(api.workflows.changed).not.toHaveBeenCalled()
    expect((await ask('GET', 'environments', undefined, stranger)).body.items).toMatchObject([
      { connections: 0 },
    ])
  })

  test('leaves nothing behind if it is deleted concurrently', async () => {
    for (let round = 0; round < 10; round++) {
      const target = await environment(`round ${round}`)
      const from = await environment(`from ${round}`)
      const { id } = await connection({ environmentId: from.id })
      const [patched, ...deleted] = await Promise.all([
        ask('PATCH', `connections/${id}`, { environmentId: target.id }),
        ask('DELETE', `environments/${target.id}`),
        ask('DELETE', `environments/${from.id}`),
      ])
      expect([200, 422]).toContain(patched.status)
      expect(deleted.map(({ status }) => status)).toEqual([200, 200])
      expect((await ask('GET', `connections/${id}`)).body.environmentId).toBeNull()
    }
  })
})

describe('changes', () => {
  test('belong to the environment of their connection, including earlier ones', async () => {
    const { id } = await connection()
    const past = [await addChange(id, 1), await addChange(id, 2)]
    expect(await feed()).toMatchObject([{ environments: [] }, { environments: [] }])
    const { id: production } = await environment('Production')
    await ask('PATCH', `connections/${id}`, { environmentId: production })
    const later = await addChange(id, 3)
    const expected = [later, ...past.reverse()].map((id) => ({ id, environments: [production] }))
    expect(await feed()).toEqual(expected)
    expect(await feed(`environment=${production}`)).toEqual(expected)
    const one = await ask('GET', `changes/${past[0]}`)
    expect(one.body.environments).toEqual([production])
  })

  test('leave the old environment when the connection gets another one, or none', async () => {
    const { id: old } = await environment('old')
    const { id: next } = await environment('next')
    const { id } = await connection({ environmentId: old })
    const change = await addChange(id, 1)
    await ask('PATCH', `connections/${id}`, { environmentId: next })
    expect(await feed()).toEqual([{ id: change, environments: [next] }])
    expect(await feed(`environment=${old}`)).toEqual([])
    expect(await feed(`environment=${next}`)).toHaveLength(1)
    expect(await environments()).toMatchObject([
      { id: old, connections: 0 },
      { id: next, connections: 1 },
    ])
    await ask('PATCH', `connections/${id}`, { environmentId: null })
    expect(await feed()).toEqual([{ id: change, environments: [] }])
    expect(await feed(`environment=${next}`)).toEqual([])
  })

  test('remain when their environment is deleted, and the response has its number of connections', async () => {
    const { id: production } = await environment('Production')
    const linked = [
      await connection({ environmentId: production }),
      await connection({ environmentId: production }),
    ]
    const change = await addChange(linked[0]!.id, 1)
    const deleted = await ask('DELETE', `environments/${production}`)
    expect(deleted).toMatchObject({ status: 200, body: { id: production, connections: 2 } })
    expect((await ask('DELETE', `environments/${production}`)).status).toBe(404)
    expect(await feed()).toEqual([{ id: change, environments: [] }])
    expect((await ask('GET', 'connections')).body.items).toMatchObject([
      { environmentId: null },
      { environmentId: null },
    ])
  })

  test('keep their environment when only their connection is deleted', async () => {
    const { id: production } = await environment('Production')
    const { id } = await connection({ environmentId: production })
    const change = await addChange(id, 1)
    await ask('DELETE', `connections/${id}`)
    expect(await environments()).toMatchObject([{ connections: 1 }])
    // As the workflow ends it.
    await api.superuser
      .updateTable('connections')
      .set({ ended_at: new Date() })
      .where('id', '=', id)
      .execute()
    expect(await environments()).toMatchObject([{ connections: 0 }])
    const linked = [{ id: change, environments: [production] }]
    expect(await feed(`environment=${production}`)).toEqual(linked)
    const deleted = await ask('DELETE', `environments/${production}`)
    expect(deleted).toMatchObject({ status: 200, body: { connections: 0 } })
    expect(await feed()).toEqual([{ id: change, environments: [] }])
  })

  test('can be filtered by environment, included and excluded', async () => {
    const { id: production } = await environment('Production')
    const { id: staging } = await environment('Staging')
    const { id: empty } = await environment('empty')
    const live = await connection({ environmentId: production })
    const test = await connection({ environmentId: staging })
    const none = await connection()
    // One piece of work, that reaches into three accounts.
    const changeSet = { sessionKey: 'a', stream: null, idleTimeoutMs: 5_000 }
    const inLive = await addChange(live.id, 4, { changeSet })
    const inTest = await addChange(test.id, 3, { changeSet, service: 's3' })
    const nowhere = await addChange(none.id, 2, { changeSet })
    const found = async (query: string) => idsOf(await feed(query))
    expect(await found(`environment=${production}`)).toEqual([inLive])
    expect(await found(`environment=${production}&environment=${staging}`)).toEqual([
      ...[inLive, inTest],
    ])
    // A change without an environment remains when an environment is excluded.
    expect(await found(`environment!=${production}`)).toEqual([inTest, nowhere])
    expect(await found(`environment!=${production}&environment!=${staging}`)).toEqual([nowhere])
    expect(await found(`environment=${staging}&service=s3`)).toEqual([inTest])
    expect(await found(`environment=${staging}&connection=${live.id}`)).toEqual([])
    expect(await found(`environment=${empty}`)).toEqual([])
    expect(await found(`environment=${randomUUID()}`)).toEqual([])
    expect(await found('environment!=no-id')).toEqual([inLive, inTest, nowhere])

    // Another organization's ID is treated like an absent one.
    const stranger = await api.tenant(`tenant ${++tenants}`)
    const asked = await ask('GET', `changes?environment=${production}`, undefined, stranger)
    expect(asked.body.items).toEqual([])

    const sets = async (query: string) => {
      const { body } = await ask('GET', `change-sets?${query}`)
      return body.items.map(({ changes }: { changes: number }) => changes)
    }
    expect(await sets('')).toEqual([3])
    expect(await sets(`environment=${production}`)).toEqual([1])
    expect(await sets(`environment!=${production}`)).toEqual([2])
    expect(await sets(`environment=${empty}`)).toEqual([])
  })

  test('can be paged by environment, even if links change between the pages', async () => {
    const { id: production } = await environment('Production')
    const { id: other } = await environment('other')
    const live = await connection({ environmentId: production })
    const joins = await connection()
    const ids = []
    for (let n = 0; n < 6; n++) ids.unshift(await addChange(live.id, n))
    const first = await ask('GET', `changes?environment=${production}&limit=2`)
    expect(idsOf(first.body.items)).toEqual(ids.slice(0, 2))
    const cursor = first.body.nextCursor
    // Changes of a connection that is linked now are where they belong in the order.
    const old = await addChange(joins.id, -1)
    const newer = await addChange(joins.id, 60)
    await ask('PATCH', `connections/${joins.id}`, { environmentId: production })
    await ask('PATCH', `environments/${production}`, { name: 'renamed', position: 1 })
    const rest = await feed(`environment=${production}&limit=50&cursor=${cursor}`)
    expect(idsOf(rest)).toEqual([...ids.slice(2), old])
    expect(idsOf(rest)).not.toContain(newer)
    // A cursor is only valid with the environment that it was created for.
    for (const query of [`environment=${other}`, `environment!=${production}`, '']) {
      expect((await ask('GET', `changes?${query}&cursor=${cursor}`)).status).toBe(422)
    }
  })

  test('are complete as far as the connections of the environment are', async () => {
    const { id: production } = await environment('Production')
    const { id: staging } = await environment('Staging')
    const live = await connection({ environmentId: production })
    const behind = await connection({ environmentId: staging })
    const imported = [
      [live.id, '111122223333', 1_000],
      [behind.id, '444455556666', 500],
    ] as const
    for (const [id, account, until] of imported) {
      await ask('PATCH', `connections/${id}`, { roleArn: `arn:aws:iam::${account}:role/cairn` })
      const settled = multirangeLiteral([[monday / 1_000, monday / 1_000 + until]])
      await sql`
        INSERT INTO coverage (connection_id, organization_id, account_id, region, selection, settled)
        VALUES (${id}, ${tenant.id}, ${account}, 'us-east-1', 'changes', ${settled}::tstzmultirange)
      `.execute(api.superuser)
    }
    const through = async (list: string, query: string) =>
      (await ask('GET', `${list}?${query}`)).body.completeThrough
    for (const list of ['changes', 'change-sets']) {
      expect(await through(list, '')).toBe(at(500).toISOString())
      expect(await through(list, `environment=${production}`)).toBe(at(1_000).toISOString())
      expect(await through(list, `environment!=${staging}`)).toBe(at(1_000).toISOString())
      expect(await through(list, `environment=${staging}`)).toBe(at(500).toISOString())
      expect(await through(list, `environment=${staging}&connection=${live.id}`)).toBeNull()
    }
  })
})

describe('dependencies', () => {
  test('are set with the environment, replaced, and removed with either environment', async () => {
    const network = await environment('network')
    const dns = await environment('dns')
    const production = await made('environments', {
      name: 'production',
      dependsOn: [network.id, network.id],
    })
    const dependsOn = async () => (await ask('GET', `environments/${production.id}`)).body.dependsOn
    expect(await dependsOn()).toEqual([network.id])
    const patched = await ask('PATCH', `environments/${production.id}`, {
      dependsOn: [dns.id, network.id],
    })
    // In list order.
    expect(patched.body.dependsOn).toEqual([network.id, dns.id])
    expect((await environments()).map((each: { dependsOn: string[] }) => each.dependsOn)).toEqual([
      [],
      [],
      [network.id, dns.id],
    ])
    await ask('PATCH', `environments/${production.id}`, { color: 'red' })
    expect(await dependsOn()).toEqual([network.id, dns.id])
    await ask('DELETE', `environments/${network.id}`)
    expect(await dependsOn()).toEqual([dns.id])
    await ask('PATCH', `environments/${production.id}`, { dependsOn: [] })
    expect(await dependsOn()).toEqual([])
  })

  test('cannot name the environment itself, an absent one or another organization’s', async () => {
    const production = await environment('production')
    const stranger = await environment('network', await api.tenant('stranger'))
    for (const id of [production.id, stranger.id, randomUUID(), 'network']) {
      const { status, body } = await ask('PATCH', `environments/${production.id}`, {
        name: 'renamed',
        dependsOn: [id],
      })
      expect(status).toBe(422)
      expect(body.errors[0].pointer).toMatch(/^\/dependsOn/)
    }
    const created = await ask('POST', 'environments', { name: 'new', dependsOn: [stranger.id] })
    expect(created.status).toBe(422)
    expect(await environments()).toMatchObject([{ name: 'production', dependsOn: [] }])
  })
})

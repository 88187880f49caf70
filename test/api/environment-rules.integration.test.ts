import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Dependencies } from '../../src/activities/dependencies.ts'
import { relinkChanges } from '../../src/activities/relink-changes.ts'
import type { Change } from '../../src/changes/change.ts'
import { loadChangeRules } from '../../src/db/change-rules.ts'
import { asOrganization } from '../../src/db/database.ts'
import { ensurePartitions, storeEvents } from '../../src/db/imports.ts'
import { relinkSome } from '../../src/db/link-changes.ts'
import { purgeSomeChanges } from '../../src/db/purge.ts'
import { rememberTags } from '../../src/db/resource-tags.ts'
import { storeResources } from '../../src/db/resources.ts'
import { updateChanges } from '../../src/db/update-changes.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { aChange, imported, someResource } from '../../testing/changes.ts'
import { eventually } from '../../testing/eventually.ts'

const now = Date.now()
const minutesAgo = (minutes: number) => new Date(now - minutes * 60_000)
const INSTANCE = 'AWS::EC2::Instance'

let api: TestApi
let tenant: Tenant
let tenants = 0

beforeAll(async () => {
  api = await createTestApi()
  await api.db.transaction().execute((trx) => ensurePartitions(trx, minutesAgo(60 * 24 * 30)))
})
beforeEach(async () => {
  tenant = await api.tenant(`tenant ${++tenants}`)
})
afterAll(() => api.close())

const ask = (method: string, path: string, body?: object, as = tenant) =>
  as.request(method, `/api/v1/${path}`, body)

async function environment(name: string, as = tenant): Promise<string> {
  return (await ask('POST', 'environments', { name }, as)).body.id
}
async function connection(name: string, environmentId?: string): Promise<string> {
  const { body } = await ask('POST', 'connections', { name, environmentId })
  return body.id
}
async function save(rules: object[], mode = 'first', as = tenant) {
  const { version } = (await ask('GET', 'environment-rules', undefined, as)).body
  const answer = await ask('PUT', 'environment-rules', { version, mode, rules }, as)
  expect(answer.status).toBe(200)
  return answer.body
}
function store(changes: Partial<Change>[], connectionId: string | null = null, as = tenant) {
  const owner = { organizationId: as.id, connectionId, sourceAccount: '111122223333' }
  const page = changes.map((fields) => imported(aChange({ occurredAt: minutesAgo(60), ...fields })))
  return asOrganization(api.db, as.id, (trx) =>
    storeEvents(trx, owner, { changes: page, unparsed: [] }),
  )
}
async function relink(as = tenant, relinkAtOnce = 3) {
  const deps = { db: api.db, relinkAtOnce } as Dependencies
  const { signal } = new AbortController()
  for (;;) {
    const work = { installationId: '', organizationId: as.id }
    const { isDone } = await relinkChanges(deps, work, signal)
    if (isDone) return
  }
}
/** The environments of each change, by its source ID. */
async function links(query = '', as = tenant): Promise<Record<string, string[]>> {
  const { status, body } = await ask('GET', `changes?limit=500&${query}`, undefined, as)
  expect(status).toBe(200)
  return Object.fromEntries(
    body.items.map((item: { sourceId: string; environments: string[] }) => [
      item.sourceId,
      item.environments,
    ]),
  )
}
async function counts(query = ''): Promise<Record<string, number>> {
  const { body } = await ask('GET', `changes/facets?${query}`)
  return Object.fromEntries(
    body.fields.environment.map((each: { value: string; count: number }) => [
      each.value,
      each.count,
    ]),
  )
}

describe('the rules', () => {
  test('are empty at first, and each version replaces all of them', async () => {
    expect((await ask('GET', 'environment-rules')).body).toMatchObject({
      version: 0,
      mode: 'first',
      rules: [],
      relink: { state: 'done', percent: 100 },
    })
    const production = await environment('production')
    const rules = [
      { name: 'databases', match: { service: ['rds'] }, environments: [production] },
      { match: { actor: ['bot*'] }, environments: [] },
    ]
    expect(await save(rules, 'all')).toMatchObject({ version: 1, mode: 'all', rules })
    const stale = await ask('PUT', 'environment-rules', { version: 0, mode: 'first', rules: [] })
    expect(stale.status).toBe(409)
    expect((await ask('GET', 'environment-rules')).body).toMatchObject({ version: 1, rules })
  })

  test('are rejected if they are invalid, and nothing changes', async () => {
    const stranger = await environment('theirs', await api.tenant('stranger'))
    const own = await environment('production')
    const invalid: object[] = [
      { match: {}, environments: [own] },
      { match: { color: ['red'] }, environments: [own] },
      { match: { service: [] }, environments: [own] },
      { match: { service: ['x'.repeat(513)] }, environments: [own] },
      { match: { service: ['rds'] }, environments: [stranger] },
      { match: { service: ['rds'] }, environments: [randomUUID()] },
      { match: { service: ['rds'] } },
    ]
    for (const rule of invalid) {
      const rules = [{ match: { service: ['rds'] }, environments: [own] }, rule]
      for (const [method, path, body] of [
        ['PUT', 'environment-rules', { version: 0, mode: 'first', rules }],
        ['POST', 'environment-rules/preview', { mode: 'first', rules }],
      ] as const) {
        const { status, body: problem } = await ask(method, path, body)
        expect(status, JSON.stringify(rule)).toBe(422)
        expect(problem.errors[0].pointer).toMatch(/^\/rules\/1/)
      }
    }
    expect((await ask('GET', 'environment-rules')).body).toMatchObject({ version: 0, rules: [] })
  })

  test('may contain a limited number of asterisks, because each one costs time per change', async () => {
    const own = await environment('production')
    const rule = (count: number) => ({
      match: { service: Array(count).fill('*a'.repeat(200)) },
      environments: [own],
    })
    await save([rule(25)])
    const body = { mode: 'first', rules: [rule(25), rule(1)] }
    const { status, body: problem } = await ask('POST', 'environment-rules/preview', body)
    expect(status).toBe(422)
    expect(problem.detail).toContain('at most 5000 asterisks')
  })

  test('of concurrent writers with one version are saved only once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 4 }, () =>
        ask('PUT', 'environment-rules', { version: 0, mode: 'first', rules: [] }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
  })
})

describe('the environments of changes', () => {
  test('come from the first matching rule, or from the default of the connection', async () => {
    const [production, staging, shared] = [
      await environment('production'),
      await environment('staging'),
      await environment('shared'),
    ]
    const connected = await connection('Main account', staging)
    await save([
      { match: { service: ['rds'], region: ['eu-*'] }, environments: [production] },
      { match: { resource: ['arn:aws:*:role/admin'] }, environments: [shared, production] },
      { match: { actor: ['BOT'] }, environments: [] },
      { match: { connection: ['main*'], label: ['deploy'] }, environments: [shared] },
      { match: { repository: ['acme/*'], branch: ['main'] }, environments: [production] },
    ])
    const role = someResource('AWS::IAM::Role', 'admin', 'arn:aws:iam::111122223333:role/admin')
    await store(
      [
        { sourceId: 'database', service: 'rds', region: 'eu-west-1' },
        { sourceId: 'elsewhere', service: 'rds', region: 'us-east-1' },
        { sourceId: 'role', resources: [role] },
        { sourceId: 'bot', actor: { kind: 'user', name: 'bot', id: 'b', chain: [] } },
        { sourceId: 'label', attributes: { labels: ['Deploy'] } },
      ],
      connected,
    )
    await store([
      { sourceId: 'merge', attributes: { repository: 'acme/shop', branch: 'main' } },
      { sourceId: 'branch', attributes: { repository: 'acme/shop', branch: 'fix' } },
    ])
    const expected: Record<string, string[]> = {
      database: [production],
      elsewhere: [staging],
      role: [production, shared],
      bot: [],
      label: [shared],
      merge: [production],
      branch: [],
    }
    expect(await links()).toEqual(expected)
    const having = (id: string) =>
      Object.keys(expected).filter((key) => expected[key]!.includes(id))
    for (const id of [production, staging, shared]) {
      expect(Object.keys(await links(`environment=${id}`)).sort()).toEqual(having(id).sort())
      const others = Object.keys(expected).filter((key) => !having(id).includes(key))
      expect(Object.keys(await links(`environment!=${id}`)).sort()).toEqual(others.sort())
      const { body } = await ask('GET', `changes/histogram?environment=${id}`)
      expect(body.total).toBe(having(id).length)
      const sets = await ask('GET', `change-sets?environment=${id}`)
      expect(sets.body.items).toHaveLength(1)
      const texts = await links(`environment=${id}&q=instance`)
      expect(Object.keys(texts).sort()).toEqual(having(id).sort())
    }
    expect(await counts()).toEqual({ [production]: 3, [staging]: 1, [shared]: 2 })
    expect(await counts(`environment=${staging}`)).toEqual({
      [production]: 3,
      [staging]: 1,
      [shared]: 2,
    })
    expect(await counts('service=rds')).toEqual({ [production]: 1, [staging]: 1 })
    // One session, so one set with all of them.
    const { body } = await ask('GET', 'change-sets')
    expect([...body.items[0].environments].sort()).toEqual([production, staging, shared].sort())
    const { id } = (await ask('GET', 'changes?service=rds&region=eu-west-1')).body.items[0]
    expect((await ask('GET', `changes/${id}`)).body.environments).toEqual([production])
  })

  test('follow rules that are saved or removed later', async () => {
    const [production, staging] = [await environment('production'), await environment('staging')]
    const connected = await connection('account', staging)
    await store(
      Array.from({ length: 10 }, (_, n) => ({
        sourceId: `${n}`,
        occurredAt: minutesAgo(60 + n * 60 * 24),
        service: n % 2 === 0 ? 'rds' : 'ec2',
      })),
      connected,
    )
    const rules = [{ match: { service: ['rds'] }, environments: [production] }]
    expect(await save(rules)).toMatchObject({ relink: { state: 'running', percent: 0 } })
    await relink()
    const after = await links()
    for (let n = 0; n < 10; n++) expect(after[n]).toEqual([n % 2 === 0 ? production : staging])
    expect((await ask('GET', 'environment-rules')).body.relink).toMatchObject({
      state: 'done',
      checked: 10,
      total: 10,
      percent: 100,
    })
    await save([])
    await relink()
    for (const each of Object.values(await links())) expect(each).toEqual([staging])
  })

  test('come from the change itself, and rules can override them for other names', async () => {
    await store([
      { sourceId: 'early', attributes: { environments: ['Production'] } },
      { sourceId: 'other', attributes: { environments: ['prod-eu'] } },
    ])
    expect(await links()).toEqual({ early: [], other: [] })
    const production = await environment('production')
    const staging = await environment('staging')
    await relink()
    await store([{ sourceId: 'late', attributes: { environments: ['PRODUCTION', 'staging'] } }])
    expect(await links()).toEqual({
      early: [production],
      other: [],
      late: [production, staging],
    })
    await save([{ match: { environment: ['prod-*'] }, environments: [production] }])
    await relink()
    expect(await links()).toMatchObject({ other: [production], late: [production, staging] })
    // Renamed, it is no longer the one that they name.
    await ask('PATCH', `environments/${staging}`, { name: 'test' })
    await relink()
    expect(await links()).toMatchObject({ late: [production] })
  })

  test('come from a later event of the same change, if it names them', async () => {
    const production = await environment('production')
    const at = (updatedAt: Date, environments: string[]) => {
      const change = aChange({
        sourceId: 'updated',
        occurredAt: minutesAgo(60),
        detail: { source: 'toy', updatedAt: updatedAt.toISOString() } as Change['detail'],
        attributes: { environments },
      })
      return { ...imported(change), updatedAt }
    }
    const owner = { organizationId: tenant.id, connectionId: null, sourceAccount: null }
    await asOrganization(api.db, tenant.id, async (trx) => {
      const page = { changes: [at(minutesAgo(50), [])], unparsed: [] }
      await storeEvents(trx, owner, page)
      const { id } = await trx.selectFrom('changes').select('id').executeTakeFirstOrThrow()
      await updateChanges(trx, tenant.id, [{ ...at(minutesAgo(40), ['Production']), id }])
    })
    expect(await links()).toEqual({ updated: [production] })
  })

  test('are relinked in smaller batches if the rules take long', async () => {
    const production = await environment('production')
    await store(['a', 'b', 'c'].map((sourceId) => ({ sourceId, service: 'rds' })))
    await save([{ match: { service: ['r*s'] }, environments: [production] }])
    const part = () =>
      asOrganization(api.db, tenant.id, (trx) =>
        relinkSome(trx, tenant.id, { limit: 10, now: minutesAgo(0), evaluationMs: 0 }),
      )
    expect(await part()).toMatchObject({ checked: 1, written: 1, isDone: false })
    expect(await part()).toMatchObject({ checked: 1, written: 1, isDone: false })
    expect(await part()).toMatchObject({ checked: 1, written: 1, isDone: true })
    expect(await links()).toEqual({ a: [production], b: [production], c: [production] })
  })

  test.each([
    ['one change', ['0']],
    ['all changes', ['0', '1']],
  ])('reach older changes if a purge removes %s of a batch meanwhile', async (_, removed) => {
    const production = await environment('production')
    const purged = await connection('purged')
    for (const [n, sourceId] of ['0', '1', '2', '3'].entries()) {
      const change = { sourceId, service: 'rds', occurredAt: minutesAgo(10 + n) }
      await store([change], removed.includes(sourceId) ? purged : null)
    }
    await save([{ match: { service: ['rds'] }, environments: [production] }])
    const isLocked = Promise.withResolvers<void>()
    const isWaiting = Promise.withResolvers<void>()
    const purging = asOrganization(api.db, tenant.id, async (trx) => {
      // Stops the batch after it has found its changes, before it reads them with their links.
      await sql`LOCK TABLE change_environments IN ACCESS EXCLUSIVE MODE`.execute(trx)
      isLocked.resolve()
      await isWaiting.promise
      await purgeSomeChanges(trx, { organizationId: tenant.id, connectionId: purged })
    })
    await isLocked.promise
    const relinking = relink(tenant, 2)
    await eventually(
      async () => {
        const { rows } = await sql<{ count: number }>`
        SELECT count(*)::int AS count FROM pg_locks
        WHERE NOT granted AND relation = 'change_environments'::regclass
          AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())
      `.execute(api.superuser)
        return rows[0]!.count
      },
      (count) => count > 0,
    )
    isWaiting.resolve()
    await purging
    await relinking
    const kept = ['0', '1', '2', '3'].filter((sourceId) => !removed.includes(sourceId))
    expect(await links()).toEqual(
      Object.fromEntries(kept.map((sourceId) => [sourceId, [production]])),
    )
    expect((await ask('GET', 'environment-rules')).body.relink).toMatchObject({ state: 'done' })
  })

  test('are removed with an environment, as are rules that assigned only that one', async () => {
    const [production, staging, shared] = [
      await environment('production'),
      await environment('staging'),
      await environment('shared'),
    ]
    const connected = await connection('account', staging)
    await save([
      { match: { service: ['rds'] }, environments: [production] },
      { match: { service: ['ec2'] }, environments: [production, shared] },
    ])
    await store(
      [
        { sourceId: 'rds', service: 'rds' },
        { sourceId: 'ec2', service: 'ec2' },
      ],
      connected,
    )
    expect(await links()).toEqual({ rds: [production], ec2: [production, shared] })
    await ask('DELETE', `environments/${production}`)
    const expected = { rds: [staging], ec2: [shared] }
    // Before and after the workflow has run.
    expect(await links()).toEqual(expected)
    expect(await counts()).toEqual({ [staging]: 1, [shared]: 1 })
    await relink()
    expect(await links()).toEqual(expected)
    expect((await ask('GET', 'environment-rules')).body).toMatchObject({
      version: 2,
      rules: [{ match: { service: ['ec2'] }, environments: [shared] }],
    })
  })

  test('without rules are the default of the connection that has taken the change over', async () => {
    const [staging, production] = [await environment('staging'), await environment('production')]
    const [one, two] = [await connection('one', staging), await connection('two', production)]
    const change = { sourceId: 'change', occurredAt: minutesAgo(5) }
    await store([change], one)
    expect(await links()).toEqual({ change: [staging] })
    await store([change], two)
    expect(await links()).toEqual({ change: [production] })
    expect(await links(`environment=${staging}`)).toEqual({})
  })

  test('follow a takeover by another connection, and a new name of the connection', async () => {
    const production = await environment('production')
    const [one, two] = [await connection('one'), await connection('two')]
    await save([{ match: { connection: ['two', 'prod'] }, environments: [production] }])
    const change = { sourceId: 'change', occurredAt: minutesAgo(5) }
    await store([change], one)
    expect(await links()).toEqual({ change: [] })
    await store([change], two)
    expect(await links()).toEqual({ change: [production] })
    await ask('PATCH', `connections/${two}`, { name: 'other' })
    await relink()
    expect(await links()).toEqual({ change: [] })
    await ask('PATCH', `connections/${two}`, { name: 'prod' })
    await relink()
    expect(await links()).toEqual({ change: [production] })
  })

  test('are removed by a purge of the connection', async () => {
    const production = await environment('production')
    const connected = await connection('account')
    await save([{ match: { source: ['*'] }, environments: [production] }])
    await store([{ sourceId: 'change' }], connected)
    const linked = () =>
      api.superuser
        .selectFrom('change_environments')
        .select('id')
        .where('organization_id', '=', tenant.id)
        .execute()
    expect(await linked()).toHaveLength(1)
    const purged = { organizationId: tenant.id, connectionId: connected }
    await asOrganization(api.db, tenant.id, (trx) => purgeSomeChanges(trx, purged))
    expect(await linked()).toHaveLength(0)
  })

  test('follow only the rules of their own organization', async () => {
    const other = await api.tenant('other')
    const production = await environment('production')
    await save([{ match: { source: ['*'] }, environments: [production] }])
    await store([{ sourceId: 'theirs' }], null, other)
    await store([{ sourceId: 'ours' }])
    await relink(other)
    expect(await links('', other)).toEqual({ theirs: [] })
    expect(await links()).toEqual({ ours: [production] })
    expect((await ask('GET', 'environment-rules', undefined, other)).body.rules).toEqual([])
  })
})

describe('tags', () => {
  const instance = (id: string, tags?: Record<string, string>) => ({
    ...someResource(INSTANCE, id),
    ...(tags && { tags }),
  })

  test('result in the same links in any order of arrival, before and after the rules', async () => {
    // What happens to three instances: tags, other tags later, and changes without tags.
    const changes: Partial<Change>[] = [
      {
        sourceId: 'run',
        occurredAt: minutesAgo(50),
        resources: [instance('i-1', { env: 'prod' })],
      },
      { sourceId: 'stop', occurredAt: minutesAgo(40), resources: [instance('i-1')] },
      { sourceId: 'before', occurredAt: minutesAgo(55), resources: [instance('i-1')] },
      {
        sourceId: 'tag',
        occurredAt: minutesAgo(30),
        resources: [instance('i-2', { env: 'test' })],
      },
      {
        sourceId: 'retag',
        occurredAt: minutesAgo(20),
        resources: [instance('i-2', { env: 'prod' })],
      },
      {
        sourceId: 'same',
        occurredAt: minutesAgo(20),
        resources: [instance('i-2', { env: 'dev' })],
      },
      {
        sourceId: 'both',
        occurredAt: minutesAgo(10),
        resources: [instance('i-1'), instance('i-2')],
      },
      { sourceId: 'two', occurredAt: minutesAgo(45), resources: [instance('i-2')] },
      { sourceId: 'other', occurredAt: minutesAgo(15), resources: [instance('i-3')] },
    ]
    const steps = [...changes.keys(), 'rules' as const]
    const inOrder = async (order: readonly (number | 'rules')[]) => {
      const own = await api.tenant(`order ${randomUUID()}`)
      const ids = [await environment('production', own), await environment('test', own)]
      const rules = [
        { match: { tag: ['env=prod'] }, environments: [ids[0]] },
        { match: { tag: ['env=test'] }, environments: [ids[1]] },
      ]
      for (const step of order) {
        if (step === 'rules') await save(rules, 'all', own)
        else await store([changes[step]!], null, own)
      }
      await relink(own)
      const names = ['production', 'test']
      return Object.fromEntries(
        Object.entries(await links('', own)).map(([key, found]) => [
          key,
          found.map((id) => names[ids.indexOf(id)]),
        ]),
      )
    }
    const expected = await inOrder(steps)
    expect(expected).toMatchObject({
      run: ['production'],
      stop: ['production'],
      before: ['production'],
      tag: ['test'],
      both: ['production'],
      other: [],
      // The newest tag counts; of two at the same time, the greater value.
      two: ['production'],
    })
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(steps, { minLength: steps.length }), async (order) => {
        expect(await inOrder(order)).toEqual(expected)
      }),
      { numRuns: 12 },
    )
  })

  test('without a matching rule do not affect other changes, and do not restart relinking', async () => {
    const production = await environment('production')
    await save([{ match: { tag: ['env=prod*'] }, environments: [production] }])
    const tag = (key: string, value: string, minutes: number) =>
      asOrganization(api.db, tenant.id, async (trx) => {
        const change = aChange({
          occurredAt: minutesAgo(minutes),
          resources: [instance('i-1', { [key]: value })],
        })
        const resourceIds = await storeResources(trx, tenant.id, [change])
        const rules = await loadChangeRules(trx, tenant.id)
        return (await rememberTags(trx, tenant.id, { changes: [change], resourceIds, rules }))
          .length
      })
    expect(await tag('deployed', '12:01', 9)).toBe(0)
    expect(await tag('env', 'Production', 8)).toBe(1)
    expect(await tag('deployed', '12:02', 7)).toBe(0)
    expect(await tag('env', 'Production', 6)).toBe(1)
    // It matched before.
    expect(await tag('env', 'test', 5)).toBe(1)
    expect(await tag('env', 'dev', 4)).toBe(0)
    // Older than the remembered tags.
    expect(await tag('env', 'prod', 10)).toBe(0)
  })

  test('are visible to concurrent imports', async () => {
    const production = await environment('production')
    await save([{ match: { tag: ['env=prod'] }, environments: [production] }])
    const ids = Array.from({ length: 20 }, (_, n) => `i-${n}`)
    await Promise.all(
      ids.flatMap((id) => [
        store([{ sourceId: `tag ${id}`, resources: [instance(id, { env: 'prod' })] }]),
        store([{ sourceId: `stop ${id}`, resources: [instance(id)] }]),
      ]),
    )
    const found = await links()
    expect(Object.keys(found)).toHaveLength(40)
    for (const each of Object.values(found)) expect(each).toEqual([production])
  })
})

describe('a preview', () => {
  test('counts which changes rules would link and move, and saves nothing', async () => {
    const [production, staging] = [await environment('production'), await environment('staging')]
    const connected = await connection('account', staging)
    await store(
      [
        ...Array.from({ length: 5 }, (_, n) => ({
          sourceId: `rds ${n}`,
          service: 'rds',
          occurredAt: minutesAgo(10 + n),
        })),
        { sourceId: 'ec2', service: 'ec2' },
        { sourceId: 'staging already', service: 's3' },
        { sourceId: 'old', service: 'rds', occurredAt: minutesAgo(60 * 24 * 8) },
      ],
      connected,
    )
    const rules = [
      { match: { service: ['rds'] }, environments: [production] },
      { match: { service: ['s3'] }, environments: [staging] },
      { match: { service: ['ec2'] }, environments: [] },
    ]
    const { status, body } = await ask('POST', 'environment-rules/preview', {
      mode: 'first',
      rules,
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      total: 7,
      linked: 6,
      moved: 6,
      byRule: [5, 1, 1],
      partial: false,
    })
    expect(body.examples).toHaveLength(6)
    expect(body.examples[0]).toMatchObject({ from: [staging], to: [production], rules: [0] })
    const longer = await ask('POST', 'environment-rules/preview', {
      mode: 'first',
      rules,
      days: 30,
    })
    expect(longer.body).toMatchObject({ total: 8, moved: 7 })
    expect((await links())['rds 0']).toEqual([staging])
    await save(rules)
    await relink()
    const again = await ask('POST', 'environment-rules/preview', { mode: 'first', rules })
    expect(again.body).toMatchObject({ linked: 6, moved: 0, examples: [] })
    const without = await ask('POST', 'environment-rules/preview', { mode: 'first', rules: [] })
    expect(without.body).toMatchObject({ linked: 0, moved: 6 })
    expect(without.body.examples[0]).toMatchObject({ from: [production], to: [staging], rules: [] })
  })
})

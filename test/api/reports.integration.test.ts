import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MAX_LINKS } from '../../src/changes/links.ts'
import { asOrganization } from '../../src/db/database.ts'
import { lockOutImports } from '../../src/db/resources.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { eventually } from '../../testing/eventually.ts'

let api: TestApi
let tenant: Tenant
beforeAll(async () => {
  api = await createTestApi()
  tenant = await api.tenant('deploys')
})
afterAll(() => api.close())

const report = (body: object, who = tenant) => who.request('POST', '/api/v1/changes', body)
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()

test('a report becomes a change in the feed, with its record', async () => {
  await tenant.request('POST', '/api/v1/environments', { name: 'Production' })
  const body = {
    summary: 'Deployed checkout 1.4.2',
    description: 'Fixes rounding.\nSee the pull request.',
    startsAt: minutesAgo(10),
    endsAt: minutesAgo(8),
    version: '1.4.2',
    environments: ['production', 'moon'],
    services: ['checkout'],
    authors: ['ada@example.com', 'bob'],
    labels: { team: 'payments' },
    links: [{ label: 'Run', url: 'https://ci.example.com/runs/1' }, 'https://example.com/pr/1'],
    idempotencyKey: 'run-1',
  }
  const { status, headers, body: change } = await report(body)
  expect(status).toBe(201)
  expect(headers.location).toBe(`/api/v1/changes/${change.id}`)
  expect(change).toMatchObject({
    source: 'deploy',
    sourceId: 'run-1',
    summary: body.summary,
    occurredAt: body.startsAt,
    endedAt: body.endsAt,
    service: 'checkout',
    action: 'deploy',
    outcome: 'succeeded',
    risks: ['deploy'],
    actor: { kind: 'person', id: 'ada@example.com' },
    resources: [{ key: 'deploy///Service/checkout' }],
    links: [
      { label: 'Run', url: 'https://ci.example.com/runs/1' },
      { label: 'example.com', url: 'https://example.com/pr/1' },
    ],
    detail: {
      description: body.description,
      version: '1.4.2',
      environments: ['production', 'moon'],
      labels: ['team:payments'],
    },
    warnings: ['No environment is named "moon". The change is stored without it.'],
  })
  const { body: feed } = await tenant.request('GET', '/api/v1/changes?source=deploy&q=checkout')
  expect(feed.items.map(({ id }: { id: string }) => id)).toEqual([change.id])
  // By the name of its environment, in any case.
  const filter = 'source=deploy&environment=PRODUCTION'
  expect((await tenant.request('GET', `/api/v1/changes?${filter}`)).body.items).toHaveLength(1)
  const counted = await tenant.request('GET', `/api/v1/changes/facets?${filter}`)
  expect(counted.body.total).toBe(1)
  const without = await tenant.request('GET', `/api/v1/changes?environment!=production`)
  expect(without.body.items).toEqual([])
  const { body: page } = await tenant.request('GET', `/api/v1/changes/${change.id}`)
  expect(page.record).toMatchObject({ idempotencyKey: 'run-1', summary: body.summary })
})

describe('a report with a known key', () => {
  const start = { summary: 'Deploying search', startsAt: minutesAgo(5), idempotencyKey: 'run-2' }

  test('updates the same change, also if both arrive concurrently', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => report(start)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201])
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    const { body } = await tenant.request('GET', '/api/v1/changes?source=deploy&q=Deploying')
    expect(body.items).toHaveLength(1)
  })

  test('can report the end of the change', async () => {
    const { body: before } = await report({ ...start, idempotencyKey: 'run-3' })
    const endsAt = minutesAgo(1)
    const end = { endsAt, outcome: 'failed', links: ['https://ci.example.com/logs'] }
    const { status, body } = await report({ ...start, ...end, idempotencyKey: 'run-3' })
    expect(status).toBe(200)
    expect(body).toMatchObject({ id: before.id, endedAt: endsAt, outcome: 'failed', warnings: [] })
    expect(body.links).toEqual([{ label: 'ci.example.com', url: end.links[0] }])
    // A repeated start does not undo the end.
    const { body: repeated } = await report({ ...start, idempotencyKey: 'run-3' })
    expect(repeated).toMatchObject({ endedAt: endsAt, outcome: 'failed' })
    const { body: facets } = await tenant.request('GET', '/api/v1/changes/facets?q=Deploying')
    expect(facets.fields.outcome).toContainEqual({ value: 'failed', count: 1 })
  })

  test('gets a warning about fields that it does not change, in case the key was reused by mistake', async () => {
    const key = { idempotencyKey: 'constant' }
    await report({ summary: 'First', startsAt: minutesAgo(9), ...key })
    const { status, body } = await report({ summary: 'Second', startsAt: minutesAgo(1), ...key })
    expect(status).toBe(200)
    expect(body.summary).toBe('First')
    expect(body.warnings).toEqual([expect.stringMatching(/Not updated: summary, startsAt\.$/)])
  })

  test('cannot end before the start', async () => {
    const { status, body } = await report({
      summary: start.summary,
      endsAt: minutesAgo(60),
      idempotencyKey: 'run-2',
    })
    expect(status).toBe(422)
    expect(body.errors[0].pointer).toBe('/endsAt')
  })

  test('creates another change in another organization', async () => {
    const other = await api.tenant('others')
    expect((await report(start, other)).status).toBe(201)
    const { body } = await other.request('GET', '/api/v1/changes')
    expect(body.items).toHaveLength(1)
  })
})

test.each([
  ['no key', { summary: 'a' }, '/idempotencyKey'],
  ['an empty summary', { summary: '  ', idempotencyKey: 'x' }, '/summary'],
  ['a control character', { summary: 'a\u001bb', idempotencyKey: 'x' }, '/summary'],
  ['NUL', { summary: 'a', description: 'a\0', idempotencyKey: 'x' }, '/description'],
  ['a lone surrogate', { summary: 'a', services: ['\ud800'], idempotencyKey: 'x' }, '/services/0'],
  ['a future start', { summary: 'a', startsAt: minutesAgo(-5), idempotencyKey: 'x' }, '/startsAt'],
  [
    'an old start',
    { summary: 'a', startsAt: minutesAgo(91 * 1440), idempotencyKey: 'x' },
    '/startsAt',
  ],
  ['no time', { summary: 'a', startsAt: 'yesterday', idempotencyKey: 'x' }, '/startsAt'],
  [
    'an end before the start',
    { summary: 'a', startsAt: minutesAgo(1), endsAt: minutesAgo(2), idempotencyKey: 'x' },
    '/endsAt',
  ],
  ['a script', { summary: 'a', links: ['javascript:alert(1)'], idempotencyKey: 'x' }, '/links/0'],
  [
    'a script in an object',
    { summary: 'a', links: [{ url: ' javascript:alert(1)' }], idempotencyKey: 'x' },
    '/links/0',
  ],
  ['a data URL', { summary: 'a', links: ['data:text/html,x'], idempotencyKey: 'x' }, '/links/0'],
  [
    'a password',
    { summary: 'a', links: ['https://a:b@c.example'], idempotencyKey: 'x' },
    '/links/0',
  ],
  [
    'too many services',
    { summary: 'a', services: Array(51).fill('s'), idempotencyKey: 'x' },
    '/services',
  ],
  ['a long name', { summary: 'a', authors: ['a'.repeat(201)], idempotencyKey: 'x' }, '/authors/0'],
  ['a long key', { summary: 'a', idempotencyKey: 'ä'.repeat(300) }, '/idempotencyKey'],
  ['an unknown field', { summary: 'a', idempotencyKey: 'x', sourceId: 'y' }, '/sourceId'],
  ['an unknown outcome', { summary: 'a', idempotencyKey: 'x', outcome: 'denied' }, '/outcome'],
])('a report with %s gets 422, and nothing is stored', async (_what, body, pointer) => {
  const other = await api.tenant('strict')
  const answer = await report(body, other)
  expect(answer.status).toBe(422)
  expect(answer.body.errors[0].pointer).toContain(pointer)
  expect(
    (await other.request('GET', '/api/v1/changes?from=2020-01-01T00:00:00Z')).body.items,
  ).toEqual([])
})

test('a report for a week without a partition is stored', async () => {
  const startsAt = minutesAgo(80 * 1440)
  const { status, body } = await report({ summary: 'Old', startsAt, idempotencyKey: 'old' })
  expect(status).toBe(201)
  expect(body.occurredAt).toBe(startsAt)
})

test('a report far in the past or future creates no partition', async () => {
  await expect(
    api.context.database
      .transaction()
      .execute((trx) => sql`SELECT ensure_report_partitions('2001-01-01')`.execute(trx)),
  ).rejects.toThrow(/no partition/)
  await expect(
    sql`CALL ensure_partitions('2001-01-01', '2001-01-02')`.execute(api.context.database),
  ).rejects.toThrow(/permission denied/)
})

test('a later report waits for relinking before it locks the change', async () => {
  const body = { summary: 'Deployed search', idempotencyKey: 'search-1' }
  const { body: change } = await report(body)
  let update: ReturnType<typeof report> | undefined
  await asOrganization(api.db, tenant.id, async (trx) => {
    await lockOutImports(trx, tenant.id)
    update = report({ ...body, environments: ['Production'] })
    await eventually(
      async () => {
        const { rows } = await sql<{ count: number }>`
          SELECT count(*)::int AS count FROM pg_locks
          WHERE NOT granted AND locktype = 'advisory'
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        `.execute(api.superuser)
        return rows[0]!.count
      },
      (count) => count > 0,
    )
    // As relinking does. If the report had locked the change, each would wait for the other.
    await sql`SELECT id FROM changes WHERE id = ${change.id} FOR UPDATE NOWAIT`.execute(trx)
  })
  expect((await update)?.status).toBe(200)
})

test('a later report replaces the environments only if it names some', async () => {
  const other = await api.tenant('moved')
  const names: string[] = []
  for (const name of ['Production', 'Staging']) {
    const { body } = await other.request('POST', '/api/v1/environments', { name })
    names.push(body.id)
  }
  const [production, staging] = names
  const body = { summary: 'Deployed', environments: ['staging'], idempotencyKey: 'moved' }
  const environmentsOf = async (fields: object) =>
    (await report({ ...body, ...fields }, other)).body.environments
  expect(await environmentsOf({})).toEqual([staging])
  expect(await environmentsOf({ environments: ['Production'] })).toEqual([production])
  expect(await environmentsOf({ environments: undefined, outcome: 'failed' })).toEqual([production])
  const path = '/api/v1/changes?environment='
  expect((await other.request('GET', path + staging)).body.items).toEqual([])
  expect((await other.request('GET', path + production)).body.items).toHaveLength(1)
})

test('a change keeps the newest links of its reports, one per URL', async () => {
  const linksOf = async (links: unknown[]): Promise<{ label: string; url: string }[]> =>
    (await report({ summary: 'Deployed', links, idempotencyKey: 'linked' })).body.links
  const urls = Array.from({ length: 3 * 20 }, (_, n) => `https://ci.example.com/steps/${n}`)
  const repeated = { label: 'Again', url: urls[0] }
  expect(await linksOf([urls[0], repeated])).toEqual([{ label: 'ci.example.com', url: urls[0] }])
  expect(await linksOf([repeated, urls[1], urls[1]])).toEqual(
    urls.slice(0, 2).map((url) => ({ label: 'ci.example.com', url })),
  )
  let links: { url: string }[] = []
  for (let n = 0; n < urls.length; n += 20) links = await linksOf(urls.slice(n, n + 20))
  expect(links.map(({ url }) => url)).toEqual(urls.slice(-MAX_LINKS))
  const { body: feed } = await tenant.request('GET', '/api/v1/changes?source=deploy&q=Deployed')
  const { links: listed } = feed.items.find(
    (each: { sourceId: string }) => each.sourceId === 'linked',
  )
  expect(listed).toEqual(links)
})

test('reports, including rejected ones, count for the completeness of an incident', async () => {
  const other = await api.tenant('completeness')
  const incident = { title: 'checkout is down', noticedAt: minutesAgo(10) }
  const { body } = await other.request('POST', '/api/v1/incidents', incident)
  const reports = async () => {
    const answer = await other.request('GET', `/api/v1/incidents/${body.id}/changes`)
    return answer.body.completeness.sources.find(({ kind }: { kind: string }) => kind === 'deploy')
  }
  expect(await reports()).toBeUndefined()
  await report({ summary: 'Deployed', startsAt: minutesAgo(5), idempotencyKey: 'a' }, other)
  expect(await reports()).toMatchObject({ name: 'Reported changes', state: 'complete' })
  await api.superuser
    .updateTable('report_receipts')
    .set({ last_at: new Date(minutesAgo(30)) })
    .where('organization_id', '=', other.id)
    .execute()
  expect(await reports()).toMatchObject({
    state: 'silent',
    sentence: expect.stringContaining('No events does not mean no changes.'),
  })
  expect((await report({ summary: 'Deployed' }, other)).status).toBe(422)
  const noted = await eventually(reports, ({ state }) => state === 'incomplete')
  expect(noted.sentence).toMatch(/^A report was refused/)
})

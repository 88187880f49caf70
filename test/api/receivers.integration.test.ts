import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { eventually } from '../../testing/eventually.ts'

let api: TestApi
let tenant: Tenant
let log = ''
beforeAll(async () => {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      log += chunk
      done()
    },
  })
  api = await createTestApi({ logger: pino({ level: 'trace' }, stream) })
  tenant = await api.tenant('receivers')
})
afterAll(() => api.close())

const post = async (url: string, payload: unknown, headers: Record<string, string> = {}) => {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const response = await api.app.inject({
    method: 'POST',
    url,
    payload: body,
    headers: { 'content-type': 'application/json', ...headers },
  })
  return { status: response.statusCode, body: response.json() }
}
const feed = async (who: Tenant, filter: string) =>
  (await who.request('GET', `/api/v1/changes?source=deploy&${filter}`)).body.items
const now = () => new Date().toISOString()

// From PagerDuty's documentation, except for key and time.
const pagerDuty = () => ({
  routing_key: tenant.key,
  payload: {
    summary: 'Build Success - Increase snapshot create timeout to 30 seconds',
    timestamp: now(),
    source: 'acme-build-pipeline-tool-default-i-9999',
    custom_details: {
      build_state: 'passed',
      build_number: '2',
      run_time: '1236s',
      environment: 'production',
    },
  },
  links: [{ href: 'https://acme.pagerduty.dev/build/2', text: 'View more details in Acme!' }],
})

test("a PagerDuty change event gets PagerDuty's response, and is stored once", async () => {
  const event = pagerDuty()
  for (const _ of [1, 2]) {
    expect(await post('/v2/change/enqueue', event)).toEqual({
      status: 202,
      body: { status: 'success', message: 'Change event processed' },
    })
  }
  const found = await feed(tenant, 'q=snapshot')
  expect(found).toHaveLength(1)
  expect(found[0]).toMatchObject({
    summary: event.payload.summary,
    occurredAt: event.payload.timestamp,
    links: [{ url: 'https://acme.pagerduty.dev/build/2', label: 'View more details in Acme!' }],
    detail: { receivedAs: 'pagerduty', environments: ['production'] },
  })
  const page = await tenant.request('GET', `/api/v1/changes/${found[0].id}`)
  expect(JSON.stringify(page.body)).not.toContain(tenant.key)
})

test.each([
  ['a wrong key', () => ({ ...pagerDuty(), routing_key: 'R'.repeat(32) }), /routing_key/],
  ['no key', () => ({ payload: pagerDuty().payload }), /routing_key/],
  ['no summary', () => ({ routing_key: tenant.key, payload: {} }), /payload\.summary/],
  [
    'a future time',
    () => ({
      routing_key: tenant.key,
      payload: { summary: 'a', timestamp: '2100-01-01T00:00:00Z' },
    }),
    /future/,
  ],
])(
  'a PagerDuty change event with %s is rejected like at PagerDuty',
  async (_what, event, error) => {
    const { status, body } = await post('/v2/change/enqueue', event())
    expect(status).toBe(400)
    expect(body.status).toBe('invalid event')
    expect(body.errors.join()).toMatch(error)
  },
)

test('the routing key of a PagerDuty change event is its own field, not one in its details', async () => {
  const [event, other] = [pagerDuty(), await api.tenant('other details')]
  const withDetails = (key: string, summary: string) => ({
    payload: { ...event.payload, summary, custom_details: { routing_key: key } },
  })
  const own = { ...withDetails(other.key, 'With the key of another'), routing_key: tenant.key }
  expect((await post('/v2/change/enqueue', own)).status).toBe(202)
  expect(await feed(tenant, 'q=key+of+another')).toHaveLength(1)
  expect(await feed(other, 'q=key+of+another')).toEqual([])
  const onlyInDetails = withDetails(tenant.key, 'Without a key')
  const refused = await post('/v2/change/enqueue', onlyInDetails)
  expect(refused).toMatchObject({ status: 400, body: { status: 'invalid event' } })
  expect(await feed(tenant, 'q=Without+a+key')).toEqual([])
})

test('a PagerDuty change event with a valid key is checked like all bodies', async () => {
  const event = JSON.stringify(pagerDuty())
  for (const [text, detail] of [
    [event.slice(0, -1), 'not valid JSON'],
    [event.replace('{', '{"a":1,"a":2,'), 'Duplicate name'],
  ] as const) {
    const { status, body } = await post('/v2/change/enqueue', text)
    expect(status).toBe(400)
    expect(body.detail).toContain(detail)
  }
})

test('links of a received event that are not web URLs are removed', async () => {
  const event = { ...pagerDuty(), links: [{ href: 'javascript:alert(1)', text: 'a' }] }
  event.payload.summary = 'With a script'
  expect((await post('/v2/change/enqueue', event)).status).toBe(202)
  expect((await feed(tenant, 'q=With+a+script'))[0].links).toEqual([])
})

const event = (fields: object) => ({
  specversion: '1.0',
  id: 'e1',
  source: '/ci/acme',
  type: 'com.acme.released',
  time: now(),
  ...fields,
})

test('a CloudEvent in structured mode is stored as a change, once', async () => {
  const auth = { authorization: `Bearer ${tenant.key}` }
  const headers = { ...auth, 'content-type': 'application/cloudevents+json; charset=utf-8' }
  const sent = event({ subject: 'billing', data: { summary: 'Released billing', version: '7' } })
  const first = await post('/api/v1/cloudevents', sent, headers)
  expect(first).toMatchObject({ status: 202, body: { changes: [{ created: true }], ignored: [] } })
  const again = await post('/api/v1/cloudevents', sent, headers)
  expect(again.body.changes).toEqual([{ ...first.body.changes[0], created: false }])
  expect((await feed(tenant, 'q=billing'))[0]).toMatchObject({
    summary: 'Released billing',
    service: 'billing',
    action: 'com.acme.released',
    detail: { version: '7', receivedAs: 'cloudevents' },
  })
})

test('a CloudEvent in binary mode is stored as a change', async () => {
  const headers = {
    authorization: `Bearer ${tenant.key}`,
    'ce-specversion': '1.0',
    'ce-id': 'b1',
    'ce-source': '/ci',
    'ce-type': 'com.acme.flag',
    'ce-subject': 'caf%C3%A9',
  }
  const { status } = await post('/api/v1/cloudevents', { any: 'data' }, headers)
  expect(status).toBe(202)
  const [change] = await feed(tenant, 'action=com.acme.flag')
  expect(change).toMatchObject({ summary: 'com.acme.flag of café', service: 'café' })
})

// From the examples of the CDEvents specification, except for the time.
const cdEvent = (type: string, subject: object) => ({
  context: {
    version: '0.4.1',
    id: `${type}-1`,
    source: '/event/source/123',
    type: `dev.cdevents.${type}.0.2.0`,
    timestamp: now(),
  },
  subject,
})
const cloudEventOf = (data: ReturnType<typeof cdEvent>) =>
  event({ id: data.context.id, type: data.context.type, data })

test('CDEvents: a deployment is one change, and a pipeline run lasts from its start to its end', async () => {
  const auth = { authorization: `Bearer ${tenant.key}` }
  const headers = { ...auth, 'content-type': 'application/cloudevents-batch+json' }
  const run = { id: '/runs/12', source: '/tekton', type: 'pipelineRun' }
  const start = cdEvent('pipelinerun.started', { ...run, content: { pipelineName: 'release' } })
  const end = cdEvent('pipelinerun.finished', {
    ...run,
    content: { pipelineName: 'release', outcome: 'failure', errors: 'out of memory' },
  })
  end.context.timestamp = new Date(Date.parse(start.context.timestamp) + 1000).toISOString()
  const deployed = cdEvent('service.deployed', {
    id: '/apps/mysubject',
    type: 'service',
    content: {
      environment: { id: 'test123' },
      artifactId:
        'pkg:oci/myapp@sha256%3A0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427?tag=2.1',
    },
  })
  const queued = cdEvent('pipelinerun.queued', { ...run, content: {} })
  const batch = [start, deployed, queued, end].map(cloudEventOf)
  const { status, body } = await post('/api/v1/cloudevents', batch, headers)
  expect(status).toBe(202)
  expect(body.changes.map(({ created }: { created: boolean }) => created)).toEqual([
    true,
    true,
    false,
  ])
  expect(body.ignored).toEqual([{ index: 2, reason: expect.stringContaining('queued') }])
  const [ran] = await feed(tenant, 'service=release')
  expect(ran).toMatchObject({
    summary: 'Ran the pipeline release',
    outcome: 'failed',
    occurredAt: start.context.timestamp,
    endedAt: end.context.timestamp,
  })
  const [deploy] = await feed(tenant, 'service=mysubject')
  expect(deploy).toMatchObject({ summary: 'Deployed mysubject 2.1 to test123', action: 'deploy' })
})

test('one invalid event rejects its whole batch', async () => {
  const headers = {
    authorization: `Bearer ${tenant.key}`,
    'content-type': 'application/cloudevents-batch+json',
  }
  const valid = event({ id: 'v', data: { summary: 'From an invalid batch' } })
  for (const invalid of [{ specversion: '0.3' }, 7, event({ time: '2100-01-01T00:00:00Z' })]) {
    expect((await post('/api/v1/cloudevents', [valid, invalid], headers)).status).toBe(422)
  }
  expect(await feed(tenant, 'q=invalid+batch')).toEqual([])
  const { authorization: _, ...anonymous } = headers
  expect((await post('/api/v1/cloudevents', [valid], anonymous)).status).toBe(401)
})

test.each(['', '/api/v3'])('the GitHub deployment API works at %s/repos', async (prefix) => {
  const base = `${prefix}/repos/acme/shop${prefix.length}/deployments`
  const headers = { authorization: `token ${tenant.key}` }
  const created = await post(base, { ref: 'v1.4.2', environment: 'staging' }, headers)
  expect(created.status).toBe(201)
  const { id, statuses_url } = created.body
  expect(statuses_url).toMatch(new RegExp(`${base}/${id}/statuses$`))
  const repository = `acme/shop${prefix.length}`
  const [started] = await feed(tenant, `service=shop${prefix.length}`)
  expect(started).toMatchObject({
    summary: `Deployed shop${prefix.length} v1.4.2 to staging`,
    endedAt: null,
    detail: { repository, version: 'v1.4.2', environments: ['staging'] },
  })
  const statuses = new URL(statuses_url).pathname
  const progress = await post(statuses, { state: 'in_progress' }, headers)
  expect(progress).toMatchObject({ status: 201, body: { state: 'in_progress' } })
  const failure = {
    state: 'failure',
    log_url: 'https://ci.example.com/1',
    environment_url: 'data:x',
  }
  expect((await post(statuses, failure, headers)).status).toBe(201)
  const [ended] = await feed(tenant, `service=shop${prefix.length}`)
  expect(ended).toMatchObject({ id: started.id, outcome: 'failed', endedAt: expect.any(String) })
  expect(ended.links).toEqual([{ label: 'Log', url: 'https://ci.example.com/1' }])

  // The deployment of another organization, and what GitHub would refuse.
  const other = await api.tenant('foreign')
  const foreign = { authorization: `Bearer ${other.key}` }
  expect((await post(statuses, { state: 'success' }, foreign)).status).toBe(404)
  expect((await post(`${base}/1/statuses`, { state: 'success' }, headers)).status).toBe(404)
  expect(await post(base, { ref: 'main' })).toMatchObject({ status: 401 })
  expect(await post(base, {}, headers)).toMatchObject({
    status: 422,
    body: { message: 'Validation Failed', errors: [{ field: 'ref' }] },
  })
  expect(await post(statuses, { state: 'done' }, headers)).toMatchObject({ status: 422 })
})

test('rejected reports are recorded, also those with too large a body', async () => {
  const refusedAt = async (who: Tenant) => {
    const row = await api.superuser
      .selectFrom('refusals')
      .select('last_at')
      .where('organization_id', '=', who.id)
      .where('integration_id', 'is', null)
      .executeTakeFirst()
    return row?.last_at
  }
  const [one, two] = [await api.tenant('refused event'), await api.tenant('refused deployment')]
  expect((await post('/v2/change/enqueue', { routing_key: one.key, payload: {} })).status).toBe(400)
  const headers = { authorization: `token ${two.key}` }
  const large = { ref: 'main', description: 'x'.repeat(20_000) }
  expect((await post('/repos/acme/shop/deployments', large, headers)).status).toBe(413)
  for (const who of [one, two])
    expect(
      await eventually(
        () => refusedAt(who),
        (time) => time != null,
      ),
    ).toBeInstanceOf(Date)
})

test('bodies have a size limit and must be JSON', async () => {
  const large = { ...pagerDuty(), more: 'x'.repeat(600 * 1024) }
  expect((await post('/v2/change/enqueue', large)).status).toBe(413)
  expect((await post('/v2/change/enqueue', '{')).status).toBe(400)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  expect((await post('/v2/change/enqueue', 'a=b', form)).status).toBe(415)
})

test('unpaired surrogates in URLs and names of object methods are not stored', async () => {
  const link = 'https://example.com/\ud800'
  const shown = { ...pagerDuty(), links: [{ href: link, text: 'a\0\ud800' }] }
  shown.payload.summary = 'With half a character'
  expect((await post('/v2/change/enqueue', shown)).status).toBe(202)
  expect((await feed(tenant, 'q=half+a+character'))[0].links).toEqual([])
  const auth = { authorization: `Bearer ${tenant.key}` }
  const report = { summary: 'a', idempotencyKey: 'half', links: [link] }
  expect((await post('/api/v1/changes', report, auth)).status).toBe(422)
  const named = cdEvent('environment.created', { id: '/envs/a', type: 'a', content: { name: 1 } })
  expect((await post('/api/v1/cloudevents', cloudEventOf(named), auth)).status).toBe(422)
})

test('keys are not logged, also if a sender puts one into the URL', async () => {
  expect((await post(`/receivers/launchdarkly?key=${tenant.key}`, {})).status).toBe(404)
  await tenant.request('POST', `/api/v1/changes?key=${tenant.key}`, {})
  expect(log).toContain('/v2/change/enqueue')
  expect(log).not.toContain(tenant.key)
})

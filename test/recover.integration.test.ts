import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createActivities } from '../src/activities/index.ts'
import { recoverDeliveries } from '../src/activities/recover-deliveries.ts'
import { AwsAccess } from '../src/aws/access.ts'
import { Pacers } from '../src/aws/pacer.ts'
import { installationId } from '../src/db/installation.ts'
import { SecretBox } from '../src/integrations/secret-box.ts'
import { signatureHeaders } from '../src/integrations/signature.ts'
import { createLogger } from '../src/log.ts'
import { startRecoverStarter } from '../src/recover-starter.ts'
import { installTemporalRuntime } from '../src/temporal/runtime.ts'
import { startWorker } from '../src/temporal/worker.ts'
import { bundleWorkflows } from '../src/temporal/workflow-bundle.ts'
import { recoverWorkflowId } from '../src/workflows/state.ts'
import { createTestApi, type Tenant, type TestApi } from '../testing/api.ts'
import { eventually } from '../testing/eventually.ts'
import { pullRequestMerged } from '../testing/github.ts'
import { type FakeGitHub, startFakeGitHub } from '../testing/github-api.ts'
import { createTemporalNamespace } from '../testing/temporal-namespace.ts'
import { createTestWorkflows } from '../testing/workflows/client.ts'

const MINUTE_MS = 60_000
/** Whole seconds, as in GitHub's payloads. */
const now = new Date(Math.floor(Date.now() / 1000) * 1000)
const ago = (minutes: number) => new Date(now.getTime() - minutes * MINUTE_MS)

let api: TestApi
beforeAll(async () => {
  installTemporalRuntime(createLogger({ level: 'error' }))
  // No worker runs for it: each test checks itself.
  api = await createTestApi()
})
afterAll(() => api.close())

async function startGitHub(): Promise<FakeGitHub> {
  const github = await startFakeGitHub()
  onTestFinished(() => github.close())
  return github
}

interface Integration {
  id: string
  url: string
  secret: string
}

async function create(tenant: Tenant): Promise<Integration> {
  return (await tenant.request('POST', '/api/v1/integrations', { kind: 'github' })).body
}

let ids = 0
/** An attempt that Cairn has missed: the merge of a pull request. */
function missed(minutesAgo: number, fields: object = {}) {
  const number = ++ids
  return {
    // Larger than a number can represent exactly.
    id: `9007199254741${String(number).padStart(5, '0')}`,
    guid: randomUUID(),
    deliveredAt: ago(minutesAgo),
    event: 'pull_request',
    payload: pullRequestMerged(number, ago(minutesAgo)) as unknown,
    ...fields,
  }
}

/** An integration with a token, and a webhook of the repository acme/shop. */
async function setUp(name: string, attempts: ReturnType<typeof missed>[]) {
  const github = await startGitHub()
  const tenant = await api.tenant(name)
  const integration = await create(tenant)
  github.hooks.push(
    { id: 1, owner: 'acme/shop', url: 'https://ci.example.com/hook', attempts: [missed(1)] },
    { id: 2, owner: 'acme/shop', url: integration.url, attempts },
  )
  const body = { token: github.token, hooksOf: ['acme/shop'] }
  const answer = await tenant.request(
    'PUT',
    `/api/v1/integrations/${integration.id}/recovery`,
    body,
  )
  expect(answer.status).toBe(200)
  return { github, tenant, integration }
}

type SetUp = Awaited<ReturnType<typeof setUp>>

const check = ({ github, tenant, integration }: SetUp, fields = {}) =>
  recoverDeliveries(
    {
      db: api.db,
      aws: new AwsAccess(),
      pacers: new Pacers(),
      githubApiUrl: github.url,
      secrets: () => api.context.secrets,
      ...fields,
    },
    { installationId: 'unused', organizationId: tenant.id, integrationId: integration.id },
    new AbortController().signal,
  )

const checkNow = ({ tenant, integration }: SetUp) =>
  tenant.request('POST', `/api/v1/integrations/${integration.id}/recovery/check`, {})

async function recoveryOf({ tenant, integration }: SetUp) {
  return (await tenant.request('GET', `/api/v1/integrations/${integration.id}`)).body.recovery
}

async function log({ tenant, integration }: SetUp) {
  const path = `/api/v1/integrations/${integration.id}/deliveries?limit=500`
  return (await tenant.request('GET', path)).body.items
}

async function send({ integration }: SetUp, { guid, event, payload }: ReturnType<typeof missed>) {
  const body = Buffer.from(JSON.stringify(payload))
  const response = await api.app.inject({
    method: 'POST',
    url: new URL(integration.url).pathname,
    payload: body,
    headers: {
      'x-github-event': event,
      'x-github-delivery': guid,
      ...signatureHeaders('github', { secret: integration.secret, body }),
    },
  })
  expect(response.statusCode).toBe(202)
}

describe('a check', () => {
  test('fetches missed deliveries once, with the time at which they were sent', async () => {
    const attempts = [missed(3), missed(120), missed(60 * 24)]
    const set = await setUp('missed', attempts)
    await send(set, attempts[0]!)
    expect(await check(set)).toEqual({ recovered: 2, nextInMs: expect.any(Number) })
    expect(await log(set)).toMatchObject([
      { deliveryId: attempts[1]!.guid, receivedAt: ago(120).toISOString(), state: 'received' },
      { deliveryId: attempts[2]!.guid, receivedAt: ago(60 * 24).toISOString() },
      { deliveryId: attempts[0]!.guid, recoveredAt: null },
    ])
    expect(await recoveryOf(set)).toMatchObject({
      hooksOf: ['acme/shop'],
      problem: null,
      recovered: 2,
      checkedAt: expect.any(String),
      checkedThrough: expect.any(String),
    })
    // Not due: nothing is asked.
    const before = set.github.requests.length
    expect((await check(set)).nextInMs).toBeGreaterThan(9 * MINUTE_MS)
    expect(set.github.requests.length).toBe(before)
    // Nothing is missing any more: the list is read, and no payload.
    await checkNow(set)
    expect((await check(set)).recovered).toBe(0)
    expect(set.github.requests.length).toBe(before + 2)
    expect(await log(set)).toHaveLength(3)
  })

  test('reads all pages, and stores several attempts of a delivery once', async () => {
    const attempts = Array.from({ length: 7 }, (_, index) => missed(10 + index))
    const again = { ...attempts[6]!, id: '77', deliveredAt: ago(1), isRedelivery: true }
    const set = await setUp('pages', [...attempts, again])
    set.github.pageSize = 3
    expect(await check(set)).toMatchObject({ recovered: 7 })
    const stored = await log(set)
    expect(stored).toHaveLength(7)
    // The time of the first attempt.
    const first = stored.find((each: { deliveryId: string }) => each.deliveryId === again.guid)
    expect(first.receivedAt).toBe(attempts[6]!.deliveredAt.toISOString())
  })

  test('continues where an interrupted check stopped', async () => {
    const attempts = Array.from({ length: 30 }, (_, index) => missed(10 + index))
    const set = await setUp('interrupted', attempts)
    let fetched = 0
    set.github.intercept = (request, response) => {
      if (!/deliveries\/\d+$/.test(request.url!) || ++fetched !== 26) return false
      response.statusCode = 502
      response.end()
      return true
    }
    expect(await check(set)).toMatchObject({ recovered: 25 })
    expect(await recoveryOf(set)).toMatchObject({
      problem: 'GitHub answered with status 502. Cairn retries.',
      checkedThrough: null,
      recovered: 25,
    })
    await checkNow(set)
    expect(await check(set)).toMatchObject({ recovered: 5 })
    expect(await recoveryOf(set)).toMatchObject({ problem: null, recovered: 30 })
    expect(await log(set)).toHaveLength(30)
  })

  test('stores each delivery once if it runs twice concurrently', async () => {
    const attempts = Array.from({ length: 30 }, (_, index) => missed(10 + index))
    const set = await setUp('twice', attempts)
    const results = await Promise.all([check(set), check(set), send(set, attempts[0]!)])
    expect(results[0].recovered + results[1].recovered).toBeGreaterThanOrEqual(29)
    expect(await log(set)).toHaveLength(30)
    expect((await recoveryOf(set)).recovered).toBe(results[0].recovered + results[1].recovered)
  })

  test('asks GitHub once to resend a delivery that it no longer has', async () => {
    const attempt = missed(10, { payload: null })
    const set = await setUp('redelivered', [attempt])
    expect(await check(set)).toMatchObject({ recovered: 0 })
    expect(set.github.redelivered).toEqual([attempt.id])
    set.github.hooks[1]!.attempts.push({ ...attempt, id: '78', isRedelivery: true })
    await checkNow(set)
    await check(set)
    expect(set.github.redelivered).toEqual([attempt.id])
    expect(await recoveryOf(set)).toMatchObject({ problem: null })
  })

  test('continues after a pause if GitHub does not return many deliveries, and reaches the others', async () => {
    const returned = [missed(1), missed(2), missed(3)]
    const gone = Array.from({ length: 407 }, (_, index) => missed(10 + index))
    const set = await setUp('gone', [...returned, ...gone])
    const ids = new Set(gone.map(({ id }) => id))
    set.github.intercept = (request, response) => {
      if (!ids.has(/deliveries\/(\d+)$/.exec(request.url!)?.[1] ?? '')) return false
      response.statusCode = 404
      response.end('{}')
      return true
    }
    // Each second, a check begins with another one. This one ends before the newest ten of 410.
    let time = Math.ceil((Date.now() + MINUTE_MS) / 410_000) * 410_000
    const results: object[] = []
    for (let checks = 0; checks < 3; checks++) {
      const result = await check(set, { clock: () => time })
      results.push(result)
      time += result.nextInMs!
    }
    expect(results).toEqual([
      { recovered: 0, nextInMs: 10 * MINUTE_MS },
      { recovered: 3, nextInMs: 0 },
      { recovered: 0, nextInMs: 10 * MINUTE_MS },
    ])
    expect((await recoveryOf(set)).problem).toMatch(/has returned none of the missed deliveries/)
  })

  /** The time of a check, to which each page of a list adds. */
  function slowLists({ github }: SetUp, pageMs: number) {
    const clock = { time: Date.now() + MINUTE_MS }
    github.intercept = ({ url }) => {
      if (url!.includes('/deliveries?')) clock.time += pageMs
      return false
    }
    return clock
  }

  test('ends with a problem if there is more than it can list, and recovers what it has listed', async () => {
    const set = await setUp(
      'long list',
      Array.from({ length: 10 }, (_, index) => missed(10 + index)),
    )
    set.github.pageSize = 1
    const clock = slowLists(set, 20_000)
    // The fifth page ends after 100 seconds.
    const result = await check(set, { clock: () => clock.time })
    expect(result).toEqual({ recovered: 5, nextInMs: 60 * MINUTE_MS })
    const time = ago(14).toISOString().slice(0, 16).replace('T', ' ')
    expect(await recoveryOf(set)).toMatchObject({
      problem: `The webhook of acme/shop has more deliveries than Cairn can list in one check. Those missed before ${time} UTC are not found. Subscribe the webhook to fewer events.`,
      checkedThrough: null,
      recovered: 5,
    })
  })

  test('begins with another repository if one check cannot list all', async () => {
    const set = await setUp('many lists', [missed(10)])
    const { github, tenant, integration } = set
    const attempts = [missed(11)]
    github.hooks.push({ id: 3, owner: 'acme/web', url: integration.url, attempts })
    const path = `/api/v1/integrations/${integration.id}/recovery`
    await tenant.request('PUT', path, { hooksOf: ['acme/shop', 'acme/web'] })
    // An odd number of seconds, so that the next check begins with the other one.
    const clock = slowLists(set, 101_000)
    for (let recovered = 1; recovered <= 2; recovered++) {
      const result = await check(set, { clock: () => clock.time })
      expect(result).toEqual({ recovered: 1, nextInMs: 60 * MINUTE_MS })
      expect(await recoveryOf(set)).toMatchObject({
        problem: expect.stringMatching(/could not read the lists of all webhooks/),
        checkedThrough: null,
        recovered,
      })
      clock.time += result.nextInMs!
    }
  })

  test('stores nothing after the token was removed, and ends the workflow', async () => {
    const set = await setUp('removed', [missed(10)])
    const { tenant, integration } = set
    const path = `/api/v1/integrations/${integration.id}/recovery`
    set.github.intercept = (request, response) => {
      if (!/deliveries\/\d+$/.test(request.url!)) return false
      void tenant.request('DELETE', path).then(() => {
        set.github.intercept = () => false
        response.writeHead(307, { location: request.url! }).end()
      })
      return true
    }
    // The fetch fails; the token is gone meanwhile.
    expect(await check(set)).toMatchObject({ recovered: 0 })
    expect(await log(set)).toEqual([])
    expect(await check(set)).toEqual({ recovered: 0, nextInMs: null })
    expect(await recoveryOf(set)).toBeNull()
  })
})

describe('a problem is shown with its fix', () => {
  type Intercept = FakeGitHub['intercept']
  const status =
    (code: number, headers: Record<string, string> = {}): Intercept =>
    (_request, response) => {
      response.writeHead(code, headers).end('{}')
      return true
    }
  test.each<[string, Intercept, RegExp]>([
    ['an expired token', status(401), /does not accept the token.*Create another token/],
    [
      'a token without permission',
      status(403),
      /may not read the webhooks of the repository acme\/shop/,
    ],
    ['a wrong name', status(404), /Correct the name, or give the token access/],
    ['a repository that was renamed', status(301, { location: '/x' }), /renamed or moved/],
    ['an error of GitHub', status(503), /status 503/],
    [
      'what is not JSON',
      (_request, response) => {
        response.end('<html>')
        return true
      },
      /cannot be read/,
    ],
    [
      'JSON of another shape',
      (_request, response) => {
        response.end('{"hooks":[]}')
        return true
      },
      /cannot be read/,
    ],
    [
      'a connection that breaks',
      (request) => {
        request.socket.destroy()
        return true
      },
      /Cannot reach 127\.0\.0\.1/,
    ],
  ])('for %s', async (name, intercept, expected) => {
    const set = await setUp(name, [missed(10)])
    set.github.intercept = intercept
    expect((await check(set)).nextInMs).toBeGreaterThan(0)
    const { problem, checkedThrough } = await recoveryOf(set)
    expect(problem).toMatch(expected)
    expect(problem).not.toContain(set.github.token)
    expect(checkedThrough).toBeNull()
    set.github.intercept = () => false
    await checkNow(set)
    expect(await check(set)).toMatchObject({ recovered: 1 })
    expect((await recoveryOf(set)).problem).toBeNull()
  })

  test('if no webhook has the URL of the integration', async () => {
    const set = await setUp('no webhook', [])
    set.github.hooks.pop()
    await check(set)
    expect((await recoveryOf(set)).problem).toMatch(/No webhook of acme\/shop has the URL/)
  })

  test('if the token cannot be decrypted', async () => {
    const set = await setUp('another key', [missed(10)])
    await check(set, { secrets: () => new SecretBox([Buffer.alloc(32)]) })
    expect((await recoveryOf(set)).problem).toMatch(/Workers need the same CAIRN_SECRET_KEY/)
    await checkNow(set)
    await check(set, { secrets: undefined })
    expect((await recoveryOf(set)).problem).toMatch(/cannot be decrypted/)
    expect(set.github.requests).toEqual([])
  })

  test('if the rate limit is used up, and the next check waits until it is reset', async () => {
    const set = await setUp('rate limit', [missed(10)])
    const reset = Math.floor(Date.now() / 1000) + 1800
    const limited = (code: number, headers: Record<string, string>) => {
      set.github.intercept = status(code, headers)
    }
    limited(403, {
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': `${reset}`,
    })
    const first = await check(set)
    expect(first.nextInMs).toBeGreaterThan(25 * MINUTE_MS)
    expect(first.nextInMs).toBeLessThanOrEqual(30 * MINUTE_MS)
    const { problem, nextCheckAt } = await recoveryOf(set)
    expect(problem).toMatch(/rate limit of the token is used up. Cairn continues at .* UTC/)
    expect(Math.floor(Date.parse(nextCheckAt) / 1000)).toBe(reset)
    // The secondary limit.
    limited(429, { 'retry-after': '120' })
    await checkNow(set)
    expect((await check(set)).nextInMs).toBeLessThanOrEqual(2 * MINUTE_MS)
    // Others use the same token: some requests are left to them.
    limited(200, {
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': '99',
      'x-ratelimit-reset': `${reset}`,
    })
    await checkNow(set)
    await check(set)
    expect((await recoveryOf(set)).problem).toMatch(/rate limit/)
  })

  test('and a redirect does not receive the token', async () => {
    const other = await startGitHub()
    const set = await setUp('redirected', [missed(10)])
    set.github.intercept = status(302, { location: `${other.url}/repos/acme/shop/hooks` })
    await check(set)
    expect(other.requests).toEqual([])
  })
})

describe('the token', () => {
  test('is in no response, row or log, and only owners can set it', async () => {
    const lines: string[] = []
    const sink = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk))
        done()
      },
    })
    const logged = await createTestApi({ logger: pino({ level: 'trace' }, sink) })
    onTestFinished(() => logged.close())
    const tenant = await logged.tenant('secret token')
    const [owner, member] = [await tenant.signedIn('owner'), await tenant.signedIn('member')]
    const token = `github_pat_${randomUUID().replaceAll('-', '')}`
    const { id } = await create(tenant)
    const path = `/api/v1/integrations/${id}/recovery`
    const body = { token, hooksOf: ['acme'] }
    expect((await member.request('PUT', path, body)).status).toBe(403)
    const answers = [
      await owner.request('PUT', path, body),
      await owner.request('PUT', path, { hooksOf: ['acme', 'acme/shop'] }),
      await owner.request('GET', `/api/v1/integrations/${id}`),
      await owner.request('GET', '/api/v1/integrations'),
      await owner.request('PUT', path, { ...body, hooksOf: ['not a name'] }),
      await owner.request('PUT', path, { ...body, token: `${token} x` }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 422, 422])
    expect(answers[1]!.body.recovery.hooksOf).toEqual(['acme', 'acme/shop'])
    const rows = await logged.superuser.selectFrom('delivery_recoveries').selectAll().execute()
    expect(rows).toHaveLength(1)
    const everything = JSON.stringify([answers, rows, lines, rows[0]!.encrypted.toString('latin1')])
    expect(lines.length).toBeGreaterThan(0)
    expect(everything).not.toContain(token)
    expect(everything).not.toContain(Buffer.from(token).toString('hex'))
    expect((await member.request('DELETE', path)).status).toBe(403)
    expect((await owner.request('DELETE', path)).body.recovery).toBeNull()
    expect((await owner.request('DELETE', path)).status).toBe(200)
  })

  test("cannot be replaced by that of a webhook's secret or another integration", async () => {
    const set = await setUp('swapped', [missed(10)])
    const { encrypted } = await api.superuser
      .selectFrom('integration_secrets')
      .select('encrypted')
      .where('integration_id', '=', set.integration.id)
      .executeTakeFirstOrThrow()
    await api.superuser
      .updateTable('delivery_recoveries')
      .set({ encrypted: encrypted! })
      .where('integration_id', '=', set.integration.id)
      .execute()
    await check(set)
    expect((await recoveryOf(set)).problem).toMatch(/cannot be decrypted/)
    expect(set.github.requests).toEqual([])
  })

  test('is required at first, only for GitHub, and only in the same organization', async () => {
    const [tenant, stranger] = [await api.tenant('own'), await api.tenant('stranger')]
    const { id } = await create(tenant)
    const path = `/api/v1/integrations/${id}/recovery`
    const body = { token: 'github_pat_0123456789', hooksOf: ['acme'] }
    expect(await tenant.request('PUT', path, { hooksOf: ['acme'] })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/token' }] },
    })
    expect((await tenant.request('POST', `${path}/check`, {})).status).toBe(409)
    const bodies: Record<string, object> = { PUT: body, POST: {} }
    for (const method of ['PUT', 'DELETE', 'POST']) {
      const url = method === 'POST' ? `${path}/check` : path
      const own = bodies[method]
      expect((await stranger.request(method, url, own)).status).toBe(404)
    }
    expect((await tenant.request('GET', `/api/v1/integrations/${id}`)).body.recovery).toBeNull()
    const { body: pagerduty } = await tenant.request('POST', '/api/v1/integrations', {
      kind: 'pagerduty',
    })
    const other = `/api/v1/integrations/${pagerduty.id}/recovery`
    expect((await tenant.request('PUT', other, body)).status).toBe(409)
  })

  test.each(['acme/..', 'acme/shop/hooks', '../orgs', 'acme/shop?x', 'a b', '-acme', '', 'acme/'])(
    'is not sent to the path of "%s"',
    async (name) => {
      const tenant = await api.tenant(`path ${name}`)
      const { id } = await create(tenant)
      const body = { token: 'github_pat_0123456789', hooksOf: [name] }
      const { status } = await tenant.request('PUT', `/api/v1/integrations/${id}/recovery`, body)
      expect(status).toBe(422)
    },
  )
})

test('a workflow with a killed worker recovers each delivery once, and its history contains no token', async () => {
  const attempts = Array.from({ length: 40 }, (_, index) => missed(10 + index))
  const set = await setUp('workflow', attempts)
  const { github, tenant, integration } = set
  const target = await createTemporalNamespace()
  const id = await installationId(api.db)
  const logger = pino({ level: 'silent' })
  const workflows = createTestWorkflows(target, { installationId: id, logger })
  onTestFinished(() => workflows.close())

  // The worker is killed while it waits for GitHub, after it has stored a part.
  const isAsked = Promise.withResolvers<void>()
  let fetched = 0
  github.intercept = (request) => {
    if (!/deliveries\/\d+$/.test(request.url!) || ++fetched !== 31) return false
    isAsked.resolve()
    return true
  }
  const script = fileURLToPath(
    new URL('../testing/workflows/deliver-worker-process.ts', import.meta.url),
  )
  const worker = spawn(
    process.execPath,
    [
      ...[script, api.databaseUrl, target.connection.address!, target.namespace, id, github.url],
      api.secretKey.toString('base64'),
    ],
    { stdio: 'ignore' },
  )
  onTestFinished(() => void worker.kill('SIGKILL'))
  await workflows.recover({ organizationId: tenant.id, integrationId: integration.id })
  await isAsked.promise
  worker.kill('SIGKILL')
  expect((await recoveryOf(set)).recovered).toBe(20)

  await bundleWorkflows()
  const second = startWorker({
    target,
    installationId: id,
    logger,
    activities: createActivities({
      db: api.db,
      aws: new AwsAccess(),
      pacers: new Pacers(),
      githubApiUrl: github.url,
      secrets: () => api.context.secrets,
    }),
  })
  onTestFinished(() => second.stop())
  await eventually(
    () => recoveryOf(set),
    ({ checkedThrough }) => checkedThrough !== null,
  )
  expect(await recoveryOf(set)).toMatchObject({ recovered: 40, problem: null })
  await workflows.deliver(tenant.id)
  await eventually(
    () => log(set),
    (items) => items.every(({ state }: { state: string }) => state === 'translated'),
  )
  const range = `from=${ago(600).toISOString()}&to=${ago(-60).toISOString()}`
  const { body } = await tenant.request('GET', `/api/v1/changes?source=github&limit=500&${range}`)
  expect(body.items).toHaveLength(40)

  // Without a token, the workflow ends.
  await tenant.request('DELETE', `/api/v1/integrations/${integration.id}/recovery`)
  await workflows.recover({ organizationId: tenant.id, integrationId: integration.id })
  const handle = workflows.client.workflow.getHandle(recoverWorkflowId(id, integration.id))
  expect(await handle.result()).toMatchObject({ integrationId: integration.id })
  const payloads = JSON.stringify(await handle.fetchHistory())
  for (const encoding of ['utf8', 'base64', 'hex'] as const)
    expect(payloads).not.toContain(Buffer.from(github.token).toString(encoding).slice(0, 30))
  expect(JSON.stringify(historyTexts(await handle.fetchHistory()))).not.toContain(github.token)
})

/** Every payload of a history, decoded. */
function historyTexts(value: unknown): string[] {
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('utf8')]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(historyTexts)
}

test('the starter starts a workflow only for an overdue check', async () => {
  const overdue = await setUp('overdue', [])
  const refused = await setUp('refused', [])
  const due = await setUp('due', [])
  // The oldest is first.
  for (const [{ integration }, minutes] of [
    [refused, 60 * 24],
    [overdue, 60 * 23],
  ] as const) {
    await api.superuser
      .updateTable('delivery_recoveries')
      .set({ due_at: ago(minutes) })
      .where('integration_id', '=', integration.id)
      .execute()
  }
  const started: string[] = []
  const isStarted = Promise.withResolvers<void>()
  const starter = startRecoverStarter({
    db: api.context.system,
    logger: pino({ level: 'silent' }),
    intervalMs: 50,
    overdueMs: 5 * MINUTE_MS,
    workflows: {
      async recover({ integrationId }) {
        started.push(integrationId)
        if (integrationId === refused.integration.id) return false
        isStarted.resolve()
        return true
      },
    },
  })
  onTestFinished(() => starter.stop())
  await isStarted.promise
  expect(started.slice(0, 2)).toEqual([refused.integration.id, overdue.integration.id])
  expect(started).not.toContain(due.integration.id)
})

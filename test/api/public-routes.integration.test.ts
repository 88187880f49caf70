import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createApp } from '../../src/api/app.ts'
import { createByteBudget } from '../../src/api/bodies/budget.ts'
import type { App } from '../../src/api/context.ts'
import { addressBlock } from '../../src/api/rate-limit.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'

const PROXY = '10.1.1.1'

let api: TestApi
let tenant: Tenant
beforeAll(async () => {
  api = await createTestApi({ trustedProxies: [PROXY] })
  tenant = await api.tenant('public')
})
afterAll(() => api.close())
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const json = { 'content-type': 'application/json' }
/** NFKC and NFKD make eighteen characters of each. */
const EXPANDING = '\uFDFA'

describe('a body without a key or a session', () => {
  test.each([
    ['POST', '/api/auth/sign-in/email'],
    ['POST', '/api/auth/sign-out'],
    ['POST', '/api/auth/change-password'],
    ['POST', '/api/auth/revoke-other-sessions'],
    ['POST', '/api/invitation'],
    ['POST', '/api/password-reset'],
  ])('is rejected above 16 KiB without reading it: %s %s', async (method, url) => {
    const normalize = vi.spyOn(String.prototype, 'normalize')
    const response = await api.app.inject({
      method: method as 'POST',
      url,
      headers: json,
      payload: JSON.stringify({ [EXPANDING.repeat(6_000)]: 1 }),
    })
    expect(response.statusCode).toBe(413)
    expect(response.json().detail).toContain('16 KiB')
    expect(normalize).not.toHaveBeenCalled()
  })

  test.each(['/nowhere', '/api/nowhere', '/webhooks', '/v2/change/nowhere'])(
    'is not read if the path is unknown: %s',
    async (url) => {
      const parse = vi.spyOn(JSON, 'parse')
      const [response, large] = await Promise.all(
        ['{"unread":1}', 'x'.repeat(2 ** 21)].map((payload) =>
          api.app.inject({ method: 'POST', url, headers: json, payload }),
        ),
      )
      expect(parse).not.toHaveBeenCalledWith('{"unread":1}')
      expect([response!.statusCode, large!.statusCode]).toEqual([404, 404])
    },
  )

  test.each([
    '/v2/change/enqueue',
    '/repos/acme/shop/deployments',
    '/api/v3/repos/a/b/deployments',
  ])('is not parsed before its key is known: %s', async (url) => {
    const parse = vi.spyOn(JSON, 'parse')
    const payload = `{"routing_key":"unknown"${',"a":1'.repeat(2_000)}}`
    const response = await api.app.inject({ method: 'POST', url, headers: json, payload })
    expect([400, 401]).toContain(response.statusCode)
    expect(parse).not.toHaveBeenCalledWith(payload)
  })

  test('of a PagerDuty change event is rejected above 512 KiB', async () => {
    const send = async (size: number) => {
      const start = `{"routing_key":"${tenant.key}","payload":{"summary":"a"},"rest":"`
      const payload = `${start.padEnd(size - 2, 'x')}"}`
      const url = '/v2/change/enqueue'
      return (await api.app.inject({ method: 'POST', url, headers: json, payload })).statusCode
    }
    expect([await send(512 * 1024), await send(512 * 1024 + 1)]).toEqual([202, 413])
  })

  test('is not read if a key is missing', async () => {
    const response = await api.app.inject({
      method: 'POST',
      url: '/api/v1/connections',
      headers: json,
      payload: 'x'.repeat(2 ** 21),
    })
    expect(response.statusCode).toBe(401)
  })
})

test('the bytes that an organization can send with its keys are limited', async () => {
  const what = 'The request bodies'
  const jsonBudget = createByteBudget({ maxBytesPerMinute: 1_000, what, now: () => 0 })
  const limited = await createTestApi({ jsonBudget })
  onTestFinished(() => limited.close())
  const [one, other] = [await limited.tenant('one'), await limited.tenant('other')]
  const report = { summary: 'x'.repeat(150), idempotencyKey: 'a', description: 'y'.repeat(400) }
  const event = { routing_key: one.key, payload: { summary: 'z'.repeat(500) } }
  expect((await one.request('POST', '/api/v1/changes', report)).status).toBe(201)
  const parse = vi.spyOn(JSON, 'parse')
  const headers = { authorization: `Bearer ${one.key}` }
  for (const [url, payload] of [
    ['/api/v1/changes', report],
    ['/v2/change/enqueue', event],
  ] as const) {
    const response = await limited.app.inject({ method: 'POST', url, headers, payload })
    expect([response.statusCode, response.headers['retry-after']]).toEqual([429, '60'])
    expect(parse).not.toHaveBeenCalledWith(JSON.stringify(payload))
  }
  expect((await other.request('POST', '/api/v1/changes', report)).status).toBe(201)
})

test('names that expand when they are normalized are rejected first, also with a key', async () => {
  const normalize = vi.spyOn(String.prototype, 'normalize')
  const post = (names: string[]) =>
    tenant.request('POST', '/api/v1/connections', {
      name: 'shop',
      ...Object.fromEntries(names.map((name) => [name, 1])),
    })
  const one = await post([EXPANDING.repeat(300_000)])
  const many = await post(Array.from({ length: 3_000 }, (_, n) => EXPANDING.repeat(50) + n))
  for (const { status, body } of [one, many]) {
    expect(status).toBe(400)
    expect(body.detail).toContain('The limit is 4096 characters in total')
  }
  const normalized = normalize.mock.contexts.reduce(
    (sum: number, text) => sum + String(text).length,
    0,
  )
  expect(normalized).toBeLessThanOrEqual(4096)
  // ASCII costs nothing, and what spells an external ID in other letters is still found.
  expect((await post(['x'.repeat(900_000)])).status).toBe(422)
  expect((await post(['ｅｘｔｅｒｎａｌＩｄ'])).body.detail).toContain('external ID')
})

test('an address that sends too much is limited before its bodies are parsed, and others are not', async () => {
  const send = (remoteAddress: string, url = '/api/auth/sign-in/email') =>
    api.app.inject({
      method: 'POST',
      url,
      remoteAddress,
      headers: json,
      payload: '{"not JSON',
    })
  for (let n = 0; n < 300; n++) expect((await send('192.0.2.1')).statusCode).toBe(400)
  const parse = vi.spyOn(JSON, 'parse')
  for (const url of ['/api/auth/sign-in/email', '/api/invitation']) {
    const stopped = await send('192.0.2.1', url)
    expect(parse).not.toHaveBeenCalled()
    expect(stopped.statusCode).toBe(429)
    expect(stopped.headers['content-type']).toContain('application/problem+json')
    expect(Number(stopped.headers['retry-after'])).toBeGreaterThan(0)
    parse.mockClear()
  }
  expect((await send('192.0.2.2')).statusCode).toBe(400)
})

const sendKey = (remoteAddress: string, key: string) =>
  api.app.inject({
    url: '/api/v1/me',
    remoteAddress,
    headers: { authorization: `Bearer ${key}` },
  })
const sendDelivery = (remoteAddress: string, integrationId: string) =>
  api.app.inject({
    method: 'POST',
    url: `/webhooks/${integrationId}`,
    remoteAddress,
    headers: json,
    payload: '{}',
  })
const sendPagerDutyEvent = (remoteAddress: string, key: string) =>
  api.app.inject({
    method: 'POST',
    url: '/v2/change/enqueue',
    remoteAddress,
    headers: json,
    payload: { routing_key: key, payload: { summary: 'a' } },
  })
const sendDeployment = (remoteAddress: string, key: string) =>
  api.app.inject({
    method: 'POST',
    url: '/repos/acme/shop/deployments',
    remoteAddress,
    headers: { ...json, authorization: `token ${key}` },
    payload: { ref: 'main' },
  })

describe('an address that tries many wrong values', () => {
  test('of API keys can use a key for the first time', async () => {
    const { key } = await api.tenant('key behind a shared address')
    for (let n = 0; n < 100; n++)
      expect((await sendKey('192.0.2.9', randomUUID())).statusCode).toBe(401)
    expect((await sendKey('192.0.2.9', key)).statusCode).toBe(200)
  })

  test('of integration IDs can send to an integration for the first time', async () => {
    const { body } = await tenant.request('POST', '/api/v1/integrations', {
      kind: 'github',
      name: 'behind a shared address',
    })
    for (let n = 0; n < 100; n++)
      expect((await sendDelivery('192.0.2.9', randomUUID())).statusCode).toBe(404)
    const unsigned = await sendDelivery('192.0.2.9', body.id)
    expect([unsigned.statusCode, unsigned.json().detail]).toEqual([
      401,
      expect.stringContaining('not signed'),
    ])
  })

  test('occupies one connection, over all routes with a key, and each key is looked up once', async () => {
    // A key waits for five seconds at most, however slow this machine is.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let lookups = 0
    let running = 0
    let most = 0
    const query = {
      select: () => query,
      where: () => query,
      async executeTakeFirst() {
        lookups++
        most = Math.max(most, ++running)
        await new Promise((resolve) => setImmediate(resolve))
        running--
        return undefined
      },
    }
    vi.spyOn(api.context.system, 'selectFrom').mockImplementation(() => query as never)
    const requests = Array.from({ length: 10 }, () =>
      [sendKey, sendPagerDutyEvent, sendDeployment].map((send) => send('192.0.2.12', randomUUID())),
    ).flat()
    const statuses = (await Promise.all(requests)).map(({ statusCode }) => statusCode)
    expect(statuses).toEqual(Array.from({ length: 10 }, () => [401, 400, 401]).flat())
    // What follows the last response has run when another one is sent.
    expect((await sendKey('192.0.2.12', randomUUID())).statusCode).toBe(401)
    expect([most, lookups]).toEqual([1, 31])
  })
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8:0:1:aaaa::1', '2001:db8:0:1'],
  ['2001:0db8:0000:0001:ffff:1:2:3', '2001:db8:0:1'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
])('the address %s is counted as %s', (address, block) => {
  expect(addressBlock(address)).toBe(block)
})

test('concurrent readiness checks are combined', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const ping = vi.spyOn(api.workflows, 'ping')
  const check = () =>
    Promise.all(
      Array.from({ length: 20 }, () => api.app.inject('/readyz').then((r) => r.statusCode)),
    )
  expect(await check()).toEqual(Array(20).fill(200))
  expect(await check()).toEqual(Array(20).fill(200))
  expect(ping).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(1_000)
  expect(await check()).toEqual(Array(20).fill(200))
  expect(ping).toHaveBeenCalledTimes(2)
})

test('a session cookie is Secure if a trusted proxy reports https', async () => {
  const { user, password } = await tenant.signedIn()
  const signIn = async (remoteAddress: string, proto: string) => {
    const response = await api.app.inject({
      method: 'POST',
      url: '/api/auth/sign-in/email',
      remoteAddress,
      headers: { 'x-forwarded-proto': proto, 'x-forwarded-for': '198.51.100.7' },
      payload: { email: user.email, password },
    })
    expect(response.statusCode).toBe(200)
    const [cookie] = [response.headers['set-cookie']].flat() as string[]
    return cookie!.split('; ').filter((attribute) => attribute === 'Secure').length
  }
  expect(await signIn(PROXY, 'https')).toBe(1)
  expect(await signIn(PROXY, 'http')).toBe(0)
  // The header of an untrusted address is ignored.
  expect(await signIn('203.0.113.9', 'https')).toBe(0)
})

describe('an incomplete request', () => {
  let app: App
  let port: number
  beforeAll(async () => {
    app = await createApp(api.context, {
      logger: api.app.log,
      timeoutsMs: { headers: 200, request: 400, silence: 60_000, checks: 50 },
    })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    port = Number(new URL(url).port)
  })
  afterAll(() => app.close())

  test.each([
    ['its headers', 'POST /api/auth/sign-in/email HTTP/1.1\r\nHost: x\r\n'],
    [
      'its body',
      'POST /api/auth/sign-in/email HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{',
    ],
  ])('times out and loses its connection: %s', async (_what, text) => {
    const socket = connect(port, '127.0.0.1')
    socket.write(text)
    // A byte every now and then keeps the connection from being idle.
    const trickle = setInterval(() => socket.writable && socket.write('x'), 20)
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('error', () => {})
    await once(socket, 'close')
    clearInterval(trickle)
    expect(answer).toMatch(/^HTTP\/1.1 408 /)
    expect(answer).toContain('application/problem+json')
  })
})

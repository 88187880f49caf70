import { createHash, randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { Webhooks } from '@octokit/webhooks'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { takeInTurns } from '../../../src/api/integrations/delivery-writer.ts'
import { createDeliveryLimits } from '../../../src/api/integrations/limits.ts'
import { DELIVERY_LIMIT_BYTES } from '../../../src/api/integrations/receiver.ts'
import { SHOWN_BODY_BYTES } from '../../../src/api/integrations/serialize.ts'
import { asOrganization } from '../../../src/db/database.ts'
import { findDelivery } from '../../../src/db/deliveries.ts'
import { findReportSource, listPushSources } from '../../../src/db/push-sources.ts'
import { recordRefusal } from '../../../src/db/refusals.ts'
import type { IntegrationKind } from '../../../src/integrations/integration.ts'
import { signatureHeaders } from '../../../src/integrations/signature.ts'
import { createTestApi, type Person, type Tenant, type TestApi } from '../../../testing/api.ts'
import { eventually } from '../../../testing/eventually.ts'

let api: TestApi
let tenant: Tenant
let base: string
/** A test can replace them. */
let limits = createDeliveryLimits()
beforeAll(async () => {
  api = await createTestApi({
    deliveryLimits: {
      count: (integration, bytes) => limits.count(integration, bytes),
    },
  })
  tenant = await api.tenant('receiver')
  base = await api.app.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => api.close())

interface Integration {
  id: string
  kind: IntegrationKind
  url: string
  secret: string
}

async function create(kind: string, of: Tenant | Person = tenant): Promise<Integration> {
  const { status, body } = await of.request('POST', '/api/v1/integrations', { kind })
  expect(status).toBe(201)
  return body
}

/** Sends bytes with these headers to the integration's own URL. */
async function send(
  { url }: Pick<Integration, 'url'>,
  body: Buffer | string,
  headers: Record<string, string> = {},
) {
  const response = await api.app.inject({
    method: 'POST',
    url: new URL(url).pathname,
    payload: body,
    headers: { 'content-type': 'application/json', ...headers },
  })
  return { status: response.statusCode, text: response.body, headers: response.headers }
}

async function sendGitHub(
  integration: Integration,
  body: Buffer | string,
  headers: Record<string, string> = {},
) {
  const bytes = Buffer.from(body)
  return send(integration, bytes, {
    'x-github-event': 'ping',
    'x-github-delivery': randomUUID(),
    ...signatureHeaders('github', { secret: integration.secret, body: bytes }),
    ...headers,
  })
}

async function log({ id }: Integration, query = '') {
  const { body } = await tenant.request('GET', `/api/v1/integrations/${id}/deliveries${query}`)
  return body.items as { id: string; deliveryId: string; event: string | null; bytes: number }[]
}

async function stored({ id }: Integration, deliveryId: string) {
  const { body } = await tenant.request(
    'GET',
    `/api/v1/integrations/${id}/deliveries/${deliveryId}`,
  )
  return body
}

describe('a correctly signed delivery is stored and answered with 202', () => {
  test('from GitHub, signed by @octokit/webhooks', async () => {
    const integration = await create('github')
    const octokit = new Webhooks({ secret: integration.secret })
    const body = JSON.stringify({ zen: 'Größe 🚀' })
    const { status } = await send(integration, body, {
      'x-github-event': 'ping',
      'x-github-delivery': 'a-delivery',
      'x-hub-signature-256': await octokit.sign(body),
    })
    expect(status).toBe(202)
    const [delivery] = await log(integration)
    expect(delivery).toMatchObject({ deliveryId: 'a-delivery', event: 'ping' })
    const whole = await stored(integration, delivery!.id)
    expect(whole.body).toBe(body)
    expect(whole.headers).toEqual({
      'content-type': 'application/json',
      'user-agent': expect.any(String),
      'x-github-delivery': 'a-delivery',
      'x-github-event': 'ping',
    })
  })

  test('from PagerDuty, with the secret that PagerDuty generated', async () => {
    const integration = await create('pagerduty')
    const secret = 'the secret that PagerDuty made'
    const patched = await tenant.request('PATCH', `/api/v1/integrations/${integration.id}`, {
      secret,
    })
    expect(patched.status).toBe(200)
    const body = Buffer.from(
      JSON.stringify({ event: { id: '01EVENT', event_type: 'incident.triggered', data: {} } }),
    )
    const { 'x-pagerduty-signature': signature } = signatureHeaders('pagerduty', { secret, body })
    const headers = { 'x-pagerduty-signature': `v1=${'0'.repeat(64)},${signature}` }
    expect((await send(integration, body, headers)).status).toBe(202)
    expect(await log(integration)).toMatchObject([
      { deliveryId: '01EVENT', event: 'incident.triggered' },
    ])
  })

  test('from Alertmanager, with a token that is stored only as a hash', async () => {
    const integration = await create('alertmanager')
    const body = JSON.stringify({ status: 'firing', alerts: [] })
    const headers = { authorization: `Bearer ${integration.secret}` }
    expect((await send(integration, body, headers)).status).toBe(202)
    expect(await log(integration)).toMatchObject([{ event: 'firing' }])
    const row = await api.superuser
      .selectFrom('integration_secrets')
      .selectAll()
      .where('integration_id', '=', integration.id)
      .executeTakeFirstOrThrow()
    expect(row.encrypted).toBeNull()
    const { secret } = integration
    expect(row.token_hash).toEqual(createHash('sha256').update(secret).digest())
  })

  test.each([
    ['an empty body', ''],
    ['what is not JSON', '<xml/>'],
    ['a truncated body', '{"action":"closed","pull_request":{"id":1,'],
    ['bytes that are not UTF-8', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
  ])('with %s', async (_name, body) => {
    const integration = await create('github')
    expect((await sendGitHub(integration, body as string)).status).toBe(202)
    expect(await log(integration)).toHaveLength(1)
  })

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'image/png',
    '',
    'nonsense',
    'a/b; charset',
  ])('with the content type "%s"', async (type) => {
    const integration = await create('github')
    const result = await sendGitHub(integration, 'payload=%7B%7D', { 'content-type': type })
    expect(result.status).toBe(202)
    expect(await log(integration)).toHaveLength(1)
  })

  test('with a body of 24 MB', async () => {
    const integration = await create('github')
    const body = Buffer.alloc(24_000_000, ' ')
    expect((await sendGitHub(integration, body)).status).toBe(202)
    expect(await log(integration)).toMatchObject([{ bytes: 24_000_000 }])
  })

  test('while Temporal is unavailable, within two seconds', async () => {
    const offline = await createTestApi({ temporalAddress: '127.0.0.1:9' })
    try {
      const other = await offline.tenant('offline')
      const { body: integration } = await other.request('POST', '/api/v1/integrations', {
        kind: 'github',
      })
      const body = Buffer.from('{}')
      // If it waited for Temporal, each one would take longer; on a busy machine, one may.
      await expect
        .poll(async () => {
          const startedAt = performance.now()
          const response = await offline.app.inject({
            method: 'POST',
            url: `/webhooks/${integration.id}`,
            payload: body,
            headers: {
              'content-type': 'application/json',
              ...signatureHeaders('github', { secret: integration.secret, body }),
            },
          })
          expect(response.statusCode).toBe(202)
          return performance.now() - startedAt
        })
        .toBeLessThan(2_000)
    } finally {
      await offline.close()
    }
  })

  test('once per delivery ID, and repetitions also get 202', async () => {
    const integration = await create('github')
    const headers = { 'x-github-delivery': 'same' }
    expect((await sendGitHub(integration, '{"a":1}', headers)).status).toBe(202)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => sendGitHub(integration, '{"a":1}', headers)),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(202))
    expect((await sendGitHub(integration, '{"a":2}', headers)).status).toBe(202)
    const deliveries = await log(integration)
    expect(deliveries).toHaveLength(1)
    expect((await stored(integration, deliveries[0]!.id)).body).toBe('{"a":1}')
  })

  test('even if another integration received the same delivery ID', async () => {
    const [one, two] = [await create('github'), await create('github')]
    const headers = { 'x-github-delivery': 'shared' }
    for (const each of [one, two]) {
      expect((await sendGitHub(each, '{}', headers)).status).toBe(202)
      expect(await log(each)).toHaveLength(1)
    }
  })
})

describe('a delivery is rejected and not stored', () => {
  test.each([
    ['without a signature', undefined],
    ['with a forged signature', `sha256=${'a'.repeat(64)}`],
  ])('without valid credentials: %s', async (_name, signature) => {
    const integration = await create('github')
    const result = await send(integration, '{}', {
      'x-github-event': 'ping',
      ...(signature !== undefined && { 'x-hub-signature-256': signature }),
    })
    expect(result.status).toBe(401)
    expect(JSON.parse(result.text).detail).toContain(signature ? 'does not match' : 'not signed')
    expect(await log(integration)).toEqual([])
  })

  test('if its body was changed after it was signed', async () => {
    const integration = await create('github')
    const signed = signatureHeaders('github', {
      secret: integration.secret,
      body: Buffer.from('{"a":1}'),
    })
    expect((await send(integration, '{"a":2}', signed)).status).toBe(401)
    // The same JSON in other bytes.
    expect((await send(integration, '{"a": 1}', signed)).status).toBe(401)
    expect(await log(integration)).toEqual([])
  })

  test("with another integration's secret", async () => {
    const [one, two] = [await create('github'), await create('github')]
    expect((await sendGitHub({ ...one, secret: two.secret }, '{}')).status).toBe(401)
  })

  test("if the stored secret was copied from another integration's row", async () => {
    const [one, two] = [await create('github'), await create('github')]
    const { encrypted } = await api.superuser
      .selectFrom('integration_secrets')
      .select('encrypted')
      .where('integration_id', '=', two.id)
      .executeTakeFirstOrThrow()
    await api.superuser
      .updateTable('integration_secrets')
      .set({ encrypted })
      .where('integration_id', '=', one.id)
      .execute()
    expect((await sendGitHub({ ...one, secret: two.secret }, '{}')).status).toBe(401)
  })

  test('above 25 MB', async () => {
    const integration = await create('github')
    const result = await sendGitHub(integration, Buffer.alloc(DELIVERY_LIMIT_BYTES + 1))
    expect(result.status).toBe(413)
    expect(JSON.parse(result.text).detail).toContain('25 MiB')
    expect(await log(integration)).toEqual([])
  })

  test.each(['none', '01980000-0000-7000-8000-000000000000'])(
    'for the integration "%s", without reading the body',
    async (id) => {
      const result = await send({ url: `http://localhost/webhooks/${id}` }, Buffer.alloc(2 ** 25))
      expect(result.status).toBe(404)
      expect(JSON.parse(result.text).detail).toBe('No such integration.')
    },
  )

  test('for a deleted integration', async () => {
    const integration = await create('github')
    expect((await sendGitHub(integration, '{}')).status).toBe(202)
    const deleted = await tenant.request('DELETE', `/api/v1/integrations/${integration.id}`)
    expect(deleted.status).toBe(200)
    expect((await sendGitHub(integration, '{}')).status).toBe(404)
  })

  test('with another method, and the response names the right one', async () => {
    const integration = await create('github')
    const response = await api.app.inject(new URL(integration.url).pathname)
    expect(response.statusCode).toBe(405)
    expect(response.headers.allow).toBe('POST')
  })

  test('if the body ends early', async () => {
    const integration = await create('github')
    const { port } = new URL(base)
    const body = Buffer.from('{"action":"closed"}')
    const { 'x-hub-signature-256': signature } = signatureHeaders('github', {
      secret: integration.secret,
      body: body.subarray(0, 10),
    })
    const socket = connect(Number(port), '127.0.0.1')
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.on('error', () => {})
    socket.end(
      `POST /webhooks/${integration.id} HTTP/1.1\r\nHost: cairn\r\nX-Hub-Signature-256: ${signature}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.subarray(0, 10)}`,
    )
    socket.resume()
    await closed
    expect(await log(integration)).toEqual([])
  })
})

test('two secrets are valid during a rotation, and a third one ends the first', async () => {
  const integration = await create('github')
  const rotate = async (body = {}) =>
    (await tenant.request('POST', `/api/v1/integrations/${integration.id}/rotate-secret`, body))
      .body
  const accepts = async (secret: string) =>
    (await sendGitHub({ ...integration, secret }, '{}')).status === 202
  const second = await rotate()
  expect(second.secrets).toHaveLength(2)
  expect(second.secrets[0].expiresAt).toBeNull()
  expect(Date.parse(second.secrets[1].expiresAt) - Date.now()).toBeGreaterThan(23 * 3_600_000)
  expect([await accepts(integration.secret), await accepts(second.secret)]).toEqual([true, true])
  const third = await rotate()
  expect(await accepts(integration.secret)).toBe(false)
  expect([await accepts(second.secret), await accepts(third.secret)]).toEqual([true, true])
  // A leaked secret can be revoked immediately.
  const fourth = await rotate({ revokeOld: true })
  expect([await accepts(third.secret), await accepts(fourth.secret)]).toEqual([false, true])
  // A replaced secret expires.
  const fifth = await rotate()
  await api.superuser
    .updateTable('integration_secrets')
    .set({ expires_at: new Date(Date.now() - 1_000) })
    .where('expires_at', 'is not', null)
    .execute()
  expect([await accepts(fourth.secret), await accepts(fifth.secret)]).toEqual([false, true])
})

test('secrets are not in the database, in later responses or in the log', async () => {
  const integration = await create('github')
  const { rows } = await api.superuser.executeQuery<{ row: string }>({
    sql: 'SELECT s::text AS row FROM integration_secrets s',
    parameters: [],
    query: { kind: 'RawNode' } as never,
    queryId: { queryId: 'secrets' } as never,
  })
  expect(rows.length).toBeGreaterThan(0)
  const text = rows.map(({ row }) => row).join('\n')
  expect(text).not.toContain(integration.secret)
  expect(text).not.toContain(Buffer.from(integration.secret).toString('hex'))
  const { body } = await tenant.request('GET', `/api/v1/integrations/${integration.id}`)
  expect(JSON.stringify(body)).not.toContain(integration.secret)
})

describe('of a large body, only the beginning that is returned is read', () => {
  const text = 'ab€😀'
  const manyTimes = (each: string, bytes: number) =>
    Buffer.concat(Array(Math.ceil(bytes / Buffer.byteLength(each))).fill(Buffer.from(each)))
  test.each([
    ['characters of 1 byte', manyTimes('a', 4_000_000)],
    ['characters of 2 bytes', manyTimes('ü', 4_000_000)],
    ['characters of 3 bytes', manyTimes('€', 4_000_000)],
    ['characters of 4 bytes', Buffer.concat([Buffer.from('a'), manyTimes('😀', 4_000_000)])],
    ['several characters', manyTimes(text, 4_000_000)],
    ['no UTF-8', Buffer.alloc(4_000_000, 0xe2)],
    ['as many characters as are returned', manyTimes('€', 3_000_000)],
    ['one character more', Buffer.concat([manyTimes('€', 3_000_000), Buffer.from('a')])],
  ])('%s', async (_, body) => {
    const integration = await create('github')
    expect((await sendGitHub(integration, body)).status).toBe(202)
    const [{ id } = { id: '' }] = await log(integration)
    const whole = body.toString()
    const shown = await stored(integration, id)
    expect(shown).toMatchObject({ bytes: body.length, isTruncated: whole.length > 1_000_000 })
    // A difference of a million characters would take long to print.
    expect(shown.body === whole.slice(0, 1_000_000).toWellFormed()).toBe(true)
    const row = await asOrganization(api.db, tenant.id, (trx) =>
      findDelivery(trx, integration.id, id, { maxBytes: SHOWN_BODY_BYTES }),
    )
    expect(row!.body.length).toBe(Math.min(body.length, SHOWN_BODY_BYTES))
  })
})

test("deliveries above an integration's limit get 429 until the next minute", () => {
  let now = 0
  const counter = createDeliveryLimits({ maxPerMinute: 3, now: () => now })
  const count = (id: string) => counter.count({ id, organizationId: 'one' }, 1)
  for (const id of ['a', 'a', 'a', 'b']) count(id)
  expect(() => count('a')).toThrow(expect.objectContaining({ status: 429 }))
  count('b')
  now = 60_000
  count('a')
})

test('over HTTP, only the sender that exceeds its limit gets 429', async () => {
  limits = createDeliveryLimits({ maxPerMinute: 10, now: () => 0 })
  onTestFinished(() => {
    limits = createDeliveryLimits()
  })
  const busy = await create('github')
  const others = [await create('github'), await create('pagerduty'), await create('launchdarkly')]
  const post = async ({ id, kind, secret }: Integration, n: number) => {
    const body = Buffer.from(JSON.stringify({ n }))
    const response = await fetch(`${base}/webhooks/${id}`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-github-delivery': `burst-${n}`,
        ...signatureHeaders(kind, { secret, body }),
      },
    })
    await response.arrayBuffer()
    return response
  }
  const sent = [busy, ...others].map((integration, index) =>
    Promise.all(Array.from({ length: index === 0 ? 40 : 10 }, (_, n) => post(integration, n))),
  )
  const [ofBusy, ...ofOthers] = await Promise.all(sent)
  const refused = ofBusy!.filter(({ status }) => status !== 202)
  expect(refused).toHaveLength(30)
  for (const { status, headers } of refused) {
    expect(status).toBe(429)
    expect(headers.get('retry-after')).toBe('60')
  }
  expect(ofOthers.flat().map(({ status }) => status)).toEqual(Array(30).fill(202))
  expect(await log(busy, '?limit=100')).toHaveLength(10)
})

test('a batch takes the oldest deliveries of each integration in turns', () => {
  const queue = ['a', 'a', 'a', 'a', 'b', 'c'].map((id, n) => ({ id, n }))
  const taken = takeInTurns(queue, { keyOf: ({ id }) => id, fits: (_, count) => count < 4 })
  expect(taken.map(({ n }) => n)).toEqual([0, 4, 5, 1])
  expect(queue.map(({ n }) => n)).toEqual([2, 3])
})

describe('a rejected delivery is shown on the integration', () => {
  const refusalOf = async ({ id }: Integration) =>
    (await tenant.request('GET', `/api/v1/integrations/${id}`)).body.lastRefusal
  test.each(['github', 'pagerduty', 'alertmanager', 'launchdarkly'] as const)(
    'because of %s',
    async (kind) => {
      const integration = await create(kind)
      expect(await refusalOf(integration)).toBeNull()
      const headers = signatureHeaders(kind, { secret: 'wrong', body: Buffer.from('{}') })
      expect((await send(integration, '{}', headers)).status).toBe(401)
      const refusal = await eventually(
        () => refusalOf(integration),
        (found) => found !== null,
      )
      expect(refusal).toMatchObject({ reason: 'signature', at: expect.any(String) })
    },
  )

  test('with its reason, and affects the completeness of an incident', async () => {
    const integration = await create('github')
    const large = Buffer.alloc(DELIVERY_LIMIT_BYTES + 1)
    expect((await sendGitHub(integration, large)).status).toBe(413)
    await eventually(
      () => refusalOf(integration),
      (found) => found?.reason === 'too_large',
    )
    const now = Date.now()
    const window = { from: new Date(now - 3_600_000), to: new Date(now + 3_600_000) }
    const sources = await asOrganization(api.db, tenant.id, (trx) => listPushSources(trx, window))
    expect(sources.find(({ id }) => id === integration.id)).toMatchObject({
      refusal: 'too_large',
      refusedAt: expect.any(Date),
    })
  })

  test('and is not hidden by a later one, also for reports', async () => {
    const { id } = await create('github')
    const at = (time: string) => new Date(`2026-03-02T${time}:00.000Z`)
    const refuse = async (time: Date) => {
      const refused = { organizationId: tenant.id, reason: 'too_large', at: time } as const
      await asOrganization(api.db, tenant.id, async (trx) => {
        for (const integrationId of [id, null])
          await recordRefusal(trx, { ...refused, integrationId })
      })
    }
    const refusedWithin = (from: string, to: string) =>
      asOrganization(api.db, tenant.id, async (trx) => {
        const window = { from: at(from), to: at(to) }
        const source = (await listPushSources(trx, window)).find((each) => each.id === id)
        const reports = await findReportSource(trx, window)
        return [source?.refusedAt ?? null, reports?.refusedAt ?? null]
      })
    for (const time of ['11:05', '11:50', '18:00']) await refuse(at(time))
    expect(await refusedWithin('10:00', '12:00')).toEqual([at('11:50'), at('11:50')])
    expect(await refusedWithin('11:00', '11:50')).toEqual([at('11:05'), at('11:05')])
    expect(await refusedWithin('11:51', '18:00')).toEqual([null, null])
    expect(await refusedWithin('11:51', '18:01')).toEqual([at('18:00'), at('18:00')])
    // Older refusals of the same sender are removed after 90 days.
    const later = new Date(at('12:00').getTime() + 90 * 24 * 3_600_000)
    await refuse(later)
    expect(await refusedWithin('10:00', '12:00')).toEqual([null, null])
    expect(await refusedWithin('10:00', '19:00')).toEqual([at('18:00'), at('18:00')])
    expect(await refusalOf({ id } as Integration)).toEqual({
      at: later.toISOString(),
      reason: 'too_large',
    })
  })
})

test('the bytes of signed deliveries are limited per organization and minute', () => {
  let now = 0
  const counter = createDeliveryLimits({ maxBytesPerMinute: 100, now: () => now })
  const [a, b] = ['a', 'b'].map((id) => ({ id, organizationId: 'one' }))
  const other = { id: 'c', organizationId: 'other' }
  counter.count(a!, 60)
  now = 20_000
  expect(() => counter.count(b!, 50)).toThrow(
    expect.objectContaining({ status: 429, headers: { 'retry-after': '40' } }),
  )
  counter.count(b!, 40)
  counter.count(other, 100)
  now = 60_000
  counter.count(b!, 50)
})

test('an organization that has sent too many bytes gets 429, and others get 202', async () => {
  limits = createDeliveryLimits({ maxBytesPerMinute: 1_000, now: () => 0 })
  onTestFinished(() => {
    limits = createDeliveryLimits()
  })
  const [first, second] = [await create('github'), await create('github')]
  const other = await create('github', await api.tenant('another receiver'))
  const body = Buffer.alloc(600, ' ')
  expect((await sendGitHub(first, body)).status).toBe(202)
  // Deliveries that are not signed do not count.
  const forged = { 'x-hub-signature-256': `sha256=${'a'.repeat(64)}` }
  for (let n = 0; n < 3; n++) expect((await sendGitHub(other, body, forged)).status).toBe(401)
  const refused = await sendGitHub(second, body)
  expect(refused.status).toBe(429)
  expect(refused.headers['retry-after']).toBe('60')
  expect(await log(second)).toEqual([])
  expect((await sendGitHub(other, body)).status).toBe(202)
})

test('a replayed delivery counts for the limits like a received one', async () => {
  limits = createDeliveryLimits({ maxBytesPerMinute: 1_000, now: () => 0 })
  onTestFinished(() => {
    limits = createDeliveryLimits()
  })
  const integration = await create('github')
  expect((await sendGitHub(integration, Buffer.alloc(600, ' '))).status).toBe(202)
  const [{ id } = { id: '' }] = await log(integration)
  const translated = { state: 'ignored', due_at: null } as const
  await api.superuser.updateTable('deliveries').set(translated).where('id', '=', id).execute()
  const path = `/api/v1/integrations/${integration.id}/deliveries/${id}/replay`
  // IDs are accepted in capital letters, which must not be another integration.
  for (const url of [path, path.replace(integration.id, integration.id.toUpperCase())]) {
    const { status, headers, body } = await tenant.request('POST', url)
    expect([status, headers['retry-after']]).toEqual([429, '60'])
    expect(body).toMatchObject({ status: 429, detail: expect.stringContaining('too large') })
  }
  expect(await stored(integration, id)).toMatchObject({ state: 'ignored', nextAttemptAt: null })
  limits = createDeliveryLimits({ maxPerMinute: 1, now: () => 0 })
  expect((await tenant.request('POST', path)).status).toBe(202)
  const test = `/api/v1/integrations/${integration.id}/test`
  for (const url of [path, path.replace(integration.id, integration.id.toUpperCase()), test])
    expect((await tenant.request('POST', url)).status).toBe(429)
  expect((await sendGitHub(integration, '{}')).status).toBe(429)
})

describe('signals to a workflow are coalesced, and the last one is sent after the last request', () => {
  /** Replaces a signal: the first one is only sent when the test allows it. */
  function hold(name: 'deliver' | 'recover') {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const send = vi.spyOn(api.workflows, name).mockReturnValue(promise)
    onTestFinished(() => {
      resolve(true)
      send.mockRestore()
    })
    const count = (organizationId: string) =>
      send.mock.calls.filter((args) => JSON.stringify(args).includes(organizationId)).length
    return { count, release: () => resolve(true) }
  }

  /** While the first signal is held, no other is sent. After its release, one is. */
  async function expectOneMore(count: () => number, release: () => void): Promise<void> {
    expect(count()).toBe(1)
    release()
    await eventually(
      async () => count(),
      (signals) => signals > 1,
    )
    expect(count()).toBe(2)
  }

  test('of deliveries that are received or replayed, and of deleted integrations', async () => {
    const { count, release } = hold('deliver')
    const other = await api.tenant('replaying')
    const [integration, deleted] = [await create('github', other), await create('github', other)]
    expect((await sendGitHub(integration, '{}')).status).toBe(202)
    const path = `/api/v1/integrations/${integration.id}/deliveries`
    const { id } = (await other.request('GET', path)).body.items[0]
    for (let n = 0; n < 10; n++)
      expect((await other.request('POST', `${path}/${id}/replay`)).status).toBe(202)
    const { status } = await other.request('DELETE', `/api/v1/integrations/${deleted.id}`)
    expect(status).toBe(200)
    await expectOneMore(() => count(other.id), release)
  })

  test('of checks for missed deliveries', async () => {
    const { count, release } = hold('recover')
    const other = await api.tenant('checking')
    const path = `/api/v1/integrations/${(await create('github', other)).id}/recovery`
    const body = { token: 'a-token-of-twenty-characters', hooksOf: ['acme/shop'] }
    expect((await other.request('PUT', path, body)).status).toBe(200)
    for (let n = 0; n < 10; n++)
      expect((await other.request('POST', `${path}/check`)).status).toBe(202)
    await expectOneMore(() => count(other.id), release)
  })
})

describe('managing integrations', () => {
  test('is allowed for an owner and an API key, but not for a member', async () => {
    const [owner, member] = [await tenant.signedIn('owner'), await tenant.signedIn('member')]
    const { id } = await create('github', owner)
    const attempts: [string, string, unknown?][] = [
      ['POST', '/api/v1/integrations', { kind: 'github' }],
      ['PATCH', `/api/v1/integrations/${id}`, { secret: 'long-enough-to-be-one' }],
      ['POST', `/api/v1/integrations/${id}/rotate-secret`, {}],
      ['DELETE', `/api/v1/integrations/${id}`],
    ]
    for (const [method, url, body] of attempts)
      expect((await member.request(method, url, body)).status, method).toBe(403)
    expect((await member.request('GET', `/api/v1/integrations/${id}`)).status).toBe(200)
    expect((await owner.request('DELETE', `/api/v1/integrations/${id}`)).status).toBe(200)
  })
})

test.each(['github', 'pagerduty', 'alertmanager', 'launchdarkly'])(
  'a test delivery for %s appears in the log',
  async (kind) => {
    const integration = await create(kind)
    const { status, body } = await tenant.request(
      'POST',
      `/api/v1/integrations/${integration.id}/test`,
    )
    expect(status).toBe(202)
    expect(await log(integration)).toMatchObject([{ deliveryId: body.deliveryId, isTest: true }])
  },
)

test('pages of the log contain each delivery once, newest first', async () => {
  const integration = await create('github')
  for (let n = 0; n < 5; n++) await sendGitHub(integration, '{}', { 'x-github-delivery': `d${n}` })
  const seen: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body }: { body: { items: { deliveryId: string }[]; nextCursor: string | null } } =
      await tenant.request(
        'GET',
        `/api/v1/integrations/${integration.id}/deliveries?limit=2${cursor && `&cursor=${cursor}`}`,
      )
    seen.push(...body.items.map(({ deliveryId }) => deliveryId))
    cursor = body.nextCursor
  }
  expect(seen).toEqual(['d4', 'd3', 'd2', 'd1', 'd0'])
})

test('a burst of 1,000 deliveries is stored in a few transactions', async () => {
  const integration = await create('github')
  const begun = vi.spyOn(api.deliveryDatabase, 'transaction')
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, n) => sendGitHub(integration, `{"n":${n}}`)),
  )
  const transactions = begun.mock.calls.length
  begun.mockRestore()
  expect(answers.filter(({ status }) => status !== 202)).toEqual([])
  expect(transactions).toBeLessThan(200)
  const { body } = await tenant.request('GET', `/api/v1/integrations/${integration.id}`)
  const { received, translated, ignored, failed } = body.lastWeek
  expect(received + translated + ignored + failed).toBe(1_000)
})

import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { translateDeliveries } from '../../../src/activities/translate-deliveries.ts'
import { type BodyMemory, createBodyMemory } from '../../../src/api/bodies/memory.ts'
import { AwsAccess } from '../../../src/aws/access.ts'
import { Pacers } from '../../../src/aws/pacer.ts'
import { signatureHeaders } from '../../../src/integrations/signature.ts'
import { createTestApi, type Tenant, type TestApi } from '../../../testing/api.ts'
import { countTurns } from '../../../testing/event-loop.ts'
import { eventually } from '../../../testing/eventually.ts'
import { deployment, pullRequestMerged, workflowRun } from '../../../testing/github.ts'

let api: TestApi
let tenant: Tenant
let port: number
/** Memory of bodies that the API has taken, and what of it is free again, in bytes. */
let arrived = 0
let released = 0
beforeAll(async () => {
  const memory = createBodyMemory()
  const hold: BodyMemory['hold'] = (owner, refuse) => {
    const body = memory.hold(owner, refuse)
    let size = 0
    const add = (bytes: number) => {
      body.add(bytes)
      arrived += bytes
      size += bytes
    }
    const release = () => {
      body.release()
      released += size
      size = 0
    }
    return { add, complete: body.complete, release }
  }
  api = await createTestApi({ bodyMemory: { hold } })
  tenant = await api.tenant('attacked')
  port = Number(new URL(await api.app.listen({ port: 0 })).port)
})
afterAll(() => api.close())

interface Integration {
  id: string
  secret: string
  kind: 'github' | 'pagerduty' | 'alertmanager'
}

const create = async (kind: Integration['kind'], of = tenant): Promise<Integration> =>
  (await of.request('POST', '/api/v1/integrations', { kind })).body

let ids = 0

async function send(integration: Integration, event: string, body: Buffer, headers: object = {}) {
  const { id, kind, secret } = integration
  const response = await api.app.inject({
    method: 'POST',
    url: `/webhooks/${id}`,
    payload: body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': `delivery-${ids++}`,
      ...signatureHeaders(kind, { secret, body }),
      ...headers,
    },
  })
  return response.statusCode
}

/** Translates all deliveries of the tenant. */
const translateAll = () =>
  translateDeliveries(
    // A turn without a time limit.
    { db: api.db, aws: new AwsAccess(), pacers: new Pacers(), clock: () => 0 },
    { installationId: 'unused', organizationId: tenant.id },
    new AbortController().signal,
  )

/** Sends signed JSON. Returns how it was translated. */
async function deliver(integration: Integration, event: string, payload: unknown) {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  expect(await send(integration, event, Buffer.from(text))).toBe(202)
  await translateAll()
  const path = `/api/v1/integrations/${integration.id}/deliveries?limit=1`
  return (await tenant.request('GET', path)).body.items[0]
}

/** Sends bytes as they are, and returns the status line of the answer. */
async function sendRaw(text: string, { end = true } = {}): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.write(text)
  if (end) await closed
  else socket.destroy()
  return Buffer.concat(chunks).toString().split('\r\n', 1)[0]!
}

/** Opens a request, and waits until the server has received its headers. */
async function open(headers: string): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  let answer = ''
  const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(answer)))
  const received = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      answer += chunk
      resolve()
    })
  })
  socket.write(`${headers}\r\nHost: cairn\r\nExpect: 100-continue\r\n\r\n`)
  await received
  return { socket, answer: closed }
}

const forged = `X-Hub-Signature-256: sha256=${'0'.repeat(64)}`

test('connections that send no body do not block deliveries', async () => {
  const integration = await create('github')
  const start = `POST /webhooks/${integration.id} HTTP/1.1\r\n${forged}\r\n`
  const idle = []
  for (let n = 0; n < 12; n++) idle.push(await open(`${start}Transfer-Encoding: chunked`))
  idle.push(await open(`${start}Content-Length: 3145728`))
  expect(await send(integration, 'ping', Buffer.from('{}'))).toBe(202)
  for (const { socket } of idle) socket.destroy()
})

test('the oldest of the bodies that stop arriving is rejected, and the next delivery is accepted', async () => {
  const integration = await create('github')
  const size = 20 * 2 ** 20
  const held: Awaited<ReturnType<typeof open>>[] = []
  const start = `POST /webhooks/${integration.id} HTTP/1.1\r\n${forged}\r\n`
  // The limit of an address is 64 MiB.
  for (let n = 0; n < 3; n++) {
    const each = await open(`${start}Content-Length: ${size + 1}`)
    held.push(each)
    const before = arrived
    each.socket.write(Buffer.alloc(size, ' '))
    await eventually(
      async () => arrived - before,
      (bytes) => bytes >= size,
    )
  }
  const body = Buffer.alloc(size, ' ')
  expect(await send(integration, 'ping', body)).toBe(202)
  expect(await held[0]!.answer).toContain('HTTP/1.1 429')
  for (const { socket } of held) socket.destroy()
})

test.each<[Integration['kind'], string]>([
  ['github', 'X-Hub-Signature-256: sha256=short'],
  ['github', 'Authorization: Bearer token'],
  ['pagerduty', forged],
  ['alertmanager', 'Authorization: Bearer wrong'],
])(
  'headers without a signature for %s are rejected before the body arrives: %s',
  async (kind, header) => {
    const { id } = await create(kind)
    const status = await sendRaw(
      `POST /webhooks/${id} HTTP/1.1\r\nHost: cairn\r\nConnection: close\r\n${header}\r\nContent-Length: 1000\r\n\r\n`,
    )
    expect(status).toContain('401')
  },
)

test('aborted uploads release their memory', async () => {
  const integration = await create('github')
  const half = `POST /webhooks/${integration.id} HTTP/1.1\r\nHost: cairn\r\n${forged}\r\nContent-Length: 25000000\r\n\r\n{`
  for (let count = 0; count < 12; count++) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    const closed = new Promise((resolve) => socket.on('close', resolve))
    const before = arrived
    socket.write(half)
    await eventually(
      async () => arrived - before,
      (bytes) => bytes > 0,
    )
    socket.destroy()
    await closed
  }
  await eventually(
    async () => arrived - released,
    (bytes) => bytes === 0,
  )
  const body = Buffer.alloc(24_000_000, ' ')
  const status = await eventually(
    () => send(integration, 'ping', body),
    (answer) => answer === 202,
  )
  expect(status).toBe(202)
})

test('each delivery of a batch is parsed once, in its own turn of the event loop', async () => {
  const integration = await create('github')
  const title = 'A delivery that is parsed once'
  // Those of the tests before.
  await translateAll()
  for (let n = 0; n < 3; n++) {
    const body = JSON.stringify(pullRequestMerged(700 + n, new Date(), { title }))
    expect(await send(integration, 'pull_request', Buffer.from(body))).toBe(202)
  }
  const turn = countTurns()
  const turns: number[] = []
  const parse = JSON.parse
  const spy = vi.spyOn(JSON, 'parse').mockImplementation((text, reviver) => {
    if (String(text).includes(title)) turns.push(turn())
    return parse(text, reviver)
  })
  try {
    expect(await translateAll()).toMatchObject({ translated: 3, failed: 0 })
  } finally {
    spy.mockRestore()
  }
  expect(turns).toHaveLength(3)
  expect(new Set(turns).size).toBe(3)
})

describe('an invalid signature is rejected', () => {
  const body = Buffer.from('{"zen":"Größe"}')
  const signed = ({ secret }: Integration) =>
    signatureHeaders('github', { secret, body })['x-hub-signature-256']!
  test.each<[string, (signature: string) => Record<string, string>, number]>([
    [
      'upper-case digits',
      (text) => ({ 'X-Hub-Signature-256': text.toUpperCase().replace('SHA256', 'sha256') }),
      202,
    ],
    ['upper-case names', (text) => ({ 'X-HUB-SIGNATURE-256': text }), 202],
    [
      'another prefix',
      (text) => ({ 'x-hub-signature-256': text.replace('sha256', 'sha512') }),
      401,
    ],
    ['no prefix', (text) => ({ 'x-hub-signature-256': text.slice(7) }), 401],
    ['only SHA-1', (text) => ({ 'x-hub-signature': `sha1=${text.slice(7, 47)}` }), 401],
    ['the signature in the header for SHA-1', (text) => ({ 'x-hub-signature': text }), 401],
    ['a part of it', (text) => ({ 'x-hub-signature-256': text.slice(0, -2) }), 401],
    ['an empty one', () => ({ 'x-hub-signature-256': 'sha256=' }), 401],
    ["PagerDuty's", (text) => ({ 'x-pagerduty-signature': text.replace('sha256', 'v1') }), 401],
  ])('with %s', async (_name, headers, expected) => {
    const integration = await create('github')
    const response = await api.app.inject({
      method: 'POST',
      url: `/webhooks/${integration.id}`,
      payload: body,
      headers: { 'x-github-event': 'ping', ...headers(signed(integration)) },
    })
    expect(response.statusCode).toBe(expected)
  })

  test('unless one signature in a repeated header is valid', async () => {
    const integration = await create('github')
    const lines = [`sha256=${'0'.repeat(64)}`, signed(integration)]
    const headers = lines.map((line) => `X-Hub-Signature-256: ${line}\r\n`).join('')
    const status = await sendRaw(
      `POST /webhooks/${integration.id} HTTP/1.1\r\nHost: cairn\r\nConnection: close\r\n${headers}` +
        `X-GitHub-Event: ping\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    expect(status).toContain('202')
  })
})

describe('a hostile or incomplete payload fails alone with a reason, or becomes a valid change', () => {
  const at = new Date(Math.floor(Date.now() / 1000) * 1000 - 600_000)
  const merged = (fields: object) => pullRequestMerged(900 + ids, at, fields)
  const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  const without = (payload: object, part: string, field: string) => {
    const copy = structuredClone(payload) as Record<string, Record<string, unknown>>
    delete copy[part]![field]
    return copy
  }
  test.each<[string, string, () => unknown, string]>([
    ['a merge without merged_at', 'pull_request', () => merged({ merged_at: null }), 'ignored'],
    ['a merge at no time', 'pull_request', () => merged({ merged_at: 'yesterday' }), 'failed'],
    [
      'a merge in the year 275760',
      'pull_request',
      () => merged({ merged_at: '+275760-09-13T00:00:00Z' }),
      'failed',
    ],
    [
      'a merge at a number that is no time',
      'pull_request',
      () => merged({ merged_at: 1e300 }),
      'failed',
    ],
    ['a merge in 1970', 'pull_request', () => merged({ merged_at: 0 }), 'failed'],
    [
      'a pull request with a huge number',
      'pull_request',
      () => merged({ number: 2 ** 53 }),
      'translated',
    ],
    [
      'control characters in a title',
      'pull_request',
      () => merged({ title: 'a\u0000b\u001b[31m\u202ec\ud800' }),
      'translated',
    ],
    [
      'a title of a megabyte',
      'pull_request',
      () => merged({ title: '🚀'.repeat(250_000) }),
      'translated',
    ],
    ['labels that are no list', 'pull_request', () => merged({ labels: 'x' }), 'failed'],
    [
      'no pull request',
      'pull_request',
      () => ({ action: 'closed', repository: { full_name: 'a/b' } }),
      'failed',
    ],
    [
      'a deployment without sha',
      'deployment',
      () => without(deployment(900, at), 'deployment', 'sha'),
      'translated',
    ],
    [
      'a deployment without ref',
      'deployment',
      () => without(deployment(901, at), 'deployment', 'ref'),
      'translated',
    ],
    [
      'a deployment without a time',
      'deployment',
      () => without(deployment(902, at), 'deployment', 'created_at'),
      'failed',
    ],
    ['a status without its status', 'deployment_status', () => deployment(903, at), 'ignored'],
    [
      'a run without head_commit',
      'workflow_run',
      () => workflowRun(900, at, at, { head_commit: null }),
      'translated',
    ],
    [
      'a run that ends before it starts',
      'workflow_run',
      () => workflowRun(901, at, new Date(0)),
      'translated',
    ],
    [
      'a push without commits',
      'push',
      () => ({
        repository: { full_name: 'a/b', default_branch: 'main', pushed_at: 1e20 },
        ref: 'refs/heads/main',
        after: 'c'.repeat(40),
      }),
      'translated',
    ],
    ['an event named as a method', 'constructor', () => ({}), 'ignored'],
    ['an event of its prototype', '__proto__', () => ({ a: 1 }), 'ignored'],
    [
      'an action with NUL and half a character',
      'member',
      () => ({
        action: `\0\ud800${'🚀'.repeat(2_000)}`,
        repository: { full_name: 'a/b' },
        member: { login: 'mallory' },
      }),
      'ignored',
    ],
    ['null', 'push', () => null, 'failed'],
    ['a list', 'push', () => [], 'failed'],
    ['a number', 'push', () => '1e999', 'failed'],
    ['nesting of 20,000 levels', 'push', () => deep(20_000), 'failed'],
    [
      'duplicate names',
      'pull_request',
      () =>
        '{"action":"closed","action":"opened","repository":{"full_name":"a/b"},"pull_request":{"number":1}}',
      'ignored',
    ],
    ['a byte order mark', 'ping', () => '\ufeff{}', 'failed'],
  ])('from GitHub: %s', async (_name, event, payload, state) => {
    const integration = await create('github')
    const delivery = await deliver(integration, event, payload())
    expect([delivery.state, delivery.reason]).toEqual([
      state,
      state === 'translated' ? null : expect.stringMatching(/^[^\p{Cc}]+$/u),
    ])
  })

  const time = at.toISOString()
  const event = (fields: object, data: object = {}) => ({
    event: {
      id: `E${ids++}`,
      event_type: 'incident.triggered',
      occurred_at: time,
      data: { id: `P${ids++}`, type: 'incident', status: 'triggered', created_at: time, ...data },
      ...fields,
    },
  })
  test.each<[string, () => unknown, string]>([
    [
      'an unknown event',
      () => event({ event_type: 'incident.teleported' }, { status: undefined }),
      'failed',
    ],
    [
      'an unknown event with a status',
      () => event({ event_type: 'incident.teleported' }),
      'translated',
    ],
    ['an event of another resource', () => event({ event_type: 'service.updated' }), 'ignored'],
    [
      'resolve before trigger',
      () => event({ event_type: 'incident.resolved' }, { status: 'resolved' }),
      'translated',
    ],
    ['no data', () => event({ data: null }), 'ignored'],
    ['no times', () => event({ occurred_at: null }, { created_at: 'soon' }), 'failed'],
    ['control characters', () => event({}, { title: 'a\u0000b\ud800' }), 'translated'],
    ['a time in the year 9999', () => event({}, { created_at: '9999-12-31T23:59:59Z' }), 'failed'],
  ])('from PagerDuty: %s', async (_name, payload, state) => {
    const delivery = await deliver(await create('pagerduty'), '', payload())
    expect([delivery.state, delivery.reason]).toEqual([
      state,
      state === 'translated' ? null : expect.any(String),
    ])
  })

  const alert = (fields: object) => ({
    status: 'firing',
    labels: { alertname: 'A' },
    startsAt: time,
    ...fields,
  })
  const group = (alerts: unknown, fields: object = {}) => ({
    version: '4',
    groupKey: `{}:{n="${ids++}"}`,
    status: 'firing',
    alerts,
    ...fields,
  })
  test.each<[string, () => unknown, string]>([
    [
      'partly resolved',
      () =>
        group([
          alert({ endsAt: '0001-01-01T00:00:00Z' }),
          alert({ status: 'resolved', endsAt: time }),
        ]),
      'translated',
    ],
    ['no alerts', () => group([]), 'failed'],
    ['alerts that are none', () => group([null, 1, 'x']), 'failed'],
    ['no start', () => group([alert({ startsAt: '0001-01-01T00:00:00Z' })]), 'failed'],
    [
      'a start in the year 9999',
      () => group([alert({ startsAt: '9999-12-31T00:00:00Z' })]),
      'failed',
    ],
    [
      'control characters',
      () => group([alert({ labels: { alertname: 'a\u0000\ud800' } })]),
      'translated',
    ],
  ])('from Alertmanager: %s', async (_name, payload, state) => {
    const delivery = await deliver(await create('alertmanager'), '', payload())
    expect([delivery.state, delivery.reason]).toEqual([
      state,
      state === 'translated' ? null : expect.any(String),
    ])
  })
})

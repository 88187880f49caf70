import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createApp } from '../../src/api/app.ts'
import { parseBody } from '../../src/api/json-body.ts'
import { Problem } from '../../src/api/problems.ts'
import { openPeople } from '../../src/auth/people.ts'
import { openDatabase } from '../../src/db/database.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'

let api: TestApi
let tenant: Tenant
let connectionId: string
let logged = ''

beforeAll(async () => {
  const log = pino(
    { level: 'debug' },
    {
      write: (line) => {
        logged += line
      },
    },
  )
  api = await createTestApi({ logger: log })
  tenant = await api.tenant('problems')
  const { body } = await tenant.request('POST', '/api/v1/connections', { name: 'production' })
  connectionId = body.id
})
beforeEach(() => {
  logged = ''
})
afterAll(() => api.close())

interface Sent {
  method?: string
  url?: string
  headers?: Record<string, string>
  payload?: string
}

const send = ({ method = 'POST', url = '/api/v1/connections', headers = {}, payload }: Sent) =>
  api.app.inject({
    method: method as 'POST',
    url,
    headers: { authorization: `Bearer ${tenant.key}`, ...headers },
    payload,
  })

const json = { 'content-type': 'application/json' }
const deep = (levels: number) => `{"name":${'['.repeat(levels)}${']'.repeat(levels)}}`

describe('every failure is a problem with a fix', () => {
  test.each<[string, Sent, number, string]>([
    ['an unknown page', { method: 'GET', url: '/nowhere' }, 404, 'No such'],
    ['an unknown resource', { method: 'GET', url: '/api/v1/nowhere' }, 404, 'No such'],
    ['no key', { headers: { authorization: '' } }, 401, 'Authorization: Bearer'],
    ['an unknown key', { headers: { authorization: 'Bearer x' } }, 401, 'invalid or revoked'],
    ['text that is not JSON', { headers: json, payload: '{"name":' }, 400, 'not valid JSON'],
    ['an empty body', { headers: json, payload: ' ' }, 400, 'empty'],
    ['nothing where a body is needed', { headers: json, payload: '' }, 422, 'object'],
    ['a name twice', { headers: json, payload: '{"name":"a","name":"b"}' }, 400, '/name: '],
    ['a prototype', { headers: json, payload: '{"__proto__":{"name":"a"}}' }, 400, '__proto__'],
    ['endless nesting', { headers: json, payload: deep(400_000) }, 400, 'nested'],
    [
      'a text',
      { headers: { 'content-type': 'text/plain' }, payload: 'x' },
      415,
      'application/json',
    ],
    [
      'a form',
      { headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'name=a' },
      415,
      'application/json',
    ],
    [
      'JSON that is not said to be',
      { headers: { 'content-type': '' }, payload: '{}' },
      415,
      'application/json',
    ],
    [
      'megabytes',
      { headers: json, payload: JSON.stringify({ name: 'x'.repeat(1 << 20) }) },
      413,
      '1 MiB',
    ],
    ['another method', { method: 'PUT' }, 405, 'POST, GET, HEAD'],
    ['another method on health', { method: 'DELETE', url: '/healthz' }, 405, 'GET'],
    ['another method on the document', { method: 'PUT', url: '/api/openapi.json' }, 405, 'GET'],
    ['an address that is not well-formed', { method: 'GET', url: '/api/v1/%zz' }, 400, 'not valid'],
    [
      'an address without end',
      { method: 'GET', url: `/api/v1/changes/${'a'.repeat(600)}` },
      414,
      'too long',
    ],
    ['a body that is no object', { headers: json, payload: '[]' }, 422, 'body: '],
    [
      'an unknown field of a megabyte',
      { headers: json, payload: `{"${'x'.repeat(900_000)}":1,"name":"a"}` },
      422,
      'Unknown field.',
    ],
  ])('after %s', async (_what, sent, status, part) => {
    const response = await send(sent)
    const body = response.json()
    expect(response.statusCode).toBe(status)
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json(;|$)/)
    expect(body).toEqual({
      type: 'about:blank',
      title: expect.stringMatching(/^[A-Z][\w ]+$/),
      status,
      detail: expect.stringContaining(part),
      instance: `urn:uuid:${response.headers['x-request-id']}`,
      ...(body.errors && {
        errors: body.errors.map(() => ({
          pointer: expect.any(String),
          detail: expect.any(String),
        })),
      }),
    })
    expect(response.body.length).toBeLessThan(2_000)
    if (status === 401) expect(response.headers['www-authenticate']).toBe('Bearer')
    if (status === 405) expect(response.headers.allow).toContain(part)
  })

  test('several errors are reported together, each with its location', async () => {
    const { body } = await tenant.request('POST', '/api/v1/connections', {
      lookbackDays: 0,
      'un/known': 1,
      selection: 'some',
    })
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/lookbackDays',
      '/name',
      '/selection',
      '/un~1known',
    ])
  })

  test('an unknown parameter is rejected by name on every route', async () => {
    const { paths, components } = (await api.app.inject('/api/openapi.json')).json()
    interface Operation {
      tags?: string[]
      requestBody?: { content: { 'application/json': { schema: { $ref: string } } } }
    }
    for (const [path, methods] of Object.entries(paths as Record<string, object>)) {
      for (const [method, { requestBody, tags }] of Object.entries<Operation>({ ...methods })) {
        // They respond like the systems that they replace.
        if (tags?.includes('receivers') && !path.startsWith('/api/v1/')) continue
        const url = `${path.replace('{id}', connectionId)}?unheardOf=1`
        // A valid body, so that the error is not about the body.
        const name = requestBody?.content['application/json'].schema.$ref.split('/').at(-1)
        const payload = name && components.schemas[name].examples[0]
        const { status, body } = await tenant.request(method.toUpperCase(), url, payload)
        expect(status, `${method} ${path}`).toBe(422)
        expect(body.detail, `${method} ${path}`).toContain('unheardOf')
      }
    }
  })

  test('an internal error is logged completely and hidden from the client', async () => {
    vi.spyOn(api.workflows, 'importNow').mockRejectedValueOnce(new Error('the inner reason'))
    const { status, headers, body } = await tenant.request(
      'POST',
      `/api/v1/connections/${connectionId}/import`,
    )
    expect(status).toBe(500)
    expect(JSON.stringify(body)).not.toContain('inner')
    expect(logged).toContain('the inner reason')
    expect(logged).toContain(`"reqId":"${headers['x-request-id']}"`)
  })

  test('a response that does not match its schema is an error', async () => {
    vi.spyOn(api.workflows, 'importNow').mockResolvedValueOnce({ regions: 'many' } as never)
    const url = `/api/v1/connections/${connectionId}/import`
    expect((await tenant.request('POST', url)).status).toBe(500)
  })
})

describe('bodies', () => {
  const distinct = fc.jsonValue({ maxDepth: 5 })

  test('are parsed like JSON.parse does', () => {
    fc.assert(
      fc.property(distinct, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        fc.pre(!/external|__proto__/i.test(text))
        expect(parseBody(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  test('are rejected only if an object repeats a name', () => {
    // Objects are written member by member, so that names can be there twice.
    // None ends in a backslash: V8 13.6 may take `\"` for such a name once it has seen one.
    const name = fc.constantFrom('a', 'b', 'c', '"', '\n', '{', 'é', ':')
    type Node = { text: string; twice: boolean }
    const { node } = fc.letrec<{ node: Node }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('1', 'null', '"a"', '"\\"a\\":{"').map((text) => ({ text, twice: false })),
        fc.array(tie('node'), { maxLength: 3 }).map((items) => ({
          text: `[${items.map(({ text }) => text).join(' ,')}]`,
          twice: items.some(({ twice }) => twice),
        })),
        fc.array(fc.tuple(name, tie('node')), { maxLength: 3 }).map((members) => ({
          text: `{${members.map(([key, { text }]) => `${JSON.stringify(key)} :\n${text}`).join(',')}}`,
          twice:
            new Set(members.map(([key]) => key)).size < members.length ||
            members.some(([, { twice }]) => twice),
        })),
      ),
    }))
    fc.assert(
      fc.property(node, ({ text, twice }) => {
        if (twice) expect(() => parseBody(text)).toThrow(Problem)
        else expect(parseBody(text)).toEqual(JSON.parse(text))
      }),
      { numRuns: 500 },
    )
  })

  test('result in a value or a problem, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        try {
          parseBody(text)
        } catch (error) {
          expect(error).toBeInstanceOf(Problem)
        }
      }),
    )
  })
})

describe('an unavailable dependency', () => {
  test('returns 503 and Retry-After where Postgres is needed', async () => {
    const away = openDatabase({ url: 'postgres://cairn@127.0.0.1:1/cairn' })
    const { cookie } = await tenant.signedIn()
    const auth = openPeople({ ...api.context.auth.settings, system: away })
    const app = await createApp(
      { ...api.context, database: away, system: away, auth },
      { logger: pino({ level: 'silent' }) },
    )
    try {
      const headers = { authorization: `Bearer ${tenant.key}` }
      for (const url of ['/readyz', '/api/v1/connections', '/api/v1/changes']) {
        const response = await app.inject({ url, headers })
        expect(response.statusCode, url).toBe(503)
        expect(response.headers['retry-after'], url).toBe('5')
        expect(response.json().detail, url).toContain('database')
      }
      const signIn = { email: 'a@example.com', password: 'long enough' }
      for (const response of [
        await app.inject({ url: '/api/v1/connections', headers: { cookie } }),
        await app.inject({ method: 'POST', url: '/api/auth/sign-in/email', payload: signIn }),
        await app.inject('/api/invitation?token=x'),
      ]) {
        expect(response.statusCode).toBe(503)
        expect(response.headers['retry-after']).toBe('5')
      }
      expect((await app.inject('/healthz')).json()).toEqual({ status: 'alive' })
    } finally {
      await app.close()
      await away.destroy()
    }
  })

  test('returns results again when Postgres is back', async () => {
    await sql`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()
    `.execute(api.superuser)
    await vi.waitFor(async () => {
      const { status } = await tenant.request('GET', '/api/v1/connections')
      expect(status).toBe(200)
    }, 240_000)
  })

  test('returns 503 only where a workflow is needed, without Temporal', async () => {
    const without = await createTestApi({ temporalAddress: '127.0.0.1:1' })
    try {
      const other = await without.tenant('patient')
      const made = await other.request('POST', '/api/v1/connections', { name: 'production' })
      expect(made.status).toBe(201)
      const url = `/api/v1/connections/${made.body.id}`
      expect((await other.request('PATCH', url, { paused: true })).status).toBe(200)
      expect((await other.request('GET', '/readyz')).body).toEqual({
        status: 'ready',
        temporal: 'away',
      })
      for (const action of ['verify', 'import']) {
        const answer = await other.request('POST', `${url}/${action}`)
        expect(answer).toMatchObject({
          status: 503,
          headers: { 'retry-after': '5' },
          body: { detail: expect.stringContaining('Temporal') },
        })
      }
      expect((await other.request('DELETE', url)).status).toBe(202)
    } finally {
      await without.close()
    }
  })
})

describe('a connection over TCP', () => {
  let port: number
  beforeAll(async () => {
    const url = await api.app.listen({ port: 0, host: '127.0.0.1' })
    port = Number(new URL(url).port)
  })

  async function raw(text: string): Promise<{ head: string; body: string }> {
    const socket = connect(port, '127.0.0.1')
    socket.write(text)
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    await once(socket, 'end')
    socket.destroy()
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    return { head, body }
  }

  test.each([
    ['what is not HTTP', 'hello\r\n\r\n', 400],
    ['a request without a host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['an expectation', 'GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n', 417],
    ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
  ])('gets a problem for %s', async (_what, text, status) => {
    const { head, body } = await raw(text)
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} .*application/problem\\+json`, 's'))
    expect(JSON.parse(body)).toMatchObject({
      status,
      instance: expect.stringMatching(/^urn:uuid:/),
    })
  })

  test('gets a response to a valid request', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/connections`, {
      headers: { authorization: `Bearer ${tenant.key}` },
    })
    expect(response.status).toBe(200)
    expect(((await response.json()) as { items: object[] }).items).toHaveLength(1)
  })
})

test('the log has a line for each request, without keys, queries, headers or bodies', async () => {
  const url = '/api/v1/changes?q=secret-in-query'
  const { headers } = await tenant.request('GET', url)
  await tenant.request('PATCH', `/api/v1/connections/${connectionId}`, { name: 'secret-in-body' })
  await send({ method: 'GET', url, headers: { cookie: 'secret-in-cookie' } })
  await send({ headers: { authorization: 'Bearer secret-wrong-key' } })
  expect(logged).toContain(`"reqId":"${headers['x-request-id']}"`)
  expect(logged).toMatch(/"method":"GET","path":"\/api\/v1\/changes","status":200,"ms":\d+/)
  expect(logged).not.toContain('secret')
  expect(logged).not.toContain(tenant.key)
})

test('every response has the browser security headers', async () => {
  for (const url of [
    '/healthz',
    '/api/openapi.json',
    '/api/v1/changes',
    '/nowhere',
    '/api/v1/%zz',
  ]) {
    const { headers } = await send({ method: 'GET', url })
    expect(headers, url).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'referrer-policy': 'no-referrer',
    })
    expect(headers, url).not.toHaveProperty('access-control-allow-origin')
  }
})

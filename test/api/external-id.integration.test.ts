import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isExternalId, newExternalId } from '../../src/api/external-id.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'

let api: TestApi
let tenant: Tenant
let connectionId: string

beforeAll(async () => {
  api = await createTestApi()
  tenant = await api.tenant('external-ids')
  const { body } = await tenant.request('POST', '/api/v1/connections', { name: 'kept' })
  connectionId = body.id
})
afterAll(() => api.close())

describe('a generated external ID', () => {
  const many = Array.from({ length: 2_000 }, newExternalId)

  test('has the characters and length that STS accepts', () => {
    for (const id of many) expect(id).toMatch(/^[\w+=,.@:/-]{2,1224}$/)
  })

  test('is unique and has at least 128 bits', () => {
    expect(new Set(many).size).toBe(many.length)
    const random = many.map((id) => id.replace(/^cairn-/, ''))
    const alphabet = new Set(random.join('')).size
    expect(Math.min(...random.map(({ length }) => length)) * Math.log2(alphabet)).toBeGreaterThan(
      128,
    )
  })

  test('contains letters, because a probe of the trust policy swaps their case', () => {
    for (const id of many) expect(id.toUpperCase()).not.toBe(id)
  })
})

const spellings = [
  ...['externalId', 'external_id', 'ExternalID', 'external-id', 'EXTERNALID', 'external id'],
  ...[
    'ｅｘｔｅｒｎａｌＩｄ',
    '𝐞𝐱𝐭𝐞𝐫𝐧𝐚𝐥𝐈𝐝',
    'externаlId',
    'externalıd',
    'EXTERNALİD',
    'éxternalId',
    'ex\u200bternalId',
  ],
  ...[
    'sts:ExternalId',
    'param_ExternalId',
    'externalIds',
    'externalId!',
    'externalId[]',
    ' externalId\t',
  ],
]

/** Every other case, and something between any two letters. */
const spelled = fc
  .tuple(
    fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
    fc.array(fc.constantFrom('', '_', '-', ' ', '.', '\u00ad', '\u0301', '__'), {
      minLength: 10,
      maxLength: 10,
    }),
    fc.boolean(),
  )
  .map(([upper, between, wide]) =>
    [...'externalid']
      .map((letter, index) => {
        const cased = upper[index] ? letter.toUpperCase() : letter
        const shown = wide ? String.fromCodePoint(cased.codePointAt(0)! + 0xfee0) : cased
        return shown + between[index]
      })
      .join(''),
  )

test.each(spellings)('the field name %j is recognized', (name) => {
  expect(isExternalId(name)).toBe(true)
})

test.each(['id', 'external', 'name', 'externalAccountId', 'internalId', 'roleArn', '', '💥'])(
  'the field name %j is not recognized',
  (name) => {
    expect(isExternalId(name)).toBe(false)
  },
)

describe('a request with an external ID', () => {
  const routes = [
    ['POST', '/api/v1/connections', { name: 'new' }],
    ['PATCH', '/api/v1/connections/ID', { name: 'other' }],
    ['POST', '/api/v1/connections/ID/verify', {}],
    ['POST', '/api/v1/connections/ID/import', {}],
    ['DELETE', '/api/v1/connections/ID', {}],
  ] as const

  test.each(routes)(
    'is rejected by %s %s, in the body and in the query',
    async (method, route, body) => {
      const url = route.replace('ID', connectionId)
      const inBody = await tenant.request(method, url, { ...body, external_id: 'mine' })
      expect(inBody).toMatchObject({
        status: 422,
        body: {
          errors: [
            { pointer: '/external_id', detail: expect.stringContaining('Remove this field') },
          ],
        },
      })
      const inQuery = await tenant.request(method, `${url}?External%2DId=mine`, body)
      expect(inQuery).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '?External-Id' }] },
      })
    },
  )

  test('is rejected by every route with a body, including future ones', async () => {
    const { paths } = (await api.app.inject('/api/openapi.json')).json()
    const taking = Object.entries(paths as Record<string, Record<string, object>>).flatMap(
      ([path, methods]) =>
        Object.entries(methods)
          .filter(([, operation]) => path.startsWith('/api/v1/') && 'requestBody' in operation)
          .map(([method]) => ({ method: method.toUpperCase(), path })),
    )
    expect(taking.length).toBeGreaterThan(1)
    for (const { method, path } of taking) {
      const url = path.replace(/\{\w+\}/g, connectionId)
      const { status } = await tenant.request(method, url, { a: [{ externalId: 'mine' }] })
      expect(status, `${method} ${path}`).toBe(422)
    }
  })

  test('is rejected at any depth and in any spelling, and creates nothing', async () => {
    const before = (await tenant.request('GET', '/api/v1/connections')).body.items
    /** A body with the name somewhere in it. */
    const nested = (inner: unknown) =>
      fc
        .array(fc.oneof(fc.constant(null), fc.stringMatching(/^[a-d]{1,3}$/)), { maxLength: 6 })
        .map((steps) =>
          steps.reduce<unknown>(
            (value, step) => (step === null ? [1, value, 'x'] : { z: true, [step]: value }),
            inner,
          ),
        )
    await fc.assert(
      fc.asyncProperty(
        spelled.chain((name) => nested({ [name]: 'mine' })),
        async (extra) => {
          const { status, body } = await tenant.request('POST', '/api/v1/connections', {
            name: 'new',
            extra,
          })
          expect(status).toBe(422)
          expect(body.detail).toContain('Cairn generates')
        },
      ),
      { numRuns: 200 },
    )
    expect((await tenant.request('GET', '/api/v1/connections')).body.items).toEqual(before)
  })

  test.each([
    ['{"name":"a","externalId":"mine","externalId":"yours"}', '/externalId'],
    ['{"a":{"externalId":"mine"},"a":1,"name":"a"}', '/a/externalId'],
    ['{"name":"a","\\u0065xternalId":"mine"}', '/externalId'],
    ['{"a":[0,{"b":"\\"externalId\\":"},{"externalId":1}],"name":"a"}', '/a/2/externalId'],
    ['{"a/b":{"~":{"external-id":1}},"name":"a"}', '/a~1b/~0/external-id'],
  ])('is rejected behind duplicates and escapes: %s', async (payload, pointer) => {
    const response = await api.app.inject({
      method: 'POST',
      url: '/api/v1/connections',
      headers: { authorization: `Bearer ${tenant.key}`, 'content-type': 'application/json' },
      payload,
    })
    expect(response.statusCode).toBe(422)
    expect(response.json().errors).toMatchObject([{ pointer }])
  })

  test('is accepted if only a value, not a name, resembles one', async () => {
    const { status, body } = await tenant.request('PATCH', `/api/v1/connections/${connectionId}`, {
      name: '"externalId": "x"',
    })
    expect(status).toBe(200)
    expect(body.name).toBe('"externalId": "x"')
  })
})

test('the external ID never changes, not even in the database', async () => {
  const { body } = await tenant.request('GET', `/api/v1/connections/${connectionId}`)
  await expect(
    api.superuser
      .updateTable('connections')
      .set({ external_id: 'another' } as never)
      .where('id', '=', connectionId)
      .execute(),
  ).rejects.toThrow('cannot be changed')
  expect(body.externalId).toMatch(/^cairn-/)
})

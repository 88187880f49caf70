import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, type TestApi } from '../../testing/api.ts'

interface Schema {
  $ref?: string
  examples?: unknown[]
  properties?: Record<string, Schema>
}
interface Answer {
  description: string
  content?: Record<string, { schema: Schema }>
}
interface Operation {
  operationId?: string
  summary?: string
  description?: string
  tags?: string[]
  security?: object[]
  parameters?: { name: string; in: string; description?: string }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, Answer>
}

let api: TestApi
// biome-ignore lint/suspicious/noExplicitAny: the validator below says whether it is a document
let document: any
let operations: { name: string; path: string; operation: Operation }[]

beforeAll(async () => {
  api = await createTestApi()
  const response = await api.app.inject('/api/openapi.json')
  expect(response.statusCode).toBe(200)
  document = response.json()
  operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        path,
        operation,
      })),
  )
})
afterAll(() => api.close())

test('the document is valid OpenAPI 3.1', async () => {
  expect(document.openapi).toBe('3.1.0')
  expect(await new Validator().validate(structuredClone(document))).toMatchObject({ valid: true })
})

test('the document contains every route', () => {
  // Lines like `│   └── /:id (GET, HEAD)`: four characters a level.
  const parents: string[] = []
  const registered = [
    ...api.app
      .printRoutes({ commonPrefix: false })
      .matchAll(/^([│ ]*)[├└]── (\S+) \(([^)]+)\)$/gmu),
  ].flatMap(([, indent, part, methods]) => {
    const level = indent!.length / 4
    parents.splice(level, parents.length, part!)
    const path = parents.join('').replaceAll(/:(\w+)/g, '{$1}')
    return methods!.split(', ').map((method) => `${method} ${path}`)
  })
  const documented = operations.map(({ name }) => name)
  // Webhooks are described where their senders are set up.
  const others = ['GET /api/openapi.json', 'POST /webhooks/{integrationId}']
  const apart = (name: string) => name.startsWith('HEAD ') || others.includes(name)
  expect(registered.filter((name) => !apart(name)).sort()).toEqual(documented.sort())
})

test('every operation has a name, a summary, a description, a group, parameters and responses', () => {
  const ids = operations.map(({ operation }) => operation.operationId)
  expect(new Set(ids).size).toBe(operations.length)
  const groups = document.tags.map(({ name }: { name: string }) => name)
  for (const { name, operation } of operations) {
    expect(operation.operationId, name).toMatch(/^[a-z][A-Za-z]+$/)
    expect(operation.summary, name).toMatch(/^[A-Z].*[^.]$/)
    expect(operation.description, name).toMatch(/\.$/)
    expect(groups, name).toContain(operation.tags?.[0])
    for (const parameter of operation.parameters ?? [])
      expect(parameter.description, `${name} ${parameter.name}`).toMatch(/\.$/)
    for (const [status, { description }] of Object.entries(operation.responses)) {
      expect(description, `${name} ${status}`).toMatch(/\.$/)
      expect(description, `${name} ${status}`).not.toBe('Default Response')
    }
  }
})

test('every operation under /api/v1 requires a key or a session and documents its errors', () => {
  for (const { name, path, operation } of operations) {
    if (!path.startsWith('/api/v1/')) {
      // GitHub's deployment API has GitHub's paths, and a key in the header.
      const security = path.includes('/repos/') ? [{ key: [] }] : []
      expect(operation.security, name).toEqual(security)
      continue
    }
    // A key is accepted except for managing access and excluding regions.
    const inPerson =
      /^\S+ \/api\/v1\/(invitations|members\/|api-keys\/)|^POST \/api\/v1\/api-keys$|^PATCH \S+\/coverage\//.test(
        name,
      )
    expect(operation.security ?? document.security, name).toEqual(
      inPerson ? [{ session: [] }] : [{ key: [] }, { session: [] }],
    )
    const expected = ['401', '503', 'default']
    if (path.includes('{')) expected.push('404')
    if (operation.requestBody) expected.push('422')
    for (const status of expected) {
      const answer = operation.responses[status]
      expect(answer?.content, `${name} ${status}`).toEqual({
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
      })
    }
  }
})

test('every named schema has valid examples', () => {
  const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true, uuid: true } })
  ajv.addSchema(document, 'document')
  const schemas = Object.entries(document.components.schemas as Record<string, Schema>)
  expect(schemas.length).toBeGreaterThan(5)
  for (const [name, schema] of schemas) {
    // These consist of schemas with their own examples.
    if (/Page$|WithRecord$/.test(name)) continue
    expect(schema.examples?.length, name).toBeGreaterThan(0)
    const validate = ajv.getSchema(`document#/components/schemas/${name}`)!
    for (const example of schema.examples ?? [])
      expect(validate(example) || validate.errors, name).toBe(true)
  }
})

test('responses of the API match the document', async () => {
  const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true, uuid: true } })
  ajv.addSchema(document, 'document')
  const tenant = await api.tenant('documented')
  const made = await tenant.request('POST', '/api/v1/connections', { name: 'production' })
  const refused = await tenant.request('POST', '/api/v1/connections', {})
  const coverage = await tenant.request('GET', `/api/v1/connections/${made.body.id}/coverage`)
  const changes = await tenant.request('GET', '/api/v1/changes')
  const answers = { Connection: made, Problem: refused, Coverage: coverage, ChangePage: changes }
  for (const [name, { body }] of Object.entries(answers)) {
    const validate = ajv.getSchema(`document#/components/schemas/${name}`)!
    expect(validate(body) || validate.errors, name).toBe(true)
  }
})

test('every named schema is used', () => {
  const text = JSON.stringify(document)
  for (const name of Object.keys(document.components.schemas))
    expect(text).toContain(`"#/components/schemas/${name}"`)
})

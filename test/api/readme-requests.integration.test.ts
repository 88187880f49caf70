import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'

const readme = readFileSync(path.resolve(import.meta.dirname, '../../README.md'), 'utf8')

/** Each `api …` command of README.md: `-X METHOD`, the path after `$API`, and the body of `--json`. */
const requests = [
  ...readme.matchAll(/^api (?:-X (\w+) )?"?\$API([^\s"]*)"?(?: --json '([^']*)')?/gm),
].map(([, method, url = '', body]) => ({
  method: method ?? (body === undefined ? 'GET' : 'POST'),
  url,
  body,
}))

let api: TestApi
let tenant: Tenant
let id: string
beforeAll(async () => {
  api = await createTestApi()
  tenant = await api.tenant('readme')
  const connection = await tenant.request('POST', '/api/v1/connections', { name: 'readme' })
  id = connection.body.id
})
afterAll(() => api.close())

test('README.md contains requests', () => {
  expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual(
    expect.arrayContaining(['POST /connections', 'PATCH /connections/$ID', 'POST /changes']),
  )
})

// A verification waits for a worker; test/e2e/connecting.e2e.test.ts verifies a role.
test.each(requests.filter(({ url }) => !url.endsWith('/verify')))(
  'the API accepts $method $url of README.md',
  async ({ method, url, body }) => {
    const { status, body: received } = await tenant.request(
      method,
      `/api/v1${url.replace('$ID', id)}`,
      body === undefined ? undefined : JSON.parse(body),
    )
    expect({ status, received }).toMatchObject({ status: method === 'POST' ? 201 : 200 })
  },
)

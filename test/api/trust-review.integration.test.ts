import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { trustPolicy } from '../../src/aws/documents/trust.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'

const principalArn = 'arn:aws:iam::999988887777:role/services/cairn'
const roleArn = 'arn:aws:iam::111122223333:role/cairn-read-only'

let api: TestApi
let tenant: Tenant
let connection: { id: string; externalId: string }

beforeAll(async () => {
  api = await createTestApi({ principalArn })
  vi.spyOn(api.workflows, 'changed').mockResolvedValue(true)
  tenant = await api.tenant('tenant')
  connection = (await tenant.request('POST', '/api/v1/connections', { name: 'shop' })).body
  const { status } = await tenant.request('PATCH', `/api/v1/connections/${connection.id}`, {
    roleArn,
  })
  expect(status).toBe(200)
})
afterAll(() => api.close())

const review = (role: unknown) =>
  tenant.request('POST', `/api/v1/connections/${connection.id}/trust-review`, { role })

/** As the AWS CLI prints it. */
const getRole = (document: object, Arn = roleArn) =>
  `${JSON.stringify({ Role: { Path: '/', RoleName: 'cairn-read-only', Arn, AssumeRolePolicyDocument: document } }, null, 4)}\n`

test("the policy that Cairn generates is safe for this connection's ID and Cairn's principal", async () => {
  const { externalId } = connection
  const { status, body } = await review(getRole(trustPolicy({ principalArn, externalId })))
  expect(status).toBe(200)
  expect(body).toMatchObject({
    verdict: 'safe',
    trusted: [{ principal: principalArn, judgment: 'expected', remedy: null }],
    notes: [],
    remedy: null,
  })
})

test('the ID of another connection is unsafe, and the remedy has the right one', async () => {
  const other = (await tenant.request('POST', '/api/v1/connections', { name: 'other' })).body
  const policy = trustPolicy({ principalArn, externalId: other.externalId })
  const { status, body } = await review(getRole(policy))
  expect(status).toBe(200)
  expect(body.verdict).toBe('unsafe')
  const right = trustPolicy({ principalArn, externalId: connection.externalId })
  expect(JSON.parse(body.trusted[0].remedy)).toEqual(right.Statement[0])
  expect(JSON.parse(body.remedy)).toEqual(right)
})

test('the role of another connection is recognized', async () => {
  const policy = trustPolicy({ principalArn, externalId: connection.externalId })
  const { body } = await review(getRole(policy, 'arn:aws:iam::111122223333:role/admin'))
  expect(body.verdict).toBe('another_role')
  expect(body.summary).toContain(roleArn)
})

test.each([
  ['The input is empty', ''],
  ['NoSuchEntity', 'An error occurred (NoSuchEntity) when calling the GetRole operation'],
  ['no trust policy', '{"Role": {"Arn": "arn:aws:iam::111122223333:role/x"}}'],
  ['longer than 100 KB', 'a'.repeat(102_401)],
  ['Must be a string', 17],
  ['Required', undefined],
])('an unreadable policy is rejected, with the reason: %s', async (reason, role) => {
  const { status, body } = await review(role)
  expect(status).toBe(422)
  expect(body.errors).toEqual([{ pointer: '/role', detail: expect.stringContaining(reason) }])
})

test('other input is rejected, and nothing is stored', async () => {
  const before = await tenant.request('GET', `/api/v1/connections/${connection.id}`)
  const url = `/api/v1/connections/${connection.id}/trust-review`
  const { status } = await tenant.request('POST', url, { role: '{"Statement":[]}', roleArn })
  expect(status).toBe(422)
  expect((await review('{"Statement":[]}')).status).toBe(200)
  expect(await tenant.request('GET', `/api/v1/connections/${connection.id}`)).toMatchObject({
    body: before.body,
  })
})

test('an external ID inside the policy text is accepted', async () => {
  const text = '{"Statement": [], "externalId": "cairn-x", "__proto__": {"a": 1}}'
  expect((await review(text)).status).toBe(200)
})

test('text with unpaired surrogates and control characters gets a readable response', async () => {
  const odd = '\ud800\u0000\u001b[31m'
  const { status, body } = await review(
    JSON.stringify({ Statement: { Effect: 'Allow', Principal: { AWS: odd }, Action: '*' } }),
  )
  expect(status).toBe(200)
  expect(body.trusted[0].principal.isWellFormed()).toBe(true)
})

test("the other statements are reviewed while Cairn's principal is unknown", async () => {
  const unsure = await createTestApi({ principalArn: null })
  try {
    vi.spyOn(unsure.workflows, 'changed').mockResolvedValue(true)
    const someone = await unsure.tenant('someone')
    const { id, externalId } = (
      await someone.request('POST', '/api/v1/connections', { name: 'shop' })
    ).body
    const ask = (document: object) =>
      someone.request('POST', `/api/v1/connections/${id}/trust-review`, { role: getRole(document) })
    const right = (await ask(trustPolicy({ principalArn, externalId }))).body
    expect(right).toMatchObject({ verdict: 'unclear', remedy: null })
    expect(right.summary).toContain('cannot determine')
    const open = (await ask(trustPolicy({ principalArn: '*', externalId }))).body
    expect(open.verdict).toBe('unsafe')
    expect(JSON.parse(open.trusted[0].remedy)).toEqual({
      Condition: { StringEquals: { 'sts:ExternalId': externalId } },
    })
  } finally {
    await unsure.close()
  }
})

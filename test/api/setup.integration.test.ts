import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { permissionPolicy } from '../../src/aws/documents/permissions.ts'
import { trustPolicy } from '../../src/aws/documents/trust.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { parseHcl } from '../../testing/hcl.ts'

const principalArn = 'arn:aws:iam::999988887777:role/platform/cairn'
const templateUrl = 'https://cairn-templates.s3.eu-west-1.amazonaws.com/cairn-read-only.yaml'

let api: TestApi
let tenant: Tenant
let tenants = 0

async function start(options: Parameters<typeof createTestApi>[0]) {
  const started = await createTestApi(options)
  vi.spyOn(started.workflows, 'changed').mockResolvedValue(true)
  return started
}

beforeAll(async () => {
  api = await start({ principalArn })
  tenant = await api.tenant('set up')
})
afterAll(() => api.close())

async function connectionWithSetup(query = '', of = tenant) {
  const { body: connection } = await of.request('POST', '/api/v1/connections', { name: 'shop' })
  const url = `/api/v1/connections/${connection.id}/setup${query}`
  const { status, body: setup } = await of.request('GET', url)
  expect(status, setup.detail).toBe(200)
  return { connection, setup }
}

const download = (url: string) => {
  const { pathname, search } = new URL(url)
  const headers = { authorization: `Bearer ${tenant.key}` }
  return api.app.inject({ url: pathname + search, headers })
}

test('the policies contain the values of this connection', async () => {
  const { connection, setup } = await connectionWithSetup()
  const { externalId } = connection
  expect(setup).toMatchObject({ externalId, principal: { arn: principalArn, state: 'certain' } })
  expect(setup.policies.trust).toEqual(trustPolicy({ principalArn, externalId }))
  expect(setup.policies.permissions).toEqual(permissionPolicy)
  expect(permissionPolicy.Statement[0]!.Action).toHaveLength(7)
  const used = setup.policies.actions.filter(({ used }: { used: boolean }) => used)
  expect(setup.policies.session.Statement[0].Action).toEqual(
    used.map(({ action }: { action: string }) => action),
  )
})

test('the downloaded template has the values of this connection as defaults', async () => {
  const { connection, setup } = await connectionWithSetup('?roleName=reader&rolePath=/audit/')
  const { body, headers } = await download(setup.cloudFormation.download.url)
  expect(headers['content-disposition']).toContain('cairn-read-only.yaml')
  const parse = (text: string) => parseYaml(text, { logLevel: 'silent' })
  const filled = parse(body)
  const file = 'infra/cloudformation/cairn-read-only.yaml'
  const original = parse(readFileSync(path.resolve(import.meta.dirname, '../..', file), 'utf8'))
  const values = {
    ExternalId: connection.externalId,
    CairnPrincipalArn: principalArn,
    RoleName: 'reader',
    RolePath: '/audit/',
  }
  for (const [name, value] of Object.entries(values)) original.Parameters[name].Default = value
  expect(filled).toEqual(original)
  // It contains comments for reviewers and CloudFormation's short tags.
  expect(body).toContain('# ')
  expect(body).toContain('!Ref ExternalId')
})

test('the downloaded module is one file, which trusts this Cairn by default', async () => {
  const { setup } = await connectionWithSetup()
  const { rawPayload } = await download(setup.terraform.download.url)
  const folder = mkdtempSync(path.join(tmpdir(), 'module-'))
  try {
    execFileSync('tar', ['-xzf', '-'], { cwd: folder, input: rawPayload })
    const read = (file: string) => readFileSync(path.join(folder, 'cairn-read-only', file), 'utf8')
    const { variable } = await parseHcl('variables.tf', read('variables.tf'))
    expect(variable.principal_arn[0].default).toBe(principalArn)
    expect(variable.external_id[0].default).toBeUndefined()
    expect(read('README.md')).toContain('external_id')
  } finally {
    rmSync(folder, { recursive: true })
  }
  const again = await download(setup.terraform.download.url)
  expect(again.rawPayload.equals(rawPayload)).toBe(true)
})

test('the module block is HCL with an output for the ARN', async () => {
  const { connection, setup } = await connectionWithSetup('?roleName=reader&rolePath=/audit/')
  const { module, output } = await parseHcl('main.tf', setup.terraform.module)
  expect(module.cairn_read_only[0]).toEqual({
    source: './cairn-read-only',
    external_id: connection.externalId,
    principal_arn: principalArn,
    name: 'reader',
    path: '/audit/',
  })
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of HCL
  expect(output.cairn_role_arn[0].value).toBe('${module.cairn_read_only.role_arn}')
})

describe('quick-create links', () => {
  test('are missing while the template is not published, with the reason', async () => {
    const { setup } = await connectionWithSetup()
    const { links, why } = setup.cloudFormation.quickCreate
    expect(links).toEqual([])
    expect(why).toMatch(/S3.*npm run publish-template/)
  })

  test('open the console of each region with all parameters', async () => {
    const published = await start({ principalArn, templateUrl })
    try {
      const { connection, setup } = await connectionWithSetup('', await published.tenant('one'))
      const { links, why } = setup.cloudFormation.quickCreate
      expect(why).toBeNull()
      expect(links.length).toBeGreaterThan(15)
      for (const { region, url } of links) {
        expect(url.length).toBeLessThanOrEqual(1024)
        const { host, pathname, searchParams, hash } = new URL(url)
        expect([host, pathname, searchParams.get('region')]).toEqual([
          ...[`${region}.console.aws.amazon.com`, '/cloudformation/home', region],
        ])
        const [page, query] = hash.split('?')
        expect(page).toBe('#/stacks/create/review')
        expect(Object.fromEntries(new URLSearchParams(query))).toEqual({
          templateURL: templateUrl,
          stackName: 'cairn-read-only',
          param_ExternalId: connection.externalId,
          param_CairnPrincipalArn: principalArn,
          param_RoleName: 'cairn-read-only',
          param_RolePath: '/',
        })
      }
      expect(setup.cloudFormation.commands[0].command).toContain(`--template-url ${templateUrl}`)
    } finally {
      await published.close()
    }
  })

  test.each([
    ['aws-us-gov', 'us-gov-west-1.console.amazonaws-us-gov.com'],
    ['aws-cn', 'cn-north-1.console.amazonaws.cn'],
  ])('open the console of their partition: %s', async (partition, host) => {
    const elsewhere = await start({
      principalArn: `arn:${partition}:iam::999988887777:role/cairn`,
      templateUrl,
    })
    try {
      const { setup } = await connectionWithSetup('', await elsewhere.tenant('one'))
      const hosts = setup.cloudFormation.quickCreate.links.map(
        ({ url }: { url: string }) => new URL(url).host,
      )
      expect(hosts).toContain(host)
      expect(setup.policies.trust.Statement[0].Principal.AWS).toContain(`arn:${partition}:`)
    } finally {
      await elsewhere.close()
    }
  })
})

describe('while the principal of the trust policy is uncertain', () => {
  test('the setup omits everything that names it, and describes the fix', async () => {
    const unsure = await start({ principalArn: null })
    try {
      const one = await unsure.tenant('one')
      const { connection, setup } = await connectionWithSetup('', one)
      expect(setup).toMatchObject({
        terraform: null,
        cloudFormation: null,
        cli: null,
        principal: { arn: null, state: 'unknown', remedy: expect.stringContaining('worker') },
        policies: { trust: null, permissions: permissionPolicy },
      })
      for (const file of ['terraform', 'cloudformation']) {
        const url = `/api/v1/connections/${connection.id}/setup/${file}`
        const { status, body } = await one.request('GET', url)
        expect(status).toBe(409)
        expect(body.detail).toContain(setup.principal.remedy)
      }
    } finally {
      await unsure.close()
    }
  })
})

test('a connection with a role gets the setup of that role', async () => {
  const { connection } = await connectionWithSetup()
  await tenant.request('PATCH', `/api/v1/connections/${connection.id}`, {
    roleArn: 'arn:aws:iam::123456789012:role/services/audit/reader',
  })
  const { body } = await tenant.request('GET', `/api/v1/connections/${connection.id}/setup`)
  expect(body).toMatchObject({ roleName: 'reader', rolePath: '/services/audit/' })
})

test.each([
  ['roleName=a b', '?roleName'],
  ["roleName=a';rm -rf x;'", '?roleName'],
  [`roleName=${'a'.repeat(65)}`, '?roleName'],
  ['rolePath=services', '?rolePath'],
  ["rolePath=/a'b /", '?rolePath'],
  ['region=mars-north-1', '?region'],
  ['region=cn-north-1', '?region'],
])('values that AWS would reject are rejected: %s', async (query, pointer) => {
  const { connection } = await connectionWithSetup()
  const url = `/api/v1/connections/${connection.id}/setup?${encodeURI(query)}`
  const { status, body } = await tenant.request('GET', url)
  expect(status).toBe(422)
  expect(body.errors).toMatchObject([{ pointer }])
})

describe('bulk creation', () => {
  const bulk = (body: object, of = tenant) => of.request('POST', '/api/v1/connections/bulk', body)
  const accounts = (count: number) =>
    Array.from({ length: count }, (_, index) => String(500_000_000_000 + index))

  test('creates a connection, an external ID and an expected role ARN for each account', async () => {
    const one = await api.tenant(`bulk ${++tenants}`)
    const accountIds = accounts(1_000)
    const { status, body } = await bulk(
      { accountIds, roleName: 'reader', rolePath: '/audit/' },
      one,
    )
    expect(status).toBe(201)
    expect(body.items).toHaveLength(1_000)
    expect(body.items[7]).toMatchObject({
      accountId: accountIds[7],
      roleArn: `arn:aws:iam::${accountIds[7]}:role/audit/reader`,
      externalId: body.externalIds[accountIds[7]!],
      status: 'verifying',
    })
    expect(Object.keys(body.externalIds)).toEqual(accountIds)
    expect(new Set(Object.values(body.externalIds)).size).toBe(1_000)
    const { locals } = await parseHcl('locals.tf', body.terraform)
    expect(locals[0].cairn_external_ids).toEqual(body.externalIds)
    expect((await one.request('GET', '/api/v1/connections')).body.items).toHaveLength(1_000)
  })

  test('creates nothing if one account is already connected', async () => {
    const one = await api.tenant(`bulk ${++tenants}`)
    const [first, second, third] = accounts(3)
    await bulk({ accountIds: [second] }, one)
    const { status, body } = await bulk({ accountIds: [first, second, third] }, one)
    expect(status).toBe(409)
    expect(body.errors).toMatchObject([
      { pointer: '/accountIds/1', detail: expect.stringContaining(second!) },
    ])
    expect((await one.request('GET', '/api/v1/connections')).body.items).toHaveLength(1)
    // Another organization does not prevent it.
    const other = await api.tenant(`bulk ${++tenants}`)
    expect((await bulk({ accountIds: [second] }, other)).status).toBe(201)
  })

  test("distinguishes Cairn's own account from its own role", async () => {
    const one = await api.tenant(`bulk ${++tenants}`)
    const accountIds = ['111122223333', '999988887777']
    const own = await bulk({ accountIds, roleName: 'cairn', rolePath: '/platform/' }, one)
    expect(own.status).toBe(422)
    expect(own.body.errors).toMatchObject([{ pointer: '/accountIds/1' }])
    expect((await bulk({ accountIds }, one)).status).toBe(201)
  })

  test.each<[string, object, string]>([
    ['none', { accountIds: [] }, '/accountIds'],
    ['too many', { accountIds: accounts(1_001) }, '/accountIds'],
    ['one twice', { accountIds: ['123456789012', '123456789012'] }, '/accountIds'],
    ['what is no account', { accountIds: ['123'] }, '/accountIds/0'],
    ['a bad name', { accountIds: ['123456789012'], roleName: 'a b' }, '/roleName'],
    ['an external ID', { accountIds: ['123456789012'], externalId: 'mine' }, '/externalId'],
  ])('rejects %s', async (_what, body, pointer) => {
    const one = await api.tenant(`bulk ${++tenants}`)
    const answer = await bulk(body, one)
    expect(answer.status).toBe(422)
    expect(answer.body.errors).toMatchObject([{ pointer }])
    expect((await one.request('GET', '/api/v1/connections')).body.items).toEqual([])
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fromEnv, fromIni } from '@aws-sdk/credential-providers'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Simulator, startSimulator } from '../../simulator/index.ts'
import { AwsAccess } from '../../src/aws/access.ts'
import { describeCredentials, readCallerArn } from '../../src/aws/principal-finding.ts'
import { policy, trust } from '../../testing/roles.ts'

const ACCOUNT = '999988887777'
const SSO_NAME = 'AWSReservedSSO_Administrators_0123456789abcdef'
const mayAsk = policy({ Effect: 'Allow', Action: 'iam:GetRole', Resource: '*' })

let simulator: Simulator
const directory = mkdtempSync(path.join(tmpdir(), 'cairn-principal-'))

beforeEach(async () => {
  simulator = await startSimulator({ latencyMs: 0 })
  vi.stubEnv('AWS_ENDPOINT_URL', simulator.url)
  return () => simulator.close()
})
afterEach(() => vi.unstubAllEnvs())
// The directory outlives single tests; nothing in it is a real key.
process.once('exit', () => rmSync(directory, { recursive: true, force: true }))

const accessAs = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
  new AwsAccess({ credentials: async () => credentials, region: 'us-east-1' })

/** A session of a role, as on EC2, ECS and EKS. */
function asRole(arn: string, policies: ReturnType<typeof policy>[] = []) {
  simulator.putRole({ arn, trustPolicy: trust(ACCOUNT), policies })
  return accessAs(simulator.createPrincipal({ arn, policies, sessionName: 'i-0abc' }))
}

const STS = 'https://sts.amazonaws.com/doc/2011-06-15/'

/** A server that always returns this response, for behavior that the simulator lacks. */
async function answering(status: number, xml: string): Promise<void> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'text/xml' }).end(xml)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

describe('the result of GetCallerIdentity', () => {
  test.each([
    ['arn:aws:iam::123456789012:user/team/cairn', 'user'],
    ['arn:aws-cn:sts::123456789012:assumed-role/cairn/i-0abc', 'role'],
    ['arn:aws:iam::123456789012:root', 'unusable'],
    ['arn:aws:sts::123456789012:federated-user/bob', 'unusable'],
    ['arn:aws-iso:sts::123456789012:assumed-role/cairn/x', 'unusable'],
    // An ARN of an unknown form is not guessed from.
    ['arn:aws:iam::123456789012:role/cairn', 'unusable'],
    ['arn:aws:sts::123456789012:assumed-role/cairn', 'unusable'],
    ['arn:aws:sts::123456789012:assumed-role//x', 'unusable'],
    ['arn:aws:s3:::bucket', 'unusable'],
    ['arn:aws:iam::123456789012:user', 'unusable'],
    ['', 'unusable'],
  ])('%s: %s', (arn, kind) => {
    expect(readCallerArn(arn).kind).toBe(kind)
  })

  test("contains the role's name without the session's name", () => {
    expect(readCallerArn('arn:aws-us-gov:sts::123456789012:assumed-role/cairn/a@b.c')).toEqual({
      kind: 'role',
      partition: 'aws-us-gov',
      accountId: '123456789012',
      roleName: 'cairn',
    })
  })
})

describe('the principal in trust policies', () => {
  test.each([
    'arn:aws:iam::999988887777:role/platform/eu/prod',
    `arn:aws:iam::${ACCOUNT}:role/own`,
  ])('is certain and has its path if the role may call IAM: %s', async (arn) => {
    const found = await asRole(arn, [mayAsk]).findPrincipal()
    expect(found).toMatchObject({
      state: 'certain',
      arn,
      source: 'iam:GetRole',
      remedy: null,
      accountId: ACCOUNT,
      partition: 'aws',
      caller: expect.stringMatching(/:assumed-role\/(prod|own)\/i-0abc$/),
    })
  })

  test('is uncertain if the role may not call IAM, even without a path', async () => {
    const found = await asRole(`arn:aws:iam::${ACCOUNT}:role/platform/prod`).findPrincipal()
    expect(found).toMatchObject({ state: 'uncertain', arn: null, source: null })
    expect(found.saw).toContain('not allowed to call iam:GetRole')
    expect(found.means).toContain(`arn:aws:iam::${ACCOUNT}:role/prod, or have a path`)
    expect(found.remedy).toContain(
      'aws iam get-role --role-name prod --query Role.Arn --output text',
    )
    expect(found.remedy).toContain('CAIRN_PRINCIPAL_ARN')
  })

  test('of IAM Identity Center has the known part of its path without access to IAM', async () => {
    const path = '/aws-reserved/sso.amazonaws.com/eu-west-1/'
    const found = await asRole(`arn:aws:iam::${ACCOUNT}:role${path}${SSO_NAME}`).findPrincipal()
    expect(found).toMatchObject({ state: 'uncertain', arn: null })
    expect(found.means).toContain(
      `arn:aws:iam::${ACCOUNT}:role/aws-reserved/sso.amazonaws.com/REGION/${SSO_NAME}`,
    )
    expect(found.remedy).toContain(`--role-name ${SSO_NAME}`)
  })

  test('is certain as soon as access to IAM is allowed', async () => {
    const arn = `arn:aws:iam::${ACCOUNT}:role/platform/prod`
    const access = asRole(arn)
    expect(await access.findPrincipal()).toMatchObject({ state: 'uncertain' })
    simulator.setPolicies(arn, [mayAsk])
    expect(await access.findPrincipal()).toMatchObject({ state: 'certain', arn })
  })

  test('is uncertain after a failure of IAM, and a retry is announced', async () => {
    const access = asRole(`arn:aws:iam::${ACCOUNT}:role/platform/prod`, [mayAsk])
    simulator.failNext({
      service: 'iam',
      operation: 'GetRole',
      effect: 'error',
      code: 'ServiceFailure',
      status: 500,
    })
    const found = await access.findPrincipal()
    expect(found).toMatchObject({ state: 'uncertain', arn: null })
    expect(found.remedy).toContain('retries automatically')
  })

  test('of a user is certain and has its path, with a recommendation', async () => {
    const arn = `arn:aws:iam::${ACCOUNT}:user/vendors/cairn`
    const found = await accessAs(simulator.createPrincipal({ arn })).findPrincipal()
    expect(found).toMatchObject({ state: 'certain', arn, source: 'caller', remedy: null })
    expect(found.means).toContain('Prefer a role')
  })

  // The simulator has no root users and no federation: these answers are as STS documents them.
  test.each(['root', 'federated-user/bob'])('%s is always unusable', async (who) => {
    const arn = `arn:aws:${who === 'root' ? 'iam' : 'sts'}::${ACCOUNT}:${who}`
    await answering(
      200,
      `<GetCallerIdentityResponse xmlns="${STS}"><GetCallerIdentityResult><Arn>${arn}</Arn>` +
        `<UserId>${ACCOUNT}</UserId><Account>${ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
    )
    const found = await accessAs(simulator.vendor.credentials).findPrincipal()
    expect(found).toMatchObject({ state: 'unusable', arn: null, caller: arn })
    expect(found.remedy).toContain('docs/cairns-identity.md')
  })
})

describe('without an identity', () => {
  test('missing credentials are reported', async () => {
    const empty = path.join(directory, 'empty')
    writeFileSync(empty, '')
    vi.stubEnv('AWS_CONFIG_FILE', empty)
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', empty)
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE'])
      vi.stubEnv(name, undefined)
    const found = await new AwsAccess().findPrincipal()
    expect(found).toMatchObject({ state: 'unknown', arn: null, caller: null, credentials: null })
    expect(found.saw).toContain('no AWS credentials')
    expect(found.remedy).toContain('aws sso login')
  })

  test('keys that AWS does not recognize are reported', async () => {
    const found = await accessAs({
      accessKeyId: 'AKIAUNKNOWNUNKNOWN00',
      secretAccessKey: 'never-issued',
    }).findPrincipal()
    expect(found).toMatchObject({ state: 'unknown', arn: null })
    expect(found.remedy).toContain('AWS_REGION')
  })

  test('a secret that does not match the key is reported', async () => {
    const { accessKeyId } = simulator.createPrincipal({ arn: `arn:aws:iam::${ACCOUNT}:user/u` })
    const found = await accessAs({ accessKeyId, secretAccessKey: 'another' }).findPrincipal()
    expect(found).toMatchObject({ state: 'unknown', arn: null })
    expect(found.remedy).toContain('secret access key')
  })

  test('an unreachable AWS is reported', async () => {
    const access = accessAs(simulator.vendor.credentials)
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1')
    const found = await access.findPrincipal()
    expect(found).toMatchObject({ state: 'unknown', arn: null })
    expect(found.saw).toContain('did not respond')
  })

  test('stopping does not wait for credentials that never arrive', async () => {
    const never = new AwsAccess({ credentials: () => new Promise(() => {}) })
    const stopping = new AbortController()
    const finding = never.findPrincipal(stopping.signal)
    stopping.abort(new Error('ends'))
    await expect(finding).rejects.toThrow('ends')
  })

  test('the arguments of a failed credential process are not shown', async () => {
    const config = path.join(directory, 'process')
    const command = `${process.execPath} -e "process.exit(1)" -- --token=hush-hush`
    writeFileSync(config, `[profile tool]\ncredential_process = ${command}\n`)
    vi.stubEnv('AWS_CONFIG_FILE', config)
    const credentials = fromIni({ profile: 'tool', configFilepath: config, ignoreCache: true })
    const found = await new AwsAccess({ credentials, region: 'us-east-1' }).findPrincipal()
    expect(found.state).toBe('unknown')
    expect(found.saw).toContain('credential process failed')
    expect(JSON.stringify(found)).not.toContain('hush-hush')
  })
})

test('a request with a token that STS quotes is not reported', async () => {
  await answering(
    403,
    `<ErrorResponse xmlns="${STS}"><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code>` +
      '<Message>The Canonical String for this request should have been ' +
      'x-amz-security-token:the-session-token</Message></Error></ErrorResponse>',
  )
  const found = await accessAs(simulator.vendor.credentials).findPrincipal()
  expect(found.saw).toContain('SignatureDoesNotMatch')
  expect(JSON.stringify(found)).not.toContain('the-session-token')
})

test('no finding contains a credential', async () => {
  const role = `arn:aws:iam::${ACCOUNT}:role/platform/prod`
  const found = [
    await asRole(role).findPrincipal(),
    await asRole(`arn:aws:iam::${ACCOUNT}:role/own`, [mayAsk]).findPrincipal(),
    await accessAs(
      simulator.createPrincipal({ arn: `arn:aws:iam::${ACCOUNT}:user/u` }),
    ).findPrincipal(),
  ]
  const session = simulator.createPrincipal({ arn: role, sessionName: 'gone' })
  simulator.deleteRole(role)
  found.push(await accessAs(session).findPrincipal())
  expect(found.at(-1)!.state).toBe('unknown')
  const said = JSON.stringify(found)
  const issued = simulator.ledger.credentials()
  expect(issued.length).toBeGreaterThanOrEqual(4)
  for (const { accessKeyId, secretAccessKey, sessionToken } of issued) {
    for (const secret of [accessKeyId, secretAccessKey, sessionToken])
      if (secret) expect(said).not.toContain(secret)
  }
})

describe('the source of the credentials', () => {
  test("can be environment variables, read by the SDK's own provider", async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = simulator.vendor.credentials
    vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey)
    vi.stubEnv('AWS_SESSION_TOKEN', sessionToken)
    const access = new AwsAccess({ credentials: fromEnv(), region: 'us-east-1' })
    const found = await access.findPrincipal()
    expect(found.credentials).toBe(
      'temporary keys in environment variables, which expire and are not renewed automatically',
    )
    vi.stubEnv('AWS_SESSION_TOKEN', undefined)
    expect(describeCredentials(await fromEnv()(), {})).toBe(
      'long-lived access keys in environment variables',
    )
  })

  test("can be a profile's keys or process, read by the SDK's own providers", async () => {
    const file = path.join(directory, 'config')
    const keys = JSON.stringify({
      Version: 1,
      AccessKeyId: 'AKIAEXAMPLE',
      SecretAccessKey: 'secret',
    })
    writeFileSync(path.join(directory, 'keys.json'), keys)
    writeFileSync(
      file,
      '[profile keys]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = secret\n' +
        `[profile tool]\ncredential_process = cat ${path.join(directory, 'keys.json')}\n`,
    )
    const from = async (profile: string) =>
      describeCredentials(await fromIni({ profile, configFilepath: file, ignoreCache: true })(), {
        AWS_PROFILE: profile,
      })
    expect(await from('keys')).toBe('long-lived access keys in the AWS profile keys')
    expect(await from('tool')).toBe('the credential process of the AWS profile tool')
  })

  const eks = 'http://169.254.170.23/v1/credentials'
  // The SDK's names; the rest needs AWS, an instance or a cluster to be seen.
  test.each<[string[], Record<string, string>, RegExp]>([
    [['PROFILE_SSO', 'SSO'], { AWS_PROFILE: 'work' }, /`aws sso login --profile work`/],
    [['PROFILE_SSO_LEGACY', 'PROFILE_SOURCE_PROFILE', 'STS_ASSUME_ROLE'], {}, /`aws sso login`/],
    [['PROFILE_LOGIN', 'LOGIN'], {}, /`aws login`/],
    [['IMDS'], {}, /instance profile/],
    [['HTTP'], { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/x' }, /ECS task/],
    [['HTTP'], { AWS_CONTAINER_CREDENTIALS_FULL_URI: eks }, /EKS Pod Identity/],
    [
      ['HTTP'],
      { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://[fd00:ec2::23]/v1/credentials' },
      /EKS Pod Identity/,
    ],
    [['HTTP'], { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://localhost:1/x' }, /container/],
    [['ENV_VARS_STS_WEB_ID_TOKEN', 'STS_ASSUME_ROLE_WEB_ID'], {}, /IRSA/],
    [
      ['PROFILE_SOURCE_PROFILE', 'STS_ASSUME_ROLE'],
      { AWS_PROFILE: 'cairn' },
      /profile cairn assumes/,
    ],
  ])('is %s with %j', (marks, env, words) => {
    const $source = Object.fromEntries(marks.map((mark) => [`CREDENTIALS_${mark}`, 'x']))
    const keys = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 's', sessionToken: 't' }
    expect(describeCredentials({ ...keys, $source } as typeof keys, env)).toMatch(words)
  })
})

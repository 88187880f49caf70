import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Credentials, type Simulator, startSimulator } from '../../simulator/index.ts'
import { policy, trust } from '../../testing/roles.ts'
import {
  assume,
  awsErrorOf,
  cloudTrailClient,
  EXTERNAL_ID,
  lookUpAll,
  putCustomerRole,
  ROLE,
  readOnly,
  stsClient,
} from '../../testing/simulator/support.ts'

let simulator: Simulator

beforeEach(async () => {
  simulator = await startSimulator({ latencyMs: 0, tps: null })
})

afterEach(() => simulator.close())

const identity = (credentials: Credentials, region?: string) =>
  stsClient(simulator, { credentials, ...(region && { region }) }).send(
    new GetCallerIdentityCommand({}),
  )

describe('GetCallerIdentity', () => {
  test('returns an assumed role without its path', async () => {
    putCustomerRole(simulator)
    const { Arn, Account, UserId } = await identity(await assume(simulator))
    expect(Arn).toBe('arn:aws:sts::111122223333:assumed-role/cairn-read-only/cairn')
    expect(Account).toBe('111122223333')
    expect(UserId).toMatch(/^AROA[A-Z2-7]{16}:cairn$/)
  })

  test('returns a user with its path', async () => {
    const arn = 'arn:aws:iam::222233334444:user/people/bob'
    const credentials = simulator.createPrincipal({ arn })
    expect(credentials.sessionToken).toBeUndefined()
    expect((await identity(credentials)).Arn).toBe(arn)
  })

  test('requires no permission, and no policy can deny it', async () => {
    const deny = policy({ Effect: 'Deny', Action: '*', Resource: '*' })
    simulator.setPolicies(simulator.vendor.principalArn, [deny])
    expect((await identity(simulator.vendor.credentials)).Account).toBe('999988887777')
  })

  test("uses the credentials in the simulator's environment", async () => {
    const { AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = simulator.env
    const { AWS_SESSION_TOKEN } = simulator.env
    const client = new STSClient({
      endpoint: AWS_ENDPOINT_URL,
      region: AWS_REGION,
      credentials: {
        accessKeyId: AWS_ACCESS_KEY_ID!,
        secretAccessKey: AWS_SECRET_ACCESS_KEY!,
        sessionToken: AWS_SESSION_TOKEN,
      },
    })
    const { Arn } = await client.send(new GetCallerIdentityCommand({}))
    expect(Arn).toBe('arn:aws:sts::999988887777:assumed-role/cairn/session')
  })
})

describe('AssumeRole', () => {
  const attempt = (input: Partial<AssumeRoleCommandInput>, credentials?: Credentials) =>
    awsErrorOf(assume(simulator, input, credentials))
  const denied = {
    name: 'AccessDenied',
    message: `User: arn:aws:sts::999988887777:assumed-role/cairn/session is not authorized to perform: sts:AssumeRole on resource: ${ROLE}`,
    status: 403,
  }

  test('returns a session of the role', async () => {
    putCustomerRole(simulator)
    const { AssumedRoleUser, Credentials, PackedPolicySize } = await stsClient(simulator).send(
      new AssumeRoleCommand({
        RoleArn: ROLE,
        RoleSessionName: 'cairn',
        ExternalId: EXTERNAL_ID,
        DurationSeconds: 900,
        Policy: JSON.stringify(readOnly),
      }),
    )
    expect(AssumedRoleUser).toEqual({
      Arn: 'arn:aws:sts::111122223333:assumed-role/cairn-read-only/cairn',
      AssumedRoleId: expect.stringMatching(/^AROA[A-Z2-7]{16}:cairn$/),
    })
    expect(Credentials!.AccessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/)
    const lifetime = Credentials!.Expiration!.getTime() - simulator.now()
    expect(Math.round(lifetime / 60_000)).toBe(15)
    expect(PackedPolicySize).toBeGreaterThan(0)
  })

  test('rejects a missing, a wrong, a longer and a differently cased external ID', async () => {
    putCustomerRole(simulator)
    expect(await attempt({ ExternalId: undefined })).toEqual(denied)
    for (const ExternalId of ['other', `${EXTERNAL_ID}x`, EXTERNAL_ID.toUpperCase()]) {
      expect(await attempt({ ExternalId })).toEqual(denied)
    }
    expect(await attempt({})).toEqual({})
  })

  test('allows what an incorrect trust policy allows', async () => {
    const roleWith = (condition?: object) =>
      simulator.putRole({ arn: ROLE, trustPolicy: trust('999988887777', condition) })
    roleWith()
    expect(await attempt({ ExternalId: undefined })).toEqual({})
    roleWith({ StringLike: { 'sts:ExternalId': `${EXTERNAL_ID}*` } })
    expect(await attempt({ ExternalId: `${EXTERNAL_ID}x` })).toEqual({})
    roleWith({ StringEqualsIgnoreCase: { 'sts:ExternalId': EXTERNAL_ID } })
    expect(await attempt({ ExternalId: EXTERNAL_ID.toUpperCase() })).toEqual({})
    roleWith({ StringEqualsIfExists: { 'sts:ExternalId': EXTERNAL_ID } })
    expect(await attempt({ ExternalId: undefined })).toEqual({})
    expect((await attempt({ ExternalId: 'other' })).name).toBe('AccessDenied')
  })

  test('does not distinguish a missing role from one that does not trust the caller', async () => {
    expect(await attempt({})).toEqual(denied)
    simulator.putRole({ arn: ROLE, trustPolicy: trust('arn:aws:iam::444455556666:root') })
    expect(await attempt({})).toEqual(denied)
  })

  test('rejects a role until it has propagated', async () => {
    const propagatingUntil = new Date(simulator.now() + 60_000)
    const trustPolicy = trust('999988887777')
    simulator.putRole({ arn: ROLE, trustPolicy, propagatingUntil })
    expect(await attempt({})).toEqual(denied)
    simulator.configure({ clockOffsetMs: 61_000 })
    expect(await attempt({})).toEqual({})
  })

  test("also requires the permission of the caller's own policies", async () => {
    putCustomerRole(simulator)
    const { principalArn } = simulator.vendor
    simulator.setPolicies(principalArn, [])
    expect(await attempt({})).toEqual(denied)
    const allow = policy({ Effect: 'Allow', Action: 'sts:Assume*', Resource: 'arn:aws:iam::1*' })
    simulator.setPolicies(principalArn, [allow])
    expect(await attempt({})).toEqual({})
    const deny = policy({ Effect: 'Deny', Action: 'sts:*', Resource: ROLE })
    simulator.setPolicies(principalArn, [allow, deny])
    expect(await attempt({})).toEqual(denied)
  })

  test('requires only a trust policy that names the caller, within one account', async () => {
    const arn = 'arn:aws:iam::111122223333:user/carol'
    const carol = simulator.createPrincipal({ arn })
    simulator.putRole({ arn: ROLE, trustPolicy: trust(arn) })
    expect(await attempt({}, carol)).toEqual({})
    simulator.putRole({ arn: ROLE, trustPolicy: trust('111122223333') })
    expect((await attempt({}, carol)).name).toBe('AccessDenied')
    simulator.setPolicies(arn, [policy({ Effect: 'Allow', Action: 'sts:*', Resource: '*' })])
    expect(await attempt({}, carol)).toEqual({})
  })

  test('shows the ARN of its role with its path', async () => {
    const arn = 'arn:aws:iam::999988887777:role/platform/cairn'
    const policies = [policy({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' })]
    const session = simulator.createPrincipal({ arn, policies })
    const onlyFrom = (principalArn: string) =>
      simulator.putRole({
        arn: ROLE,
        trustPolicy: trust('*', { ArnEquals: { 'aws:PrincipalArn': principalArn } }),
      })
    onlyFrom(arn)
    expect(await attempt({}, session)).toEqual({})
    onlyFrom('arn:aws:sts::999988887777:assumed-role/cairn/session')
    expect((await attempt({}, session)).name).toBe('AccessDenied')
  })

  test('accepts tags and a source identity only if the trust policy allows them', async () => {
    const Tags = [{ Key: 'team', Value: 'web' }]
    const grant = (Action: string[]) =>
      simulator.putRole({
        arn: ROLE,
        trustPolicy: policy({ Effect: 'Allow', Principal: { AWS: '999988887777' }, Action }),
      })
    simulator.setPolicies(simulator.vendor.principalArn, [
      policy({ Effect: 'Allow', Action: 'sts:*', Resource: '*' }),
    ])
    grant(['sts:AssumeRole'])
    expect((await attempt({ Tags })).message).toContain('sts:TagSession')
    expect((await attempt({ SourceIdentity: 'dora' })).message).toContain('sts:SetSourceIdentity')
    grant(['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'])
    expect(await attempt({ Tags, SourceIdentity: 'dora' })).toEqual({})
  })

  describe('sessions', () => {
    test("are limited to an hour from a session, and to the role's limit", async () => {
      putCustomerRole(simulator)
      const invalid = { name: 'ValidationError', status: 400 }
      expect(await attempt({ DurationSeconds: 3601 })).toEqual({
        ...invalid,
        message:
          'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
      })
      const user = simulator.createPrincipal({
        arn: 'arn:aws:iam::999988887777:user/cairn',
        policies: [policy({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' })],
      })
      simulator.putRole({ arn: ROLE, trustPolicy: trust('999988887777'), maxSessionDuration: 7200 })
      expect(await attempt({ DurationSeconds: 7200 }, user)).toEqual({})
      expect(await attempt({ DurationSeconds: 7201 }, user)).toEqual({
        ...invalid,
        message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
      })
    })

    test('expire', async () => {
      putCustomerRole(simulator)
      const credentials = await assume(simulator, { DurationSeconds: 900 })
      simulator.configure({ skewToleranceSeconds: null, clockOffsetMs: 450_000 })
      await identity(credentials)
      simulator.configure({ clockOffsetMs: 1_800_000 })
      expect(await awsErrorOf(identity(credentials))).toEqual({
        name: expect.stringMatching(/^ExpiredToken/),
        message: 'The security token included in the request is expired',
        status: 403,
      })
      expect(await awsErrorOf(lookUpAll(cloudTrailClient(simulator, credentials)))).toMatchObject({
        name: 'ExpiredTokenException',
        status: 400,
      })
    })

    test('end with their role, even if one of the same name is created again', async () => {
      putCustomerRole(simulator)
      const credentials = await assume(simulator)
      putCustomerRole(simulator)
      await identity(credentials)
      expect(simulator.deleteRole(ROLE)).toBe(true)
      expect(simulator.deleteRole(ROLE)).toBe(false)
      putCustomerRole(simulator)
      expect((await awsErrorOf(identity(credentials))).name).toBe('InvalidClientTokenId')
    })

    test('have only permissions of both the role and the session policy', async () => {
      putCustomerRole(simulator)
      const narrowed = async (statement: object) =>
        awsErrorOf(
          lookUpAll(
            cloudTrailClient(
              simulator,
              await assume(simulator, { Policy: JSON.stringify(policy(statement)) }),
            ),
          ),
        )
      const allow = { Effect: 'Allow', Resource: '*' }
      expect(await narrowed({ ...allow, Action: 'cloudtrail:LookupEvents' })).toEqual({})
      const user = 'User: arn:aws:sts::111122223333:assumed-role/cairn-read-only/cairn'
      expect(await narrowed({ ...allow, Action: 'cloudtrail:Get*' })).toMatchObject({
        name: 'AccessDeniedException',
        message: `${user} is not authorized to perform: cloudtrail:LookupEvents because no session policy allows the cloudtrail:LookupEvents action`,
      })
      simulator.putRole({ arn: ROLE, trustPolicy: trust('999988887777') })
      expect(await narrowed({ ...allow, Action: '*' })).toMatchObject({
        name: 'AccessDeniedException',
        message: `${user} is not authorized to perform: cloudtrail:LookupEvents because no identity-based policy allows the cloudtrail:LookupEvents action`,
      })
    })
  })

  test.each<[string, Partial<AssumeRoleCommandInput>, string]>([
    ['a short session name', { RoleSessionName: 'x' }, "'x' at 'roleSessionName'"],
    ['a session name with a space', { RoleSessionName: 'a b' }, "'a b' at 'roleSessionName'"],
    ['a long session name', { RoleSessionName: 'x'.repeat(65) }, 'less than or equal to 64'],
    ['an external ID of one character', { ExternalId: 'x' }, "'x' at 'externalId'"],
    ['an external ID with a space', { ExternalId: 'a b' }, 'regular expression pattern'],
    ['a session of a minute', { DurationSeconds: 60 }, 'greater than or equal to 900'],
    ['a session of a day', { DurationSeconds: 86_400 }, 'less than or equal to 43200'],
    ['a short role ARN', { RoleArn: 'arn' }, "Value 'arn' at 'roleArn'"],
    ['what is no ARN', { RoleArn: 'cairn-read-only-in-production' }, 'is invalid'],
    ['two mistakes', { RoleSessionName: 'x', ExternalId: 'x' }, '2 validation errors detected'],
  ])('rejects %s with a ValidationError', async (_, input, message) => {
    putCustomerRole(simulator)
    const refused = await attempt(input)
    expect(refused).toMatchObject({ name: 'ValidationError', status: 400 })
    expect(refused.message).toContain(message)
  })

  test('rejects an unreadable session policy as malformed', async () => {
    putCustomerRole(simulator)
    for (const Policy of ['{', '{"Statement":[{"Effect":"Maybe"}]}']) {
      expect((await attempt({ Policy })).name).toMatch(/^MalformedPolicyDocument/)
    }
  })
})

describe('regions', () => {
  test('reject the keys of an account that has not enabled them', async () => {
    expect(await awsErrorOf(identity(simulator.vendor.credentials, 'me-south-1'))).toMatchObject({
      name: 'InvalidClientTokenId',
      status: 403,
    })
    simulator.enableRegion('me-south-1', simulator.vendor.accountId)
    await identity(simulator.vendor.credentials, 'me-south-1')
  })

  test('return no session of an account that has disabled them', async () => {
    putCustomerRole(simulator)
    simulator.disableRegion('us-east-1')
    expect(await awsErrorOf(assume(simulator))).toMatchObject({
      name: expect.stringMatching(/^RegionDisabled/),
      status: 403,
    })
  })
})

describe('partitions', () => {
  test('are those of the vendor', async () => {
    const china = await startSimulator({
      latencyMs: 0,
      vendorPrincipalArn: 'arn:aws-cn:iam::999988887777:role/cairn',
    })
    try {
      const client = stsClient(china, { region: 'cn-north-1' })
      const { Arn } = await client.send(new GetCallerIdentityCommand({}))
      expect(Arn).toBe('arn:aws-cn:sts::999988887777:assumed-role/cairn/session')
      expect(() => putCustomerRole(china)).toThrow('not in the simulated partition')
    } finally {
      await china.close()
    }
  })
})

describe('IAM GetRole', () => {
  test("returns a role's own path if it may call GetRole", async () => {
    await simulator.close()
    const vendorPrincipalArn = 'arn:aws:iam::999988887777:role/platform/cairn'
    simulator = await startSimulator({ latencyMs: 0, vendorPrincipalArn })
    const { url: endpoint, vendor } = simulator
    const client = new IAMClient({ endpoint, region: 'us-east-1', credentials: vendor.credentials })
    const ask = (RoleName: string) => client.send(new GetRoleCommand({ RoleName }))
    expect((await awsErrorOf(ask('cairn'))).name).toBe('AccessDenied')
    simulator.setPolicies(vendorPrincipalArn, [
      policy({ Effect: 'Allow', Action: 'iam:GetRole', Resource: '*' }),
    ])
    expect((await ask('cairn')).Role).toMatchObject({ Arn: vendorPrincipalArn, Path: '/platform/' })
    expect((await awsErrorOf(ask('other'))).name).toMatch(/^NoSuchEntity/)
  })
})

import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  type Credentials,
  type PolicyDocument,
  type Simulator,
  startSimulator,
} from '../../simulator/index.ts'
import { MINISTACK_SECRET, type Ministack, startMinistack } from '../../testing/ministack.ts'
import { policy, trust } from '../../testing/roles.ts'
import { awsCli, type Cli, keys } from '../../testing/simulator/cli.ts'

// The simulator's AssumeRole beside that of ministack, which was written by others from the same documentation:
// the same roles in both, the same attempts, and the same verdicts expected of both.
//
// Left out is where ministack is known to differ from AWS: inside one account it asks for an identity policy even
// where the trust policy names the caller itself; it checks no session name, external ID or duration; and
// aws:PrincipalArn holds the session's ARN there, not its role's.

const CUSTOMER = '111122223333'
const VENDOR = '999988887777'
const STRANGER = '555566667777'
const ID = 'cairn-4f6b1d'

const mayAssume = policy({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' })

/** The callers, the same in both: a vendor's user, a colleague, one without permissions, one of another account, a role. */
const users = {
  user: { arn: `arn:aws:iam::${VENDOR}:user/platform/cairn`, policies: [mayAssume] },
  colleague: { arn: `arn:aws:iam::${VENDOR}:user/colleague`, policies: [mayAssume] },
  powerless: { arn: `arn:aws:iam::${VENDOR}:user/powerless`, policies: [] },
  denied: {
    arn: `arn:aws:iam::${VENDOR}:user/denied`,
    policies: [mayAssume, policy({ Effect: 'Deny', Action: 'sts:*', Resource: '*' })],
  },
  stranger: { arn: `arn:aws:iam::${STRANGER}:user/stranger`, policies: [mayAssume] },
}
const role = { arn: `arn:aws:iam::${VENDOR}:role/platform/cairn`, policies: [mayAssume] }

const externalIds = [undefined, ID, 'other', `${ID}x`, ID.toUpperCase()]

const root = `arn:aws:iam::${VENDOR}:root`
const allow = { Effect: 'Allow', Principal: { AWS: root }, Action: 'sts:AssumeRole' }
const withId = { ...allow, Condition: { StringEquals: { 'sts:ExternalId': ID } } }

const trustPolicies: Record<string, PolicyDocument> = {
  'the right external ID': policy(withId),
  'no condition': trust(root),
  'a bare account id': trust(VENDOR, { StringEquals: { 'sts:ExternalId': ID } }),
  anyone: trust('*'),
  'anyone with the external ID': trust('*', { StringEquals: { 'sts:ExternalId': ID } }),
  'a principal in short form': policy({ ...allow, Principal: '*' }),
  'a user': trust(users.user.arn),
  'a role': trust(role.arn),
  'a session of a role': trust(`arn:aws:sts::${VENDOR}:assumed-role/cairn/session`),
  'another account': trust(`arn:aws:iam::${STRANGER}:root`),
  'several principals': policy({
    ...allow,
    Principal: { AWS: [users.colleague.arn, STRANGER] },
  }),
  'a service only': policy({ ...allow, Principal: { Service: 'ec2.amazonaws.com' } }),
  'one of several external IDs': trust(root, { StringEquals: { 'sts:ExternalId': ['a1', ID] } }),
  'another than the external ID': trust(root, { StringNotEquals: { 'sts:ExternalId': ID } }),
  'the external ID in any case': trust(root, {
    StringEqualsIgnoreCase: { 'sts:ExternalId': ID },
  }),
  'what begins like the external ID': trust(root, { StringLike: { 'sts:ExternalId': `${ID}*` } }),
  'what is as long as the external ID': trust(root, {
    StringLike: { 'sts:ExternalId': '?'.repeat(ID.length) },
  }),
  'a wildcard that is none': trust(root, { StringEquals: { 'sts:ExternalId': '*' } }),
  'what does not begin like it': trust(root, { StringNotLike: { 'sts:ExternalId': `${ID}*` } }),
  'the external ID if there is one': trust(root, {
    StringEqualsIfExists: { 'sts:ExternalId': ID },
  }),
  'no external ID': trust(root, { Null: { 'sts:ExternalId': 'true' } }),
  'any external ID': trust(root, { Null: { 'sts:ExternalId': 'false' } }),
  'a key in other case': trust(root, { StringEquals: { 'STS:externalid': ID } }),
  'the principal by condition': trust('*', { ArnEquals: { 'aws:PrincipalArn': users.user.arn } }),
  'principals by pattern': trust('*', {
    ArnLike: { 'aws:PrincipalArn': `arn:aws:*::${VENDOR}:*` },
  }),
  'two conditions': trust(root, {
    StringEquals: { 'sts:ExternalId': ID, 'aws:PrincipalArn': users.user.arn },
  }),
  'two operators': trust(root, {
    StringLike: { 'sts:ExternalId': 'cairn-*' },
    StringNotEquals: { 'sts:ExternalId': `${ID}x` },
  }),
  'either statement': policy(withId, { ...allow, Principal: { AWS: users.colleague.arn } }),
  'all but one': policy(allow, {
    ...allow,
    Effect: 'Deny',
    Principal: { AWS: users.colleague.arn },
  }),
  'a denial without the external ID': policy(allow, {
    ...allow,
    Effect: 'Deny',
    Principal: '*',
    Condition: { StringNotEquals: { 'sts:ExternalId': ID } },
  }),
  'every action of STS': policy({ ...withId, Action: 'sts:*' }),
  'every action': policy({ ...withId, Action: '*' }),
  'an action in other case': policy({ ...withId, Action: 'STS:assumerole' }),
  'several actions': policy({ ...withId, Action: ['sts:TagSession', 'sts:AssumeRole'] }),
  'another action': policy({ ...withId, Action: 'sts:TagSession' }),
  'all but another action': policy({ ...allow, Action: undefined, NotAction: 'sts:TagSession' }),
  'a single statement': { Version: '2012-10-17', Statement: withId },
}

const roleArn = (index: number) => `arn:aws:iam::${CUSTOMER}:role/services/role-${index}`

interface Side {
  endpoint: string
  /** A client for each caller, used for all its attempts. */
  callers: Record<string, STSClient>
}

let ministack: Ministack
let cli: Cli
let simulator: Simulator
let ours: Side
let theirs: Side

beforeAll(async () => {
  cli = await awsCli()
  ministack = await startMinistack()
  simulator = await startSimulator({ latencyMs: 0, vendorPrincipalArn: role.arn })
  ours = setUpSimulator()
  theirs = await setUpMinistack(ministack.url)
})

afterAll(async () => {
  await cli?.close()
  await ministack?.stop()
  await simulator?.close()
})

describe('AssumeRole returns the same verdicts as ministack', () => {
  test.each(Object.keys(trustPolicies).map((name, index) => [name, index] as const))(
    'for a role that trusts %s',
    async (_, index) => {
      const verdicts = { ours: {} as Verdicts, theirs: {} as Verdicts }
      for (const caller of [...Object.keys(users), 'role']) {
        for (const ExternalId of externalIds) {
          const input = { RoleArn: roleArn(index), ExternalId }
          verdicts.ours[`${caller} with ${ExternalId}`] = await attempt(ours, caller, input)
          verdicts.theirs[`${caller} with ${ExternalId}`] = await attempt(theirs, caller, input)
        }
      }
      expect(verdicts.ours).toEqual(verdicts.theirs)
    },
  )

  test('which include both allowed and denied calls', async () => {
    // Two that refused everything would agree as well.
    const RoleArn = roleArn(0)
    expect(await attempt(theirs, 'user', { RoleArn, ExternalId: ID })).toBe('allowed')
    expect(await attempt(theirs, 'user', { RoleArn })).toBe('AccessDenied')
  })

  test.each<[string, string, { RoleArn: string; Policy?: string }]>([
    ['a role that does not exist', 'user', { RoleArn: `arn:aws:iam::${CUSTOMER}:role/absent` }],
    ['text that is not an ARN', 'user', { RoleArn: 'not-at-all-the-arn-of-a-role' }],
    ['a session policy that is not JSON', 'user', { RoleArn: roleArn(1), Policy: '{' }],
    [
      'a session policy with a principal',
      'user',
      { RoleArn: roleArn(1), Policy: JSON.stringify(trust(root)) },
    ],
    ['a key that was never issued', 'unknown', { RoleArn: roleArn(1) }],
    ['a wrong secret', 'forged', { RoleArn: roleArn(1) }],
  ])('for %s', async (_, caller, input) => {
    const verdict = await attempt(ours, caller, input)
    expect(verdict).not.toBe('allowed')
    expect(verdict).toBe(await attempt(theirs, caller, input))
  })

  test('for a session that is limited by its own policy', async () => {
    const RoleArn = roleArn(1)
    for (const Action of ['sts:AssumeRole', 'cloudtrail:*']) {
      const Policy = JSON.stringify(policy({ Effect: 'Allow', Action, Resource: '*' }))
      const chained = async (side: Side) => {
        const input = { RoleArn: role.arn, Policy, RoleSessionName: 'session' }
        const session = await assume(side.callers.user!, input)
        const narrowed = stsClient(side.endpoint, session)
        return attempt({ ...side, callers: { narrowed } }, 'narrowed', { RoleArn })
      }
      const verdict = await chained(ours)
      expect(verdict).toBe(Action === 'sts:AssumeRole' ? 'allowed' : 'AccessDenied')
      expect(verdict).toBe(await chained(theirs))
    }
  })
})

describe('a stack creates the same role as in ministack', () => {
  const template = `
Parameters:
  ExternalId: {Type: String}
  Principal: {Type: String}
  Name: {Type: String, Default: ''}
  Path: {Type: String, Default: /}
  Extra: {Type: String, Default: 'no', AllowedValues: ['yes', 'no']}
Conditions:
  HasName: !Not [!Equals [!Ref Name, '']]
  IsNamedExtra: !And [!Equals [!Ref Extra, 'yes'], !Condition HasName]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !If [HasName, !Ref Name, stack-role]
      Path: !Ref Path
      MaxSessionDuration: 7200
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: {AWS: !Ref Principal}
            Action: sts:AssumeRole
            Condition: {StringEquals: {'sts:ExternalId': !Ref ExternalId}}
      Policies:
        - PolicyName: !Join ['-', [read, !Select [1, !Split ['/', !Ref Principal]]]]
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - Effect: Allow
                Action: ['cloudtrail:LookupEvents', 'cloudtrail:DescribeTrails']
                Resource: '*'
              - Fn::If:
                  - IsNamedExtra
                  - Effect: Deny
                    Action: 's3:*'
                    Resource: !Sub 'arn:\${AWS::Partition}:s3:::\${Name}-\${AWS::AccountId}/*'
                  - !Ref AWS::NoValue
Outputs:
  RoleArn: {Value: !GetAtt Role.Arn}
  Extra: {Value: 'yes', Condition: IsNamedExtra}
`
  const given: Record<string, string>[] = [
    {},
    { Name: 'named', Path: '/services/', Extra: 'yes' },
    { Extra: 'yes', Path: '/a/b/' },
  ]

  test.each(given)('with %j', async (more) => {
    const parameters = { ExternalId: ID, Principal: users.user.arn, ...more }
    const root = { accessKeyId: CUSTOMER, secretAccessKey: MINISTACK_SECRET }
    const sides = [
      keys(ours.endpoint, simulator.administrator()),
      keys(theirs.endpoint, root),
    ] as const
    const [mine, other] = await Promise.all(
      sides.map(async (env) => {
        const aws = (...args: string[]) => cli.aws(env, ...args)
        const stack = ['--stack-name', 'stack']
        await aws(
          ...['cloudformation', 'create-stack', ...stack, '--template-body', template],
          ...['--capabilities', 'CAPABILITY_NAMED_IAM', '--parameters'],
          ...Object.entries(parameters).map(
            ([name, value]) => `ParameterKey=${name},ParameterValue=${value}`,
          ),
        )
        const { Stacks } = await vi.waitFor(
          async () => {
            const described = await aws('cloudformation', 'describe-stacks', ...stack)
            expect(described.Stacks[0].StackStatus).toBe('CREATE_COMPLETE')
            return described
          },
          { timeout: 240_000, interval: 200 },
        )
        const byName = ['--role-name', more.Name ?? 'stack-role']
        const { Role } = await aws('iam', 'get-role', ...byName)
        const { PolicyNames } = await aws('iam', 'list-role-policies', ...byName)
        const policies = []
        for (const name of PolicyNames) {
          const policyName = ['--policy-name', name]
          policies.push(await aws('iam', 'get-role-policy', ...byName, ...policyName))
        }
        await aws('cloudformation', 'delete-stack', ...stack)
        const gone = async () =>
          await expect(aws('iam', 'get-role', ...byName)).rejects.toThrow('NoSuchEntity')
        await vi.waitFor(gone, { timeout: 240_000, interval: 200 })
        const { Arn, Path, RoleName, MaxSessionDuration, AssumeRolePolicyDocument } = Role
        const outputs = Stacks[0].Outputs.map(
          ({ OutputKey, OutputValue }: Record<string, string>) => `${OutputKey}=${OutputValue}`,
        )
        return {
          Arn,
          Path,
          RoleName,
          AssumeRolePolicyDocument,
          policies,
          MaxSessionDuration: Number(MaxSessionDuration),
          outputs: outputs.sort(),
        }
      }),
    )
    expect(mine!.policies).toHaveLength(1)
    expect(mine).toEqual(other)
  })
})

type Verdicts = Record<string, string>

async function attempt(
  side: Side,
  caller: string,
  input: { RoleArn: string; ExternalId?: string; Policy?: string },
): Promise<string> {
  try {
    await assume(side.callers[caller]!, { RoleSessionName: 'session', ...input })
    return 'allowed'
  } catch (error) {
    // The SDK calls modelled errors by the name of their shape, which adds a suffix to what is on the wire.
    return (error as Error).name.replace(/Exception$/, '')
  }
}

function stsClient(endpoint: string, credentials: Credentials): STSClient {
  return new STSClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 })
}

async function assume(
  client: STSClient,
  input: { RoleArn: string; RoleSessionName: string; ExternalId?: string; Policy?: string },
): Promise<Credentials> {
  const { Credentials: issued } = await client.send(new AssumeRoleCommand(input))
  return {
    accessKeyId: issued!.AccessKeyId!,
    secretAccessKey: issued!.SecretAccessKey!,
    sessionToken: issued!.SessionToken!,
  }
}

/** The callers that both have alike, once their user's key is known. */
function withForgeries(endpoint: string, callers: Record<string, Credentials>): Side {
  const all: Record<string, Credentials> = {
    ...callers,
    unknown: { accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', secretAccessKey: 'x' },
    forged: { ...callers.user!, secretAccessKey: 'x' },
  }
  const clients = Object.entries(all).map(([name, keys]) => [name, stsClient(endpoint, keys)])
  return { endpoint, callers: Object.fromEntries(clients) }
}

function setUpSimulator(): Side {
  const callers: Record<string, Credentials> = {}
  for (const [name, user] of Object.entries(users)) callers[name] = simulator.createPrincipal(user)
  simulator.putRole({ ...role, trustPolicy: trust(root) })
  callers.role = simulator.createPrincipal({ arn: role.arn, sessionName: 'session' })
  for (const [index, trustPolicy] of Object.values(trustPolicies).entries()) {
    simulator.putRole({ arn: roleArn(index), trustPolicy })
  }
  return withForgeries(simulator.url, callers)
}

async function setUpMinistack(endpoint: string): Promise<Side> {
  /** Ministack takes an account's id for the key of its root user. */
  const clients = new Map<string, IAMClient>()
  const iam = (accountId: string) => {
    const credentials = { accessKeyId: accountId, secretAccessKey: MINISTACK_SECRET }
    const made =
      clients.get(accountId) ?? new IAMClient({ endpoint, region: 'us-east-1', credentials })
    clients.set(accountId, made)
    return made
  }
  const parse = (arn: string) => {
    const [, accountId, , path, name] = /::(\d+):(user|role)(\/|\/.+\/)([^/]+)$/.exec(arn)!
    return { client: iam(accountId!), Path: path!, name: name! }
  }
  const createRole = async (arn: string, trustPolicy: PolicyDocument) => {
    const { client, Path, name: RoleName } = parse(arn)
    const AssumeRolePolicyDocument = JSON.stringify(trustPolicy)
    await client.send(new CreateRoleCommand({ Path, RoleName, AssumeRolePolicyDocument }))
  }

  const callers: Record<string, Credentials> = {}
  for (const [name, { arn, policies }] of Object.entries(users)) {
    const { client, Path, name: UserName } = parse(arn)
    await client.send(new CreateUserCommand({ Path, UserName }))
    for (const [index, document] of policies.entries()) {
      const PolicyDocument = JSON.stringify(document)
      const PolicyName = `policy-${index}`
      await client.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument }))
    }
    const { AccessKey } = await client.send(new CreateAccessKeyCommand({ UserName }))
    callers[name] = {
      accessKeyId: AccessKey!.AccessKeyId!,
      secretAccessKey: AccessKey!.SecretAccessKey!,
    }
  }
  await createRole(role.arn, trust(root))
  const { client, name: RoleName } = parse(role.arn)
  const PolicyDocument = JSON.stringify(mayAssume)
  await client.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'policy', PolicyDocument }))
  callers.role = await assume(stsClient(endpoint, callers.user!), {
    RoleArn: role.arn,
    RoleSessionName: 'session',
  })
  for (const [index, trustPolicy] of Object.values(trustPolicies).entries()) {
    await createRole(roleArn(index), trustPolicy)
  }
  return withForgeries(endpoint, callers)
}

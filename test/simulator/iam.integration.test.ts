import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeletePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  ListRoleTagsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Credentials, type Simulator, startSimulator } from '../../simulator/index.ts'
import { policy, trust } from '../../testing/roles.ts'
import { awsCli, type Cli, keys } from '../../testing/simulator/cli.ts'
import {
  assume,
  awsErrorOf,
  cloudTrailClient,
  EXTERNAL_ID,
  ROLE,
  readOnly,
} from '../../testing/simulator/support.ts'

let cli: Cli
let simulator: Simulator
let iam: IAMClient

const client = (credentials: Credentials) =>
  new IAMClient({ endpoint: simulator.url, region: 'us-east-1', credentials, maxAttempts: 1 })

beforeAll(async () => {
  cli = await awsCli()
})

afterAll(() => cli?.close())

beforeEach(async () => {
  simulator = await startSimulator({ latencyMs: 0, tps: null })
  iam = client(simulator.administrator())
})

afterEach(() => simulator.close())

const RoleName = 'cairn-read-only'
const trusting = (id = EXTERNAL_ID) =>
  JSON.stringify(trust(simulator.vendor.principalArn, { StringEquals: { 'sts:ExternalId': id } }))

const createRole = (
  input: Partial<ConstructorParameters<typeof CreateRoleCommand>[0]> = {},
  by = iam,
) =>
  by.send(
    new CreateRoleCommand({
      RoleName,
      Path: '/services/',
      AssumeRolePolicyDocument: trusting(),
      ...input,
    }),
  )

const putPolicy = (document: unknown = readOnly, PolicyName = 'read') =>
  iam.send(
    new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: JSON.stringify(document) }),
  )

const lookUp = async () =>
  cloudTrailClient(simulator, await assume(simulator)).send(new LookupEventsCommand({}))

test('the vendor can assume a role created by AWS CLI commands', async () => {
  const env = keys(simulator.url, simulator.administrator())
  const { Role } = await cli.aws(
    env,
    ...['iam', 'create-role', '--role-name', RoleName, '--path', '/services/'],
    ...['--assume-role-policy-document', trusting(), '--tags', 'Key=application,Value=cairn'],
  )
  expect(Role).toMatchObject({ Arn: ROLE, Path: '/services/', RoleName })
  const put = ['iam', 'put-role-policy', '--role-name', RoleName, '--policy-name', 'read']
  await cli.aws(env, ...put, '--policy-document', JSON.stringify(readOnly))
  expect((await lookUp()).Events).toEqual([])
  expect(await awsErrorOf(assume(simulator, { ExternalId: undefined }))).toMatchObject({
    name: 'AccessDenied',
    status: 403,
  })
  const shown = await cli.aws(env, 'iam', 'get-role', '--role-name', RoleName)
  expect(shown.Role.AssumeRolePolicyDocument).toEqual(JSON.parse(trusting()))
  expect(shown.Role.Tags).toEqual([{ Key: 'application', Value: 'cairn' }])

  const remove = ['--role-name', RoleName]
  await expect(cli.aws(env, 'iam', 'delete-role', ...remove)).rejects.toThrow(
    'An error occurred (DeleteConflict) when calling the DeleteRole operation: Cannot delete entity, must delete policies first.',
  )
  await cli.aws(env, 'iam', 'delete-role-policy', ...remove, '--policy-name', 'read')
  await cli.aws(env, 'iam', 'delete-role', ...remove)
  await expect(cli.aws(env, 'iam', 'get-role', ...remove)).rejects.toThrow('NoSuchEntity')
  expect(await awsErrorOf(assume(simulator))).toMatchObject({ name: 'AccessDenied' })
})

test('policies can be listed, read, replaced and deleted by name', async () => {
  await createRole()
  await putPolicy(policy({ Effect: 'Deny', Action: '*', Resource: '*' }), 'b')
  await putPolicy(readOnly, 'a')
  await expect(lookUp()).rejects.toThrow('explicit deny')
  await putPolicy(readOnly, 'b')
  await lookUp()
  const { PolicyNames } = await iam.send(new ListRolePoliciesCommand({ RoleName }))
  expect(PolicyNames).toEqual(['a', 'b'])
  const one = { RoleName, PolicyName: 'a' }
  const { PolicyDocument } = await iam.send(new GetRolePolicyCommand(one))
  expect(JSON.parse(decodeURIComponent(PolicyDocument!))).toEqual(readOnly)
  await iam.send(new DeleteRolePolicyCommand(one))
  await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'b' }))
  await expect(lookUp()).rejects.toThrow('no identity-based policy allows')
  expect(await awsErrorOf(iam.send(new GetRolePolicyCommand(one)))).toMatchObject({
    status: 404,
    message: 'The role policy with name a cannot be found.',
  })
})

test('the trust policy of a role can be changed', async () => {
  await createRole()
  const update = (PolicyDocument: string) =>
    iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }))
  await update(trusting('another'))
  expect(await awsErrorOf(assume(simulator))).toMatchObject({ name: 'AccessDenied' })
  await update(trusting())
  await assume(simulator)
  expect(await awsErrorOf(update('{'))).toMatchObject({ name: 'MalformedPolicyDocumentException' })
  await assume(simulator)
})

test('a boundary limits all permissions', async () => {
  const boundary = async (Action: string, PolicyName: string) => {
    const document = policy({ Effect: 'Allow', Action, Resource: '*' })
    const { Policy } = await iam.send(
      new CreatePolicyCommand({ PolicyName, PolicyDocument: JSON.stringify(document) }),
    )
    return Policy!.Arn!
  }
  const PermissionsBoundary = await boundary('s3:*', 'narrow')
  await createRole({ PermissionsBoundary })
  await putPolicy()
  await expect(lookUp()).rejects.toThrow('because no permissions boundary allows')
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }))
  expect(Role!.PermissionsBoundary!.PermissionsBoundaryArn).toBe(PermissionsBoundary)
  expect(
    await awsErrorOf(iam.send(new DeletePolicyCommand({ PolicyArn: PermissionsBoundary }))),
  ).toMatchObject({ status: 409 })

  const wide = await boundary('cloudtrail:*', 'wide')
  await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: wide }))
  await lookUp()
  await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }))
  await lookUp()
})

test('a managed policy grants its permissions while it is attached', async () => {
  await createRole()
  const PolicyDocument = JSON.stringify(readOnly)
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: 'read', PolicyDocument }))
  const one = { RoleName, PolicyArn: Policy!.Arn! }
  await iam.send(new AttachRolePolicyCommand(one))
  await lookUp()
  const { AttachedPolicies } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }))
  expect(AttachedPolicies).toEqual([{ PolicyName: 'read', PolicyArn: one.PolicyArn }])
  expect(await awsErrorOf(iam.send(new DeleteRoleCommand({ RoleName })))).toMatchObject({
    message: 'Cannot delete entity, must detach all policies first.',
  })
  await iam.send(new DetachRolePolicyCommand(one))
  await expect(lookUp()).rejects.toThrow('no identity-based policy allows')
  await iam.send(new DeletePolicyCommand({ PolicyArn: one.PolicyArn }))
  expect(await awsErrorOf(iam.send(new AttachRolePolicyCommand(one)))).toMatchObject({
    status: 404,
  })
})

test('tags can be added and replaced', async () => {
  await createRole({ Tags: [{ Key: 'a', Value: '1' }] })
  const Tags = [
    { Key: 'a', Value: '2' },
    { Key: 'b', Value: '' },
  ]
  await iam.send(new TagRoleCommand({ RoleName, Tags }))
  expect((await iam.send(new ListRoleTagsCommand({ RoleName }))).Tags).toEqual(Tags)
})

test('invalid IAM requests are rejected', async () => {
  await createRole()
  const absentRole = `arn:aws:iam::${simulator.vendor.accountId}:role/absent`
  const attempts: [Parameters<typeof createRole>[0], object][] = [
    [
      // Names must differ by more than their case or path.
      { RoleName: 'Cairn-Read-Only', Path: '/' },
      { status: 409, message: 'Role with name Cairn-Read-Only already exists.' },
    ],
    [
      { RoleName: 'a', AssumeRolePolicyDocument: '{' },
      { name: 'MalformedPolicyDocumentException', status: 400 },
    ],
    [
      { RoleName: 'a', AssumeRolePolicyDocument: JSON.stringify(trust(absentRole)) },
      { message: `Invalid principal in policy: "AWS":"${absentRole}"` },
    ],
    [{ RoleName: 'a b' }, { status: 400, message: expect.stringContaining('roleName is invalid') }],
    [{ RoleName: 'a'.repeat(65) }, { message: expect.stringContaining('equal to 64') }],
    [{ RoleName: 'a', Path: 'services' }, { message: expect.stringContaining('path is invalid') }],
    [{ RoleName: 'a', MaxSessionDuration: 60 }, { message: expect.stringContaining('3600') }],
    [
      { RoleName: 'a', PermissionsBoundary: 'arn:aws:iam::aws:policy/Nothing' },
      { status: 404, message: expect.stringContaining('does not exist or is not attachable') },
    ],
  ]
  for (const [input, wanted] of attempts) {
    expect(await awsErrorOf(createRole(input))).toMatchObject(wanted)
  }
  expect(simulator.roles()).toEqual([simulator.vendor.principalArn, ROLE])
})

test('only callers with the permission can create a role, and only in their own account', async () => {
  const arn = `arn:aws:iam::${simulator.accountId}:user/reader`
  const reader = client(simulator.createPrincipal({ arn, policies: [readOnly] }))
  expect(await awsErrorOf(createRole({}, reader))).toMatchObject({
    name: 'AccessDenied',
    message: `User: ${arn} is not authorized to perform: iam:CreateRole on resource: ${ROLE} because no identity-based policy allows the iam:CreateRole action`,
  })
  const other = client(simulator.administrator('444455556666'))
  const { Role } = await createRole({}, other)
  expect(Role!.Arn).toBe(ROLE.replace('111122223333', '444455556666'))
  expect(await awsErrorOf(iam.send(new GetRoleCommand({ RoleName })))).toMatchObject({
    status: 404,
  })
})

test('the administrator is one user, whose key the control API returns', async () => {
  const credentials = simulator.administrator()
  expect(simulator.administrator(simulator.accountId)).toEqual(credentials)
  expect(await (await fetch(`${simulator.url}/_simulator/administrator`)).json()).toEqual({
    ...keys(simulator.url, credentials),
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_SESSION_TOKEN: '',
  })
})

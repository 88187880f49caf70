import { readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type Simulator, startSimulator } from '../../simulator/index.ts'
import { policy } from '../../testing/roles.ts'
import { awsCli, type Cli, keys } from '../../testing/simulator/cli.ts'
import {
  assume,
  awsErrorOf,
  cloudTrailClient,
  EXTERNAL_ID,
  putCustomerRole,
  ROLE,
  readOnly,
} from '../../testing/simulator/support.ts'

let cli: Cli
let simulator: Simulator
/** As the account's administrator. */
let aws: (...args: string[]) => ReturnType<Cli['aws']>

beforeAll(async () => {
  cli = await awsCli()
})

afterAll(() => cli?.close())

beforeEach(async () => {
  simulator = await startSimulator({ latencyMs: 0, tps: null, stackMs: 0 })
  aws = (...args) => cli.aws(keys(simulator.url, simulator.administrator()), ...args)
})

afterEach(() => simulator.close())

const CONDITION = `
            Condition: {StringEquals: {sts:ExternalId: !Ref ExternalId}}`

/** A customer's role, with everything that a customer can configure. */
const template = `
AWSTemplateFormatVersion: '2010-09-09'
Description: A role
Parameters:
  ExternalId: {Type: String, AllowedPattern: '[\\w+=,.@:/-]{2,1224}'}
  Principal: {Type: String}
  Name: {Type: String, Default: ''}
  Path: {Type: String, Default: /services/}
Conditions:
  HasName: !Not [!Equals [!Ref Name, '']]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !If [HasName, !Ref Name, !Ref AWS::NoValue]
      Path: !Ref Path
      MaxSessionDuration: 7200
      AssumeRolePolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: {AWS: !Ref Principal}
            Action: sts:AssumeRole${CONDITION}
      Policies:
        - PolicyName: read
          PolicyDocument:
            Version: 2012-10-17
            Statement: {Effect: Allow, Action: ['cloudtrail:*'], Resource: '*'}
Outputs:
  RoleArn: {Value: !GetAtt Role.Arn, Description: Give it to Cairn}
`

const given = (more: Record<string, string> = {}) => ({
  ExternalId: EXTERNAL_ID,
  Principal: simulator.vendor.principalArn,
  Name: 'cairn-read-only',
  ...more,
})

const onTheCommandLine = (parameters: Record<string, string>) =>
  Object.entries(parameters).map(([name, value]) => `ParameterKey=${name},ParameterValue=${value}`)

const createStack = (body = template, parameters = given()) => [
  ...['cloudformation', 'create-stack', '--stack-name', 'cairn', '--template-body', body],
  ...['--capabilities', 'CAPABILITY_NAMED_IAM'],
  ...['--parameters', ...onTheCommandLine(parameters)],
]

const cairn = (operation: string) => ['cloudformation', operation, '--stack-name', 'cairn']

describe('with the AWS CLI', () => {
  test('a stack is created, waited for, described and deleted', async () => {
    const { StackId } = await aws(...createStack())
    expect(StackId).toMatch(/^arn:aws:cloudformation:us-east-1:111122223333:stack\/cairn\//)
    await aws('cloudformation', 'wait', 'stack-create-complete', '--stack-name', 'cairn')
    const { Stacks } = await aws(...cairn('describe-stacks'))
    expect(Stacks).toMatchObject([
      {
        StackId,
        StackStatus: 'CREATE_COMPLETE',
        Description: 'A role',
        Capabilities: ['CAPABILITY_NAMED_IAM'],
        Outputs: [{ OutputKey: 'RoleArn', OutputValue: ROLE, Description: 'Give it to Cairn' }],
      },
    ])
    expect(Stacks[0].Parameters).toContainEqual({
      ParameterKey: 'ExternalId',
      ParameterValue: EXTERNAL_ID,
    })
    const { Role } = await aws('iam', 'get-role', '--role-name', 'cairn-read-only')
    expect(Role).toMatchObject({ Path: '/services/', MaxSessionDuration: 7200, Arn: ROLE })
    await assume(simulator)
    expect(await awsErrorOf(assume(simulator, { ExternalId: 'another' }))).toMatchObject({
      name: 'AccessDenied',
    })

    await expect(aws(...createStack())).rejects.toThrow(
      'An error occurred (AlreadyExistsException) when calling the CreateStack operation: Stack [cairn] already exists',
    )
    await aws(...cairn('delete-stack'))
    await aws('cloudformation', 'wait', 'stack-delete-complete', '--stack-name', 'cairn')
    await expect(aws(...cairn('describe-stacks'))).rejects.toThrow(
      'An error occurred (ValidationError) when calling the DescribeStacks operation: Stack with id cairn does not exist',
    )
    const byId = ['cloudformation', 'describe-stacks', '--stack-name', StackId]
    expect((await aws(...byId)).Stacks[0].StackStatus).toBe('DELETE_COMPLETE')
    expect(simulator.roles()).toEqual([simulator.vendor.principalArn])
  })

  test('a resource that fails rolls the stack back, with the reason in its events', async () => {
    putCustomerRole(simulator)
    await aws(...createStack())
    await expect(
      aws('cloudformation', 'wait', 'stack-create-complete', '--stack-name', 'cairn'),
    ).rejects.toThrow('Waiter StackCreateComplete failed')
    const { StackEvents } = await aws(...cairn('describe-stack-events'))
    const statuses = StackEvents.map(
      (event: { LogicalResourceId: string; ResourceStatus: string }) =>
        `${event.LogicalResourceId} ${event.ResourceStatus}`,
    )
    expect(statuses).toEqual([
      'cairn ROLLBACK_COMPLETE',
      'cairn ROLLBACK_IN_PROGRESS',
      'Role CREATE_FAILED',
      'Role CREATE_IN_PROGRESS',
      'cairn CREATE_IN_PROGRESS',
    ])
    expect(StackEvents[2].ResourceStatusReason).toMatch(
      /Role with name cairn-read-only already exists\..*HandlerErrorCode: AlreadyExists/,
    )
    // The stack does not delete the existing role that conflicted.
    expect(simulator.roles()).toContain(ROLE)
  })

  test('an update changes the trust policy of the existing role', async () => {
    await aws(...createStack())
    const body = template.replace(
      'StringEquals: {sts:ExternalId: !Ref ExternalId}',
      'StringEquals: {sts:ExternalId: another}',
    )
    const kept = ['ExternalId', 'Principal', 'Name'].map(
      (name) => `ParameterKey=${name},UsePreviousValue=true`,
    )
    const update = [...cairn('update-stack'), '--capabilities', 'CAPABILITY_NAMED_IAM']
    await aws(...update, '--template-body', body, '--parameters', ...kept)
    await aws('cloudformation', 'wait', 'stack-update-complete', '--stack-name', 'cairn')
    await assume(simulator, { ExternalId: 'another' })
    expect(await awsErrorOf(assume(simulator))).toMatchObject({ name: 'AccessDenied' })
    await expect(
      aws(...update, '--use-previous-template', '--parameters', ...kept),
    ).rejects.toThrow('No updates are to be performed.')

    const broken = body.replace("Action: ['cloudtrail:*']", "Action: ['everything']")
    await aws(...update, '--template-body', broken, '--parameters', ...kept)
    const { Stacks } = await aws(...cairn('describe-stacks'))
    expect(Stacks[0].StackStatus).toBe('UPDATE_ROLLBACK_COMPLETE')
    await assume(simulator, { ExternalId: 'another' })

    const renamed = [...kept.slice(0, 2), 'ParameterKey=Name,ParameterValue=new']
    await aws(...update, '--template-body', body, '--parameters', ...renamed)
    const arn = ROLE.replace('cairn-read-only', 'new')
    expect(simulator.roles()).toEqual([simulator.vendor.principalArn, arn])
  })

  test('an invalid request is rejected immediately', async () => {
    const [, ...withoutName] = onTheCommandLine(given())
    const attempts: [string[], string][] = [
      [
        createStack().filter((argument) => !/CAPABILIT|capabilit/.test(argument)),
        '(InsufficientCapabilitiesException) when calling the CreateStack operation: Requires capabilities : [CAPABILITY_NAMED_IAM]',
      ],
      [
        [...createStack().slice(0, -3), ...withoutName],
        '(ValidationError) when calling the CreateStack operation: Parameters: [ExternalId] must have values',
      ],
      [createStack(template, given({ ExternalId: 'a b' })), `'ExternalId' must match pattern`],
      [createStack('Resources: ['), 'Template format error: YAML not well-formed.'],
      [
        [...createStack().slice(0, 4), '--template-url', 'https://example.com/x.yaml'],
        'TemplateURL is not simulated: use TemplateBody',
      ],
    ]
    for (const [command, message] of attempts)
      await expect(aws(...command)).rejects.toThrow(message)
    expect((await aws('cloudformation', 'describe-stacks')).Stacks).toEqual([])
  })

  test('a template file is validated', async () => {
    const file = join(tmpdir(), `template-${process.pid}.yaml`)
    await writeFile(file, template)
    const validated = await aws(
      ...['cloudformation', 'validate-template', '--template-body', `file://${file}`],
    )
    await rm(file)
    expect(validated).toMatchObject({ Capabilities: ['CAPABILITY_NAMED_IAM'] })
    expect(validated.Parameters).toContainEqual({
      ParameterKey: 'Path',
      DefaultValue: '/services/',
      NoEcho: false,
    })
  })
})

describe('the control API', () => {
  test('creates the same stack, and returns its outputs', async () => {
    const { outputs } = await simulator.createStack({ template, parameters: given() })
    expect(outputs).toEqual({ RoleArn: ROLE })
    await assume(simulator)
    await simulator.deleteStack({})
    expect(await awsErrorOf(assume(simulator))).toMatchObject({ name: 'AccessDenied' })
  })

  test('works over HTTP, in the given account and region', async () => {
    const send = async (method: string, body: object) => {
      const response = await fetch(`${simulator.url}/_simulator/stacks`, {
        method,
        body: JSON.stringify(body),
      })
      return { status: response.status, body: await response.json() }
    }
    const stack = { template, parameters: given(), accountId: '444455556666', region: 'eu-west-1' }
    const RoleArn = ROLE.replace('111122223333', '444455556666')
    const made = { status: 200, body: { outputs: { RoleArn } } }
    expect(await send('POST', { ...stack, stackName: 'one' })).toMatchObject(made)
    expect(await send('POST', { ...stack, stackName: 'two' })).toMatchObject({
      status: 400,
      body: {
        error: expect.stringMatching(
          /^The stack two is in ROLLBACK_COMPLETE: Role CREATE_FAILED: .*already exists/,
        ),
      },
    })
    const query = 'stackName=one&accountId=444455556666&region=eu-west-1'
    const url = `${simulator.url}/_simulator/stacks?${query}`
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(200)
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(400)
  })

  test.each<[string, Parameters<Simulator['createStack']>[0], string]>([
    ['a template', { template: 'x' }, 'ValidationError: Template format error'],
    ['a parameter', { template, parameters: {} }, 'ValidationError: Parameters: [ExternalId'],
    [
      'a name',
      { template, stackName: 'a_b' },
      `ValidationError: 1 validation error detected: Value 'a_b'`,
    ],
    ['a region', { template, region: 'me-south-1' }, 'me-south-1 is not enabled'],
    [
      'a type',
      { template: 'Resources: {Q: {Type: AWS::SQS::Queue}}' },
      'Q CREATE_FAILED: Resource type AWS::SQS::Queue is not simulated',
    ],
    [
      'a property',
      { template: 'Resources: {R: {Type: AWS::IAM::Role, Properties: {Colour: red}}}' },
      'extraneous key [Colour] is not permitted',
    ],
  ])('reports the error in %s', async (_, stack, message) => {
    const failed = await simulator.createStack(stack).catch((error: Error) => error)
    expect(failed).toMatchObject({
      name: 'ControlError',
      message: expect.stringContaining(message),
    })
    expect(simulator.roles()).toEqual([simulator.vendor.principalArn])
  })

  test('waits as long as a stack takes', async () => {
    simulator.configure({ stackMs: 60_000 })
    const parameters = given()
    const created = simulator.createStack({ template, parameters })
    await expect(simulator.createStack({ template, parameters })).rejects.toThrow('already exists')
    expect(simulator.roles()).toEqual([simulator.vendor.principalArn])
    // A stack can be deleted while it is being created.
    simulator.configure({ stackMs: 1 })
    await simulator.deleteStack({})
    await expect(created).rejects.toThrow('The stack cairn-read-only is in DELETE_COMPLETE')
    await simulator.createStack({ template, parameters })
    expect(simulator.roles()).toContain(ROLE)
  })

  test('ends with the simulator', async () => {
    const other = await startSimulator({ latencyMs: 0, stackMs: 60_000 })
    const created = other.createStack({ template, parameters: given() })
    const refused = expect(created).rejects.toThrow('The simulator was closed')
    await other.close()
    await refused
  })
})

test('a role without a name gets one that contains the name of its stack', async () => {
  const stack = { template, parameters: given({ Name: '' }), stackName: 'a'.repeat(100) }
  const { outputs } = await simulator.createStack(stack)
  const name = outputs.RoleArn!.split('/').at(-1)!
  expect(name).toMatch(/^a{45,}-Role-[A-Za-z0-9]{12}$/)
  expect(name).toHaveLength(64)
})

test('the permissions of a role can be separate resources', async () => {
  const document = JSON.stringify(readOnly)
  const apart = `${template
    .replace(/ {6}Policies:[\s\S]*?(?=Outputs)/, '')
    .replace(
      'Outputs:',
      `  Read:
    Type: AWS::IAM::Policy
    Properties: {PolicyName: read, Roles: [!Ref Role], PolicyDocument: ${document}}
  More:
    Type: AWS::IAM::ManagedPolicy
    Properties: {Roles: [!Ref Role], PolicyDocument: ${document}}
  Boundary:
    Type: AWS::IAM::ManagedPolicy
    Properties: {PolicyDocument: ${JSON.stringify(policy({ Effect: 'Allow', Action: '*', Resource: '*' }))}}
Outputs:`,
    )
    .replace('MaxSessionDuration: 7200', 'PermissionsBoundary: !Ref Boundary')}`
  await simulator.createStack({ template: apart, parameters: given() })
  const client = cloudTrailClient(simulator, await assume(simulator))
  expect((await client.send(new LookupEventsCommand({}))).Events).toEqual([])
  await simulator.deleteStack({})
  expect(simulator.roles()).toEqual([simulator.vendor.principalArn])
})

test('manually attached policies prevent the deletion of the stack', async () => {
  await simulator.createStack({ template, parameters: given() })
  const put = ['iam', 'put-role-policy', '--role-name', 'cairn-read-only', '--policy-name', 'mine']
  await aws(...put, '--policy-document', JSON.stringify(readOnly))
  await expect(simulator.deleteStack({})).rejects.toThrow(
    /is in DELETE_FAILED: Role DELETE_FAILED: .*must delete policies first/,
  )
  expect(simulator.roles()).toContain(ROLE)
})

test('a stack has only the permissions of its creator', async () => {
  const arn = `arn:aws:iam::${simulator.accountId}:user/deployer`
  const mayDeploy = policy({ Effect: 'Allow', Action: 'cloudformation:*', Resource: '*' })
  const env = keys(simulator.url, simulator.createPrincipal({ arn, policies: [mayDeploy] }))
  await cli.aws(env, ...createStack())
  const { StackEvents } = await cli.aws(env, ...cairn('describe-stack-events'))
  const failed = StackEvents.find(
    ({ ResourceStatus }: { ResourceStatus: string }) => ResourceStatus === 'CREATE_FAILED',
  )
  expect(failed.ResourceStatusReason).toContain(
    `User: ${arn} is not authorized to perform: iam:CreateRole on resource: ${ROLE}`,
  )
})

test('CloudTrail shows the creator of a stack, and its calls on their behalf', async () => {
  await simulator.createStack({ template, parameters: given(), region: 'eu-west-1' })
  const session = await assume(simulator)
  simulator.configure({ clockOffsetMs: 4 * 60_000 })
  const look = async (region: string) => {
    const client = cloudTrailClient(simulator, session, region)
    const { Events } = await client.send(new LookupEventsCommand({}))
    return Events!.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent!))
  }
  const administrator = `arn:aws:iam::${simulator.accountId}:user/administrator`
  expect(await look('eu-west-1')).toMatchObject([
    {
      eventSource: 'cloudformation.amazonaws.com',
      eventName: 'CreateStack',
      userIdentity: { type: 'IAMUser', arn: administrator, userName: 'administrator' },
    },
  ])
  const byService = {
    userIdentity: { arn: administrator, invokedBy: 'cloudformation.amazonaws.com' },
    sourceIPAddress: 'cloudformation.amazonaws.com',
    eventSource: 'iam.amazonaws.com',
  }
  expect(await look('us-east-1')).toMatchObject([
    { ...byService, eventName: 'PutRolePolicy' },
    {
      ...byService,
      eventName: 'CreateRole',
      requestParameters: { roleName: 'cairn-read-only', path: '/services/' },
    },
  ])
  const everything = JSON.stringify([await look('eu-west-1'), await look('us-east-1')])
  expect(everything).not.toContain(simulator.administrator().secretAccessKey)
})

const handedOut = new URL('../../infra/cloudformation/cairn-read-only.yaml', import.meta.url)

describe("Cairn's template", () => {
  const text = readFileSync(handedOut, 'utf8')

  /** The external ID, and the vendor for each parameter that takes a principal. */
  const values = (body: string) => {
    const { Parameters } = parse(body, { logLevel: 'silent' }) as {
      Parameters: Record<string, object>
    }
    const principal = Object.keys(Parameters).find((name) => /Principal/.test(name))!
    return { ExternalId: EXTERNAL_ID, [principal]: simulator.vendor.principalArn }
  }

  const roleOf = async (body: string) => {
    const { outputs } = await simulator.createStack({ template: body, parameters: values(body) })
    return Object.values(outputs).find((value) => value.includes(':role/'))!
  }

  test('creates a role that can be assumed with the external ID only', async () => {
    const RoleArn = await roleOf(text)
    const client = cloudTrailClient(simulator, await assume(simulator, { RoleArn }))
    expect((await client.send(new LookupEventsCommand({}))).Events).toEqual([])
    for (const ExternalId of [undefined, 'another', `${EXTERNAL_ID}x`]) {
      expect(await awsErrorOf(assume(simulator, { RoleArn, ExternalId }))).toMatchObject({
        name: 'AccessDenied',
      })
    }
  })

  test('is evaluated as written: without its condition, any role of the vendor has access', async () => {
    const weakened = text.replace(/\n( +)Condition:\n(\1 +.*\n)*?.*sts:ExternalId.*\n/, '\n')
    expect(weakened).not.toBe(text)
    const RoleArn = await roleOf(weakened)
    await assume(simulator, { RoleArn, ExternalId: undefined })
    await assume(simulator, { RoleArn, ExternalId: 'another' })
  })
})

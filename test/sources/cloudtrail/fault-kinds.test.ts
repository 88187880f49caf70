/** Outcomes, actors, noise, tools and secrets: one example or more of each kind that was misread. */

import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { read } from '../../../testing/cloudtrail/read.ts'
import {
  ACCOUNT,
  ALICE,
  call,
  record,
  roleIdentity,
  ssoIdentity,
} from '../../../testing/cloudtrail/records.ts'

const serviceEvent = (service: string, eventName: string, serviceEventDetails: unknown) =>
  record({
    eventSource: `${service}.amazonaws.com`,
    eventName,
    eventType: 'AwsServiceEvent',
    userIdentity: { accountId: ACCOUNT, invokedBy: `${service}.amazonaws.com` },
    serviceEventDetails,
  })

describe('the outcome', () => {
  it.each([
    [
      'failed',
      serviceEvent('organizations', 'CreateAccountResult', {
        createAccountStatus: { state: 'FAILED', failureReason: 'EMAIL_ALREADY_EXISTS' },
      }),
    ],
    [
      'succeeded',
      serviceEvent('organizations', 'CreateAccountResult', {
        createAccountStatus: { state: 'SUCCEEDED', accountId: '444455556666' },
      }),
    ],
    [
      'failed',
      serviceEvent('controltower', 'SetupLandingZone', {
        setupLandingZoneStatus: { state: 'FAILED' },
      }),
    ],
    [
      'failed',
      serviceEvent('controltower', 'CreateManagedAccount', {
        createManagedAccountStatus: {
          state: 'FAILED',
          account: { accountId: '444455556666', accountName: 'dev' },
        },
      }),
    ],
    ['failed', call('signin', 'ConsoleLogin', null, { ConsoleLogin: 'Failure' })],
    ['failed', call('signin', 'SwitchRole', null, { SwitchRole: 'Failure' })],
    [
      'failed',
      call('signin', 'PasswordRecoveryCompleted', null, { PasswordRecoveryCompleted: 'Failure' }),
    ],
    ['failed', serviceEvent('signin', 'UserAuthentication', { UserAuthentication: 'Failure' })],
    ['succeeded', serviceEvent('signin', 'UserAuthentication', { UserAuthentication: 'Success' })],
    ['succeeded', call('grafana', 'update', null, null, { errorCode: '200' })],
    ['succeeded', call('grafana', 'update', null, null, { errorCode: '204' })],
    ['denied', call('grafana', 'update', null, null, { errorCode: '403' })],
    ['denied', call('grafana', 'update', null, null, { errorCode: '401' })],
    ['failed', call('grafana', 'update', null, null, { errorCode: '500' })],
    [
      'failed',
      call(
        'ecs',
        'RunTask',
        { taskDefinition: 'web' },
        { tasks: [], failures: [{ reason: 'RESOURCE:CPU' }] },
      ),
    ],
    [
      'succeeded',
      call(
        'ecs',
        'RunTask',
        { taskDefinition: 'web' },
        { tasks: [{ taskArn: 'x' }], failures: [] },
      ),
    ],
    [
      'succeeded',
      call(
        'rds',
        'DeleteDBInstance',
        { dBInstanceIdentifier: 'd' },
        { dBInstanceStatus: 'failed' },
      ),
    ],
    [
      'failed',
      call(
        'ec2-instance-connect',
        'SendSSHPublicKey',
        { instanceId: 'i-0123456789abcdef0' },
        { success: false },
      ),
    ],
    ['succeeded', call('ec2', 'CreateTags', null, { _return: true })],
  ])('is %s: %#', (outcome, one) => {
    expect(read(one).outcome).toBe(outcome)
  })

  it('contains the reason why an account was not created, or its name', () => {
    const failed = serviceEvent('organizations', 'CreateAccountResult', {
      createAccountStatus: { state: 'FAILED', failureReason: 'EMAIL_ALREADY_EXISTS' },
    })
    expect(read(failed).summary).toContain('EMAIL_ALREADY_EXISTS')
    const created = serviceEvent('organizations', 'CreateAccountResult', {
      createAccountStatus: { state: 'SUCCEEDED', accountId: '444455556666' },
    })
    expect(read(created).resources.map(({ id }) => id)).toEqual(['444455556666'])
  })
})

test.each([
  call('batch', 'RegisterJobDefinition', {
    jobDefinitionName: 'j',
    containerProperties: { command: ['psql', '--password', 'hunter2pw'] },
  }),
  call('ecs', 'ExecuteCommand', {
    task: 't1',
    command: 'mysql --password=hunter2pw',
    cluster: 'c',
  }),
])('a secret option of a command is hidden: %#', (one) => {
  const change = read(one)
  expect(change.detail.edits).not.toEqual([])
  expect(JSON.stringify(change)).not.toContain('hunter2pw')
})

test('a batch in which every item failed shows the reason', () => {
  const failures = [{ failureCode: 'ImageNotFound', failureReason: 'There is no such image' }]
  const one = call('ecr', 'BatchDeleteImage', { repositoryName: 'app' }, { imageIds: [], failures })
  expect(read(one).detail.error?.code).toBe('ImageNotFound')
})

describe('the actor', () => {
  const asRole = (session: string, fields = {}) =>
    read(
      call('ec2', 'StopInstances', null, null, {
        userIdentity: roleIdentity({ role: 'ReadWrite', session, ...fields }),
      }),
    ).actor

  it.each([
    'gntd-2d1LCv2dAbCdEf',
    'botocore-session-1700000000',
    'aws-go-sdk-1700000000000000001',
    'aws-sdk-js-session-1700000000000',
    'awsume-session-alice',
    'saml2aws-Xy12',
    'aws-vault-1700000000',
    'assumed-from-leapp',
    '1700000000000000000',
    'AWSCLI-Session',
  ])('of the session %s is the role', (session) => {
    expect(asRole(session)).toMatchObject({
      name: 'ReadWrite',
      id: `arn:aws:iam::${ACCOUNT}:role/ReadWrite`,
    })
  })

  it('is the same for a session name with another number', () => {
    expect(asRole('nightly-1700000000001').id).toBe(asRole('nightly-1700000099999').id)
    expect(asRole('nightly-1700000000001').name).toBe('nightly as ReadWrite')
  })

  it('is a central root session that was opened in another account', () => {
    const { actor, summary } = read(
      call('s3', 'DeleteBucketPolicy', { bucketName: 'b' }, null, {
        userIdentity: {
          type: 'Root',
          arn: `arn:aws:iam::${ACCOUNT}:root`,
          accountId: ACCOUNT,
          sessionContext: { assumedRoot: 'true', attributes: {} },
        },
      }),
    )
    expect(summary).toMatch(/^A central root session deleted/)
    expect(actor.chain[0]).toMatchObject({
      kind: 'missing',
      name: expect.stringContaining('management account'),
    })
  })

  it('is the service that called as root without a role, but not with a key of root', () => {
    const root = { type: 'Root', arn: `arn:aws:iam::${ACCOUNT}:root`, accountId: ACCOUNT }
    const by = (fields: object) =>
      read(
        call('ec2', 'TerminateInstances', null, null, {
          userIdentity: { ...root, invokedBy: 'autoscaling.amazonaws.com', ...fields },
        }),
      ).actor.kind
    expect(by({})).toBe('service')
    expect(by({ accessKeyId: 'ASIAEXAMPLEROOT00001' })).toBe('root')
  })

  it('includes a provider with delegated permissions', () => {
    const { summary, actor } = read(
      call('ec2', 'StopInstances', null, null, {
        userIdentity: { ...ALICE, invokedByDelegate: { accountId: '999988887777' } },
      }),
    )
    expect(summary).toMatch(/^alice, through account 999988887777, /)
    expect(actor.chain.at(-1)).toMatchObject({ kind: 'account', name: 'account 999988887777' })
  })

  it('is the Identity Center user that a role acts for', () => {
    const { actor } = read(
      call('s3', 'PutBucketPolicy', { bucketName: 'b' }, null, {
        userIdentity: roleIdentity({
          role: 'emr',
          session: 's',
          fields: {
            onBehalfOf: {
              userId: 'u-1',
              identityStoreArn: 'arn:aws:identitystore::1:identitystore/d-1',
            },
          },
        }),
      }),
    )
    expect(actor).toMatchObject({ kind: 'person', id: 'identity-center:u-1' })
  })
})

describe("a person's change is not hidden as noise", () => {
  const ana = (invokedBy?: string) =>
    ssoIdentity('ana@example.com', invokedBy === undefined ? {} : { invokedBy })

  it.each([
    [
      'ec2',
      'CreateTags',
      {
        userIdentity: { ...ALICE, invokedBy: 'signin.amazonaws.com' },
        userAgent: 'signin.amazonaws.com',
      },
    ],
    [
      'ec2',
      'DeleteTags',
      { userIdentity: ana('signin.amazonaws.com'), userAgent: 'signin.amazonaws.com' },
    ],
    [
      'elasticloadbalancing',
      'DeregisterTargets',
      { userIdentity: ana('ssm.amazonaws.com'), userAgent: 'ssm.amazonaws.com' },
    ],
    [
      'ec2',
      'DetachNetworkInterface',
      { userIdentity: ana('ssm.amazonaws.com'), userAgent: 'ssm.amazonaws.com' },
    ],
    [
      'ec2',
      'ReleaseAddress',
      { userIdentity: ana('states.amazonaws.com'), userAgent: 'states.amazonaws.com' },
    ],
    [
      'kms',
      'CreateGrant',
      { userIdentity: ana('rds.amazonaws.com'), userAgent: 'rds.amazonaws.com' },
    ],
    ['autoscaling', 'SetInstanceHealth', { userIdentity: ana() }],
    ['autoscaling', 'CompleteLifecycleAction', { userIdentity: ALICE }],
  ])('for %s:%s %#', (service, action, fields) => {
    expect(read(call(service, action, null, null, fields)).noise).toBeNull()
  })
})

describe('MFA', () => {
  const signIn = (userIdentity: object, additionalEventData: object) =>
    read(
      call(
        'signin',
        'ConsoleLogin',
        null,
        { ConsoleLogin: 'Success' },
        {
          userIdentity,
          additionalEventData,
        },
      ),
    ).summary

  it('is mentioned only where AWS can report it', () => {
    expect(signIn(ALICE, { MFAUsed: 'No' })).toMatch(/without MFA$/)
    expect(signIn(ALICE, { MFAUsed: 'Yes' })).toMatch(/with MFA$/)
    expect(signIn(ssoIdentity('ana@example.com'), { MFAUsed: 'No' })).toMatch(
      /through IAM Identity Center$/,
    )
    expect(signIn(roleIdentity({ role: 'Admin', session: 'a@b' }), { MFAUsed: 'No' })).not.toMatch(
      /MFA/,
    )
    expect(
      signIn(roleIdentity({ role: 'Admin', session: 'a@b' }), {
        MFAUsed: 'No',
        SamlProviderArn: `arn:aws:iam::${ACCOUNT}:saml-provider/okta`,
      }),
    ).toMatch(/through SAML provider okta$/)
  })
})

describe('a secret', () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9]{12,24}$/).map((text) => `Zq9${text}`)
  const name = fc.constantFrom(
    'secret',
    'clientSecret',
    'token',
    'accessToken',
    'password',
    'masterUserPassword',
    'db_password',
    'apiKey',
    'privateKey',
    'sharedKey',
    'accessKey',
    'secretAccessKey',
    'signingKey',
    'encryptionKey',
    'key_material',
    'API_KEY',
    'DB-TOKEN',
    'oauthToken',
    'userPassword',
    'adminCredentials',
    'credential',
    'credentials',
    'secretString',
  )
  const service = fc.constantFrom('rds', 'ec2', 'apigateway', 'glue', 'iam', 'lambda', 'anything')
  const action = fc.constantFrom(
    'UpdateThing',
    'CreateConnection',
    'ModifyDBInstance',
    'PutThing',
    'DeleteToken',
    'UpdateStage',
  )
  const shape = fc.constantFrom(
    (key: string, value: string) => ({ [key]: value }),
    (key: string, value: string) => ({ thing: { [key]: value } }),
    (key: string, value: string) => ({ a: { b: { c: { [key]: value } } } }),
    (key: string, value: string) => ({ list: [{ [key]: value }] }),
    (key: string, value: string) => ({ [key]: { value } }),
    (key: string, value: string) => ({ [key]: [value] }),
    (key: string, value: string) => ({ environment: { variables: { [key]: value } } }),
    (key: string, value: string) => ({
      patchOperations: [{ op: 'replace', path: `/variables/${key}`, value }],
    }),
    (key: string, value: string) => ({
      parameters: [{ parameterName: key, parameterValue: value }],
    }),
    (key: string, value: string) => ({ environment: [{ name: key, value }] }),
    (key: string, value: string) => ({ tags: [{ key, value }] }),
  )

  it('at any path is in no text of the change', () => {
    fc.assert(
      fc.property(service, action, name, shape, secret, (from, eventName, key, shaped, value) => {
        const params = { thingId: 't-1', ...shaped(key, value) }
        const one = call(from, eventName, params, params, {
          errorMessage: `Invalid value ${value} given`,
          errorCode: 'InvalidParameter',
        })
        expect(JSON.stringify(read(one))).not.toContain(value)
        expect(JSON.stringify(read(call(from, eventName, params, params)))).not.toContain(value)
      }),
    )
  })
})

it.each([
  '{"user":"app","token":"abc"}',
  '[{"db_password": "hunter2-long"}]',
  '{"a": {"apiKey": "x"}',
])('a secret in JSON text is hidden: %s', (input) => {
  const change = read(
    call('scheduler', 'UpdateSchedule', { name: 'nightly', target: { arn: 'x', input } }),
  )
  expect(change.detail.edits).toContainEqual({ field: 'target input', to: '(hidden)' })
  expect(change.summary).not.toContain(input.slice(0, 12))
})

it.each(['DeleteRule', 'UnlockRule'])('%s of the recycle bin ends a protection', (action) => {
  expect(read(call('rbin', action, { identifier: 'abcdef123' })).risks).toContain('protection')
})

it('disabling a lifecycle policy of snapshots ends a protection', () => {
  const risks = ['DISABLED', 'ENABLED'].map(
    (state) => read(call('dlm', 'UpdateLifecyclePolicy', { policyId: 'policy-0a1b', state })).risks,
  )
  expect(risks.map((some) => some.includes('protection'))).toEqual([true, false])
})

/** What people do by hand, in the console and with the AWS CLI. */

import { type Person, type Place, people, principalId } from './account.ts'
import { agents, consoleOf, denial, iamUser, openConsole } from './callers.ts'
import {
  createTags,
  describedFunction,
  ingress,
  modifyDatabase,
  type Rule,
  terminateInstance,
  updateService,
} from './changes.ts'
import { consolePages } from './reads.ts'
import type { Call, Caller, Script } from './script.ts'

/** A person looks around in the console, thinks, and now and then changes something. */
export function useConsole(script: Script): void {
  const { account, random } = script
  const person = random.pick(people)
  const place = random.pick(account.places)
  const { region } = place
  const session = openConsole(script, person)
  const call = (what: Call) => script.call(consoleOf(script, session, what.service), region, what)
  for (const page of random.some(consolePages(account, place), random.integer(2, 6))) {
    script.wait(5, 60)
    for (const read of page) call(asAllowed(read, session, person))
    // An interruption, or lunch.
    if (random.chance(0.15)) script.wait(600, 1800)
  }
  for (const change of random.some(clicks(script, person, place), random.count(1.1))) {
    script.wait(15, 90)
    for (const what of change) {
      call(asAllowed(what, session, person))
      script.wait(5, 120)
    }
    if (random.chance(0.1)) script.wait(600, 1500)
  }
}

/** PowerUserAccess denies reading and changing IAM, except listing roles. */
function asAllowed(call: Call, caller: Caller, { permissionSet }: Person): Call {
  if (permissionSet !== 'PowerUserAccess' || call.service !== 'iam') return call
  if (call.action === 'ListRoles') return call
  const { accountId } = caller.userIdentity
  const role = call.request?.roleName
  const resource = role === undefined ? '*' : `arn:aws:iam::${accountId}:role/${role}`
  return { ...call, error: denial(caller, `iam:${call.action}`, resource) }
}

/** What people change by hand. */
function clicks(script: Script, person: Person, place: Place): Call[][] {
  const { account, random } = script
  const { bastionId, name } = place
  const cidr = `${person.sourceIPAddress}/32`
  const rule: Rule = {
    groupId: place.groups.app,
    port: 22,
    from: { cidr },
    description: 'temporary',
  }
  const ruleId = random.ec2Id('sgr')
  const instancesSet = { items: [{ instanceId: bastionId }] }
  const change = { service: 'worker', desiredCount: random.integer(3, 8), force: true }
  return [
    [
      {
        service: 'ec2',
        action: 'RebootInstances',
        request: { instancesSet },
        response: { _return: true },
      },
    ],
    [
      ingress(account, 'Authorize', rule, ruleId),
      {
        service: 'ec2',
        action: 'DescribeInstances',
        request: { instancesSet, filterSet: {} },
      },
      ingress(account, 'Revoke', rule, ruleId),
    ],
    [updateService(account, place, random, change)],
    [modifyDatabase(account, place, { backupRetentionPeriod: random.pick([7, 14]) })],
    [
      {
        service: 'iam',
        action: 'AttachRolePolicy',
        request: {
          roleName: `${name}-functions`,
          policyArn: `arn:aws:iam::aws:policy/${random.pick(['AmazonSQSFullAccess', 'AmazonS3ReadOnlyAccess'])}`,
        },
      },
    ],
    [createTags(bastionId, { 'patch-group': random.pick(['monday', 'thursday']) })],
    [
      {
        service: 'monitoring',
        action: random.pick(['DisableAlarmActions', 'EnableAlarmActions']),
        request: { alarmNames: [`${name}-api-5xx`] },
      },
    ],
    [
      {
        service: 'secretsmanager',
        action: 'PutSecretValue',
        request: { secretId: place.secretArn, clientRequestToken: random.uuid() },
        response: { arn: place.secretArn },
      },
    ],
    [
      {
        service: 'lambda',
        action: 'UpdateFunctionConfiguration20150331v2',
        request: { functionName: `${name}-sitemap`, timeout: random.pick([30, 60, 120]) },
        response: describedFunction(account, place, `${name}-sitemap`),
      },
    ],
    [
      {
        ...terminateInstance(bastionId),
        error: {
          code: 'Client.OperationNotPermitted',
          message: `The instance '${bastionId}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
        },
      },
    ],
  ]
}

/** An old account's user with an AWS CLI, who is now and then refused. */
export function useCli(script: Script): void {
  const { account, random } = script
  const place = random.pick(account.places)
  const { region } = place
  const caller = iamUser(account, 'henrik', agents.cli('linux'))
  for (const call of random.some(consolePages(account, place).flat(), random.integer(4, 12))) {
    script.call(caller, region, call)
    script.wait(4, 60)
  }
  const { queueUrl, secretArn } = place
  const refused = (call: Call, permission: string, resource: string): Call => ({
    ...call,
    error: denial(caller, permission, resource),
  })
  const changes: Call[] = [
    { service: 'sqs', action: 'PurgeQueue', request: { queueUrl } },
    {
      service: 'ecs',
      action: 'StopTask',
      request: { cluster: place.cluster, task: random.hex(32) },
    },
    {
      service: 'logs',
      action: 'PutRetentionPolicy',
      request: { logGroupName: `/ecs/${place.name}-api`, retentionInDays: random.pick([14, 30]) },
    },
    refused(
      terminateInstance(place.bastionId),
      'ec2:TerminateInstances',
      `arn:aws:ec2:${region}:${account.id}:instance/${place.bastionId}`,
    ),
    refused(
      { service: 'secretsmanager', action: 'GetSecretValue', request: { secretId: secretArn } },
      'secretsmanager:GetSecretValue',
      secretArn,
    ),
    refused(
      {
        service: 'iam',
        action: 'AttachUserPolicy',
        request: {
          userName: 'henrik',
          policyArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
        },
      },
      'iam:AttachUserPolicy',
      `arn:aws:iam::${account.id}:user/henrik`,
    ),
    {
      service: 'dynamodb',
      action: 'UpdateTable',
      request: null,
      error: {
        code: 'ValidationException',
        message:
          'One or more parameter values were invalid: At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required',
      },
    },
  ]
  for (const call of random.some(changes, random.count(1.2))) {
    script.call(caller, region, call)
    script.wait(5, 40)
  }
}

/** Someone forgets how to sign in; and someone is not allowed what they want. */
export function failToSignIn(script: Script): void {
  const { account, random } = script
  const userIdentity = {
    type: 'IAMUser',
    principalId: principalId(account, 'AIDA', 'henrik'),
    accountId: account.id,
    accessKeyId: '',
    userName: 'henrik',
  }
  for (let attempts = random.integer(1, 3); attempts > 0; attempts--) {
    script.call(
      {
        userIdentity,
        sourceIPAddress: `198.51.100.${random.integer(2, 90)}`,
        userAgent: () => 'Mozilla/5.0 (X11; Linux x86_64; rv:134.0) Gecko/20100101 Firefox/134.0',
      },
      'us-east-1',
      {
        service: 'signin',
        action: 'ConsoleLogin',
        // Unlike other failures, a failed sign-in has a response: the failure is in both fields.
        fields: {
          errorMessage: 'Failed authentication',
          responseElements: { ConsoleLogin: 'Failure' },
          additionalEventData: {
            LoginTo: 'https://console.aws.amazon.com/console/home',
            MobileVersion: 'No',
            MFAUsed: 'No',
          },
          eventType: 'AwsConsoleSignIn',
        },
      },
    )
    script.wait(8, 40)
  }
}

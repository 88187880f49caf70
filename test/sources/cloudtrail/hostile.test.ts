import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Change } from '../../../src/changes/change.ts'
import { INDEXABLE_BYTES } from '../../../src/changes/text.ts'
import { NOISE_RULES } from '../../../src/sources/cloudtrail/noise.ts'
import { readRecord } from '../../../src/sources/cloudtrail/read-record.ts'
import { record } from '../../../testing/cloudtrail/records.ts'

const SEEN = { eventId: 'e-1', eventTime: new Date('2026-03-02T12:00:00Z'), region: 'eu-west-1' }

/** Every text of a change, keys included. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null || value instanceof Date) return []
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsOf(inner)])
}

/** What storing and showing a change relies on. */
function expectSound(change: Change): void {
  for (const text of textsOf(change)) {
    expect(text.isWellFormed()).toBe(true)
    expect(text).not.toContain('\0')
    // A link holds a whole id, encoded.
    if (!text.startsWith('https://')) {
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(INDEXABLE_BYTES * 3)
    }
  }
  for (const text of [
    change.sourceId,
    change.service,
    change.action,
    change.actor.name,
    change.actor.id,
    change.tool.name,
    ...change.resources.flatMap(({ id, arn, type, key }) => [id, arn ?? '', type, key]),
  ]) {
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(INDEXABLE_BYTES)
  }
  expect(change.summary).toMatch(/\S/)
  expect(change.summary).not.toMatch(/undefined|\[object|NaN/)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is the point
  expect(change.summary).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/)
  expect(change.subject?.toLowerCase()).toBe(change.actor.name.toLowerCase())
  expect(change.actor.name).not.toBe('')
  expect(change.actor.chain.length).toBeGreaterThan(0)
  expect(change.tool.label).not.toBe('')
  expect(['succeeded', 'failed', 'denied']).toContain(change.outcome)
  expect(change.risks.length).toBeGreaterThan(0)
  expect(change.changeSet.sessionKey).toHaveLength(22)
  expect(change.changeSet.idleTimeoutMs).toBeGreaterThan(0)
  if (change.noise !== null) expect(NOISE_RULES.map(({ id }) => id)).toContain(change.noise)
}

const NASTY = fc.constantFrom(
  '\0',
  '\ud800',
  '\udc00x',
  '‮gnp.exe',
  '<script>alert(1)</script>',
  "'; DROP TABLE changes; --",
  '\u001b[31mred\u001b[0m',
  'line\nbreak\r\n',
  '$\u007bjndi:ldap://x}',
  '__proto__',
  'constructor',
  'toString',
  'arn:',
  'arn:aws:::::',
  'arn:aws:iam::1:role/',
  'x'.repeat(70_000),
  '😀'.repeat(10_000),
  '%',
  '%E0%A4%A',
  '{"Statement":[{"Effect":"Allow","Principal":{"AWS":{}}}]}',
  '{"Statement":{"Effect":"Allow","Principal":"*","Action":null}}',
  '-1',
  '1e999',
  'HIDDEN_DUE_TO_SECURITY_REASONS',
)
const text = fc.oneof(NASTY, fc.string({ unit: 'binary' }), fc.string())

const NAMES = [
  'items',
  'item',
  'Tag',
  'tags',
  'key',
  'value',
  'content',
  'ipPermissions',
  'ipRanges',
  'cidrIp',
  'groupId',
  'instancesSet',
  'policyDocument',
  'Statement',
  'Principal',
  'AWS',
  'Action',
  'roleName',
  'policyArn',
  'bucketName',
  'functionName',
  'dBInstanceIdentifier',
  'service',
  'cluster',
  'deployments',
  'taskDefinition',
  'changeBatch',
  'changes',
  'resourceRecordSet',
  'attributes',
  'name',
  'id',
  'arn',
  'aRN',
  'userData',
  'PublicAccessBlockConfiguration',
  'CreateNatGatewayRequest',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
]
const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    text,
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.oneof(fc.constantFrom(...NAMES), text), tie('value')), { maxLength: 5 })
      .map((entries) => {
        const object: Record<string, unknown> = {}
        for (const [key, value] of entries) {
          Object.defineProperty(object, key, {
            value,
            enumerable: true,
            configurable: true,
            writable: true,
          })
        }
        return object
      }),
  ),
})).value

const FIELDS = [
  'userIdentity',
  'eventTime',
  'eventSource',
  'eventName',
  'awsRegion',
  'sourceIPAddress',
  'userAgent',
  'errorCode',
  'errorMessage',
  'requestParameters',
  'responseElements',
  'additionalEventData',
  'serviceEventDetails',
  'eventType',
  'recipientAccountId',
  'resources',
  'insightDetails',
  'sessionCredentialFromConsole',
  'readOnly',
  'eventID',
]
const CALLS: [string, string][] = [
  ['ec2', 'RunInstances'],
  ['ec2', 'AuthorizeSecurityGroupIngress'],
  ['ec2', 'ModifySnapshotAttribute'],
  ['ec2', 'CreateNatGateway'],
  ['ec2', 'CreateTags'],
  ['iam', 'CreateRole'],
  ['iam', 'PutRolePolicy'],
  ['iam', 'UpdateAccountPasswordPolicy'],
  ['s3', 'PutBucketPolicy'],
  ['s3', 'PutBucketAcl'],
  ['s3', 'PutBucketPublicAccessBlock'],
  ['s3', 'PutBucketLifecycle'],
  ['rds', 'ModifyDBInstance'],
  ['rds', 'ModifyDBParameterGroup'],
  ['lambda', 'AddPermission20150331v2'],
  ['lambda', 'UpdateAlias20150331'],
  ['ecs', 'UpdateService'],
  ['ecs', 'RegisterTaskDefinition'],
  ['eks', 'UpdateClusterConfig'],
  ['elasticloadbalancing', 'ModifyListener'],
  ['route53', 'ChangeResourceRecordSets'],
  ['cloudformation', 'CreateStack'],
  ['kms', 'PutKeyPolicy'],
  ['ssm', 'SendCommand'],
  ['sqs', 'SetQueueAttributes'],
  ['sns', 'SetTopicAttributes'],
  ['autoscaling', 'PutScalingPolicy'],
  ['monitoring', 'PutMetricAlarm'],
  ['organizations', 'AttachPolicy'],
  ['signin', 'ConsoleLogin'],
  ['unheardof', 'UpdateEverything'],
]

const IDENTITIES = fc.oneof(
  fc.record(
    {
      type: fc.constantFrom(
        'Root',
        'IAMUser',
        'AssumedRole',
        'Role',
        'FederatedUser',
        'AWSService',
        'AWSAccount',
        'SAMLUser',
        'WebIdentityUser',
        'IdentityCenterUser',
        'Directory',
        'Unknown',
      ),
      arn: fc.oneof(text, fc.constant('arn:aws:sts::123456789012:assumed-role/r/s')),
      principalId: text,
      userName: text,
      accountId: text,
      accessKeyId: text,
      invokedBy: fc.oneof(text, fc.constant('cloudformation.amazonaws.com')),
      sessionContext: anything,
    },
    { requiredKeys: [] },
  ),
  anything,
)

describe('any JSON object as a record', () => {
  it('becomes a change or an unparsed record, without an exception', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(fc.constantFrom(...FIELDS), text), anything), (object) => {
        const { change, unparsed } = readRecord(JSON.stringify(object), SEEN)
        if (change) expectSound(change)
        else expect(unparsed?.reason).toBe('no_event_name')
      }),
      { numRuns: 400 },
    )
  })

  it('becomes a valid change for every summarized action, with any parameters', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CALLS),
        anything,
        anything,
        IDENTITIES,
        anything,
        text,
        (
          [service, eventName],
          requestParameters,
          responseElements,
          userIdentity,
          extra,
          userAgent,
        ) => {
          const raw = record({
            eventSource: `${service}.amazonaws.com`,
            eventName,
            requestParameters,
            responseElements,
            userIdentity,
            userAgent,
            additionalEventData: extra,
            resources: extra,
          })
          const { change } = readRecord(JSON.stringify(raw), { ...SEEN, eventId: undefined })
          expectSound(change!)
        },
      ),
      { numRuns: 1_500 },
    )
  })

  it('or any other text is handled without an exception', () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.json()), (raw) => {
        const reading = readRecord(raw, SEEN)
        expect(reading.change === undefined).not.toBe(reading.unparsed === undefined)
        expect(reading.unparsed?.cause).toBeUndefined()
      }),
    )
  })

  it('can have 256 KB, deep nesting, extreme numbers and repeated keys', () => {
    const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`
    const wide = JSON.stringify(
      Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i])),
    )
    const long = JSON.stringify('x'.repeat(256 * 1024))
    for (const value of [
      deep,
      `${'['.repeat(50_000)}${']'.repeat(50_000)}`,
      wide,
      long,
      '1e200000',
      '-0',
      '{"__proto__":{"polluted":true}}',
      '{"a":1,"a":2}',
    ]) {
      for (const field of [
        'requestParameters',
        'responseElements',
        'userIdentity',
        'userAgent',
        'errorMessage',
        'resources',
        'additionalEventData',
      ]) {
        const raw = `{"eventName":"ModifyDBInstance","eventSource":"rds.amazonaws.com","${field}":${value}}`
        expectSound(readRecord(raw, SEEN).change!)
      }
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it.each([
    ['lists', '['.repeat(20_000) + ']'.repeat(20_000)],
    ['objects', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
    ['wrapped lists', `${'{"items":['.repeat(10_000)}${']}'.repeat(10_000)}`],
    ['wrapped values', `${'{"value":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ])('can have deep %s in any parameter, also beside a secret', (_, deep) => {
    for (const [service, eventName] of CALLS) {
      for (const name of ['x', 'tags', 'parameters', 'policyDocument', 'entries', 'credentials']) {
        for (const secret of ['', '"password":"hunter22",']) {
          const value = `{${secret}"${name}":${deep}}`
          const raw = `{"eventName":"${eventName}","eventSource":"${service}.amazonaws.com","requestParameters":${value},"responseElements":${value},"errorMessage":"not hunter22"}`
          const { change } = readRecord(raw, SEEN)
          expectSound(change!)
          if (secret !== '') expect(JSON.stringify(change)).not.toContain('hunter22')
        }
      }
    }
  })
})

describe('hostile text', () => {
  it('remains plain text, in one line, in its original order', () => {
    const name = '\u202egnp.exe\n<b>bold</b>\u001b[31m\0'
    const { change } = readRecord(
      JSON.stringify(
        record({
          eventName: 'CreateUser',
          eventSource: 'iam.amazonaws.com',
          requestParameters: { userName: name },
        }),
      ),
      SEEN,
    )
    expect(change?.summary).toBe('alice created user gnp.exe <b>bold</b> [31m\ufffd')
    // The ID is kept unchanged, except for characters that cannot be stored.
    expect(change?.resources[0]?.id).toBe('\u202egnp.exe\n<b>bold</b>\u001b[31m\ufffd')
  })
})

it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf'])(
  'a service, an action or a type can have the name %s of an object property',
  (name) => {
    const record = {
      eventID: 'e',
      eventTime: '2026-01-01T00:00:00Z',
      awsRegion: 'us-east-1',
      eventSource: `${name}.amazonaws.com`,
      eventName: name,
      userIdentity: { type: name, userName: name },
      userAgent: name,
      resources: [{ type: name, ARN: name }],
      requestParameters: { [name]: name, tableName: name },
    }
    const { change } = readRecord(JSON.stringify(record), { region: 'us-east-1' })
    expect(change?.summary).toContain(name)
    expect(JSON.stringify(change)).not.toContain('native code')
  },
)

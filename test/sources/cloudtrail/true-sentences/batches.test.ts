/** Calls with many entries, ranges that together are the internet, and settings that refer to others. */

import { describe, expect, it } from 'vitest'
import { areInternet, reachOf } from '../../../../src/sources/cloudtrail/networks.ts'
import { read, seenOf } from '../../../../testing/cloudtrail/read.ts'
import { call } from '../../../../testing/cloudtrail/records.ts'
import { arnOf, type Sentence, testSentences } from '../../../../testing/cloudtrail/sentences.ts'

const QUEUE = 'https://sqs.eu-west-1.amazonaws.com/123456789012/orders'
const BALANCER = arnOf('elasticloadbalancing', 'loadbalancer/app/web/50dc6c495c0c9188')
const GROUP = 'sg-0a1b2c3d4e5f60718'
const VPN = 'cvpn-endpoint-0a1b2c3d4e5f60718'

function ingress(ranges: Record<string, unknown>): Record<string, unknown> {
  const rule = { ipProtocol: 'tcp', fromPort: 22, toPort: 22, ...ranges }
  return call('ec2', 'AuthorizeSecurityGroupIngress', {
    groupId: GROUP,
    ipPermissions: { items: [rule] },
  })
}

const sentences: Sentence[] = [
  [
    'alice opened 22/tcp to the world (0.0.0.0/1 and 128.0.0.0/1) on security group sg-0a1b2c3d4e5f60718 in eu-west-1',
    [GROUP],
    true,
    ingress({ ipRanges: { items: [{ cidrIp: '0.0.0.0/1' }, { cidrIp: '128.0.0.0/1' }] } }),
  ],
  [
    'alice opened 22/tcp to the world (::/1) on security group sg-0a1b2c3d4e5f60718 in eu-west-1',
    [GROUP],
    true,
    ingress({ ipv6Ranges: { items: [{ cidrIpv6: '::/1' }] } }),
  ],
  [
    'alice allowed 22/tcp from 10.0.0.0/8 into security group sg-0a1b2c3d4e5f60718 in eu-west-1',
    [GROUP],
    false,
    ingress({ ipRanges: { items: [{ cidrIp: '10.0.0.0/8' }] } }),
  ],
  [
    'alice opened the API endpoint of cluster prod to the world in eu-west-1',
    ['prod'],
    true,
    call('eks', 'UpdateClusterConfig', {
      name: 'prod',
      resourcesVpcConfig: {
        endpointPublicAccess: true,
        publicAccessCidrs: ['0.0.0.0/1', '128.0.0.0/1'],
      },
    }),
  ],
  [
    'alice opened bucket b to the world with its policy in eu-west-1: s3:GetObject',
    ['b'],
    true,
    call('s3', 'PutBucketPolicy', {
      bucketName: 'b',
      bucketPolicy: {
        Statement: [
          {
            Effect: 'Allow',
            Principal: '*',
            Action: 's3:GetObject',
            Resource: '*',
            Condition: { IpAddress: { 'aws:SourceIp': ['0.0.0.0/1', '128.0.0.0/1'] } },
          },
        ],
      },
    }),
  ],
  [
    'alice wrote 2 items to tables orders and lines in eu-west-1',
    ['orders', 'lines'],
    false,
    call('dynamodb', 'BatchWriteItem', {
      requestItems: { orders: [{ putRequest: {} }], lines: [{ deleteRequest: { key: {} } }] },
    }),
  ],
  [
    'alice deleted 1 item from table orders in eu-west-1',
    ['orders'],
    false,
    call('dynamodb', 'TransactWriteItems', {
      transactItems: [
        { delete: { tableName: 'orders' } },
        { conditionCheck: { tableName: 'customers' } },
      ],
    }),
  ],
  [
    'alice read items of table orders in eu-west-1',
    ['orders'],
    false,
    call('dynamodb', 'BatchGetItem', { requestItems: { orders: { keys: [{ id: 1 }] } } }),
  ],
  [
    'alice put events into event bus shop in eu-west-1, but 1 of 2 failed: not allowed',
    ['shop'],
    false,
    call(
      'events',
      'PutEvents',
      { entries: [{ eventBusName: 'shop' }, { eventBusName: 'shop' }] },
      {
        failedEntryCount: 1,
        entries: [{ errorCode: 'x', errorMessage: 'not allowed' }, { eventId: '1' }],
      },
    ),
  ],
  [
    'alice put load balancer web into security group sg-0a1b2c3d4e5f60718 in eu-west-1',
    ['web'],
    false,
    call('elasticloadbalancing', 'SetSecurityGroups', {
      loadBalancerArn: BALANCER,
      securityGroups: [GROUP],
    }),
  ],
  [
    'alice moved load balancer web to 1 subnet in eu-west-1',
    ['web'],
    false,
    call('elasticloadbalancing', 'SetSubnets', {
      loadBalancerArn: BALANCER,
      subnets: ['subnet-0a1b2c3d4e5f60718'],
    }),
  ],
  [
    'alice changed security groups of mount target fsmt-0a1b2c3d in eu-west-1: security groups to sg-0a1b2c3d4e5f60718',
    ['fsmt-0a1b2c3d'],
    false,
    call('elasticfilesystem', 'ModifyMountTargetSecurityGroups', {
      mountTargetId: 'fsmt-0a1b2c3d',
      securityGroups: [GROUP],
    }),
  ],
  [
    `alice put client VPN endpoint ${VPN} in VPC vpc-0a1b2c3d4e5f60718 into security group ${GROUP} in eu-west-1`,
    [VPN, 'vpc-0a1b2c3d4e5f60718'],
    false,
    call('ec2', 'ApplySecurityGroupsToClientVpnTargetNetwork', {
      ApplySecurityGroupsToClientVpnTargetNetworkRequest: {
        ClientVpnEndpointId: VPN,
        VpcId: 'vpc-0a1b2c3d4e5f60718',
        SecurityGroupId: { tag: 1, content: GROUP },
      },
    }),
  ],
]

describe('a call', () => testSentences(sentences))

describe('the outcome of a batch', () => {
  const stream = { streamName: 'clicks' }
  const throttled = { errorCode: 'ServiceUnavailable', errorMessage: 'Slow down.' }
  it.each([
    [
      'failed',
      undefined,
      call('kinesis', 'PutRecords', stream, {
        failedRecordCount: 2,
        records: [throttled, throttled],
      }),
    ],
    [
      'succeeded',
      '1 of 2 failed: Slow down',
      call('kinesis', 'PutRecords', stream, {
        failedRecordCount: 1,
        records: [throttled, { shardId: 's' }],
      }),
    ],
    [
      'failed',
      undefined,
      call(
        'firehose',
        'PutRecordBatch',
        { deliveryStreamName: 'c' },
        { failedPutCount: 1, requestResponses: [throttled] },
      ),
    ],
    [
      'failed',
      undefined,
      call(
        'sqs',
        'SendMessageBatch',
        { queueUrl: QUEUE, entries: [{ id: '1' }] },
        { failed: [{ id: '1', code: 'Invalid' }], successful: [] },
      ),
    ],
    [
      'succeeded',
      '1 of 2 failed: Invalid',
      call(
        'sqs',
        'SendMessageBatch',
        { queueUrl: QUEUE, entries: [{ id: '1' }, { id: '2' }] },
        { failed: [{ id: '1', code: 'Invalid' }], successful: [{ id: '2' }] },
      ),
    ],
    [
      'failed',
      undefined,
      call(
        'sns',
        'PublishBatch',
        { topicArn: arnOf('sns', 'alerts') },
        { failed: [{ code: 'InternalFailure' }], successful: [] },
      ),
    ],
    [
      'failed',
      undefined,
      call(
        'dynamodb',
        'BatchWriteItem',
        { requestItems: { t: [{ putRequest: {} }] } },
        { unprocessedItems: { t: [{ putRequest: {} }] } },
      ),
    ],
    [
      'succeeded',
      '1 of 2 failed',
      call(
        'dynamodb',
        'BatchWriteItem',
        { requestItems: { t: [{ putRequest: {} }, { putRequest: {} }] } },
        { unprocessedItems: { t: [{ putRequest: {} }] } },
      ),
    ],
    [
      'succeeded',
      undefined,
      call(
        'dynamodb',
        'BatchWriteItem',
        { requestItems: { t: [{ putRequest: {} }] } },
        { unprocessedItems: {} },
      ),
    ],
    // The answer reports only what failed.
    [
      'succeeded',
      '1 of 2 failed: Table not found',
      call(
        'glue',
        'BatchDeleteTable',
        { databaseName: 'sales', tablesToDelete: ['a', 'b'] },
        { errors: [{ tableName: 'a', errorDetail: { errorMessage: 'Table not found.' } }] },
      ),
    ],
    [
      'failed',
      undefined,
      call(
        'ec2',
        'DeleteFlowLogs',
        { DeleteFlowLogsRequest: { FlowLogId: 'fl-0a1b2c3d4e5f60718' } },
        {
          DeleteFlowLogsResponse: {
            unsuccessful: { item: { error: { code: 'NotFound', message: 'x' } } },
          },
        },
      ),
    ],
    [
      'succeeded',
      undefined,
      call(
        'ec2',
        'DeleteFlowLogs',
        { DeleteFlowLogsRequest: { FlowLogId: 'fl-0a1b2c3d4e5f60718' } },
        { DeleteFlowLogsResponse: { unsuccessful: '' } },
      ),
    ],
    // Settings of the request and metadata of the answer are no entries.
    [
      'failed',
      undefined,
      call(
        'ecs',
        'RunTask',
        { taskDefinition: 'web', tags: [{ key: 'a' }, { key: 'b' }] },
        { tasks: [], failures: [{ reason: 'RESOURCE:MEMORY' }] },
      ),
    ],
    [
      'succeeded',
      '1 of 2 failed: RESOURCE:MEMORY',
      call(
        'ecs',
        'RunTask',
        { taskDefinition: 'web', capacityProviderStrategy: [{}, {}, {}], count: 2 },
        { tasks: [{ taskArn: 'x' }], failures: [{ reason: 'RESOURCE:MEMORY' }] },
      ),
    ],
    [
      'failed',
      undefined,
      call(
        'dynamodb',
        'BatchWriteItem',
        { requestItems: { t: [{ putRequest: {} }, { putRequest: {} }] } },
        {
          unprocessedItems: { t: [{ putRequest: {} }, { putRequest: {} }] },
          consumedCapacity: [{ tableName: 't', capacityUnits: 0 }],
          itemCollectionMetrics: { t: [{}] },
        },
      ),
    ],
    [
      'succeeded',
      '2 of 3 failed',
      call(
        'dynamodb',
        'BatchGetItem',
        { requestItems: { t: { keys: [{ id: 1 }, { id: 2 }, { id: 3 }] } } },
        {
          responses: { t: [{ id: 1 }] },
          unprocessedKeys: { t: { keys: [{ id: 2 }, { id: 3 }], consistentRead: true } },
        },
      ),
    ],
    [
      'failed',
      undefined,
      call(
        'guardduty',
        'UpdateMemberDetectors',
        { detectorId: 'd', accountIds: ['1'], features: [{}, {}, {}] },
        { unprocessedAccounts: [{ accountId: '1', result: 'Not a member.' }] },
      ),
    ],
    [
      'succeeded',
      '1 of 2 failed: Not a member',
      call(
        'guardduty',
        'UpdateMemberDetectors',
        { detectorId: 'd', accountIds: ['1', '2'], features: [{}, {}, {}] },
        { unprocessedAccounts: [{ accountId: '1', result: 'Not a member.' }] },
      ),
    ],
    [
      'succeeded',
      '1 of 4 failed: InvalidInput',
      call('securityhub', 'BatchImportFindings', null, {
        failedCount: 1,
        successCount: 3,
        failedFindings: [{ id: '1', errorCode: 'InvalidInput' }],
      }),
    ],
    [
      'failed',
      undefined,
      call(
        'codebuild',
        'BatchDeleteBuilds',
        { ids: ['a', 'b'] },
        { buildsDeleted: [], buildsNotDeleted: [{ id: 'a' }, { id: 'b' }] },
      ),
    ],
    [
      'succeeded',
      '1 of 2 failed',
      call(
        'ssm',
        'DeleteParameters',
        { names: ['a', 'b'] },
        { deletedParameters: ['a'], invalidParameters: ['b'] },
      ),
    ],
    [
      'failed',
      undefined,
      call(
        'config',
        'PutRemediationConfigurations',
        { remediationConfigurations: [{}, {}] },
        { failedBatches: [{ failureMessage: 'No such rule', failedItems: [{}, {}] }] },
      ),
    ],
    [
      'succeeded',
      '1 of 3 failed: NotFound',
      call(
        'ec2',
        'DeleteFleets',
        { DeleteFleetsRequest: { FleetId: [{ tag: 1 }, { tag: 2 }, { tag: 3 }] } },
        {
          DeleteFleetsResponse: {
            successfulFleetDeletionSet: { item: [{ fleetId: 'a' }, { fleetId: 'b' }] },
            unsuccessfulFleetDeletionSet: { item: { error: { code: 'NotFound' } } },
          },
        },
      ),
    ],
    // A map with one failure for each ARN.
    [
      'failed',
      undefined,
      call(
        'tagging',
        'TagResources',
        { resourceARNList: ['a', 'b', 'c'], tags: { team: 'web' } },
        {
          failedResourcesMap: {
            a: { errorCode: 'InvalidParameterException' },
            b: { errorCode: 'InvalidParameterException' },
            c: { errorCode: 'InvalidParameterException' },
          },
        },
      ),
    ],
    [
      'succeeded',
      '2 of 3 failed: No access',
      call(
        'tagging',
        'UntagResources',
        { resourceARNList: ['a', 'b', 'c'], tagKeys: ['1', '2', '3', '4'] },
        {
          failedResourcesMap: {
            a: { errorCode: 'X', errorMessage: 'No access' },
            b: { errorCode: 'X', errorMessage: 'No access' },
          },
        },
      ),
    ],
    [
      'succeeded',
      '2 of 3 failed: EntityNotFound',
      call(
        'glue',
        'BatchDeleteConnection',
        { connectionNameList: ['a', 'b', 'c'] },
        {
          succeeded: ['c'],
          errors: { a: { errorCode: 'EntityNotFound' }, b: { errorCode: 'EntityNotFound' } },
        },
      ),
    ],
    // How many there were is unknown.
    [
      'succeeded',
      '1 failed: Internal',
      call(
        'iot',
        'StartThings',
        { thingNames: ['a', 'b'], groupNames: ['c', 'd', 'e'] },
        { failures: [{ code: 'Internal' }] },
      ),
    ],
    [
      'succeeded',
      '1 failed: Bad column',
      call(
        'example',
        'CreateDataset',
        { columns: [{}] },
        { dataset: { arn: 'a' }, errors: [{ message: 'Bad column.' }] },
      ),
    ],
    ['succeeded', '2 failed', call('kinesis', 'PutRecords', stream, { failedRecordCount: 2 })],
  ])('is %s, %s: %#', (outcome, partly, record) => {
    const change = read(record)
    expect(change.outcome).toBe(outcome)
    if (outcome === 'failed') expect(change.summary).toContain('tried to')
    else if (partly === undefined) expect(change.summary).not.toContain('failed')
    else expect(change.summary.endsWith(`, but ${partly}`)).toBe(true)
  })
})

it.each([
  [['0.0.0.0/0'], 'the world'],
  [['0.0.0.0/2', '64.0.0.0/2', '128.0.0.0/1'], 'the world (0.0.0.0/2, 64.0.0.0/2 and 128.0.0.0/1)'],
  // All addresses of the internet are in 2000::/3.
  [['::/1', '8000::/1'], 'the world (::/1)'],
  [['2000::/3'], 'the world (2000::/3)'],
  [['2600::/6'], 'a large part of the internet (2600::/6)'],
  [['8000::/1'], undefined],
  // Sixteen networks of 16 million addresses each, given one by one.
  [
    Array.from({ length: 16 }, (_, i) => `${i + 64}.0.0.0/8`),
    expect.stringMatching(/^a large part/),
  ],
  [['10.0.0.0/8'], undefined],
  [['3.0.0.0/8'], undefined],
  [['172.16.0.0/12', '192.168.0.0/16'], undefined],
  [['fc00::/7'], undefined],
  [['224.0.0.0/4'], undefined],
  [['2600:1f18::/33'], undefined],
  [['not/1'], undefined],
])('%s is %s', (cidrs, words) => {
  expect(reachOf(cidrs)?.words).toEqual(words)
  expect(areInternet(cidrs)).toBe(words !== undefined)
})

it('a security group that LookupEvents names beside a load balancer is not a resource', () => {
  const record = call('elasticloadbalancing', 'SetSecurityGroups', {
    loadBalancerArn: BALANCER,
    securityGroups: [GROUP],
  })
  const resources = [{ resourceType: 'AWS::EC2::SecurityGroup', resourceName: GROUP }]
  const change = read(record, { ...seenOf(record), resources })
  expect(change.resources.map(({ id }) => id)).toEqual(['web'])
})

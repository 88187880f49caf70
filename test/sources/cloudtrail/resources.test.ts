import { describe, expect, it } from 'vitest'
import { read } from '../../../testing/cloudtrail/read.ts'
import { ACCOUNT, call } from '../../../testing/cloudtrail/records.ts'

const resourcesOf = (record: Record<string, unknown>, seen = {}) => read(record, seen).resources

describe('the resources of a record', () => {
  it('do not include values of filters', () => {
    const filterSet = { items: [{ name: 'vpc-id', valueSet: { items: [{ value: 'default' }] } }] }
    expect(resourcesOf(call('ec2', 'DescribeNetworkAcls', { filterSet }))).toEqual([])
  })

  it('start with the one that the action is named for', () => {
    expect(
      resourcesOf(
        call('iam', 'AddRoleToInstanceProfile', { instanceProfileName: 'web', roleName: 'app' }),
      ).map(({ id }) => id),
    ).toEqual(['app', 'web'])
    expect(
      resourcesOf(
        call(
          'ec2',
          'CreateSubnet',
          { vpcId: 'vpc-0123456789abcdef0', cidrBlock: '10.0.0.0/24' },
          { subnet: { subnetId: 'subnet-0123456789abcdef0', vpcId: 'vpc-0123456789abcdef0' } },
        ),
      ).map(({ type }) => type),
    ).toEqual(['AWS::EC2::Subnet', 'AWS::EC2::VPC'])
  })

  it.each([
    ['eu-west-1', 'aws'],
    ['cn-north-1', 'aws-cn'],
    ['us-gov-west-1', 'aws-us-gov'],
  ])('have ARNs of the partition of %s', (awsRegion, partition) => {
    const [table] = resourcesOf(
      call('dynamodb', 'DeleteTable', { tableName: 'orders' }, null, { awsRegion }),
    )
    expect(table?.arn).toBe(`arn:${partition}:dynamodb:${awsRegion}:${ACCOUNT}:table/orders`)
  })

  it.each([
    [
      call('ec2', 'DeleteSnapshot', { snapshotId: 'snap-0123456789abcdef0' }),
      'arn:aws:ec2:eu-west-1::snapshot/snap-0123456789abcdef0',
    ],
    [call('s3', 'DeleteBucket', { bucketName: 'logs' }), 'arn:aws:s3:::logs'],
    [
      call('rds', 'DeleteDBInstance', { dBInstanceIdentifier: 'orders' }),
      `arn:aws:rds:eu-west-1:${ACCOUNT}:db:orders`,
    ],
    [
      call('lambda', 'DeleteFunction20150331', { functionName: 'resize' }),
      `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:resize`,
    ],
    [
      call('ecs', 'DeleteService', { cluster: 'prod', service: 'web' }),
      `arn:aws:ecs:eu-west-1:${ACCOUNT}:service/prod/web`,
    ],
    [
      call('ssm', 'DeleteParameter', { name: '/app/url' }),
      `arn:aws:ssm:eu-west-1:${ACCOUNT}:parameter/app/url`,
    ],
    [
      call('ssm', 'DeleteParameter', { name: 'url' }),
      `arn:aws:ssm:eu-west-1:${ACCOUNT}:parameter/url`,
    ],
    [
      call('sqs', 'DeleteQueue', {
        queueUrl: `https://sqs.eu-west-1.amazonaws.com/${ACCOUNT}/jobs`,
      }),
      `arn:aws:sqs:eu-west-1:${ACCOUNT}:jobs`,
    ],
    [
      call('logs', 'DeleteLogGroup', { logGroupName: '/aws/lambda/resize' }),
      `arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:/aws/lambda/resize`,
    ],
    [
      call('kms', 'DisableKey', { keyId: '1234abcd-12ab-34cd-56ef-1234567890ab' }),
      `arn:aws:kms:eu-west-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
    ],
    [
      call(
        'iam',
        'CreateRole',
        { roleName: 'app', path: '/team/' },
        { role: { roleName: 'app', arn: `arn:aws:iam::${ACCOUNT}:role/team/app` } },
      ),
      `arn:aws:iam::${ACCOUNT}:role/team/app`,
    ],
    [
      call('route53', 'ChangeResourceRecordSets', { hostedZoneId: '/hostedzone/Z1D633PJN98FT9' }),
      'arn:aws:route53:::hostedzone/Z1D633PJN98FT9',
    ],
  ])('include the ARN of %#', (record, arn) => {
    expect(resourcesOf(record)[0]?.arn).toBe(arn)
  })

  it.each([
    // A role's path, a secret's suffix and an alias's key are not in these records.
    call('iam', 'DeleteRole', { roleName: 'app' }),
    call('secretsmanager', 'DeleteSecret', { secretId: 'prod/db' }),
    call('kms', 'DisableKey', { keyId: 'alias/orders' }),
    call('ecs', 'DeleteService', { service: 'web' }),
  ])('have no guessed ARN: %#', (record) => {
    expect(resourcesOf(record)[0]).not.toHaveProperty('arn')
  })

  it('include those that CloudTrail lists, once', () => {
    const arn = 'arn:aws:s3:::logs'
    const record = call('s3', 'DeleteBucketPolicy', { bucketName: 'logs' }, null, {
      resources: [{ accountId: ACCOUNT, type: 'AWS::S3::Bucket', ARN: arn }],
    })
    const seen = {
      resources: [
        { resourceType: 'AWS::S3::Bucket', resourceName: 'logs' },
        { resourceType: 'AWS::IAM::Role', resourceName: 'reader' },
        { resourceType: 'AWS::IAM::Role', resourceName: `arn:aws:iam::${ACCOUNT}:role/reader` },
      ],
    }
    expect(resourcesOf(record, seen)).toEqual([
      {
        type: 'AWS::S3::Bucket',
        id: 'logs',
        arn,
        accountId: ACCOUNT,
        region: 'eu-west-1',
        key: 'aws.cloudtrail///AWS::S3::Bucket/logs',
      },
      {
        type: 'AWS::IAM::Role',
        id: 'reader',
        arn: `arn:aws:iam::${ACCOUNT}:role/reader`,
        accountId: ACCOUNT,
        region: null,
        key: `aws.cloudtrail/${ACCOUNT}//AWS::IAM::Role/reader`,
      },
    ])
  })

  it('exclude those that LookupEvents lists because a rule refers to them', () => {
    const changed = 'sg-0123456789abcdef0'
    const source = 'sg-00000000000000abc'
    const groups = { items: [{ userId: ACCOUNT, groupId: source }] }
    const rule = { ipProtocol: 'tcp', fromPort: 5432, toPort: 5432, groups }
    const request = { groupId: changed, ipPermissions: { items: [rule] } }
    const listed = [changed, source].map((resourceName) => ({
      resourceType: 'AWS::EC2::SecurityGroup',
      resourceName,
    }))
    const seen = { resources: listed }
    const record = call('ec2', 'RevokeSecurityGroupIngress', request)
    expect(resourcesOf(record, seen).map(({ id }) => id)).toEqual([changed])
    expect(read(record, seen).summary).toContain(`on security group ${changed}`)
    // A rule of a group that refers to itself changes the group.
    const own = { ...request, groupId: source }
    const itself = call('ec2', 'RevokeSecurityGroupIngress', own)
    expect(resourcesOf(itself, seen).map(({ id }) => id)).toEqual([source, changed])
  })

  it('are found by the action’s noun for services without a table', () => {
    expect(
      resourcesOf(call('batch', 'UpdateComputeEnvironment', { computeEnvironment: 'prod' })),
    ).toEqual([
      {
        type: 'AWS::Batch::ComputeEnvironment',
        id: 'prod',
        accountId: ACCOUNT,
        region: 'eu-west-1',
        key: `aws.cloudtrail/${ACCOUNT}/eu-west-1/AWS::Batch::ComputeEnvironment/prod`,
      },
    ])
    expect(
      resourcesOf(
        call('xray', 'DeleteGroup', {
          groupARN: `arn:aws:xray:eu-west-1:${ACCOUNT}:group/default/ABC`,
        }),
      )[0]?.arn,
    ).toContain(':group/default/ABC')
  })

  it('are named by their Name tags', () => {
    const [vpc] = resourcesOf(
      call(
        'ec2',
        'CreateVpc',
        {
          cidrBlock: '10.0.0.0/16',
          tagSpecificationSet: {
            items: [{ resourceType: 'vpc', tags: [{ key: 'Name', value: 'main' }] }],
          },
        },
        { vpc: { vpcId: 'vpc-0123456789abcdef0' } },
      ),
    )
    expect(vpc).toMatchObject({ id: 'vpc-0123456789abcdef0', name: 'main' })
  })

  it('are at most a hundred', () => {
    const items = Array.from({ length: 500 }, (_, i) => ({
      instanceId: `i-${i.toString(16).padStart(17, '0')}`,
    }))
    expect(
      resourcesOf(call('ec2', 'TerminateInstances', { instancesSet: { items } })),
    ).toHaveLength(100)
  })
})

describe('the key of a resource', () => {
  const OTHER = '210987654321'
  const keysOf = (record: Record<string, unknown>) => resourcesOf(record).map(({ key }) => key)
  const eventOf = (target: string) =>
    call('events', 'PutTargets', { rule: 'nightly', targets: [{ id: '1', arn: target }] }, null, {
      resources: [{ ARN: target }],
    })

  it("is the same for a function's name, its ARN and its versions", () => {
    const arn = `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:checkout`
    const key = `aws.cloudtrail/${ACCOUNT}/eu-west-1/AWS::Lambda::Function/checkout`
    for (const functionName of ['checkout', arn, `${arn}:live`, `${ACCOUNT}:function:checkout`]) {
      expect(keysOf(call('lambda', 'UpdateFunctionCode20150331v2', { functionName }))).toEqual([
        key,
      ])
    }
    expect(keysOf(eventOf(arn))).toContain(key)
  })

  it('differs for the same name in two accounts, two regions, or two types', () => {
    const own = keysOf(call('iam', 'UpdateRole', { roleName: 'app' }))
    const theirs = keysOf(
      call('iam', 'UpdateRole', { roleName: 'app' }, null, { recipientAccountId: OTHER }),
    )
    const policy = keysOf(
      call('iam', 'CreatePolicyVersion', { policyArn: `arn:aws:iam::${ACCOUNT}:policy/app` }),
    )
    const [here] = keysOf(call('dynamodb', 'UpdateTable', { tableName: 'app' }))
    const [there] = keysOf(
      call('dynamodb', 'UpdateTable', { tableName: 'app' }, null, { awsRegion: 'us-west-2' }),
    )
    expect(new Set([...own, ...theirs, ...policy, here, there]).size).toBe(5)
  })

  it('contains the account of the ARN, not the one that recorded the call', () => {
    const [role] = resourcesOf(
      call('sts', 'AssumeRole', { roleArn: `arn:aws:iam::${OTHER}:role/ops/deploy` }),
    )
    expect(role).toMatchObject({
      accountId: OTHER,
      region: null,
      key: `aws.cloudtrail/${OTHER}//AWS::IAM::Role/deploy`,
    })
  })

  it('is the same for a bucket in any account and region of the call', () => {
    const record = call('s3', 'PutBucketPolicy', { bucketName: 'logs' })
    const elsewhere = { ...record, recipientAccountId: OTHER, awsRegion: 'us-west-2' }
    expect(keysOf(elsewhere)).toEqual(keysOf(record))
  })

  it('is the same for a global service in any region of the event', () => {
    const record = call('iam', 'DeleteUser', { userName: 'eve' })
    expect(keysOf({ ...record, awsRegion: 'us-east-1' })).toEqual(keysOf(record))
  })

  it('uses CloudFormation’s type for a resource that has only an ARN', () => {
    expect(keysOf(eventOf(`arn:aws:rds:eu-west-1:${ACCOUNT}:db:orders`))).toContain(
      `aws.cloudtrail/${ACCOUNT}/eu-west-1/AWS::RDS::DBInstance/orders`,
    )
  })
})

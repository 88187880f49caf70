/** What people and pipelines do in the scenarios' accounts, as CloudTrail records it. */

export type Random = () => number
type Fields = Record<string, unknown>

export interface Operation {
  service: string
  action: string
  /** @param isHarmful the variant that breaks something */
  request: (name: string, isHarmful: boolean, random: Random) => Fields
  response?: (request: Fields, random: Random) => Fields
}

export const hex = (random: Random, digits: number) =>
  Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('')
const between = (random: Random, low: number, high: number) =>
  low + Math.floor(random() * (high - low + 1))

/** IDs that stay the same for a name: a security group has one ID in all records. */
export function idOf(prefix: string, name: string, digits = 17): string {
  let hash = 2166136261
  let id = ''
  for (let nth = 0; id.length < digits; nth++) {
    for (const char of `${name}${nth}`) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619) >>> 0
    id += hash.toString(16).padStart(8, '0')
  }
  return `${prefix}-${id.slice(0, digits)}`
}

const policy = (effect: string, action: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: effect, Action: action, Resource: '*' }],
  })
const rule = (port: number, cidr: string) => ({
  items: [
    {
      ipProtocol: 'tcp',
      fromPort: port,
      toPort: port,
      groups: {},
      ipRanges: { items: [{ cidrIp: cidr }] },
      ipv6Ranges: {},
      prefixListIds: {},
    },
  ],
})
const arn = (service: string, rest: string) => `arn:aws:${service}:eu-west-1:111122223333:${rest}`

export const OPERATIONS = {
  revokeIngress: {
    service: 'ec2',
    action: 'RevokeSecurityGroupIngress',
    request: (name, bad, random) => ({
      groupId: idOf('sg', name),
      ipPermissions: rule(bad ? 5432 : between(random, 8000, 9000), '10.0.0.0/16'),
    }),
    response: () => ({ _return: true }),
  },
  authorizeIngress: {
    service: 'ec2',
    action: 'AuthorizeSecurityGroupIngress',
    request: (name, _, random) => ({
      groupId: idOf('sg', name),
      ipPermissions: rule(between(random, 8000, 9000), '10.0.0.0/16'),
    }),
    response: () => ({ _return: true }),
  },
  revokeEgress: {
    service: 'ec2',
    action: 'RevokeSecurityGroupEgress',
    request: (name) => ({ groupId: idOf('sg', name), ipPermissions: rule(443, '0.0.0.0/0') }),
    response: () => ({ _return: true }),
  },
  aclEntry: {
    service: 'ec2',
    action: 'ReplaceNetworkAclEntry',
    request: (name, bad) => ({
      networkAclId: idOf('acl', name),
      ruleNumber: 100,
      egress: false,
      ruleAction: bad ? 'deny' : 'allow',
      aclProtocol: '-1',
      cidrBlock: '0.0.0.0/0',
    }),
  },
  deleteRoute: {
    service: 'ec2',
    action: 'DeleteRoute',
    request: (name) => ({ routeTableId: idOf('rtb', name), destinationCidrBlock: '0.0.0.0/0' }),
  },
  replaceRoute: {
    service: 'ec2',
    action: 'ReplaceRoute',
    request: (name, _, random) => ({
      routeTableId: idOf('rtb', name),
      destinationCidrBlock: '10.8.0.0/16',
      transitGatewayId: idOf('tgw', hex(random, 4)),
    }),
  },
  deleteNat: {
    service: 'ec2',
    action: 'DeleteNatGateway',
    request: (name) => ({ DeleteNatGatewayRequest: { NatGatewayId: idOf('nat', name) } }),
  },
  deleteEndpoint: {
    service: 'ec2',
    action: 'DeleteVpcEndpoints',
    request: (name) => ({
      DeleteVpcEndpointsRequest: { VpcEndpointId: { content: idOf('vpce', name), tag: 1 } },
    }),
  },
  terminate: {
    service: 'ec2',
    action: 'TerminateInstances',
    request: (name) => ({ instancesSet: { items: [{ instanceId: idOf('i', name) }] } }),
  },
  detachPolicy: {
    service: 'iam',
    action: 'DetachRolePolicy',
    request: (name) => ({
      roleName: `${name}-task`,
      policyArn: `arn:aws:iam::aws:policy/${name}-access`,
    }),
  },
  putRolePolicy: {
    service: 'iam',
    action: 'PutRolePolicy',
    request: (name, bad) => ({
      roleName: `${name}-task`,
      policyName: bad ? 'guardrail' : 'inline',
      policyDocument: policy(bad ? 'Deny' : 'Allow', bad ? '*' : 'sqs:SendMessage'),
    }),
  },
  attachPolicy: {
    service: 'iam',
    action: 'AttachRolePolicy',
    request: (name) => ({
      roleName: `${name}-task`,
      policyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess',
    }),
  },
  trustPolicy: {
    service: 'iam',
    action: 'UpdateAssumeRolePolicy',
    request: (name) => ({
      roleName: `${name}-task`,
      policyDocument: policy('Allow', 'sts:AssumeRole'),
    }),
  },
  deleteAccessKey: {
    service: 'iam',
    action: 'DeleteAccessKey',
    request: (name, _, random) => ({
      userName: `svc-${name}`,
      accessKeyId: `AKIA${hex(random, 16).toUpperCase()}`,
    }),
  },
  record: {
    service: 'route53',
    action: 'ChangeResourceRecordSets',
    request: (name, bad, random) => ({
      hostedZoneId: 'Z0EXAMPLE1234567',
      changeBatch: {
        changes: [
          {
            action: bad && random() < 0.4 ? 'DELETE' : 'UPSERT',
            resourceRecordSet: {
              name: `${name}.corp.example.com`,
              type: 'CNAME',
              tTL: 60,
              resourceRecords: [{ value: `lb-${hex(random, 6)}.example.net` }],
            },
          },
        ],
      },
    }),
  },
  resolverRule: {
    service: 'route53resolver',
    action: 'DisassociateResolverRule',
    request: (name) => ({ resolverRuleId: idOf('rslvr-rr', name), vPCId: idOf('vpc', name) }),
  },
  modifyDb: {
    service: 'rds',
    action: 'ModifyDBInstance',
    request: (name, bad, random) => ({
      dBInstanceIdentifier: `${name}-db`,
      ...(bad
        ? { dBInstanceClass: 'db.t3.small', applyImmediately: true }
        : { backupRetentionPeriod: between(random, 7, 30), applyImmediately: true }),
      allowMajorVersionUpgrade: false,
    }),
    response: (request) => ({
      dBInstanceIdentifier: request.dBInstanceIdentifier,
      dBInstanceClass: 'db.r6g.xlarge',
    }),
  },
  rebootDb: {
    service: 'rds',
    action: 'RebootDBInstance',
    request: (name) => ({ dBInstanceIdentifier: `${name}-db` }),
  },
  parameterGroup: {
    service: 'rds',
    action: 'ModifyDBParameterGroup',
    request: (name, bad) => ({
      dBParameterGroupName: `${name}-pg15`,
      parameters: [
        {
          parameterName: bad ? 'max_connections' : 'log_min_duration_statement',
          parameterValue: bad ? '50' : '500',
          applyMethod: 'immediate',
        },
      ],
    }),
  },
  concurrency: {
    service: 'lambda',
    action: 'PutFunctionConcurrency20171031',
    request: (name, bad, random) => ({
      functionName: `${name}-handler`,
      reservedConcurrentExecutions: bad ? between(random, 0, 2) : between(random, 100, 300),
    }),
  },
  functionConfig: {
    service: 'lambda',
    action: 'UpdateFunctionConfiguration20150331v2',
    request: (name, bad, random) => ({
      functionName: `${name}-handler`,
      ...(bad ? { timeout: 3, memorySize: 128 } : { timeout: between(random, 30, 60) }),
    }),
  },
  functionCode: {
    service: 'lambda',
    action: 'UpdateFunctionCode20150331v2',
    request: (name, _, random) => ({
      functionName: `${name}-handler`,
      imageUri: `111122223333.dkr.ecr.eu-west-1.amazonaws.com/${name}:${hex(random, 7)}`,
    }),
  },
  eventSource: {
    service: 'lambda',
    action: 'UpdateEventSourceMapping20150331',
    request: (name, bad) => ({
      uUID: `aaaa1111-${hex(() => 0.5, 4)}-4000-8000-${idOf('x', name, 12).slice(2)}`,
      functionName: `${name}-handler`,
      enabled: !bad,
      batchSize: 10,
    }),
  },
  updateService: {
    service: 'ecs',
    action: 'UpdateService',
    request: (name, bad, random) => ({
      cluster: 'main',
      service: name,
      ...(bad && random() < 0.5
        ? { desiredCount: between(random, 0, 1) }
        : { taskDefinition: `${name}:${between(random, 40, 400)}` }),
    }),
  },
  asg: {
    service: 'autoscaling',
    action: 'UpdateAutoScalingGroup',
    request: (name, bad, random) => ({
      autoScalingGroupName: `${name}-asg`,
      ...(bad
        ? { minSize: 1, maxSize: between(random, 1, 2) }
        : { minSize: between(random, 4, 8), maxSize: between(random, 12, 24) }),
    }),
  },
  suspend: {
    service: 'autoscaling',
    action: 'SuspendProcesses',
    request: (name) => ({ autoScalingGroupName: `${name}-asg`, scalingProcesses: ['Launch'] }),
  },
  bucketPolicy: {
    service: 's3',
    action: 'PutBucketPolicy',
    request: (name, bad) => ({
      bucketName: `${name}-assets`,
      bucketPolicy: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: bad ? 'Deny' : 'Allow',
            Principal: { AWS: 'arn:aws:iam::111122223333:root' },
            Action: 's3:GetObject',
            Resource: `arn:aws:s3:::${name}-assets/*`,
          },
        ],
      },
    }),
  },
  publicBlock: {
    service: 's3',
    action: 'PutBucketPublicAccessBlock',
    request: (name) => ({
      bucketName: `${name}-assets`,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    }),
  },
  lifecycle: {
    service: 's3',
    action: 'PutBucketLifecycle',
    request: (name, _, random) => ({
      bucketName: `${name}-assets`,
      LifecycleConfiguration: {
        Rule: { ID: 'expire', Status: 'Enabled', Expiration: { Days: between(random, 1, 90) } },
      },
    }),
  },
  disableKey: {
    service: 'kms',
    action: 'DisableKey',
    request: (name) => ({ keyId: arn('kms', `key/${idOf('k', name, 12)}`) }),
  },
  keyPolicy: {
    service: 'kms',
    action: 'PutKeyPolicy',
    request: (name, bad) => ({
      keyId: arn('kms', `key/${idOf('k', name, 12)}`),
      policyName: 'default',
      policy: policy(bad ? 'Deny' : 'Allow', 'kms:Decrypt'),
    }),
  },
  rotateSecret: {
    service: 'secretsmanager',
    action: 'PutSecretValue',
    request: (name) => ({
      secretId: `${name}/credentials`,
      secretString: 'HIDDEN_DUE_TO_SECURITY_REASONS',
    }),
  },
  deleteCertificate: {
    service: 'acm',
    action: 'DeleteCertificate',
    request: (name) => ({ certificateArn: arn('acm', `certificate/${idOf('c', name, 12)}`) }),
  },
  modifyListener: {
    service: 'elasticloadbalancing',
    action: 'ModifyListener',
    request: (name, _, random) => ({
      listenerArn: arn(
        'elasticloadbalancing',
        `listener/app/${name}-alb/${hex(random, 16)}/${hex(random, 16)}`,
      ),
      sslPolicy: 'ELBSecurityPolicy-TLS13-1-3-2021-06',
    }),
  },
  deregister: {
    service: 'elasticloadbalancing',
    action: 'DeregisterTargets',
    request: (name) => ({
      targetGroupArn: arn(
        'elasticloadbalancing',
        `targetgroup/${name}-tg/${idOf('t', name, 16).slice(2)}`,
      ),
      targets: [{ id: idOf('i', name) }],
    }),
  },
  targetGroup: {
    service: 'elasticloadbalancing',
    action: 'ModifyTargetGroup',
    request: (name, bad) => ({
      targetGroupArn: arn(
        'elasticloadbalancing',
        `targetgroup/${name}-tg/${idOf('t', name, 16).slice(2)}`,
      ),
      healthCheckPath: bad ? '/healthz2' : '/health',
    }),
  },
  webAcl: {
    service: 'wafv2',
    action: 'UpdateWebACL',
    request: (name, bad) => ({
      name: `${name}-acl`,
      scope: 'REGIONAL',
      id: idOf('w', name, 12),
      defaultAction: { allow: {} },
      rules: [
        {
          name: bad ? 'block-all-bots' : 'count-bots',
          priority: 1,
          action: bad ? { block: {} } : { count: {} },
        },
      ],
    }),
  },
  queuePolicy: {
    service: 'sqs',
    action: 'SetQueueAttributes',
    request: (name, bad) => ({
      queueUrl: `https://sqs.eu-west-1.amazonaws.com/111122223333/${name}-events`,
      attributes: bad
        ? { VisibilityTimeout: '1', MessageRetentionPeriod: '60' }
        : { VisibilityTimeout: '90' },
    }),
  },
  purgeQueue: {
    service: 'sqs',
    action: 'PurgeQueue',
    request: (name) => ({
      queueUrl: `https://sqs.eu-west-1.amazonaws.com/111122223333/${name}-events`,
    }),
  },
  shards: {
    service: 'kinesis',
    action: 'UpdateShardCount',
    request: (name, bad, random) => ({
      streamName: `${name}-stream`,
      targetShardCount: bad ? 1 : between(random, 8, 16),
      scalingType: 'UNIFORM_SCALING',
    }),
    response: (request) => ({
      streamName: request.streamName,
      currentShardCount: 8,
      targetShardCount: request.targetShardCount,
    }),
  },
  capacity: {
    service: 'dynamodb',
    action: 'UpdateTable',
    request: (name, bad, random) => ({
      tableName: `${name}-table`,
      provisionedThroughput: bad
        ? { readCapacityUnits: 5, writeCapacityUnits: 5 }
        : { readCapacityUnits: between(random, 400, 900), writeCapacityUnits: 400 },
    }),
  },
  disableRule: {
    service: 'events',
    action: 'DisableRule',
    request: (name) => ({ name: `${name}-nightly` }),
  },
  putRule: {
    service: 'events',
    action: 'PutRule',
    request: (name) => ({
      name: `${name}-nightly`,
      scheduleExpression: 'rate(1 day)',
      state: 'ENABLED',
    }),
  },
  cacheNodes: {
    service: 'elasticache',
    action: 'ModifyReplicationGroup',
    request: (name, bad) => ({
      replicationGroupId: `${name}-redis`,
      ...(bad ? { cacheNodeType: 'cache.t4g.micro' } : { snapshotRetentionLimit: 3 }),
      applyImmediately: true,
    }),
  },
  nodegroup: {
    service: 'eks',
    action: 'UpdateNodegroupConfig',
    request: (name, bad, random) => ({
      name: 'platform',
      nodegroupName: `${name}-nodes`,
      scalingConfig: bad
        ? { minSize: 1, maxSize: 1, desiredSize: 1 }
        : { minSize: 3, maxSize: between(random, 9, 15), desiredSize: 6 },
    }),
  },
  logRetention: {
    service: 'logs',
    action: 'PutRetentionPolicy',
    request: (name, _, random) => ({
      logGroupName: `/app/${name}`,
      retentionInDays: between(random, 7, 90),
    }),
  },
  tag: {
    service: 'ec2',
    action: 'CreateTags',
    request: (name) => ({
      resourcesSet: { items: [{ resourceId: idOf('i', name) }] },
      tagSet: { items: [{ key: 'service', value: name }] },
    }),
  },
  alarm: {
    service: 'monitoring',
    action: 'PutMetricAlarm',
    request: (name) => ({ alarmName: `${name}-errors`, threshold: 5 }),
  },
  snapshot: {
    service: 'rds',
    action: 'CreateDBSnapshot',
    request: (name, _, random) => ({
      dBInstanceIdentifier: `${name}-db`,
      dBSnapshotIdentifier: `${name}-${hex(random, 5)}`,
    }),
  },
  parameter: {
    service: 'ssm',
    action: 'PutParameter',
    request: (name, bad) => ({
      name: `/${name}/${bad ? 'database/url' : 'log-level'}`,
      type: 'String',
      overwrite: true,
    }),
  },
  createSg: {
    service: 'ec2',
    action: 'CreateSecurityGroup',
    request: (name) => ({
      groupName: `${name}-sg`,
      groupDescription: `Traffic of ${name}`,
      vpcId: idOf('vpc', 'main'),
    }),
    response: (request) => ({
      groupId: idOf('sg', String(request.groupName).replace(/-sg$/, '')),
      _return: true,
    }),
  },
} satisfies Record<string, Operation>
export type OperationName = keyof typeof OPERATIONS

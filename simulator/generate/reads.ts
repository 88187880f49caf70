/** Calls that only read, as the tools make them. */

import type { Account, Place } from './account.ts'
import { CI_ROLE, containers, functions, TERRAFORM_ROLE } from './account.ts'
import type { Random } from './random.ts'
import type { Call } from './script.ts'

const filter = (name: string, value: string) => ({
  filterSet: { items: [{ name, valueSet: { items: [{ value }] } }] },
})
const ids = (set: string, key: string, ...values: string[]) => ({
  [set]: { items: values.map((value) => ({ [key]: value })) },
})
const s3 = (bucket: string, region: string, query: string) => ({
  bucketName: bucket,
  Host: `${bucket}.s3.${region}.amazonaws.com`,
  [query]: '',
})

/** The requests of `terraform plan` for each resource in an environment's state, unordered. */
export function refresh(account: Account, place: Place): Call[] {
  const { region, name, groups, bucket, vpcId } = place
  const read = (service: string, action: string, request: Call['request'] = null): Call => ({
    service,
    action,
    request,
  })
  const missing = (call: Call, code: string, message: string): Call => ({
    ...call,
    error: { code, message },
  })
  const policyArn = `arn:aws:iam::${account.id}:policy/${name}-task`
  return [
    read('sts', 'GetCallerIdentity'),
    read('ec2', 'DescribeVpcs', { vpcSet: { items: [{ vpcId }] }, filterSet: {} }),
    // The requested attribute is not recorded.
    read('ec2', 'DescribeVpcAttribute', { vpcId }),
    read('ec2', 'DescribeVpcAttribute', { vpcId }),
    ...place.subnetIds.map((subnetId) =>
      read('ec2', 'DescribeSubnets', { ...ids('subnetSet', 'subnetId', subnetId), filterSet: {} }),
    ),
    ...Object.values(groups).map((groupId) =>
      read('ec2', 'DescribeSecurityGroups', {
        securityGroupSet: {},
        securityGroupIdSet: { items: [{ groupId }] },
        filterSet: {},
      }),
    ),
    ...Object.values(groups).map((id) =>
      read('ec2', 'DescribeSecurityGroupRules', filter('group-id', id)),
    ),
    read('ec2', 'DescribeRouteTables', { routeTableIdSet: {}, ...filter('vpc-id', vpcId) }),
    read('ec2', 'DescribeInternetGateways', {
      internetGatewayIdSet: {},
      ...filter('attachment.vpc-id', vpcId),
    }),
    read('ec2', 'DescribeNatGateways', { DescribeNatGatewaysRequest: { maxResults: 1000 } }),
    read('ec2', 'DescribeNetworkAcls', { networkAclIdSet: {}, ...filter('vpc-id', vpcId) }),
    read('ec2', 'DescribeInstances', {
      ...ids('instancesSet', 'instanceId', place.bastionId),
      filterSet: {},
    }),
    ...['userData', 'disableApiTermination', 'instanceInitiatedShutdownBehavior'].map((attribute) =>
      read('ec2', 'DescribeInstanceAttribute', { instanceId: place.bastionId, attribute }),
    ),
    read('ec2', 'DescribeVolumes', {
      volumeSet: {},
      ...filter('attachment.instance-id', place.bastionId),
    }),
    read('ec2', 'DescribeLaunchTemplates', {
      DescribeLaunchTemplatesRequest: {
        LaunchTemplateId: { tag: 1, content: place.launchTemplateId },
      },
    }),
    read('ec2', 'DescribeImages', {
      imagesSet: { items: [{ imageId: place.imageId }] },
      filterSet: {},
    }),
    read('autoscaling', 'DescribeAutoScalingGroups', {
      autoScalingGroupNames: [place.autoScalingGroup],
    }),
    read('elasticloadbalancing', 'DescribeTargetGroups', {
      targetGroupArns: [place.targetGroupArn],
    }),
    read('elasticloadbalancing', 'DescribeTargetGroupAttributes', {
      targetGroupArn: place.targetGroupArn,
    }),
    read('elasticloadbalancing', 'DescribeListeners', { listenerArns: [place.listenerArn] }),
    read('elasticloadbalancing', 'DescribeTags', { resourceArns: [place.targetGroupArn] }),
    read('rds', 'DescribeDBInstances', { dBInstanceIdentifier: place.database }),
    read('rds', 'DescribeDBParameterGroups', { dBParameterGroupName: place.parameterGroup }),
    read('rds', 'DescribeDBParameters', {
      dBParameterGroupName: place.parameterGroup,
      source: 'user',
    }),
    read('rds', 'ListTagsForResource', {
      resourceName: `arn:aws:rds:${region}:${account.id}:db:${place.database}`,
    }),
    read('ecs', 'DescribeClusters', {
      clusters: [place.cluster],
      include: ['CONFIGURATIONS', 'SETTINGS', 'TAGS'],
    }),
    ...containers.map((service) =>
      read('ecs', 'DescribeServices', {
        cluster: place.cluster,
        services: [service],
        include: ['TAGS'],
      }),
    ),
    ...functions.flatMap((functionName) => [
      read('lambda', 'GetFunction20150331v2', { functionName: `${name}-${functionName}` }),
      read('lambda', 'ListVersionsByFunction20150331', { functionName: `${name}-${functionName}` }),
      read('lambda', 'GetFunctionCodeSigningConfig', { functionName: `${name}-${functionName}` }),
    ]),
    read('iam', 'GetRole', { roleName: `${name}-task` }),
    read('iam', 'ListRolePolicies', { roleName: `${name}-task` }),
    read('iam', 'ListAttachedRolePolicies', { roleName: `${name}-task` }),
    read('iam', 'GetRole', { roleName: CI_ROLE }),
    read('iam', 'GetRole', { roleName: TERRAFORM_ROLE }),
    read('iam', 'GetPolicy', { policyArn }),
    read('iam', 'GetPolicyVersion', { policyArn, versionId: 'v3' }),
    ...['policy', 'acl', 'versioning', 'logging', 'tagging', 'encryption', 'accelerate'].map(
      (query) =>
        read(
          's3',
          query === 'accelerate'
            ? 'GetAccelerateConfiguration'
            : `GetBucket${query[0]!.toUpperCase()}${query.slice(1)}`,
          s3(bucket, region, query),
        ),
    ),
    missing(
      read('s3', 'GetBucketCors', s3(bucket, region, 'cors')),
      'NoSuchCORSConfiguration',
      'The CORS configuration does not exist',
    ),
    missing(
      read('s3', 'GetBucketWebsite', s3(bucket, region, 'website')),
      'NoSuchWebsiteConfiguration',
      'The specified bucket does not have a website configuration',
    ),
    read('dynamodb', 'DescribeTable', { tableName: place.table }),
    read('dynamodb', 'DescribeContinuousBackups', { tableName: place.table }),
    read('sqs', 'GetQueueAttributes', { queueUrl: place.queueUrl, attributeNames: ['All'] }),
    read('sns', 'GetTopicAttributes', { topicArn: place.topicArn }),
    read('monitoring', 'DescribeAlarms', { alarmNames: [`${name}-api-5xx`] }),
    read('secretsmanager', 'DescribeSecret', { secretId: place.secretArn }),
    read('secretsmanager', 'GetResourcePolicy', { secretId: place.secretArn }),
    {
      ...read('kms', 'DescribeKey', { keyId: place.keyArn }),
      resources: [{ type: 'AWS::KMS::Key', ARN: place.keyArn }],
    },
    {
      ...read('kms', 'GetKeyRotationStatus', { keyId: place.keyArn }),
      resources: [{ type: 'AWS::KMS::Key', ARN: place.keyArn }],
    },
    read('route53', 'GetHostedZone', { id: account.hostedZoneId }),
    read('route53', 'ListResourceRecordSets', {
      hostedZoneId: account.hostedZoneId,
      maxItems: '300',
    }),
    read('logs', 'DescribeLogGroups', { logGroupNamePrefix: `/ecs/${name}` }),
    read('ssm', 'GetParameters', { names: [`/${name}/feature-flags`], withDecryption: true }),
  ]
}

/** The requests of console pages when someone browses, page by page. */
export function consolePages(account: Account, place: Place): Call[][] {
  const { name, cluster, database, bucket, region } = place
  const read = (service: string, action: string, request: Call['request'] = null): Call => ({
    service,
    action,
    request,
  })
  return [
    [
      read('ec2', 'DescribeInstances', { maxResults: 50, instancesSet: {}, filterSet: {} }),
      read('ec2', 'DescribeInstanceStatus', {
        instancesSet: {},
        filterSet: {},
        includeAllInstances: true,
      }),
      read('ec2', 'DescribeTags', { maxResults: 1000, filterSet: {} }),
      read('monitoring', 'DescribeAlarms', { maxRecords: 100 }),
      read('ec2', 'DescribeVolumes', { volumeSet: {}, filterSet: {} }),
      read('ec2', 'DescribeAddresses', { publicIpsSet: {}, filterSet: {}, allocationIdsSet: {} }),
      read('autoscaling', 'DescribeAutoScalingGroups', null),
    ],
    [
      read('ec2', 'DescribeSecurityGroups', {
        maxResults: 200,
        securityGroupSet: {},
        securityGroupIdSet: {},
        filterSet: {},
      }),
      read('ec2', 'DescribeSecurityGroupRules', filter('group-id', place.groups.app)),
      read('ec2', 'DescribeNetworkInterfaces', {
        networkInterfaceIdSet: {},
        ...filter('group-id', place.groups.app),
      }),
      read('ec2', 'DescribeVpcs', { vpcSet: {}, filterSet: {} }),
    ],
    [
      read('rds', 'DescribeDBInstances', { maxRecords: 100 }),
      read('rds', 'DescribeDBClusters', { maxRecords: 100 }),
      read('rds', 'DescribeEvents', { sourceIdentifier: database, sourceType: 'db-instance' }),
      read('rds', 'DescribePendingMaintenanceActions', {}),
      read('rds', 'DescribeDBParameterGroups', null),
      read('monitoring', 'GetMetricData', { maxDatapoints: 300 }),
    ],
    [
      read('ecs', 'ListClusters', {}),
      read('ecs', 'DescribeClusters', { clusters: [cluster], include: ['STATISTICS'] }),
      read('ecs', 'ListServices', { cluster, maxResults: 100 }),
      read('ecs', 'DescribeServices', { cluster, services: [...containers] }),
      read('ecs', 'ListTasks', { cluster, desiredStatus: 'RUNNING' }),
      read('elasticloadbalancing', 'DescribeTargetHealth', {
        targetGroupArn: place.targetGroupArn,
      }),
      read('application-autoscaling', 'DescribeScalableTargets', { serviceNamespace: 'ecs' }),
    ],
    [
      read('lambda', 'ListFunctions20150331', { maxItems: 50 }),
      read('lambda', 'GetAccountSettings20160819'),
      ...functions
        .slice(0, 2)
        .map((functionName) =>
          read('lambda', 'GetFunction20150331v2', { functionName: `${name}-${functionName}` }),
        ),
      read('logs', 'DescribeLogStreams', {
        logGroupName: `/aws/lambda/${name}-order-events`,
        orderBy: 'LastEventTime',
      }),
    ],
    [
      read('s3', 'ListBuckets', { Host: `s3.${region}.amazonaws.com` }),
      read('s3', 'GetBucketLocation', s3(bucket, region, 'location')),
      read('s3', 'GetBucketPolicyStatus', s3(bucket, region, 'policyStatus')),
      read('s3', 'GetBucketVersioning', s3(bucket, region, 'versioning')),
      {
        ...read('s3', 'GetBucketLifecycle', s3(bucket, region, 'lifecycle')),
        error: {
          code: 'NoSuchLifecycleConfiguration',
          message: 'The lifecycle configuration does not exist',
        },
      },
    ],
    [
      read('iam', 'ListRoles', { maxItems: 1000 }),
      read('iam', 'GetRole', { roleName: `${name}-task` }),
      read('iam', 'ListAttachedRolePolicies', { roleName: `${name}-task` }),
      read('iam', 'ListRolePolicies', { roleName: `${name}-task` }),
      read('iam', 'GetAccountSummary'),
    ],
    [
      read('cloudtrail', 'LookupEvents', {
        maxResults: 50,
        lookupAttributes: [{ attributeKey: 'ReadOnly', attributeValue: 'false' }],
      }),
      read('cloudformation', 'ListStacks', {
        stackStatusFilter: ['CREATE_COMPLETE', 'UPDATE_COMPLETE'],
      }),
      read('cloudformation', 'DescribeStacks', { stackName: `${name}-billing` }),
      read('health', 'DescribeEventAggregates', {
        aggregateField: 'eventTypeCategory',
        filter: { eventStatusCodes: ['open', 'upcoming'] },
      }),
    ],
    [
      read('logs', 'DescribeLogGroups', { limit: 50 }),
      read('logs', 'FilterLogEvents', { logGroupName: `/ecs/${name}-api`, limit: 100 }),
      read('monitoring', 'ListDashboards', {}),
      read('monitoring', 'GetDashboard', { dashboardName: name }),
      read('monitoring', 'GetMetricData', { maxDatapoints: 300 }),
    ],
    [
      read('route53', 'ListHostedZones'),
      read('route53', 'ListResourceRecordSets', { hostedZoneId: account.hostedZoneId }),
      read('cloudfront', 'ListDistributions2020_05_31', null),
      read('cloudfront', 'GetDistribution2020_05_31', { id: account.distributionId }),
    ],
  ]
}

/** The requests of a monitoring system and the security services, hour by hour. */
export function survey(place: Place, random: Random): Call[] {
  const read = (service: string, action: string, request: Call['request'] = null): Call => ({
    service,
    action,
    request,
  })
  return random.some(
    [
      read('ec2', 'DescribeInstances', { instancesSet: {}, filterSet: {}, maxResults: 1000 }),
      read('ec2', 'DescribeRegions', { regionSet: {}, allRegions: false }),
      read('rds', 'DescribeDBInstances', null),
      read('elasticloadbalancing', 'DescribeLoadBalancers', null),
      read('elasticloadbalancing', 'DescribeTargetHealth', {
        targetGroupArn: place.targetGroupArn,
      }),
      read('ecs', 'DescribeServices', { cluster: place.cluster, services: [...containers] }),
      read('sqs', 'ListQueues', { queueNamePrefix: place.name }),
      read('dynamodb', 'ListTables', { limit: 100 }),
      read('lambda', 'ListFunctions20150331', null),
      read('tagging', 'GetResources', { resourcesPerPage: 100 }),
    ],
    random.integer(1, 4),
  )
}

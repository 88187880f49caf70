/** The calls that the stories are written with, as CloudTrail records their parameters. */

export type Fields = Record<string, unknown>

/** One AWS API call: `service:Action` with its parameters. */
export interface Call {
  call: string
  request: Fields
  response?: Fields
}

const api = (call: string, request: Fields, response?: Fields): Call => ({
  call,
  request,
  ...(response && { response }),
})
const arn = (service: string, rest: string) =>
  `arn:aws:${service}:eu-central-1:310000000001:${rest}`
const policy = (effect: string, action: string | string[], more: Fields = {}) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Sid: 'S1', Effect: effect, Action: action, Resource: '*', ...more }],
  })
const permission = (port: number, source: string) => ({
  ipPermissions: {
    items: [
      {
        ipProtocol: 'tcp',
        fromPort: port,
        toPort: port,
        groups: source.startsWith('sg-') ? { items: [{ groupId: source }] } : {},
        ipRanges: source.startsWith('sg-') ? {} : { items: [{ cidrIp: source }] },
        ipv6Ranges: {},
        prefixListIds: {},
      },
    ],
  },
})

// EC2 and networks
export const revokeIngress = (groupId: string, port: number, source: string) =>
  api('ec2:RevokeSecurityGroupIngress', { groupId, ...permission(port, source) }, { _return: true })
export const allowIngress = (groupId: string, port: number, source: string) =>
  api(
    'ec2:AuthorizeSecurityGroupIngress',
    { groupId, ...permission(port, source) },
    { _return: true },
  )
export const revokeEgress = (groupId: string, port: number, source: string) =>
  api('ec2:RevokeSecurityGroupEgress', { groupId, ...permission(port, source) }, { _return: true })
export const aclEntry = (
  networkAclId: string,
  ruleAction: string,
  cidrBlock: string,
  ruleNumber = 90,
) =>
  api('ec2:CreateNetworkAclEntry', {
    networkAclId,
    ruleNumber,
    egress: false,
    ruleAction,
    aclProtocol: '6',
    cidrBlock,
    portRange: { from: 0, to: 65535 },
  })
export const deleteRoute = (routeTableId: string, destinationCidrBlock: string) =>
  api('ec2:DeleteRoute', { routeTableId, destinationCidrBlock })
export const replaceRoute = (routeTableId: string, destinationCidrBlock: string, target: Fields) =>
  api('ec2:ReplaceRoute', { routeTableId, destinationCidrBlock, ...target })
export const tgwRoute = (transitGatewayRouteTableId: string, destinationCidrBlock: string) =>
  api('ec2:DeleteTransitGatewayRoute', {
    DeleteTransitGatewayRouteRequest: {
      DestinationCidrBlock: destinationCidrBlock,
      TransitGatewayRouteTableId: transitGatewayRouteTableId,
    },
  })
export const tgwPropagation = (table: string, attachment: string) =>
  api('ec2:DisableTransitGatewayRouteTablePropagation', {
    DisableTransitGatewayRouteTablePropagationRequest: {
      TransitGatewayRouteTableId: table,
      TransitGatewayAttachmentId: attachment,
    },
  })
export const deletePeering = (vpcPeeringConnectionId: string) =>
  api('ec2:DeleteVpcPeeringConnection', { vpcPeeringConnectionId }, { _return: true })
export const modifyEndpoint = (id: string, policyDocument: string) =>
  api('ec2:ModifyVpcEndpoint', {
    ModifyVpcEndpointRequest: { VpcEndpointId: id, PolicyDocument: policyDocument },
  })
export const terminate = (...ids: string[]) =>
  api('ec2:TerminateInstances', {
    instancesSet: { items: ids.map((instanceId) => ({ instanceId })) },
  })
export const stopInstances = (...ids: string[]) =>
  api('ec2:StopInstances', {
    instancesSet: { items: ids.map((instanceId) => ({ instanceId })) },
    force: false,
  })
export const tagResource = (resourceId: string, key: string, value: string) =>
  api('ec2:CreateTags', {
    resourcesSet: { items: [{ resourceId }] },
    tagSet: { items: [{ key, value }] },
  })
export const createGroup = (groupName: string, groupId: string) =>
  api(
    'ec2:CreateSecurityGroup',
    { groupName, groupDescription: groupName, vpcId: 'vpc-0a11b22c33d44e55f' },
    { groupId, _return: true },
  )
export const templateVersion = (launchTemplateId: string, imageId: string) =>
  api('ec2:CreateLaunchTemplateVersion', {
    CreateLaunchTemplateVersionRequest: {
      LaunchTemplateId: launchTemplateId,
      SourceVersion: '$Latest',
      LaunchTemplateData: { ImageId: imageId },
    },
  })
export const dhcpOptions = (vpcId: string, dhcpOptionsId: string) =>
  api('ec2:AssociateDhcpOptions', { vpcId, dhcpOptionsId }, { _return: true })

// DNS and edge
export const dnsRecord = (action: string, name: string, type: string, value: string, tTL = 300) =>
  api('route53:ChangeResourceRecordSets', {
    hostedZoneId: 'Z08FIELDZONE1',
    changeBatch: {
      changes: [{ action, resourceRecordSet: { name, type, tTL, resourceRecords: [{ value }] } }],
    },
  })
export const disassociateZone = (hostedZoneId: string, vPCId: string) =>
  api('route53:DisassociateVPCFromHostedZone', {
    hostedZoneId,
    vPC: { vPCRegion: 'eu-central-1', vPCId },
  })
export const resolverRule = (resolverRuleId: string, vPCId: string) =>
  api('route53resolver:DisassociateResolverRule', { resolverRuleId, vPCId })
export const distribution = (id: string, config: Fields) =>
  api('cloudfront:UpdateDistribution', {
    id,
    ifMatch: 'E2QWRUHAPOMQZL',
    distributionConfig: config,
  })
export const invalidation = (distributionId: string) =>
  api('cloudfront:CreateInvalidation', {
    distributionId,
    invalidationBatch: { paths: { quantity: 1, items: ['/*'] }, callerReference: 'cli' },
  })
export const webAcl = (name: string, rule: string, action: 'block' | 'count' | 'allow') =>
  api('wafv2:UpdateWebACL', {
    name,
    scope: 'REGIONAL',
    id: `acl-${name}`,
    lockToken: 'b2f1',
    defaultAction: { allow: {} },
    rules: [{ name: rule, priority: 2, action: { [action]: {} } }],
  })
export const ipSet = (name: string, addresses: string[]) =>
  api('wafv2:UpdateIPSet', {
    name,
    scope: 'REGIONAL',
    id: `ips-${name}`,
    addresses,
    lockToken: '77aa',
  })

// Load balancers and certificates
const balancer = (rest: string) => arn('elasticloadbalancing', rest)
export const listener = (lb: string, change: Fields) =>
  api('elasticloadbalancing:ModifyListener', {
    listenerArn: balancer(`listener/app/${lb}/50dc6c495c0c9188/f2f7dc8efc522ab2`),
    ...change,
  })
export const listenerRule = (lb: string, change: Fields) =>
  api('elasticloadbalancing:ModifyRule', {
    ruleArn: balancer(`listener-rule/app/${lb}/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee`),
    ...change,
  })
export const deleteRule = (lb: string) =>
  api('elasticloadbalancing:DeleteRule', {
    ruleArn: balancer(`listener-rule/app/${lb}/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee`),
  })
export const targetGroup = (name: string, change: Fields) =>
  api('elasticloadbalancing:ModifyTargetGroup', {
    targetGroupArn: balancer(`targetgroup/${name}/73e2d6bc24d8a067`),
    ...change,
  })
export const lbAttributes = (lb: string, key: string, value: string) =>
  api('elasticloadbalancing:ModifyLoadBalancerAttributes', {
    loadBalancerArn: balancer(`loadbalancer/app/${lb}/50dc6c495c0c9188`),
    attributes: [{ key, value }],
  })
export const lbGroups = (lb: string, securityGroups: string[]) =>
  api('elasticloadbalancing:SetSecurityGroups', {
    loadBalancerArn: balancer(`loadbalancer/app/${lb}/50dc6c495c0c9188`),
    securityGroups,
  })
export const deleteCertificate = (id: string) =>
  api('acm:DeleteCertificate', { certificateArn: arn('acm', `certificate/${id}`) })
export const removeListenerCertificate = (lb: string, id: string) =>
  api('elasticloadbalancing:RemoveListenerCertificates', {
    listenerArn: balancer(`listener/app/${lb}/50dc6c495c0c9188/f2f7dc8efc522ab2`),
    certificates: [{ certificateArn: arn('acm', `certificate/${id}`) }],
  })

// Identity and keys
export const rolePolicy = (
  roleName: string,
  policyName: string,
  effect: string,
  action: string | string[],
) => api('iam:PutRolePolicy', { roleName, policyName, policyDocument: policy(effect, action) })
export const deleteRolePolicy = (roleName: string, policyName: string) =>
  api('iam:DeleteRolePolicy', { roleName, policyName })
export const detach = (roleName: string, name: string) =>
  api('iam:DetachRolePolicy', { roleName, policyArn: `arn:aws:iam::310000000001:policy/${name}` })
export const attach = (roleName: string, name: string) =>
  api('iam:AttachRolePolicy', { roleName, policyArn: `arn:aws:iam::aws:policy/${name}` })
export const boundary = (roleName: string, name: string) =>
  api('iam:PutRolePermissionsBoundary', {
    roleName,
    permissionsBoundary: `arn:aws:iam::310000000001:policy/${name}`,
  })
export const policyVersion = (name: string, action: string | string[], more?: Fields) =>
  api('iam:CreatePolicyVersion', {
    policyArn: `arn:aws:iam::310000000001:policy/${name}`,
    setAsDefault: true,
    policyDocument: policy('Allow', action, more),
  })
export const trust = (roleName: string, principal: Fields) =>
  api('iam:UpdateAssumeRolePolicy', {
    roleName,
    policyDocument: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }],
    }),
  })
export const accessKey = (userName: string, status: string) =>
  api('iam:UpdateAccessKey', { userName, accessKeyId: 'AKIAFIELDEXAMPLE0001', status })
export const scp = (policyId: string, action: string | string[]) =>
  api('organizations:UpdatePolicy', { policyId, content: policy('Deny', action) })
export const attachScp = (policyId: string, targetId: string) =>
  api('organizations:AttachPolicy', { policyId, targetId })
export const keyPolicy = (key: string, effect: string, action: string) =>
  api('kms:PutKeyPolicy', {
    keyId: arn('kms', `key/${key}`),
    policyName: 'default',
    bypassPolicyLockoutSafetyCheck: false,
    policy: policy(effect, action),
  })
export const disableKey = (key: string) =>
  api('kms:DisableKey', { keyId: arn('kms', `key/${key}`) })
export const deleteKey = (key: string, pendingWindowInDays: number) =>
  api('kms:ScheduleKeyDeletion', { keyId: arn('kms', `key/${key}`), pendingWindowInDays })
export const retireGrant = (key: string) =>
  api('kms:RevokeGrant', {
    keyId: arn('kms', `key/${key}`),
    grantId: 'abcde1237f76e4ba7987489ac329fbfb',
  })
export const rotate = (secretId: string) =>
  api('secretsmanager:RotateSecret', {
    secretId,
    clientRequestToken: 'c5a7e3d0-2f0b-4a6f-8f3e-000000000001',
  })
export const putSecret = (secretId: string) =>
  api('secretsmanager:PutSecretValue', { secretId, secretString: 'HIDDEN_DUE_TO_SECURITY_REASONS' })
export const deleteSecret = (secretId: string) =>
  api('secretsmanager:DeleteSecret', { secretId, recoveryWindowInDays: 7 })
export const userPool = (clientId: string, change: Fields) =>
  api('cognito-idp:UpdateUserPoolClient', {
    userPoolId: 'eu-central-1_aB3dE6gH9',
    clientId,
    ...change,
  })

// Databases and caches
export const modifyDb = (id: string, change: Fields, was: Fields = {}) =>
  api(
    'rds:ModifyDBInstance',
    {
      dBInstanceIdentifier: id,
      applyImmediately: true,
      allowMajorVersionUpgrade: false,
      ...change,
    },
    { dBInstanceIdentifier: id, dBInstanceClass: 'db.r6g.2xlarge', ...was },
  )
export const rebootDb = (id: string, forceFailover = false) =>
  api('rds:RebootDBInstance', { dBInstanceIdentifier: id, forceFailover })
export const failover = (id: string) => api('rds:FailoverDBCluster', { dBClusterIdentifier: id })
export const dbParameter = (
  group: string,
  parameterName: string,
  parameterValue: string,
  applyMethod = 'immediate',
) =>
  api('rds:ModifyDBParameterGroup', {
    dBParameterGroupName: group,
    parameters: [{ parameterName, parameterValue, applyMethod, isModifiable: false }],
  })
export const deleteReplica = (id: string) =>
  api('rds:DeleteDBInstance', {
    dBInstanceIdentifier: id,
    skipFinalSnapshot: true,
    deleteAutomatedBackups: false,
  })
export const proxyTargets = (name: string, dBInstanceIdentifiers: string[]) =>
  api('rds:DeregisterDBProxyTargets', { dBProxyName: name, dBInstanceIdentifiers })
export const dbSnapshot = (id: string, name: string) =>
  api('rds:CreateDBSnapshot', { dBInstanceIdentifier: id, dBSnapshotIdentifier: name })
export const table = (tableName: string, change: Fields) =>
  api('dynamodb:UpdateTable', { tableName, ...change })
export const ttl = (tableName: string, attributeName: string) =>
  api('dynamodb:UpdateTimeToLive', {
    tableName,
    timeToLiveSpecification: { enabled: true, attributeName },
  })
export const cacheGroup = (replicationGroupId: string, change: Fields) =>
  api('elasticache:ModifyReplicationGroup', {
    replicationGroupId,
    applyImmediately: true,
    ...change,
  })
export const cacheParameter = (group: string, parameterName: string, parameterValue: string) =>
  api('elasticache:ModifyCacheParameterGroup', {
    cacheParameterGroupName: group,
    parameterNameValues: [{ parameterName, parameterValue }],
  })
export const searchDomain = (domainName: string, change: Fields) =>
  api('es:UpdateDomainConfig', { domainName, ...change })

// Compute
export const concurrency = (functionName: string, reservedConcurrentExecutions: number) =>
  api('lambda:PutFunctionConcurrency20171031', { functionName, reservedConcurrentExecutions })
export const functionConfig = (functionName: string, change: Fields) =>
  api('lambda:UpdateFunctionConfiguration20150331v2', { functionName, ...change })
export const functionCode = (functionName: string, key: string) =>
  api('lambda:UpdateFunctionCode20150331v2', {
    functionName,
    s3Bucket: 'releases-310000000001',
    s3Key: key,
    publish: true,
  })
export const functionAlias = (functionName: string, functionVersion: string) =>
  api('lambda:UpdateAlias20150331', { functionName, name: 'live', functionVersion })
export const removePermission = (functionName: string, statementId: string) =>
  api('lambda:RemovePermission20150331v2', { functionName, statementId })
export const mapping = (uUID: string, functionName: string, enabled: boolean) =>
  api('lambda:UpdateEventSourceMapping20150331', { uUID, functionName, enabled })
export const ecsService = (service: string, change: Fields) =>
  api('ecs:UpdateService', { cluster: 'core', service, ...change })
export const taskDefinition = (family: string, container: Fields) =>
  api('ecs:RegisterTaskDefinition', {
    family,
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    containerDefinitions: [{ name: 'main', essential: true, ...container }],
  })
export const scaling = (resourceId: string, minCapacity: number, maxCapacity: number) =>
  api('application-autoscaling:RegisterScalableTarget', {
    serviceNamespace: 'ecs',
    resourceId,
    scalableDimension: 'ecs:service:DesiredCount',
    minCapacity,
    maxCapacity,
  })
export const group = (autoScalingGroupName: string, change: Fields) =>
  api('autoscaling:UpdateAutoScalingGroup', { autoScalingGroupName, ...change })
export const suspend = (autoScalingGroupName: string, ...scalingProcesses: string[]) =>
  api('autoscaling:SuspendProcesses', { autoScalingGroupName, scalingProcesses })
export const instanceRefresh = (autoScalingGroupName: string) =>
  api('autoscaling:StartInstanceRefresh', { autoScalingGroupName, strategy: 'Rolling' })
export const deleteScalingPolicy = (autoScalingGroupName: string, policyName: string) =>
  api('autoscaling:DeletePolicy', { autoScalingGroupName, policyName })
export const clusterConfig = (name: string, change: Fields) =>
  api('eks:UpdateClusterConfig', { name, ...change })
export const clusterVersion = (name: string, version: string) =>
  api('eks:UpdateClusterVersion', { name, version })
export const addon = (clusterName: string, addonName: string, addonVersion: string) =>
  api('eks:UpdateAddon', {
    name: clusterName,
    addonName,
    addonVersion,
    resolveConflicts: 'OVERWRITE',
  })
export const deleteAccessEntry = (name: string, principalArn: string) =>
  api('eks:DeleteAccessEntry', { name, principalArn })
export const nodegroup = (name: string, nodegroupName: string, scalingConfig: Fields) =>
  api('eks:UpdateNodegroupConfig', { name, nodegroupName, scalingConfig })
export const imageLifecycle = (repositoryName: string, countNumber: number) =>
  api('ecr:PutLifecyclePolicy', {
    repositoryName,
    lifecyclePolicyText: JSON.stringify({
      rules: [
        {
          rulePriority: 1,
          selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber },
          action: { type: 'expire' },
        },
      ],
    }),
  })
export const deleteImage = (repositoryName: string, imageTag: string) =>
  api('ecr:BatchDeleteImage', { repositoryName, imageIds: [{ imageTag }] })

// Storage, queues, events, APIs
export const bucketPolicy = (
  bucketName: string,
  effect: string,
  action: string,
  more: Fields = {},
) =>
  api('s3:PutBucketPolicy', {
    bucketName,
    bucketPolicy: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: effect,
          Principal: '*',
          Action: action,
          Resource: `arn:aws:s3:::${bucketName}/*`,
          ...more,
        },
      ],
    },
  })
export const deleteBucketPolicy = (bucketName: string) =>
  api('s3:DeleteBucketPolicy', { bucketName, policy: '' })
export const bucketCors = (bucketName: string, origin: string) =>
  api('s3:PutBucketCors', {
    bucketName,
    cors: '',
    CORSConfiguration: { CORSRule: { AllowedMethod: 'GET', AllowedOrigin: origin } },
  })
export const bucketEncryption = (bucketName: string, key: string) =>
  api('s3:PutBucketEncryption', {
    bucketName,
    encryption: '',
    ServerSideEncryptionConfiguration: {
      Rule: {
        ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key },
      },
    },
  })
export const bucketLifecycle = (bucketName: string, days: number) =>
  api('s3:PutBucketLifecycle', {
    bucketName,
    lifecycle: '',
    LifecycleConfiguration: {
      Rule: { ID: 'expire', Status: 'Enabled', Expiration: { Days: days }, Filter: { Prefix: '' } },
    },
  })
export const bucketNotification = (bucketName: string) =>
  api('s3:PutBucketNotification', { bucketName, notification: '', NotificationConfiguration: {} })
export const queue = (name: string, attributes: Fields) =>
  api('sqs:SetQueueAttributes', {
    queueUrl: `https://sqs.eu-central-1.amazonaws.com/310000000001/${name}`,
    attributes,
  })
export const purge = (name: string) =>
  api('sqs:PurgeQueue', { queueUrl: `https://sqs.eu-central-1.amazonaws.com/310000000001/${name}` })
export const unsubscribe = (topic: string) =>
  api('sns:Unsubscribe', {
    subscriptionArn: `${arn('sns', topic)}:5be8f5b9-6a6b-4b35-9d2e-3c5a3d7b1a10`,
  })
export const filterPolicy = (topic: string, value: string) =>
  api('sns:SetSubscriptionAttributes', {
    subscriptionArn: `${arn('sns', topic)}:5be8f5b9-6a6b-4b35-9d2e-3c5a3d7b1a10`,
    attributeName: 'FilterPolicy',
    attributeValue: value,
  })
export const disableRule = (name: string) => api('events:DisableRule', { name })
export const removeTargets = (rule: string) => api('events:RemoveTargets', { rule, ids: ['1'] })
export const putRule = (name: string, scheduleExpression: string) =>
  api('events:PutRule', { name, scheduleExpression, state: 'ENABLED' })
export const schedule = (name: string, state: string, scheduleExpression: string) =>
  api('scheduler:UpdateSchedule', {
    name,
    groupName: 'default',
    state,
    scheduleExpression,
    flexibleTimeWindow: { mode: 'OFF' },
  })
export const shards = (streamName: string, targetShardCount: number, currentShardCount: number) =>
  api(
    'kinesis:UpdateShardCount',
    { streamName, targetShardCount, scalingType: 'UNIFORM_SCALING' },
    { streamName, currentShardCount, targetShardCount },
  )
export const usagePlan = (usagePlanId: string, path: string, value: string) =>
  api('apigateway:UpdateUsagePlan', {
    usagePlanId,
    patchOperations: [{ op: 'replace', path, value }],
  })
export const apiStage = (restApiId: string, stageName: string, path: string, value: string) =>
  api('apigateway:UpdateStage', {
    restApiId,
    stageName,
    patchOperations: [{ op: 'replace', path, value }],
  })
export const apiDeploy = (restApiId: string) =>
  api('apigateway:CreateDeployment', { restApiId, createDeploymentInput: { stageName: 'prod' } })
export const parameter = (name: string) =>
  api('ssm:PutParameter', {
    name,
    type: 'String',
    overwrite: true,
    value: 'HIDDEN_DUE_TO_SECURITY_REASONS',
  })
export const stateMachine = (name: string, definition: string) =>
  api('states:UpdateStateMachine', {
    stateMachineArn: arn('states', `stateMachine:${name}`),
    definition,
  })
export const sesIdentity = (identity: string) => api('ses:DeleteIdentity', { identity })
export const sesSending = (name: string) =>
  api('ses:UpdateConfigurationSetSendingEnabled', { configurationSetName: name, enabled: false })
export const appConfig = (ApplicationId: string, version: string) =>
  api('appconfig:StartDeployment', {
    ApplicationId,
    EnvironmentId: 'e7prod',
    ConfigurationProfileId: 'flags',
    ConfigurationVersion: version,
    DeploymentStrategyId: 'AllAtOnce',
  })
export const brokerReboot = (brokerId: string) => api('mq:RebootBroker', { 'broker-id': brokerId })
export const mskConfig = (cluster: string) =>
  api('kafka:UpdateClusterConfiguration', {
    clusterArn: arn('kafka', `cluster/${cluster}/abcd`),
    currentVersion: 'K3',
    configurationInfo: { arn: arn('kafka', 'configuration/tuned/1'), revision: 4 },
  })
export const brokerStorage = (cluster: string) =>
  api('kafka:UpdateBrokerStorage', {
    clusterArn: arn('kafka', `cluster/${cluster}/abcd`),
    currentVersion: 'K3',
    targetBrokerEBSVolumeInfo: [{ kafkaBrokerNodeId: 'ALL', volumeSizeGB: 900 }],
  })
export const mountTargetGroups = (mountTargetId: string, securityGroups: string[]) =>
  api('elasticfilesystem:ModifyMountTargetSecurityGroups', { mountTargetId, securityGroups })
export const stackUpdate = (stackName: string) =>
  api('cloudformation:ExecuteChangeSet', { stackName, changeSetName: 'release' })
export const alarm = (alarmName: string, threshold: number) =>
  api('monitoring:PutMetricAlarm', {
    alarmName,
    threshold,
    comparisonOperator: 'GreaterThanThreshold',
    evaluationPeriods: 3,
  })
export const retention = (logGroupName: string, retentionInDays: number) =>
  api('logs:PutRetentionPolicy', { logGroupName, retentionInDays })
export const deleteSubscription = (logGroupName: string) =>
  api('logs:DeleteSubscriptionFilter', { logGroupName, filterName: 'ship' })

/** One sentence for each kind of call that was once misread, over many services. */

import { describe, expect, it } from 'vitest'
import { read } from '../../../testing/cloudtrail/read.ts'
import { ACCOUNT, call } from '../../../testing/cloudtrail/records.ts'

const A = (service: string, resource: string) =>
  `arn:aws:${service}:eu-west-1:${ACCOUNT}:${resource}`
const pub = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'x:Get', Resource: '*' }],
})

type Case = [
  sentence: string,
  resources: string[],
  isPublic: boolean,
  record: Record<string, unknown>,
]

const CASES: Case[] = [
  [
    'alice tagged certificate 1234 with env in eu-west-1',
    ['1234'],
    false,
    call('acm', 'AddTagsToCertificate', {
      certificateArn: A('acm', 'certificate/1234'),
      tags: [{ key: 'env', value: 'prod' }],
    }),
  ],
  [
    'alice tagged database instance orders with a and b in eu-west-1',
    ['orders'],
    false,
    call('rds', 'AddTagsToResource', {
      resourceName: A('rds', 'db:orders'),
      tags: [
        { key: 'a', value: '1' },
        { key: 'b', value: '2' },
      ],
    }),
  ],
  [
    'alice removed tag a from database instance orders in eu-west-1',
    ['orders'],
    false,
    call('rds', 'RemoveTagsFromResource', { resourceName: A('rds', 'db:orders'), tagKeys: ['a'] }),
  ],
  [
    'alice removed tag a from parameter /app/x in eu-west-1',
    ['/app/x'],
    false,
    call('ssm', 'RemoveTagsFromResource', {
      resourceType: 'Parameter',
      resourceId: '/app/x',
      tagKeys: ['a'],
    }),
  ],
  [
    'alice tagged stream clicks with env in eu-west-1',
    ['clicks'],
    false,
    call('kinesis', 'AddTagsToStream', { streamName: 'clicks', tags: { env: 'x' } }),
  ],
  [
    'alice removed tag env from search domain logs in eu-west-1',
    ['logs'],
    false,
    call('es', 'RemoveTags', { aRN: A('es', 'domain/logs'), tagKeys: ['env'] }),
  ],
  [
    'alice removed tag env from function pay in eu-west-1',
    ['pay'],
    false,
    call('lambda', 'UntagResource20170331v2', {
      resource: A('lambda', 'function:pay'),
      tagKeys: ['env'],
    }),
  ],
  [
    'alice tagged hosted zone Z1 with a, and removed tag c',
    ['Z1'],
    false,
    call('route53', 'ChangeTagsForResource', {
      resourceType: 'hostedzone',
      resourceId: 'Z1',
      addTags: [{ key: 'a', value: 'b' }],
      removeTagKeys: ['c'],
    }),
  ],
  [
    'alice tagged queue jobs with a in eu-west-1',
    ['jobs'],
    false,
    call('sqs', 'TagQueue', {
      queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/jobs',
      tags: { a: 'b' },
    }),
  ],
  [
    'alice removed tag a from file system fs-12345678 in eu-west-1',
    ['fs-12345678'],
    false,
    call('elasticfilesystem', 'DeleteTags', { fileSystemId: 'fs-12345678', tagKeys: ['a'] }),
  ],
  [
    'alice tagged Auto Scaling group web with a in eu-west-1',
    ['web'],
    false,
    call('autoscaling', 'CreateOrUpdateTags', {
      tags: [{ resourceId: 'web', resourceType: 'auto-scaling-group', key: 'a', value: 'b' }],
    }),
  ],
  [
    'alice removed tag a from trail t in eu-west-1',
    ['t'],
    false,
    call('cloudtrail', 'RemoveTags', {
      resourceId: A('cloudtrail', 'trail/t'),
      tagsList: [{ key: 'a' }],
    }),
  ],
  [
    'alice detached load balancer old from subnet subnet-0123456789abcdef0 in eu-west-1',
    ['old', 'subnet-0123456789abcdef0'],
    false,
    call('elasticloadbalancing', 'DetachLoadBalancerFromSubnets', {
      loadBalancerName: 'old',
      subnets: ['subnet-0123456789abcdef0'],
    }),
  ],
  [
    'alice applied security group sg-0123456789abcdef0 to load balancer old in eu-west-1',
    ['sg-0123456789abcdef0', 'old'],
    false,
    call('elasticloadbalancing', 'ApplySecurityGroupsToLoadBalancer', {
      loadBalancerName: 'old',
      securityGroups: ['sg-0123456789abcdef0'],
    }),
  ],
  [
    'alice removed regions from the replication of secret db in eu-west-1',
    ['db'],
    false,
    call('secretsmanager', 'RemoveRegionsFromReplication', {
      secretId: 'db',
      removeReplicaRegions: ['eu-west-2'],
    }),
  ],
  [
    'alice replicated secret db to regions in eu-west-1',
    ['db'],
    false,
    call('secretsmanager', 'ReplicateSecretToRegions', {
      secretId: 'db',
      addReplicaRegions: [{ region: 'eu-west-2' }],
    }),
  ],
  [
    'alice added user u1 to group admins in eu-west-1',
    ['u1', 'admins', 'eu_1'],
    false,
    call('cognito-idp', 'AdminAddUserToGroup', {
      userPoolId: 'eu_1',
      username: 'u1',
      groupName: 'admins',
    }),
  ],
  [
    'alice set the password of user u1 in eu-west-1: new password and permanent to true',
    ['u1', 'eu_1'],
    false,
    call('cognito-idp', 'AdminSetUserPassword', {
      userPoolId: 'eu_1',
      username: 'u1',
      password: 'HIDDEN_DUE_TO_SECURITY_REASONS',
      permanent: true,
    }),
  ],
  [
    'alice disabled user u1 of user pool eu_1 in eu-west-1',
    ['u1', 'eu_1'],
    false,
    call('cognito-idp', 'AdminDisableUser', { userPoolId: 'eu_1', username: 'u1' }),
  ],
  [
    'alice reset the password of user u1 in eu-west-1',
    ['u1', 'eu_1'],
    false,
    call('cognito-idp', 'AdminResetUserPassword', { userPoolId: 'eu_1', username: 'u1' }),
  ],
  [
    'alice associated web ACL main with load balancer web in eu-west-1',
    ['main', 'web'],
    false,
    call('wafv2', 'AssociateWebACL', {
      webACLArn: A('wafv2', 'regional/webacl/main/123'),
      resourceArn: A('elasticloadbalancing', 'loadbalancer/app/web/50dc6c495c0c9188'),
    }),
  ],
  [
    'alice disassociated the address (eipassoc-0123456789abcdef0) in eu-west-1',
    ['eipassoc-0123456789abcdef0'],
    false,
    call('ec2', 'DisassociateAddress', { associationId: 'eipassoc-0123456789abcdef0' }),
  ],
  [
    'alice removed transit gateway route table tgw-rtb-0123456789abcdef0 from transit gateway attachment tgw-attach-0123456789abcdef0 in eu-west-1',
    ['tgw-rtb-0123456789abcdef0', 'tgw-attach-0123456789abcdef0'],
    false,
    call('ec2', 'DisassociateTransitGatewayRouteTable', {
      DisassociateTransitGatewayRouteTableRequest: {
        TransitGatewayRouteTableId: 'tgw-rtb-0123456789abcdef0',
        TransitGatewayAttachmentId: 'tgw-attach-0123456789abcdef0',
      },
    }),
  ],
  [
    'alice removed resolver rule rslvr-rr-1 from VPC vpc-0123456789abcdef0 in eu-west-1',
    ['rslvr-rr-1', 'vpc-0123456789abcdef0'],
    false,
    call('route53resolver', 'DisassociateResolverRule', {
      vPCId: 'vpc-0123456789abcdef0',
      resolverRuleId: 'rslvr-rr-1',
    }),
  ],
  [
    'alice removed connection dxcon-1 from lag dxlag-1 in eu-west-1',
    ['dxcon-1', 'dxlag-1'],
    false,
    call('directconnect', 'DisassociateConnectionFromLag', {
      connectionId: 'dxcon-1',
      lagId: 'dxlag-1',
    }),
  ],
  [
    'alice removed approval rule template two from repository shop in eu-west-1',
    ['two', 'shop'],
    false,
    call('codecommit', 'DisassociateApprovalRuleTemplateFromRepository', {
      approvalRuleTemplateName: 'two',
      repositoryName: 'shop',
    }),
  ],
  [
    'alice retired grant g1 of key 1234abcd-12ab-34cd-56ef-1234567890ab in eu-west-1',
    ['g1', '1234abcd-12ab-34cd-56ef-1234567890ab'],
    false,
    call('kms', 'RetireGrant', {
      keyId: A('kms', 'key/1234abcd-12ab-34cd-56ef-1234567890ab'),
      grantId: 'g1',
    }),
  ],
  [
    'alice removed database cluster c from global cluster g in eu-west-1',
    ['g', 'c'],
    false,
    call('rds', 'RemoveFromGlobalCluster', {
      globalClusterIdentifier: 'g',
      dbClusterIdentifier: A('rds', 'cluster:c'),
    }),
  ],
  [
    'alice removed the source identifier from event subscription s in eu-west-1',
    ['s'],
    false,
    call('rds', 'RemoveSourceIdentifierFromSubscription', {
      subscriptionName: 's',
      sourceIdentifier: 'orders',
    }),
  ],
  [
    'alice added role x to database cluster orders in eu-west-1',
    ['x', 'orders'],
    false,
    call('rds', 'AddRoleToDBCluster', {
      dBClusterIdentifier: 'orders',
      roleArn: `arn:aws:iam::${ACCOUNT}:role/x`,
    }),
  ],
  [
    'alice deregistered targets from database proxy p in eu-west-1',
    ['p'],
    false,
    call('rds', 'DeregisterDBProxyTargets', {
      dBProxyName: 'p',
      dBInstanceIdentifiers: ['orders'],
    }),
  ],
  [
    'alice promoted database instance orders from a read replica in eu-west-1',
    ['orders'],
    false,
    call('rds', 'PromoteReadReplica', { dBInstanceIdentifier: 'orders' }),
  ],
  [
    'alice applied the pending maintenance action to database instance orders in eu-west-1',
    ['orders'],
    false,
    call('rds', 'ApplyPendingMaintenanceAction', {
      resourceIdentifier: A('rds', 'db:orders'),
      applyAction: 'system-update',
      optInType: 'immediate',
    }),
  ],
  [
    'alice changed IAM roles of warehouse dw in eu-west-1: add IAM roles to x',
    ['dw'],
    false,
    call('redshift', 'ModifyClusterIamRoles', {
      clusterIdentifier: 'dw',
      addIamRoles: [`arn:aws:iam::${ACCOUNT}:role/x`],
    }),
  ],
  [
    'alice disabled the logging of warehouse dw in eu-west-1',
    ['dw'],
    false,
    call('redshift', 'DisableLogging', { clusterIdentifier: 'dw' }),
  ],
  [
    'alice opened cluster security group g to the public in eu-west-1',
    ['g'],
    true,
    call('redshift', 'AuthorizeClusterSecurityGroupIngress', {
      clusterSecurityGroupName: 'g',
      cIDRIP: '0.0.0.0/0',
    }),
  ],
  [
    'alice opened cache security group g to web in eu-west-1',
    ['g'],
    false,
    call('elasticache', 'AuthorizeCacheSecurityGroupIngress', {
      cacheSecurityGroupName: 'g',
      eC2SecurityGroupName: 'web',
      eC2SecurityGroupOwnerId: '1',
    }),
  ],
  [
    'alice made warehouse dw publicly accessible in eu-west-1',
    ['dw'],
    true,
    call(
      'redshift',
      'ModifyCluster',
      { clusterIdentifier: 'dw', publiclyAccessible: true },
      { clusterIdentifier: 'dw', publiclyAccessible: true },
    ),
  ],
  [
    'alice changed cache c in eu-west-1: snapshot retention limit to 0',
    ['c'],
    false,
    call(
      'elasticache',
      'ModifyReplicationGroup',
      { replicationGroupId: 'c', snapshotRetentionLimit: 0 },
      { replicationGroupId: 'c', snapshotRetentionLimit: 0 },
    ),
  ],
  [
    'alice changed database cluster c in eu-west-1: deletion protection off',
    ['c'],
    false,
    call(
      'rds',
      'ModifyDBCluster',
      { dBClusterIdentifier: 'c', deletionProtection: false },
      { dBClusterIdentifier: 'c', deletionProtection: false },
    ),
  ],
  [
    'alice changed database instance c in eu-west-1: deletion protection off, at once',
    ['c'],
    false,
    call(
      'rds',
      'ModifyDBInstance',
      { dBInstanceIdentifier: 'c', deletionProtection: false, applyImmediately: true },
      { dBInstanceIdentifier: 'c', deletionProtection: true },
    ),
  ],
  [
    'alice changed database instance c in eu-west-1: DB instance class from db.t3.small to db.r5.large, in the next maintenance window',
    ['c'],
    false,
    call(
      'rds',
      'ModifyDBInstance',
      { dBInstanceIdentifier: 'c', dBInstanceClass: 'db.r5.large', applyImmediately: false },
      { dBInstanceIdentifier: 'c', dBInstanceClass: 'db.t3.small' },
    ),
  ],
  [
    'alice changed replication instance ABC in eu-west-1: replication instance class to dms.r5.large',
    ['ABC'],
    false,
    call(
      'dms',
      'ModifyReplicationInstance',
      { replicationInstanceArn: A('dms', 'rep:ABC'), replicationInstanceClass: 'dms.r5.large' },
      { replicationInstance: { replicationInstanceIdentifier: 'mig' } },
    ),
  ],
  [
    'alice created replication instance mig in eu-west-1, open to the internet',
    ['mig'],
    true,
    call('dms', 'CreateReplicationInstance', {
      replicationInstanceIdentifier: 'mig',
      publiclyAccessible: true,
    }),
  ],
  [
    'alice updated cluster abc in eu-west-1: backup retention period to 1',
    ['abc'],
    false,
    call('docdb-elastic', 'UpdateCluster', {
      clusterArn: A('docdb-elastic', 'cluster/abc'),
      backupRetentionPeriod: 1,
    }),
  ],
  [
    'alice changed table t in eu-west-1: deletion protection off',
    ['t'],
    false,
    call(
      'dynamodb',
      'UpdateTable',
      { tableName: 't', deletionProtectionEnabled: false },
      { tableDescription: { deletionProtectionEnabled: false } },
    ),
  ],
  [
    'alice turned off point-in-time recovery of table t in eu-west-1',
    ['t'],
    false,
    call('dynamodb', 'UpdateContinuousBackups', {
      tableName: 't',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: false },
    }),
  ],
  [
    'alice suspended versioning of bucket b in eu-west-1',
    ['b'],
    false,
    call('s3', 'PutBucketVersioning', {
      bucketName: 'b',
      VersioningConfiguration: { Status: 'Suspended' },
    }),
  ],
  [
    'alice opened bucket b to the world with its access list in eu-west-1',
    ['b'],
    true,
    call('s3', 'PutBucketAcl', { bucketName: 'b', 'x-amz-acl': 'public-read' }),
  ],
  [
    'alice weakened the public access block of bucket b in eu-west-1',
    ['b'],
    true,
    call('s3', 'PutBucketPublicAccessBlock', {
      bucketName: 'b',
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: false,
        IgnorePublicAcls: false,
        BlockPublicPolicy: false,
        RestrictPublicBuckets: false,
      },
    }),
  ],
  [
    'alice removed the public access block of bucket b in eu-west-1',
    ['b'],
    true,
    call('s3', 'DeleteBucketPublicAccessBlock', { bucketName: 'b' }),
  ],
  [
    'alice set the access list of a/b.txt in bucket b in eu-west-1, open to the public with its access list (public-read)',
    ['b'],
    true,
    call('s3', 'PutObjectAcl', { bucketName: 'b', key: 'a/b.txt', 'x-amz-acl': 'public-read' }),
  ],
  [
    'alice opened access point ap to the public with its policy in eu-west-1: x:Get',
    ['ap'],
    true,
    call('s3', 'PutAccessPointPolicy', { name: 'ap', accountId: ACCOUNT, policy: pub }),
  ],
  [
    'alice reset the encryption of bucket b in eu-west-1',
    ['b'],
    false,
    call('s3', 'DeleteBucketEncryption', { bucketName: 'b' }),
  ],
  [
    'alice opened queue jobs to everyone in eu-west-1',
    ['jobs'],
    true,
    call('sqs', 'AddPermission', {
      queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/jobs',
      label: 'all',
      actions: ['SendMessage'],
      aWSAccountIds: ['*'],
    }),
  ],
  [
    'alice opened topic t to everyone in eu-west-1',
    ['t'],
    true,
    call('sns', 'AddPermission', {
      topicArn: A('sns', 't'),
      label: 'l',
      aWSAccountId: ['*'],
      actionName: ['Publish'],
    }),
  ],
  [
    'alice opened queue jobs to the world with its policy in eu-west-1: x:Get',
    ['jobs'],
    true,
    call('sqs', 'SetQueueAttributes', {
      queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/jobs',
      attributes: { Policy: pub },
    }),
  ],
  [
    'alice opened vault v to the public with its policy in eu-west-1: x:Get',
    ['v'],
    true,
    call('glacier', 'SetVaultAccessPolicy', { vaultName: 'v', policy: { policy: pub } }),
  ],
  [
    'alice opened repository r to the public with its policy in eu-west-1: x:Get',
    ['r'],
    true,
    call('ecr-public', 'SetRepositoryPolicy', { repositoryName: 'r', policyText: pub }),
  ],
  [
    'alice opened repository r to the world with its policy in eu-west-1: x:Get',
    ['r'],
    true,
    call('ecr', 'SetRepositoryPolicy', { repositoryName: 'r', policyText: pub }),
  ],
  [
    'alice opened API a1 to everyone in eu-west-1, with no authorization',
    ['a1'],
    true,
    call('apigateway', 'PutMethod', {
      restApiId: 'a1',
      resourceId: 'r1',
      httpMethod: 'GET',
      authorizationType: 'NONE',
    }),
  ],
  [
    'alice opened API a1 to everyone in eu-west-1, with no authorization',
    ['a1'],
    true,
    call('apigateway', 'UpdateMethod', {
      restApiId: 'a1',
      resourceId: 'r1',
      httpMethod: 'GET',
      patchOperations: [{ op: 'replace', path: '/authorizationType', value: 'NONE' }],
    }),
  ],
  [
    'alice created route GET / in API a1 in eu-west-1, open to everyone, with no authorization',
    ['GET /', 'a1'],
    true,
    call('apigateway', 'CreateRoute', {
      apiId: 'a1',
      routeKey: 'GET /',
      authorizationType: 'NONE',
    }),
  ],
  [
    'alice opened key 1234abcd-12ab-34cd-56ef-1234567890ab to the world with its policy in eu-west-1: x:Get',
    ['1234abcd-12ab-34cd-56ef-1234567890ab'],
    true,
    call('kms', 'PutKeyPolicy', {
      keyId: '1234abcd-12ab-34cd-56ef-1234567890ab',
      policyName: 'default',
      policy: pub,
    }),
  ],
  [
    'alice created key 1234abcd-12ab-34cd-56ef-1234567890ab in eu-west-1, open to the public with its policy (x:Get)',
    ['1234abcd-12ab-34cd-56ef-1234567890ab'],
    true,
    call(
      'kms',
      'CreateKey',
      { policy: pub },
      {
        keyMetadata: {
          keyId: '1234abcd-12ab-34cd-56ef-1234567890ab',
          arn: A('kms', 'key/1234abcd-12ab-34cd-56ef-1234567890ab'),
        },
      },
    ),
  ],
  [
    'alice opened secret db to the world with its policy in eu-west-1: x:Get',
    ['db'],
    true,
    call('secretsmanager', 'PutResourcePolicy', { secretId: 'db', resourcePolicy: pub }),
  ],
  [
    'alice opened layer l to everyone in eu-west-1',
    ['l'],
    true,
    call('lambda', 'AddLayerVersionPermission20181031', {
      layerName: 'l',
      versionNumber: 1,
      statementId: 'x',
      action: 'lambda:GetLayerVersion',
      principal: '*',
    }),
  ],
  [
    'alice gave a public URL to function f in eu-west-1, with no sign-in',
    ['f'],
    true,
    call('lambda', 'CreateFunctionUrlConfig', { functionName: 'f', authType: 'NONE' }),
  ],
  [
    'alice opened event bus default to everyone in eu-west-1',
    ['default'],
    true,
    call('events', 'PutPermission', {
      statementId: 'x',
      principal: '*',
      action: 'events:PutEvents',
      eventBusName: 'default',
    }),
  ],
  [
    'alice opened resource policy p to the public with its policy in eu-west-1: x:Get',
    ['p'],
    true,
    call('logs', 'PutResourcePolicy', { policyName: 'p', policyDocument: pub }),
  ],
  [
    'alice opened backup vault v to the public with its policy in eu-west-1: x:Get',
    ['v'],
    true,
    call('backup', 'PutBackupVaultAccessPolicy', { backupVaultName: 'v', policy: pub }),
  ],
  [
    'alice opened file system fs-1 to the public with its policy in eu-west-1: x:Get',
    ['fs-1'],
    true,
    call('elasticfilesystem', 'PutFileSystemPolicy', { fileSystemId: 'fs-1', policy: pub }),
  ],
  [
    'alice opened Glue to the public with its policy in eu-west-1: x:Get',
    [],
    true,
    call('glue', 'PutResourcePolicy', { policyInJson: pub }),
  ],
  [
    'alice opened application x to everyone in eu-west-1',
    ['x'],
    true,
    call('serverlessrepo', 'PutApplicationPolicy', {
      applicationId: A('serverlessrepo', 'applications/x'),
      statements: [{ principals: ['*'], actions: ['Deploy'] }],
    }),
  ],
  [
    'alice created policy p in eu-west-1',
    ['p'],
    false,
    call('iot', 'CreatePolicy', {
      policyName: 'p',
      policyDocument: JSON.stringify({
        Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }],
      }),
    }),
  ],
  [
    'alice opened instance i to the public in eu-west-1',
    ['i'],
    true,
    call('lightsail', 'OpenInstancePublicPorts', {
      instanceName: 'i',
      portInfo: { fromPort: 22, toPort: 22, protocol: 'tcp', cidrs: ['0.0.0.0/0'] },
    }),
  ],
  [
    'alice changed cluster c in eu-west-1: logging types to audit and logging off',
    ['c'],
    false,
    call('eks', 'UpdateClusterConfig', {
      name: 'c',
      logging: { clusterLogging: [{ types: ['audit'], enabled: false }] },
    }),
  ],
  [
    'alice opened Kafka cluster k to the internet in eu-west-1',
    ['k'],
    true,
    call('kafka', 'UpdateConnectivity', {
      clusterArn: A('kafka', 'cluster/k/1'),
      connectivityInfo: { publicAccess: { type: 'SERVICE_PROVIDED_EIPS' } },
    }),
  ],
  [
    'alice created broker b in eu-west-1, open to the internet',
    ['b'],
    true,
    call(
      'mq',
      'CreateBroker',
      { brokerName: 'b', publiclyAccessible: true },
      { brokerId: 'b-1', brokerArn: A('mq', 'broker:b:b-1') },
    ),
  ],
  [
    'alice launched an instance (i-0123456789abcdef0) from image ami-0123456789abcdef0 in eu-west-1, open to the internet',
    ['i-0123456789abcdef0', 'ami-0123456789abcdef0'],
    true,
    call(
      'ec2',
      'RunInstances',
      {
        instancesSet: { items: [{ imageId: 'ami-0123456789abcdef0' }] },
        networkInterfaceSet: { items: [{ associatePublicIpAddress: true }] },
      },
      { instancesSet: { items: [{ instanceId: 'i-0123456789abcdef0' }] } },
    ),
  ],
  [
    'alice shared snapshot snap-0123456789abcdef0 with everyone in eu-west-1',
    ['snap-0123456789abcdef0'],
    true,
    call('ec2', 'ModifySnapshotAttribute', {
      snapshotId: 'snap-0123456789abcdef0',
      createVolumePermission: { add: { items: [{ group: 'all' }] } },
      attributeType: 'CREATE_VOLUME_PERMISSION',
    }),
  ],
  [
    'alice shared image ami-0123456789abcdef0 with everyone in eu-west-1',
    ['ami-0123456789abcdef0'],
    true,
    call('ec2', 'ModifyImageAttribute', {
      imageId: 'ami-0123456789abcdef0',
      launchPermission: { add: { items: [{ group: 'all' }] } },
      attributeType: 'launchPermission',
    }),
  ],
  [
    'alice disabled the image block public access in eu-west-1',
    [],
    true,
    call('ec2', 'DisableImageBlockPublicAccess', {}),
  ],
  [
    'alice turned off GuardDuty in eu-west-1',
    ['d1'],
    false,
    call('guardduty', 'UpdateDetector', { detectorId: 'd1', enable: false }),
  ],
  [
    'alice turned off GuardDuty in eu-west-1',
    ['d1'],
    false,
    call('guardduty', 'DeleteDetector', { detectorId: 'd1' }),
  ],
  [
    'alice called DisassociateFromMasterAccount of GuardDuty on detector d1 in eu-west-1',
    ['d1'],
    false,
    call('guardduty', 'DisassociateFromMasterAccount', { detectorId: 'd1' }),
  ],
  [
    'alice disabled Security Hub in eu-west-1',
    [],
    false,
    call('securityhub', 'DisableSecurityHub', {}),
  ],
  [
    'alice deleted configuration recorder default in eu-west-1',
    ['default'],
    false,
    call('config', 'DeleteConfigurationRecorder', { configurationRecorderName: 'default' }),
  ],
  [
    'alice stopped recording configurations with AWS Config in eu-west-1',
    ['default'],
    false,
    call('config', 'StopConfigurationRecorder', { configurationRecorderName: 'default' }),
  ],
  [
    'alice changed trail t in eu-west-1: is multi region trail off',
    ['t'],
    false,
    call('cloudtrail', 'UpdateTrail', { name: 't', isMultiRegionTrail: false }),
  ],
  [
    'alice turned off the logging of trail t in eu-west-1',
    ['t'],
    false,
    call('cloudtrail', 'StopLogging', { name: 't' }),
  ],
  [
    'alice silenced alarm a in eu-west-1',
    ['a'],
    false,
    call('monitoring', 'DisableAlarmActions', { alarmNames: ['a'] }),
  ],
  [
    'alice set alarm a for CPU over 1 in eu-west-1, with its actions off',
    ['a'],
    false,
    call('monitoring', 'PutMetricAlarm', {
      alarmName: 'a',
      actionsEnabled: false,
      metricName: 'CPU',
      threshold: 1,
      comparisonOperator: 'GreaterThanThreshold',
    }),
  ],
  [
    'alice changed load balancer web in eu-west-1: deletion_protection.enabled off',
    ['web'],
    false,
    call('elasticloadbalancing', 'ModifyLoadBalancerAttributes', {
      loadBalancerArn: A('elasticloadbalancing', 'loadbalancer/app/web/1'),
      attributes: [{ key: 'deletion_protection.enabled', value: 'false' }],
    }),
  ],
  [
    'alice changed load balancer web in eu-west-1: access_logs.s3.enabled off',
    ['web'],
    false,
    call('elasticloadbalancing', 'ModifyLoadBalancerAttributes', {
      loadBalancerArn: A('elasticloadbalancing', 'loadbalancer/app/web/1'),
      attributes: [{ key: 'access_logs.s3.enabled', value: 'false' }],
    }),
  ],
  [
    'alice updated stage prod of API a1 in eu-west-1: access log settings removed',
    ['prod', 'a1'],
    false,
    call('apigateway', 'UpdateStage', {
      restApiId: 'a1',
      stageName: 'prod',
      patchOperations: [{ op: 'remove', path: '/accessLogSettings' }],
    }),
  ],
  [
    'alice deleted the logging configuration of web ACL main in eu-west-1',
    ['main'],
    false,
    call('wafv2', 'DeleteLoggingConfiguration', {
      resourceArn: A('wafv2', 'regional/webacl/main/123'),
    }),
  ],
  [
    'alice deleted the config of query logging q1',
    ['q1'],
    false,
    call('route53', 'DeleteQueryLoggingConfig', { id: 'q1' }),
  ],
  [
    'alice turned off the rotation of key 1234abcd-12ab-34cd-56ef-1234567890ab in eu-west-1',
    ['1234abcd-12ab-34cd-56ef-1234567890ab'],
    false,
    call('kms', 'DisableKeyRotation', { keyId: '1234abcd-12ab-34cd-56ef-1234567890ab' }),
  ],
  [
    'alice turned off the encryption of new volumes in eu-west-1',
    [],
    false,
    call('ec2', 'DisableEbsEncryptionByDefault', {}),
  ],
  [
    'alice created job etl in eu-west-1',
    ['etl'],
    false,
    call('glue', 'CreateJob', {
      name: 'etl',
      command: { scriptLocation: 's3://b/x' },
      defaultArguments: { '--password': 'hunter22' },
    }),
  ],
  [
    'alice updated table orders of database sales in eu-west-1',
    ['orders', 'sales'],
    false,
    call('glue', 'UpdateTable', { databaseName: 'sales', tableInput: { name: 'orders' } }),
  ],
  [
    'alice deleted connections a and b in eu-west-1',
    ['a', 'b'],
    false,
    call('glue', 'BatchDeleteConnection', { connectionNameList: ['a', 'b'] }),
  ],
  [
    'alice created named query 1234 in eu-west-1',
    ['1234'],
    false,
    call(
      'athena',
      'CreateNamedQuery',
      { name: 'q', database: 'd', queryString: 'select 1' },
      { namedQueryId: '1234' },
    ),
  ],
  [
    'alice created endpoint e in eu-west-1',
    ['e'],
    false,
    call(
      'sagemaker',
      'CreateEndpoint',
      { endpointName: 'e', endpointConfigName: 'c' },
      { endpointArn: A('sagemaker', 'endpoint/e') },
    ),
  ],
  [
    'alice deleted model m in eu-west-1',
    ['m'],
    false,
    call('sagemaker', 'DeleteModel', { modelName: 'm' }),
  ],
  [
    'alice attached policy p to certificate abc in eu-west-1',
    ['p', 'abc'],
    false,
    call('iot', 'AttachPolicy', { policyName: 'p', target: A('iot', 'cert/abc') }),
  ],
  [
    'alice detached the principal from thing th in eu-west-1',
    ['th', 'abc'],
    false,
    call('iot', 'DetachThingPrincipal', { thingName: 'th', principal: A('iot', 'cert/abc') }),
  ],
  [
    'alice registered instance host-1 in eu-west-1',
    ['host-1'],
    false,
    call('servicediscovery', 'RegisterInstance', {
      serviceId: 'srv-1',
      instanceId: 'host-1',
      attributes: { AWS_INSTANCE_IPV4: '10.0.0.1' },
    }),
  ],
  [
    'alice created an account in the organization',
    [],
    false,
    call(
      'organizations',
      'CreateAccount',
      { accountName: 'HIDDEN_DUE_TO_SECURITY_REASONS', email: 'HIDDEN_DUE_TO_SECURITY_REASONS' },
      { createAccountStatus: { id: 'car-1', state: 'IN_PROGRESS' } },
    ),
  ],
  [
    'alice registered account 444455556666 as delegated administrator of GuardDuty',
    ['444455556666'],
    false,
    call('organizations', 'RegisterDelegatedAdministrator', {
      accountId: '444455556666',
      servicePrincipal: 'guardduty.amazonaws.com',
    }),
  ],
  [
    'alice accepted handshake h-1',
    ['h-1'],
    false,
    call('organizations', 'AcceptHandshake', { handshakeId: 'h-1' }),
  ],
  [
    'alice created an assignment for account 444455556666 in eu-west-1',
    ['444455556666', 'ssoins-1', 'ps-1'],
    false,
    call('sso', 'CreateAccountAssignment', {
      instanceArn: 'arn:aws:sso:::instance/ssoins-1',
      targetId: '444455556666',
      targetType: 'AWS_ACCOUNT',
      permissionSetArn: 'arn:aws:sso:::permissionSet/ssoins-1/ps-1',
      principalType: 'USER',
      principalId: 'u-1',
    }),
  ],
  [
    'alice created a membership for group g-1 in eu-west-1',
    ['g-1'],
    false,
    call(
      'identitystore',
      'CreateGroupMembership',
      { identityStoreId: 'd-1', groupId: 'g-1', memberId: { userId: 'u-1' } },
      { membershipId: 'm-1' },
    ),
  ],
  [
    'alice created user u in eu-west-1',
    ['u'],
    false,
    call('transfer', 'CreateUser', {
      serverId: 's-1',
      userName: 'u',
      role: `arn:aws:iam::${ACCOUNT}:role/x`,
      sshPublicKeyBody: 'ssh-rsa AAAA',
    }),
  ],
  [
    'alice imported the SSH public key into server s-1 in eu-west-1',
    ['s-1'],
    false,
    call('transfer', 'ImportSshPublicKey', {
      serverId: 's-1',
      userName: 'u',
      sshPublicKeyBody: 'ssh-rsa AAAAB3',
    }),
  ],
  [
    'alice terminated workspace ws-1 in eu-west-1',
    ['ws-1'],
    false,
    call('workspaces', 'TerminateWorkspaces', {
      terminateWorkspaceRequests: [{ workspaceId: 'ws-1' }],
    }),
  ],
  [
    'alice created a key for API a1 in eu-west-1',
    ['a1'],
    false,
    call('appsync', 'CreateApiKey', { apiId: 'a1' }, { apiKey: { id: 'da2-abc' } }),
  ],
  [
    'alice updated pipeline p in eu-west-1: pipeline version to 2',
    ['p'],
    false,
    call('codepipeline', 'UpdatePipeline', { pipeline: { name: 'p', version: 2 } }),
  ],
  [
    'alice created state machine sm in eu-west-1',
    ['sm'],
    false,
    call(
      'states',
      'CreateStateMachine',
      { name: 'sm', definition: '{}' },
      { stateMachineArn: A('states', 'stateMachine:sm') },
    ),
  ],
  [
    'alice tried to make rule r call f in eu-west-1, but it failed: no',
    ['r', 'f'],
    false,
    call(
      'events',
      'PutTargets',
      { rule: 'r', targets: [{ id: '1', arn: A('lambda', 'function:f') }] },
      {
        failedEntryCount: 1,
        failedEntries: [
          { targetId: '1', errorCode: 'ResourceNotFoundException', errorMessage: 'no' },
        ],
      },
    ),
  ],
  [
    'alice tried to run a task of web:1 in cluster c in eu-west-1, but it failed: RESOURCE:MEMORY',
    ['web:1', 'c'],
    false,
    call(
      'ecs',
      'RunTask',
      { cluster: 'c', taskDefinition: 'web:1' },
      { tasks: [], failures: [{ arn: 'x', reason: 'RESOURCE:MEMORY' }] },
    ),
  ],
  [
    'alice updated document Deploy in eu-west-1: content to {}',
    ['Deploy'],
    false,
    call('ssm', 'UpdateDocument', { name: 'Deploy', content: '{}' }),
  ],
  [
    'alice started automation AWS-RestartEC2Instance in eu-west-1',
    ['AWS-RestartEC2Instance'],
    false,
    call(
      'ssm',
      'StartAutomationExecution',
      {
        documentName: 'AWS-RestartEC2Instance',
        parameters: { InstanceId: ['i-0123456789abcdef0'] },
      },
      { automationExecutionId: '1-2' },
    ),
  ],
  [
    'alice created distribution E1',
    ['E1'],
    false,
    call(
      'cloudfront',
      'CreateDistribution',
      { distributionConfig: { comment: 'shop' } },
      { distribution: { id: 'E1', aRN: `arn:aws:cloudfront::${ACCOUNT}:distribution/E1` } },
    ),
  ],
  [
    'alice updated distribution E1',
    ['E1'],
    false,
    call('cloudfront', 'UpdateDistribution', {
      id: 'E1',
      distributionConfig: { enabled: true, comment: 'x' },
    }),
  ],
  [
    'alice associated alias shop.example.com with distribution E1',
    ['shop.example.com', 'E1'],
    false,
    call('cloudfront', 'AssociateAlias', { targetDistributionId: 'E1', alias: 'shop.example.com' }),
  ],
  [
    'alice shared directory d-1 in eu-west-1',
    ['d-1'],
    false,
    call('ds', 'ShareDirectory', {
      directoryId: 'd-1',
      shareTarget: { id: '444455556666', type: 'ACCOUNT' },
    }),
  ],
  [
    'alice ran job flow j-1 in eu-west-1',
    ['j-1'],
    false,
    call('elasticmapreduce', 'RunJobFlow', { name: 'emr', instances: {} }, { jobFlowId: 'j-1' }),
  ],
  [
    'alice terminated job flow j-1 in eu-west-1',
    ['j-1'],
    false,
    call('elasticmapreduce', 'TerminateJobFlows', { jobFlowIds: ['j-1'] }),
  ],
  [
    'alice started an execution for image pipeline x in eu-west-1',
    ['x'],
    false,
    call('imagebuilder', 'StartImagePipelineExecution', {
      imagePipelineArn: A('imagebuilder', 'image-pipeline/x'),
    }),
  ],
  [
    'alice deleted file system fs-0123456789abcdef0 in eu-west-1',
    ['fs-0123456789abcdef0'],
    false,
    call('fsx', 'DeleteFileSystem', { fileSystemId: 'fs-0123456789abcdef0' }),
  ],
  [
    'alice deleted OIDC provider x',
    ['x'],
    false,
    call('iam', 'DeleteOpenIDConnectProvider', {
      openIDConnectProviderArn: `arn:aws:iam::${ACCOUNT}:oidc-provider/x`,
    }),
  ],
  [
    'alice removed the client id from OIDC provider x',
    ['x'],
    false,
    call('iam', 'RemoveClientIDFromOpenIDConnectProvider', {
      openIDConnectProviderArn: `arn:aws:iam::${ACCOUNT}:oidc-provider/x`,
      clientID: 'c',
    }),
  ],
  [
    'alice uploaded the SSH public key to user bo',
    ['bo'],
    false,
    call(
      'iam',
      'UploadSSHPublicKey',
      { userName: 'bo', sSHPublicKeyBody: 'ssh-rsa AAAA' },
      { sSHPublicKey: { sSHPublicKeyId: 'APKA1' } },
    ),
  ],
  [
    'alice allowed 5432/tcp from sg-0fedcba9876543210 into security group sg-0123456789abcdef0 (app) in eu-west-1',
    ['sg-0123456789abcdef0'],
    false,
    call('ec2', 'AuthorizeSecurityGroupIngress', {
      groupId: 'sg-0123456789abcdef0',
      ipPermissions: {
        items: [
          {
            ipProtocol: 'tcp',
            fromPort: 5432,
            toPort: 5432,
            groups: { items: [{ groupId: 'sg-0fedcba9876543210', description: 'app' }] },
          },
        ],
      },
    }),
  ],
  [
    'alice removed inbound 5432/tcp from 10.0.0.0/8 on security group sg-0123456789abcdef0 (postgres) in eu-west-1',
    ['sg-0123456789abcdef0'],
    false,
    call('ec2', 'RevokeSecurityGroupIngress', {
      groupId: 'sg-0123456789abcdef0',
      ipPermissions: {
        items: [
          {
            ipProtocol: 'tcp',
            fromPort: 5432,
            toPort: 5432,
            ipRanges: { items: [{ cidrIp: '10.0.0.0/8', description: 'postgres' }] },
          },
        ],
      },
    }),
  ],
  [
    'alice created security group b in eu-west-1',
    ['b'],
    false,
    call('ec2', 'CreateSecurityGroup', { groupName: 'b' }),
  ],
  [
    'alice attached target group tg to Auto Scaling group web in eu-west-1',
    ['tg', 'web'],
    false,
    call('autoscaling', 'AttachLoadBalancerTargetGroups', {
      autoScalingGroupName: 'web',
      targetGroupARNs: [A('elasticloadbalancing', 'targetgroup/tg/1')],
    }),
  ],
  [
    'alice moved instance i-0123456789abcdef0 into standby in Auto Scaling group web in eu-west-1',
    ['web', 'i-0123456789abcdef0'],
    false,
    call('autoscaling', 'EnterStandby', {
      autoScalingGroupName: 'web',
      instanceIds: ['i-0123456789abcdef0'],
      shouldDecrementDesiredCapacity: true,
    }),
  ],
  [
    'alice sent a message to queue jobs in eu-west-1',
    ['jobs'],
    false,
    call('sqs', 'SendMessage', { queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/jobs' }),
  ],
  [
    'alice put records into stream clicks in eu-west-1',
    ['clicks'],
    false,
    call('kinesis', 'PutRecords', { streamName: 'clicks' }),
  ],
  [
    'alice published to topic alerts in eu-west-1',
    ['alerts'],
    false,
    call('sns', 'PublishBatch', { topicArn: A('sns', 'alerts') }),
  ],
  [
    'alice ended subscription alerts:1-2 in eu-west-1',
    ['alerts:1-2'],
    false,
    call('sns', 'Unsubscribe', { subscriptionArn: A('sns', 'alerts:1-2') }),
  ],
  [
    'alice associated key 1234abcd-12ab-34cd-56ef-1234567890ab with log group /a in eu-west-1',
    ['1234abcd-12ab-34cd-56ef-1234567890ab', '/a'],
    false,
    call('logs', 'AssociateKmsKey', {
      logGroupName: '/a',
      kmsKeyId: A('kms', 'key/1234abcd-12ab-34cd-56ef-1234567890ab'),
    }),
  ],
  [
    'alice removed the KMS key from log group /a in eu-west-1',
    ['/a'],
    false,
    call('logs', 'DisassociateKmsKey', { logGroupName: '/a' }),
  ],
  [
    'alice removed tag a from cache c in eu-west-1',
    ['c'],
    false,
    call('elasticache', 'RemoveTagsFromResource', {
      resourceName: A('elasticache', 'replicationgroup:c'),
      tagKeys: ['a'],
    }),
  ],
  [
    'alice removed tags a and b from delivery stream d in eu-west-1',
    ['d'],
    false,
    call('firehose', 'UntagDeliveryStream', { deliveryStreamName: 'd', tagKeys: ['a', 'b'] }),
  ],
  [
    'alice removed tag a from distribution E1',
    ['E1'],
    false,
    call('cloudfront', 'UntagResource', {
      resource: `arn:aws:cloudfront::${ACCOUNT}:distribution/E1`,
      tagKeys: { items: ['a'] },
    }),
  ],
  [
    'alice removed tag a from function pay in eu-west-1',
    ['pay'],
    false,
    call('tagging', 'UntagResources', {
      resourceARNList: [A('lambda', 'function:pay')],
      tagKeys: ['a'],
    }),
  ],
  [
    'alice tagged function pay with a in eu-west-1',
    ['pay', 'q'],
    false,
    call('tagging', 'TagResources', {
      resourceARNList: [A('lambda', 'function:pay'), A('sqs', 'q')],
      tags: { a: 'b' },
    }),
  ],
  [
    'alice removed tags from bucket b in eu-west-1',
    ['b'],
    false,
    call('s3', 'DeleteBucketTagging', { bucketName: 'b' }),
  ],
  [
    'alice associated VPC vpc-0a1b2c3d4e5f60718 with hosted zone Z1',
    ['vpc-0a1b2c3d4e5f60718', 'Z1'],
    false,
    call('route53', 'AssociateVPCWithHostedZone', {
      hostedZoneId: 'Z1',
      vPC: { vPCId: 'vpc-0a1b2c3d4e5f60718', vPCRegion: 'us-east-1' },
    }),
  ],
  [
    'alice disassociated the VPC CIDR block (vpc-cidr-assoc-0123456789abcdef0) in eu-west-1',
    ['vpc-cidr-assoc-0123456789abcdef0'],
    false,
    call('ec2', 'DisassociateVpcCidrBlock', { associationId: 'vpc-cidr-assoc-0123456789abcdef0' }),
  ],
  [
    'alice detached VPN gateway vgw-0123456789abcdef0 from VPC vpc-0123456789abcdef0 in eu-west-1',
    ['vgw-0123456789abcdef0', 'vpc-0123456789abcdef0'],
    false,
    call('ec2', 'DetachVpnGateway', {
      vpcId: 'vpc-0123456789abcdef0',
      vpnGatewayId: 'vgw-0123456789abcdef0',
    }),
  ],
  [
    'alice detached VPC vpc-0123456789abcdef0 from instance i-0123456789abcdef0 in eu-west-1',
    ['vpc-0123456789abcdef0', 'i-0123456789abcdef0'],
    false,
    call('ec2', 'DetachClassicLinkVpc', {
      instanceId: 'i-0123456789abcdef0',
      vpcId: 'vpc-0123456789abcdef0',
    }),
  ],
  [
    'alice removed tag Env from i-0123456789abcdef0 in eu-west-1',
    ['i-0123456789abcdef0'],
    false,
    call('ec2', 'DeleteTags', {
      resourcesSet: { items: [{ resourceId: 'i-0123456789abcdef0' }] },
      tagSet: { items: [{ key: 'Env' }] },
    }),
  ],
  [
    'alice disabled the vgw route propagation of route table rtb-0123456789abcdef0 in eu-west-1',
    ['rtb-0123456789abcdef0', 'vgw-0123456789abcdef0'],
    false,
    call('ec2', 'DisableVgwRoutePropagation', {
      routeTableId: 'rtb-0123456789abcdef0',
      gatewayId: 'vgw-0123456789abcdef0',
    }),
  ],
  [
    'alice changed a rule of security group sg-0123456789abcdef0 to 22/tcp from the world in eu-west-1',
    ['sg-0123456789abcdef0', 'sgr-0123456789abcdef0'],
    true,
    call('ec2', 'ModifySecurityGroupRules', {
      ModifySecurityGroupRulesRequest: {
        GroupId: 'sg-0123456789abcdef0',
        SecurityGroupRule: {
          SecurityGroupRuleId: 'sgr-0123456789abcdef0',
          SecurityGroupRule: {
            IpProtocol: 'tcp',
            FromPort: 22,
            ToPort: 22,
            CidrIpv4: '0.0.0.0/0',
            Description: 'ssh',
          },
        },
      },
    }),
  ],
  [
    'alice deleted security group sg-0123456789abcdef0 in eu-west-1',
    ['sg-0123456789abcdef0'],
    false,
    call('ec2', 'DeleteSecurityGroup', { groupId: 'sg-0123456789abcdef0' }),
  ],
  [
    'alice removed 1 inbound rule from security group sg-0123456789abcdef0 in eu-west-1',
    ['sg-0123456789abcdef0', 'sgr-0123456789abcdef0'],
    false,
    call('ec2', 'RevokeSecurityGroupIngress', {
      groupId: 'sg-0123456789abcdef0',
      securityGroupRuleIds: { items: [{ securityGroupRuleId: 'sgr-0123456789abcdef0' }] },
    }),
  ],
  [
    'alice allowed all traffic from the world in network ACL acl-0123456789abcdef0 in eu-west-1',
    ['acl-0123456789abcdef0'],
    true,
    call('ec2', 'CreateNetworkAclEntry', {
      networkAclId: 'acl-0123456789abcdef0',
      ruleNumber: 100,
      aclProtocol: '-1',
      ruleAction: 'allow',
      egress: false,
      cidrBlock: '0.0.0.0/0',
    }),
  ],
  [
    'alice gave Elastic IP 1.2.3.4 to instance i-0123456789abcdef0 in eu-west-1',
    ['1.2.3.4', 'i-0123456789abcdef0'],
    false,
    call('ec2', 'AssociateAddress', { instanceId: 'i-0123456789abcdef0', publicIp: '1.2.3.4' }),
  ],
  [
    'alice turned off automated snapshots of cluster m in eu-west-1',
    ['m'],
    false,
    call('memorydb', 'UpdateCluster', { clusterName: 'm', snapshotRetentionLimit: 0 }),
  ],
  [
    'alice created search domain logs in eu-west-1, open to the public with its policy (x:Get)',
    ['logs'],
    true,
    call('es', 'CreateDomain', { domainName: 'logs', accessPolicies: pub }),
  ],
  [
    'alice deleted the partition of table t in eu-west-1',
    ['t', 's'],
    false,
    call('glue', 'DeletePartition', { databaseName: 's', tableName: 't', partitionValues: ['1'] }),
  ],
  [
    'alice stopped trigger tr in eu-west-1',
    ['tr'],
    false,
    call('glue', 'StopTrigger', { name: 'tr' }),
  ],
  [
    'alice reset the bookmark of job j in eu-west-1',
    ['j'],
    false,
    call('glue', 'ResetJobBookmark', { jobName: 'j' }),
  ],
  [
    'alice deleted user pool client c1 of user pool p in eu-west-1',
    ['p', 'c1'],
    false,
    call('cognito-idp', 'DeleteUserPoolClient', { userPoolId: 'p', clientId: 'c1' }),
  ],
  [
    'alice opened identity pool eu:1 to everyone in eu-west-1, with no sign-in',
    ['eu:1'],
    true,
    call('cognito-identity', 'UpdateIdentityPool', {
      identityPoolId: 'eu:1',
      identityPoolName: 'n',
      allowUnauthenticatedIdentities: true,
    }),
  ],
  [
    'alice deleted API a1 in eu-west-1',
    ['a1'],
    false,
    call('apigateway', 'DeleteRestApi', { restApiId: 'a1' }),
  ],
  [
    'alice opened API a1 to the public with its policy in eu-west-1: x:Get',
    ['a1'],
    true,
    call('apigateway', 'UpdateRestApi', {
      restApiId: 'a1',
      patchOperations: [{ op: 'replace', path: '/policy', value: pub }],
    }),
  ],
  [
    'alice deleted route r1 of API a1 in eu-west-1',
    ['r1', 'a1'],
    false,
    call('apigateway', 'DeleteRoute', { apiId: 'a1', routeId: 'r1' }),
  ],
  [
    'alice created API key k in eu-west-1',
    ['k'],
    false,
    call('apigateway', 'CreateApiKey', { name: 'k', value: 's3cr3tvalue' }),
  ],
  [
    'alice created graphql API g in eu-west-1',
    ['g'],
    false,
    call('appsync', 'CreateGraphqlApi', { name: 'g', authenticationType: 'API_KEY' }),
  ],
  [
    'alice set the event invoke config of function f in eu-west-1: maximum retry attempts to 0',
    ['f'],
    false,
    call('lambda', 'PutFunctionEventInvokeConfig', { functionName: 'f', maximumRetryAttempts: 0 }),
  ],
  [
    'alice removed the version permission from layer l in eu-west-1',
    ['l'],
    false,
    call('lambda', 'RemoveLayerVersionPermission', {
      layerName: 'l',
      versionNumber: 1,
      statementId: 's',
    }),
  ],
  [
    'alice deleted the provisioned concurrency config of function f in eu-west-1',
    ['f'],
    false,
    call('lambda', 'DeleteProvisionedConcurrencyConfig', { functionName: 'f', qualifier: '1' }),
  ],
  [
    'alice removed the permission from topic t in eu-west-1',
    ['t'],
    false,
    call('sns', 'RemovePermission', { topicArn: A('sns', 't'), label: 'x' }),
  ],
  [
    'alice opened topic t to the world with its policy in eu-west-1: x:Get',
    ['t'],
    true,
    call('sns', 'SetTopicAttributes', {
      topicArn: A('sns', 't'),
      attributeName: 'Policy',
      attributeValue: pub,
    }),
  ],
  [
    'alice removed the permission from event bus default in eu-west-1',
    ['default'],
    false,
    call('events', 'RemovePermission', { statementId: 'x', eventBusName: 'default' }),
  ],
  [
    'alice deactivated event source e in eu-west-1',
    ['e'],
    false,
    call('events', 'DeactivateEventSource', { name: 'e' }),
  ],
  [
    'alice removed thing t from thing group g in eu-west-1',
    ['t', 'g'],
    false,
    call('iot', 'RemoveThingFromThingGroup', { thingName: 't', thingGroupName: 'g' }),
  ],
  [
    'alice removed user u from group g',
    ['u', 'g'],
    false,
    call('iam', 'RemoveUserFromGroup', { userName: 'u', groupName: 'g' }),
  ],
  [
    'alice deleted SSH public key APK1 of user u',
    ['APK1', 'u'],
    false,
    call('iam', 'DeleteSSHPublicKey', { userName: 'u', sSHPublicKeyId: 'APK1' }),
  ],
  [
    'alice updated SAML provider okta',
    ['okta'],
    false,
    call('iam', 'UpdateSAMLProvider', {
      sAMLProviderArn: `arn:aws:iam::${ACCOUNT}:saml-provider/okta`,
    }),
  ],
  [
    'alice removed tag a from role r',
    ['r'],
    false,
    call('iam', 'UntagRole', { roleName: 'r', tagKeys: ['a'] }),
  ],
  [
    'alice detached policy AdministratorAccess from permission set ps-1 in eu-west-1',
    ['AdministratorAccess', 'ps-1', 'ssoins-1'],
    false,
    call('sso', 'DetachManagedPolicyFromPermissionSet', {
      instanceArn: 'arn:aws:sso:::instance/ssoins-1',
      permissionSetArn: 'arn:aws:sso:::permissionSet/ssoins-1/ps-1',
      managedPolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
    }),
  ],
  [
    'alice detached the organization’s policy p-1 from 444455556666',
    ['p-1', '444455556666'],
    false,
    call('organizations', 'DetachPolicy', { policyId: 'p-1', targetId: '444455556666' }),
  ],
  [
    'alice deleted members of detector d in eu-west-1',
    ['d', '444455556666'],
    false,
    call('guardduty', 'DeleteMembers', { detectorId: 'd', accountIds: ['444455556666'] }),
  ],
  [
    'alice updated detector d in eu-west-1: data sources s3 logs off',
    ['d'],
    false,
    call('guardduty', 'UpdateDetector', {
      detectorId: 'd',
      dataSources: { s3Logs: { enable: false } },
    }),
  ],
  ['alice disabled Macie in eu-west-1', [], false, call('macie2', 'DisableMacie', null)],
  [
    'alice deleted analyzer a in eu-west-1',
    ['a'],
    false,
    call('access-analyzer', 'DeleteAnalyzer', { analyzerName: 'a' }),
  ],
  [
    'alice disabled Inspector in eu-west-1',
    [],
    false,
    call('inspector2', 'Disable', { resourceTypes: ['EC2'] }),
  ],
  [
    'alice deleted delivery channel default in eu-west-1',
    ['default'],
    false,
    call('config', 'DeleteDeliveryChannel', { deliveryChannelName: 'default' }),
  ],
  [
    'alice changed which events are logged by trail t in eu-west-1: no more management events',
    ['t'],
    false,
    call('cloudtrail', 'PutEventSelectors', {
      trailName: 't',
      eventSelectors: [{ readWriteType: 'All', includeManagementEvents: false }],
    }),
  ],
  [
    'alice deleted event data store 1 in eu-west-1',
    ['1'],
    false,
    call('cloudtrail', 'DeleteEventDataStore', {
      eventDataStore: A('cloudtrail', 'eventdatastore/1'),
    }),
  ],
  [
    'alice deleted the lock configuration of backup vault v in eu-west-1',
    ['v'],
    false,
    call('backup', 'DeleteBackupVaultLockConfiguration', { backupVaultName: 'v' }),
  ],
  [
    'alice deleted recovery point 1 of backup vault v in eu-west-1',
    ['1', 'v'],
    false,
    call('backup', 'DeleteRecoveryPoint', {
      backupVaultName: 'v',
      recoveryPointArn: A('backup', 'recovery-point:1'),
    }),
  ],
  [
    'alice deleted subscription filter f of log group /a in eu-west-1',
    ['f', '/a'],
    false,
    call('logs', 'DeleteSubscriptionFilter', { logGroupName: '/a', filterName: 'f' }),
  ],
  [
    'alice deleted alarms a and b in eu-west-1',
    ['a', 'b'],
    false,
    call('monitoring', 'DeleteAlarms', { alarmNames: ['a', 'b'] }),
  ],
  [
    'alice removed health check h1 from protection p1',
    ['h1', 'p1'],
    false,
    call('shield', 'DisassociateHealthCheck', {
      protectionId: 'p1',
      healthCheckArn: 'arn:aws:route53:::healthcheck/h1',
    }),
  ],
  [
    'alice removed subnet subnet-0123456789abcdef0 from firewall fw in eu-west-1',
    ['subnet-0123456789abcdef0', 'fw'],
    false,
    call('network-firewall', 'DisassociateSubnets', {
      firewallName: 'fw',
      subnetIds: ['subnet-0123456789abcdef0'],
    }),
  ],
  [
    'alice updated the delete protection of firewall fw in eu-west-1: delete protection off',
    ['fw'],
    false,
    call('network-firewall', 'UpdateFirewallDeleteProtection', {
      firewallName: 'fw',
      deleteProtection: false,
    }),
  ],
  [
    'alice set the IP address type of load balancer web in eu-west-1: IP address type to dualstack',
    ['web'],
    false,
    call('elasticloadbalancing', 'SetIpAddressType', {
      loadBalancerArn: A('elasticloadbalancing', 'loadbalancer/app/web/1'),
      ipAddressType: 'dualstack',
    }),
  ],
  [
    'alice disabled availability zones for load balancer old in eu-west-1',
    ['old'],
    false,
    call('elasticloadbalancing', 'DisableAvailabilityZonesForLoadBalancer', {
      loadBalancerName: 'old',
      availabilityZones: ['eu-west-1a'],
    }),
  ],
  [
    'alice removed certificate 1 from listener web in eu-west-1',
    ['web', '1'],
    false,
    call('elasticloadbalancing', 'RemoveListenerCertificates', {
      listenerArn: A('elasticloadbalancing', 'listener/app/web/1/2'),
      certificates: [{ certificateArn: A('acm', 'certificate/1') }],
    }),
  ],
  [
    'alice set capacity providers of cluster c in eu-west-1: capacity providers to FARGATE',
    ['c'],
    false,
    call('ecs', 'PutClusterCapacityProviders', { cluster: 'c', capacityProviders: ['FARGATE'] }),
  ],
  [
    'alice updated service s in cluster c in eu-west-1: network configuration awsvpc configuration assign public IP to ENABLED and network configuration awsvpc configuration subnets to subnet-0123456789abcdef0',
    ['s', 'c'],
    true,
    call('ecs', 'UpdateService', {
      cluster: 'c',
      service: 's',
      networkConfiguration: {
        awsvpcConfiguration: { assignPublicIp: 'ENABLED', subnets: ['subnet-0123456789abcdef0'] },
      },
    }),
  ],
  [
    'alice removed identity provider config oidc from cluster c in eu-west-1',
    ['oidc', 'c'],
    false,
    call('eks', 'DisassociateIdentityProviderConfig', {
      clusterName: 'c',
      identityProviderConfig: { name: 'oidc', type: 'oidc' },
    }),
  ],
  [
    'alice gave AmazonEKSClusterAdminPolicy to role dev in cluster c in eu-west-1',
    ['dev', 'c', 'AmazonEKSClusterAdminPolicy'],
    false,
    call('eks', 'AssociateAccessPolicy', {
      clusterName: 'c',
      principalArn: `arn:aws:iam::${ACCOUNT}:role/dev`,
      policyArn: 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy',
    }),
  ],
  [
    'alice detached load balancer old from Auto Scaling group web in eu-west-1',
    ['old', 'web'],
    false,
    call('autoscaling', 'DetachLoadBalancers', {
      autoScalingGroupName: 'web',
      loadBalancerNames: ['old'],
    }),
  ],
  [
    'alice set the protection of instance i-0123456789abcdef0 in eu-west-1: protected from scale in to false',
    ['i-0123456789abcdef0', 'web'],
    false,
    call('autoscaling', 'SetInstanceProtection', {
      autoScalingGroupName: 'web',
      instanceIds: ['i-0123456789abcdef0'],
      protectedFromScaleIn: false,
    }),
  ],
  [
    'alice set the notification configuration of Auto Scaling group web in eu-west-1: topic ARN to t and notification types to x',
    ['web'],
    false,
    call('autoscaling', 'PutNotificationConfiguration', {
      autoScalingGroupName: 'web',
      topicARN: A('sns', 't'),
      notificationTypes: ['x'],
    }),
  ],
  [
    'alice scheduled the deletion of key 1234abcd-12ab-34cd-56ef-1234567890ab in 7 days in eu-west-1',
    ['1234abcd-12ab-34cd-56ef-1234567890ab'],
    false,
    call('kms', 'ScheduleKeyDeletion', {
      keyId: '1234abcd-12ab-34cd-56ef-1234567890ab',
      pendingWindowInDays: 7,
    }),
  ],
  [
    'alice imported the material into key 1234abcd-12ab-34cd-56ef-1234567890ab in eu-west-1',
    ['1234abcd-12ab-34cd-56ef-1234567890ab'],
    false,
    call('kms', 'ImportKeyMaterial', { keyId: '1234abcd-12ab-34cd-56ef-1234567890ab' }),
  ],
  [
    'alice exported table orders to bucket elsewhere in eu-west-1',
    ['orders', 'elsewhere'],
    false,
    call('dynamodb', 'ExportTableToPointInTime', {
      tableArn: A('dynamodb', 'table/orders'),
      s3Bucket: 'elsewhere',
    }),
  ],
  [
    'alice restored table new from backup orders in eu-west-1',
    ['new', 'orders'],
    false,
    call('dynamodb', 'RestoreTableFromBackup', {
      targetTableName: 'new',
      backupArn: A('dynamodb', 'table/orders/backup/1'),
    }),
  ],
  [
    'alice created an export task for log group /a in eu-west-1',
    ['/a'],
    false,
    call('logs', 'CreateExportTask', {
      logGroupName: '/a',
      destination: 'elsewhere',
      from: 1,
      to: 2,
    }),
  ],
  [
    'alice exported image ami-0123456789abcdef0 to bucket elsewhere in eu-west-1',
    ['ami-0123456789abcdef0', 'elsewhere'],
    false,
    call('ec2', 'ExportImage', {
      imageId: 'ami-0123456789abcdef0',
      s3ExportLocation: { s3Bucket: 'elsewhere' },
    }),
  ],
  [
    'alice turned off access logging of bucket b in eu-west-1',
    ['b'],
    false,
    call('s3', 'PutBucketLogging', { bucketName: 'b', BucketLoggingStatus: '' }),
  ],
  [
    'alice set the object ownership of bucket b to ObjectWriter in eu-west-1',
    ['b'],
    false,
    call('s3', 'PutBucketOwnershipControls', {
      bucketName: 'b',
      OwnershipControls: { Rule: { ObjectOwnership: 'ObjectWriter' } },
    }),
  ],
  [
    'alice created notebook instance n in eu-west-1',
    ['n'],
    false,
    call('sagemaker', 'CreateNotebookInstance', {
      notebookInstanceName: 'n',
      directInternetAccess: 'Enabled',
    }),
  ],
  [
    'alice set the block public access configuration in eu-west-1: block public access configuration block public security group rules off',
    [],
    true,
    call('elasticmapreduce', 'PutBlockPublicAccessConfiguration', {
      blockPublicAccessConfiguration: { blockPublicSecurityGroupRules: false },
    }),
  ],
  [
    'alice opened repository r to the public with its policy in eu-west-1: x:Get',
    ['r'],
    true,
    call('codeartifact', 'PutRepositoryPermissionsPolicy', {
      domain: 'd',
      repository: 'r',
      policyDocument: pub,
    }),
  ],
  [
    'alice opened container c to the public with its policy in eu-west-1: x:Get',
    ['c'],
    true,
    call('mediastore', 'PutContainerPolicy', { containerName: 'c', policy: pub }),
  ],
  [
    'alice opened identity example.com to the public with its policy in eu-west-1: x:Get',
    ['example.com'],
    true,
    call('ses', 'PutIdentityPolicy', { identity: 'example.com', policyName: 'p', policy: pub }),
  ],
  [
    'alice opened registry r to the public with its policy in eu-west-1: x:Get',
    ['r'],
    true,
    call('schemas', 'PutResourcePolicy', { registryName: 'r', policy: pub }),
  ],
  [
    'alice deleted the policy of repository r in eu-west-1',
    ['r'],
    false,
    call('ecr', 'DeleteRepositoryPolicy', { repositoryName: 'r' }),
  ],
  [
    'alice shared document d with everyone in eu-west-1',
    ['d'],
    true,
    call('ssm', 'ModifyDocumentPermission', {
      name: 'd',
      permissionType: 'Share',
      accountIdsToAdd: ['all'],
    }),
  ],
  [
    'alice stopped canary c in eu-west-1',
    ['c'],
    false,
    call('synthetics', 'StopCanary', { name: 'c' }),
  ],
  [
    'alice started a deployment for app a in eu-west-1',
    ['a'],
    false,
    call('amplify', 'StartDeployment', { appId: 'a', branchName: 'main' }),
  ],
  [
    'alice associated the wireless gateway with thing t in eu-west-1',
    ['t'],
    false,
    call('iotwireless', 'AssociateWirelessGatewayWithThing', {
      id: 'g1',
      thingArn: A('iot', 'thing/t'),
    }),
  ],
  [
    'alice removed the contact flow from phone number p1 in eu-west-1',
    ['p1'],
    false,
    call('connect', 'DisassociatePhoneNumberContactFlow', {
      phoneNumberId: 'p1',
      instanceId: '1234-5',
    }),
  ],
  [
    'alice removed IP group wsipg-1 from directory d-1 in eu-west-1',
    ['wsipg-1', 'd-1'],
    false,
    call('workspaces', 'DisassociateIpGroups', { directoryId: 'd-1', groupIds: ['wsipg-1'] }),
  ],
]

describe('a call', () => {
  it.each(CASES)('%s', (sentence, resources, isPublic, record) => {
    const change = read(record)
    expect(change.summary).toBe(sentence)
    expect(change.resources.map(({ id }) => id)).toEqual(resources)
    expect(change.publicAccess !== undefined).toBe(isPublic)
    expect(change.risks.includes('public_access')).toBe(isPublic)
  })
})

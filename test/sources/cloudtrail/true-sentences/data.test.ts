/** One sentence for each kind of call that was once misread: databases, storage, streams and analytics. */

import { describe } from 'vitest'
import { ACCOUNT, call } from '../../../../testing/cloudtrail/records.ts'
import {
  arnOf,
  PUBLIC_POLICY,
  type Sentence,
  testSentences,
} from '../../../../testing/cloudtrail/sentences.ts'

const CASES: Sentence[] = [
  [
    'alice tagged database instance orders with a and b in eu-west-1',
    ['orders'],
    false,
    call('rds', 'AddTagsToResource', {
      resourceName: arnOf('rds', 'db:orders'),
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
    call('rds', 'RemoveTagsFromResource', {
      resourceName: arnOf('rds', 'db:orders'),
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
    call('es', 'RemoveTags', { aRN: arnOf('es', 'domain/logs'), tagKeys: ['env'] }),
  ],
  [
    'alice removed tag a from file system fs-12345678 in eu-west-1',
    ['fs-12345678'],
    false,
    call('elasticfilesystem', 'DeleteTags', { fileSystemId: 'fs-12345678', tagKeys: ['a'] }),
  ],
  [
    'alice removed database cluster c from global cluster g in eu-west-1',
    ['g', 'c'],
    false,
    call('rds', 'RemoveFromGlobalCluster', {
      globalClusterIdentifier: 'g',
      dbClusterIdentifier: arnOf('rds', 'cluster:c'),
    }),
  ],
  [
    'alice removed source identifier orders from event subscription s in eu-west-1',
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
      resourceIdentifier: arnOf('rds', 'db:orders'),
      applyAction: 'system-update',
      optInType: 'immediate',
    }),
  ],
  [
    'alice changed IAM roles of warehouse dw in eu-west-1: added IAM roles x',
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
      { replicationInstanceArn: arnOf('dms', 'rep:ABC'), replicationInstanceClass: 'dms.r5.large' },
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
      clusterArn: arnOf('docdb-elastic', 'cluster/abc'),
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
    call('s3', 'PutAccessPointPolicy', { name: 'ap', accountId: ACCOUNT, policy: PUBLIC_POLICY }),
  ],
  [
    'alice reset the encryption of bucket b in eu-west-1',
    ['b'],
    false,
    call('s3', 'DeleteBucketEncryption', { bucketName: 'b' }),
  ],
  [
    'alice opened vault v to the public with its policy in eu-west-1: x:Get',
    ['v'],
    true,
    call('glacier', 'SetVaultAccessPolicy', { vaultName: 'v', policy: { policy: PUBLIC_POLICY } }),
  ],
  [
    'alice opened file system fs-1 to the public with its policy in eu-west-1: x:Get',
    ['fs-1'],
    true,
    call('elasticfilesystem', 'PutFileSystemPolicy', {
      fileSystemId: 'fs-1',
      policy: PUBLIC_POLICY,
    }),
  ],
  [
    'alice opened Glue to the public with its policy in eu-west-1: x:Get',
    [],
    true,
    call('glue', 'PutResourcePolicy', { policyInJson: PUBLIC_POLICY }),
  ],
  [
    'alice opened Kafka cluster k to the internet in eu-west-1',
    ['k'],
    true,
    call('kafka', 'UpdateConnectivity', {
      clusterArn: arnOf('kafka', 'cluster/k/1'),
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
      { brokerId: 'b-1', brokerArn: arnOf('mq', 'broker:b:b-1') },
    ),
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
      { endpointArn: arnOf('sagemaker', 'endpoint/e') },
    ),
  ],
  [
    'alice deleted model m in eu-west-1',
    ['m'],
    false,
    call('sagemaker', 'DeleteModel', { modelName: 'm' }),
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
    'alice deleted file system fs-0123456789abcdef0 in eu-west-1',
    ['fs-0123456789abcdef0'],
    false,
    call('fsx', 'DeleteFileSystem', { fileSystemId: 'fs-0123456789abcdef0' }),
  ],
  [
    'alice put records into stream clicks in eu-west-1',
    ['clicks'],
    false,
    call('kinesis', 'PutRecords', { streamName: 'clicks' }),
  ],
  [
    'alice removed tag a from cache c in eu-west-1',
    ['c'],
    false,
    call('elasticache', 'RemoveTagsFromResource', {
      resourceName: arnOf('elasticache', 'replicationgroup:c'),
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
    'alice removed tags from bucket b in eu-west-1',
    ['b'],
    false,
    call('s3', 'DeleteBucketTagging', { bucketName: 'b' }),
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
    call('es', 'CreateDomain', { domainName: 'logs', accessPolicies: PUBLIC_POLICY }),
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
    'alice exported table orders to bucket elsewhere in eu-west-1',
    ['orders', 'elsewhere'],
    false,
    call('dynamodb', 'ExportTableToPointInTime', {
      tableArn: arnOf('dynamodb', 'table/orders'),
      s3Bucket: 'elsewhere',
    }),
  ],
  [
    'alice restored table new from backup 1 in eu-west-1',
    ['new', '1'],
    false,
    call('dynamodb', 'RestoreTableFromBackup', {
      targetTableName: 'new',
      backupArn: arnOf('dynamodb', 'table/orders/backup/1'),
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
    'alice opened container c to the public with its policy in eu-west-1: x:Get',
    ['c'],
    true,
    call('mediastore', 'PutContainerPolicy', { containerName: 'c', policy: PUBLIC_POLICY }),
  ],
  [
    'alice opened registry r to the public with its policy in eu-west-1: x:Get',
    ['r'],
    true,
    call('schemas', 'PutResourcePolicy', { registryName: 'r', policy: PUBLIC_POLICY }),
  ],
]

describe('a call', () => testSentences(CASES))

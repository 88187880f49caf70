import { expect, test } from 'vitest'
import { read } from '../../../testing/cloudtrail/read.ts'
import { call } from '../../../testing/cloudtrail/records.ts'

type Call = [service: string, action: string, params?: Record<string, unknown>]

const denied = { errorCode: 'AccessDenied', errorMessage: 'not authorized' }
const risksOf = ([service, action, params]: Call, fields = {}) =>
  read(call(service, action, params ?? null, null, fields)).risks
const named = ([service, action, params]: Call): [string, Call] => [
  `${service} ${action} ${JSON.stringify(params ?? {})}`,
  [service, action, params],
]

const off: Call[] = [
  ['cloudtrail', 'StopLogging', { name: 'org' }],
  ['cloudtrail', 'DeleteTrail', { name: 'org' }],
  ['cloudtrail', 'UpdateTrail', { name: 'org', isMultiRegionTrail: false }],
  ['cloudtrail', 'UpdateTrail', { name: 'org', enableLogFileValidation: false }],
  [
    'cloudtrail',
    'PutEventSelectors',
    { trailName: 'org', eventSelectors: [{ includeManagementEvents: false }] },
  ],
  ['guardduty', 'DeleteDetector', { detectorId: 'd' }],
  ['guardduty', 'UpdateDetector', { detectorId: 'd', enable: false }],
  ['config', 'StopConfigurationRecorder', { configurationRecorderName: 'default' }],
  ['config', 'DeleteConfigurationRecorder', { configurationRecorderName: 'default' }],
  ['securityhub', 'DisableSecurityHub'],
  ['macie2', 'DisableMacie'],
  ['inspector2', 'Disable', { resourceTypes: ['EC2'] }],
  ['monitoring', 'DisableAlarmActions', { alarmNames: ['checkout-5xx'] }],
  ['monitoring', 'DeleteAlarms', { alarmNames: ['checkout-5xx'] }],
  ['ec2', 'DeleteFlowLogs', { DeleteFlowLogsRequest: { FlowLogId: { content: 'fl-1' } } }],
  ['ec2', 'DisableEbsEncryptionByDefault', { DisableEbsEncryptionByDefaultRequest: {} }],
  [
    'ec2',
    'ModifyInstanceAttribute',
    { instanceId: 'i-1', disableApiTermination: { value: false } },
  ],
  ['rds', 'ModifyDBInstance', { dBInstanceIdentifier: 'orders', deletionProtection: false }],
  ['rds', 'ModifyDBInstance', { dBInstanceIdentifier: 'orders', backupRetentionPeriod: 0 }],
  ['rds', 'ModifyDBCluster', { dBClusterIdentifier: 'orders', deletionProtection: false }],
  ['redshift', 'ModifyCluster', { clusterIdentifier: 'w', automatedSnapshotRetentionPeriod: 0 }],
  ['redshift', 'DisableLogging', { clusterIdentifier: 'w' }],
  ['elasticache', 'ModifyReplicationGroup', { replicationGroupId: 'r', snapshotRetentionLimit: 0 }],
  ['dynamodb', 'UpdateTable', { tableName: 'orders', deletionProtectionEnabled: false }],
  [
    'dynamodb',
    'UpdateContinuousBackups',
    {
      tableName: 'orders',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: false },
    },
  ],
  [
    's3',
    'PutBucketVersioning',
    { bucketName: 'b', VersioningConfiguration: { Status: 'Suspended' } },
  ],
  ['s3', 'PutBucketLogging', { bucketName: 'b', BucketLoggingStatus: '' }],
  ['s3', 'DeleteBucketEncryption', { bucketName: 'b' }],
  ['backup', 'DeleteBackupPlan', { backupPlanId: 'p' }],
  ['kms', 'DisableKey', { keyId: 'k' }],
  ['kms', 'ScheduleKeyDeletion', { keyId: 'k', pendingWindowInDays: 7 }],
  ['kms', 'DisableKeyRotation', { keyId: 'k' }],
  ['iam', 'DeactivateMFADevice', { userName: 'ada', serialNumber: 's' }],
  ['iam', 'DeleteAccountPasswordPolicy'],
  ['wafv2', 'DeleteLoggingConfiguration', { resourceArn: 'arn:aws:wafv2:eu-west-1:1:x/y' }],
  [
    'cloudformation',
    'UpdateTerminationProtection',
    { stackName: 's', enableTerminationProtection: false },
  ],
  [
    'elasticloadbalancing',
    'ModifyLoadBalancerAttributes',
    {
      loadBalancerArn:
        'arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/0123456789abcdef',
      attributes: [{ key: 'deletion_protection.enabled', value: 'false' }],
    },
  ],
]

test.each(off.map(named))('%s disables a protection', (_, one) => {
  expect(risksOf(one)).toContain('protection')
  // A call that failed switched nothing off.
  expect(risksOf(one, denied)).not.toContain('protection')
})

const others: Call[] = [
  ['cloudtrail', 'StartLogging', { name: 'org' }],
  ['cloudtrail', 'UpdateTrail', { name: 'org', isMultiRegionTrail: true }],
  ['guardduty', 'UpdateDetector', { detectorId: 'd', enable: true }],
  ['rds', 'ModifyDBInstance', { dBInstanceIdentifier: 'orders', deletionProtection: true }],
  ['rds', 'ModifyDBInstance', { dBInstanceIdentifier: 'orders', backupRetentionPeriod: 14 }],
  ['rds', 'ModifyDBInstance', { dBInstanceIdentifier: 'orders', skipFinalSnapshot: false }],
  ['rds', 'ModifyDBInstance', { dBInstanceIdentifier: 'orders', multiAZ: false }],
  // Without an earlier protection, nothing is switched off.
  ['rds', 'CreateDBInstance', { dBInstanceIdentifier: 'orders', deletionProtection: false }],
  [
    's3',
    'PutBucketVersioning',
    { bucketName: 'b', VersioningConfiguration: { Status: 'Enabled' } },
  ],
  [
    'autoscaling',
    'SetInstanceProtection',
    { autoScalingGroupName: 'w', protectedFromScaleIn: false },
  ],
  ['monitoring', 'EnableAlarmActions', { alarmNames: ['checkout-5xx'] }],
  ['lambda', 'DeleteFunction20150331', { functionName: 'f' }],
  ['ec2', 'DisableVgwRoutePropagation', { routeTableId: 'rtb-1' }],
  ['events', 'DisableRule', { name: 'nightly' }],
]

test.each(others.map(named))('%s does not disable a protection', (_, one) => {
  expect(risksOf(one)).not.toContain('protection')
})

test('public access comes first, then protection', () => {
  const both = [
    'rds',
    'ModifyDBInstance',
    { dBInstanceIdentifier: 'o', publiclyAccessible: true, deletionProtection: false },
  ] satisfies Call
  expect(risksOf(both).slice(0, 2)).toEqual(['public_access', 'protection'])
})

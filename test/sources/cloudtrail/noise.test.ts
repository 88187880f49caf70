import { describe, expect, it } from 'vitest'
import { NOISE_RULES } from '../../../src/sources/cloudtrail/noise.ts'
import { read } from '../../../testing/cloudtrail/read.ts'
import { ACCOUNT, call, roleIdentity, ssoIdentity } from '../../../testing/cloudtrail/records.ts'

const linked = (service: string, role: string) =>
  roleIdentity({
    role: `AWSServiceRoleFor${role}`,
    path: `/aws-service-role/${service}.amazonaws.com/`,
    session: role,
    key: '',
    invokedBy: `${service}.amazonaws.com`,
  })

describe('the rules', () => {
  it('have unique ids, a description and a reason', () => {
    expect(new Set(NOISE_RULES.map(({ id }) => id)).size).toBe(NOISE_RULES.length)
    for (const { covers, reason, when } of NOISE_RULES) {
      expect(covers).toMatch(/^[A-Z].{10,}[^.]$/)
      expect(reason).toMatch(/^[A-Z].{20,}\.$/)
      expect(when.length).toBeGreaterThan(0)
    }
  })

  it.each([
    [
      'throttled',
      call('ssm', 'PutParameter', null, null, {
        errorCode: 'ThrottlingException',
        errorMessage: 'Rate exceeded',
      }),
    ],
    [
      'agent-reports',
      call('ssm', 'UpdateInstanceInformation', { instanceId: 'i-0123456789abcdef0' }, null, {
        userAgent: 'aws-sdk-go/1.55.5 (go1.22.9; linux; amd64) amazon-ssm-agent/3.3.1142.0',
      }),
    ],
    ['credentials-issued', call('sts', 'AssumeRole')],
    ['sign-in', call('signin', 'ConsoleLogin', null, { ConsoleLogin: 'Success' })],
    ['secret-versions', call('secretsmanager', 'StartSecretVersionDelete')],
    [
      'auto-scaling-activity',
      call('ec2', 'RunInstances', null, null, {
        userIdentity: linked('autoscaling', 'AutoScaling'),
      }),
    ],
    [
      'auto-scaling-activity',
      call('ec2', 'TerminateInstances', null, null, {
        userAgent: 'aws-sdk-go-v2/1.32 karpenter.sh-1.1.0',
      }),
    ],
    [
      'auto-scaling-activity',
      call('ecs', 'UpdateService', null, null, {
        userIdentity: linked('ecs.application-autoscaling', 'ApplicationAutoScaling_ECSService'),
      }),
    ],
    [
      'target-registration',
      call('elasticloadbalancing', 'RegisterTargets', null, null, {
        userIdentity: linked('ecs', 'ECS'),
      }),
    ],
    [
      'service-network-interfaces',
      call('ec2', 'CreateNetworkInterface', null, null, { userIdentity: linked('rds', 'RDS') }),
    ],
    [
      'service-grants',
      call('kms', 'CreateGrant', null, null, {
        userIdentity: linked('rds', 'RDS'),
      }),
    ],
    ['log-streams', call('logs', 'CreateLogStream')],
    ['image-layers', call('ecr', 'UploadLayerPart')],
    [
      'scheduled-backups',
      call('ec2', 'CreateSnapshot', null, null, {
        userIdentity: roleIdentity({
          role: 'AWSBackupDefaultServiceRole',
          path: '/service-role/',
          session: 'AWSBackup',
          key: '',
          invokedBy: 'backup.amazonaws.com',
        }),
        userAgent: 'backup.amazonaws.com',
      }),
    ],
    [
      'scheduled-backups',
      call('rds', 'CreateDBSnapshot', null, null, {
        userIdentity: roleIdentity({
          role: 'AWSBackupDefaultServiceRole',
          path: '/service-role/',
          session: 'AWSBackup-AWSBackupDefaultServiceRole',
          key: 'ASIAEXAMPLEBACKUP001',
          invokedBy: 'backup.amazonaws.com',
        }),
        userAgent: 'backup.amazonaws.com',
      }),
    ],
    ['posture-checks', call('config', 'PutEvaluations')],
    ['console-bookkeeping', call('cloudshell', 'PutCredentials')],
  ])('cover %s', (id, record) => {
    expect(read(record).noise).toBe(id)
  })

  it.each([
    ['someone launching instances', call('ec2', 'RunInstances')],
    ['someone registering targets', call('elasticloadbalancing', 'RegisterTargets')],
    ['someone granting the use of a key', call('kms', 'CreateGrant')],
    ['a shell on an instance', call('ssm', 'StartSession')],
    [
      'Auto Scaling that cannot launch',
      call('ec2', 'RunInstances', null, null, {
        userIdentity: linked('autoscaling', 'AutoScaling'),
        errorCode: 'Server.InsufficientInstanceCapacity',
      }),
    ],
    [
      'a call that was denied',
      call('logs', 'CreateLogStream', null, null, { errorCode: 'AccessDenied' }),
    ],
    [
      'a failed sign-in',
      call(
        'signin',
        'ConsoleLogin',
        null,
        { ConsoleLogin: 'Failure' },
        { errorMessage: 'Failed authentication' },
      ),
    ],
    [
      'the root user signing in',
      call(
        'signin',
        'ConsoleLogin',
        null,
        { ConsoleLogin: 'Success' },
        { userIdentity: { type: 'Root', arn: `arn:aws:iam::${ACCOUNT}:root` } },
      ),
    ],
    [
      'what CloudFormation tags for someone',
      call('ec2', 'CreateTags', null, null, {
        userIdentity: ssoIdentity('bob@example.com', { invokedBy: 'cloudformation.amazonaws.com' }),
      }),
    ],
    [
      'a shared snapshot that someone else uses',
      call('ec2', 'SharedSnapshotVolumeCreated', null, null, {
        userIdentity: { accountId: ACCOUNT, invokedBy: 'ec2.amazonaws.com' },
        eventType: 'AwsServiceEvent',
      }),
    ],
  ])('do not cover %s', (_, record) => {
    expect(read(record).noise).toBeNull()
  })
})

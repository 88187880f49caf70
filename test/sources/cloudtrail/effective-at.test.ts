import { expect, test } from 'vitest'
import { read } from '../../../testing/cloudtrail/read.ts'
import { call, type Fields } from '../../../testing/cloudtrail/records.ts'

// Records are of Monday, 2026-03-02T12:01:00Z.
test.each<[string, Fields, string | undefined]>([
  [
    'a key that is to be deleted',
    call(
      'kms',
      'ScheduleKeyDeletion',
      { keyId: 'abc', pendingWindowInDays: 7 },
      { deletionDate: 'Mar 9, 2026, 12:00:00 AM' },
    ),
    '2026-03-09T00:00:00.000Z',
  ],
  [
    'a key whose record has no date',
    call('kms', 'ScheduleKeyDeletion', { keyId: 'abc', pendingWindowInDays: 7 }),
    '2026-03-09T12:01:00.000Z',
  ],
  [
    'a database that changes in its maintenance window',
    call(
      'rds',
      'ModifyDBInstance',
      { dBInstanceIdentifier: 'orders', applyImmediately: false },
      { preferredMaintenanceWindow: 'wed:03:30-wed:04:00' },
    ),
    '2026-03-04T03:30:00.000Z',
  ],
  [
    'a maintenance window earlier on the same weekday',
    call('elasticache', 'ModifyReplicationGroup', {
      replicationGroupId: 'sessions',
      applyImmediately: false,
      preferredMaintenanceWindow: 'mon:03:00-mon:04:00',
    }),
    '2026-03-09T03:00:00.000Z',
  ],
  [
    'a database that changes at once',
    call(
      'rds',
      'ModifyDBInstance',
      { dBInstanceIdentifier: 'orders', applyImmediately: true },
      {
        preferredMaintenanceWindow: 'wed:03:30-wed:04:00',
        pendingModifiedValues: { dBInstanceClass: 'db.t3.micro' },
      },
    ),
    undefined,
  ],
  [
    'a scheduled action',
    call('autoscaling', 'PutScheduledUpdateGroupAction', {
      autoScalingGroupName: 'web',
      startTime: '2026-03-03T06:00:00Z',
    }),
    '2026-03-03T06:00:00.000Z',
  ],
  [
    'a one-time schedule',
    call('autoscaling', 'PutScheduledAction', {
      schedule: 'at(2026-03-03T06:00:00)',
      resourceId: 'service/main/web',
    }),
    '2026-03-03T06:00:00.000Z',
  ],
  [
    'a certificate that expires',
    call(
      'iam',
      'UploadServerCertificate',
      { serverCertificateName: 'www' },
      { serverCertificateMetadata: { expiration: 'Mar 20, 2026, 11:59:59 PM' } },
    ),
    '2026-03-20T23:59:59.000Z',
  ],
  [
    'a time in the past',
    call('autoscaling', 'PutScheduledUpdateGroupAction', { startTime: '2025-03-03T06:00:00Z' }),
    undefined,
  ],
  ['any other change', call('ec2', 'CreateVpc', {}), undefined],
])('%s', (_, record, expected) => {
  expect(read(record).effectiveAt?.toISOString()).toBe(expected)
})

test('a denied request takes no effect later', () => {
  const denied = call('kms', 'ScheduleKeyDeletion', { keyId: 'abc' }, null, {
    errorCode: 'AccessDenied',
  })
  expect(read(denied).effectiveAt).toBeUndefined()
})

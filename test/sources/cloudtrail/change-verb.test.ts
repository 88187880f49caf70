import { expect, test } from 'vitest'
import { read } from '../../../testing/cloudtrail/read.ts'
import { call } from '../../../testing/cloudtrail/records.ts'

const arnOf = (service: string, name: string) => `arn:aws:${service}:eu-west-1:123456789012:${name}`
const SNAPSHOT = { dBSnapshotIdentifier: 'orders-1', attributeName: 'restore' }

test.each([
  // The verb of the action's name, if it works on the first resource itself.
  ['iam', 'DeleteRole', { roleName: 'app' }, 'deleted'],
  ['iam', 'PutRolePolicy', { roleName: 'app', policyName: 'p', policyDocument: '{}' }, undefined],
  ['sqs', 'TagResource', { resourceArn: arnOf('sqs', 'jobs'), tags: { env: 'prod' } }, 'tagged'],
  ['sns', 'Publish', { topicArn: arnOf('sns', 'alerts') }, undefined],
  ['rds', 'RemoveFromGlobalCluster', { globalClusterIdentifier: 'g' }, undefined],
  ['cloudformation', 'CancelUpdateStack', { stackName: 'shop' }, undefined],
  // The summary's own verb.
  ['lambda', 'UpdateFunctionCode20150331v2', { functionName: 'checkout' }, 'deployed'],
  ['cloudformation', 'UpdateStack', { stackName: 'shop' }, 'started updating'],
  ['rds', 'ModifyDBSnapshotAttribute', { ...SNAPSHOT, valuesToAdd: ['all'] }, 'shared'],
  ['rds', 'ModifyDBSnapshotAttribute', { ...SNAPSHOT, valuesToRemove: ['all'] }, 'stopped sharing'],
])('%s:%s of %j: %s', (service, action, params, verb) => {
  expect(read(call(service, action, params)).verb).toBe(verb)
})

test('what failed did nothing to its resource', () => {
  const failed = call('iam', 'DeleteRole', { roleName: 'app' }, null, { errorCode: 'AccessDenied' })
  expect(read(failed)).toMatchObject({ outcome: 'denied' })
  expect(read(failed).verb).toBeUndefined()
})

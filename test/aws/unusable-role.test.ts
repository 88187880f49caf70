import { expect, test } from 'vitest'
import { parseRoleArn, type RoleArn } from '../../src/aws/role-arn.ts'
import { type OwnIdentity, whyUnusable } from '../../src/aws/unusable-role.ts'

const roleOf = (arn: string) => parseRoleArn(arn) as RoleArn
const own: OwnIdentity = {
  partition: 'aws',
  arn: 'arn:aws:iam::999988887777:role/services/cairn',
  caller: 'arn:aws:sts::999988887777:assumed-role/cairn/i-0123',
}

test.each<[string, string, OwnIdentity]>([
  ['by its ARN', own.arn!, { ...own, caller: null }],
  ['by its session, without a path', 'arn:aws:iam::999988887777:role/cairn', { ...own, arn: null }],
  ['by its session, with a path', own.arn!, { ...own, arn: null }],
])("Cairn's own role is rejected %s", (_how, arn, identity) => {
  expect(whyUnusable(roleOf(arn), identity)?.means).toContain('Cairn runs as')
})

test.each<[string, OwnIdentity]>([
  ['arn:aws:iam::999988887777:role/cairn-read-only', own],
  ['arn:aws:iam::111122223333:role/cairn', own],
  ['arn:aws:iam::999988887777:role/cairn', { partition: null, arn: null, caller: null }],
])('%s can be used for a connection', (arn, identity) => {
  expect(whyUnusable(roleOf(arn), identity)).toBeUndefined()
})

test('a role of another partition cannot be used', () => {
  const role = roleOf('arn:aws-us-gov:iam::111122223333:role/cairn')
  expect(whyUnusable(role, own)?.means).toContain('aws-us-gov')
  expect(whyUnusable(role, { ...own, partition: null })).toBeUndefined()
})

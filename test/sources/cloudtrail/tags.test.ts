import { expect, test } from 'vitest'
import { readRecord } from '../../../src/sources/cloudtrail/read-record.ts'
import { ALICE, call } from '../../../testing/cloudtrail/records.ts'

/** The tags of each resource that has some, by its ID. */
function tags(service: string, action: string, params: object, response: object | null = null) {
  const record = call(service, action, params as never, response as never, {
    userIdentity: ALICE,
  })
  const { change } = readRecord(JSON.stringify(record), { region: 'eu-west-1' })
  const tagged = change!.resources.filter((resource) => resource.tags !== undefined)
  return Object.fromEntries(tagged.map((resource) => [resource.id, resource.tags]))
}

const prod = { env: 'prod' }
const arn = 'arn:aws:lambda:eu-west-1:123456789012:function:checkout'

test.each<[string, string, object, object | null, object]>([
  [
    'ec2',
    'CreateTags',
    {
      resourcesSet: {
        items: [{ resourceId: 'i-0123456789abcdef0' }, { resourceId: 'vol-0123456789abcdef0' }],
      },
      tagSet: {
        items: [
          { key: 'env', value: 'prod' },
          { key: 'team', value: '' },
        ],
      },
    },
    null,
    {
      'i-0123456789abcdef0': { env: 'prod', team: '' },
      'vol-0123456789abcdef0': { env: 'prod', team: '' },
    },
  ],
  [
    'ec2',
    'RunInstances',
    {
      instancesSet: { items: [{ imageId: 'ami-0123456789abcdef0' }] },
      subnetId: 'subnet-0123456789abcdef0',
      tagSpecificationSet: {
        items: [
          { resourceType: 'instance', tags: [{ key: 'env', value: 'prod' }] },
          { resourceType: 'volume', tags: [{ key: 'env', value: 'other' }] },
        ],
      },
    },
    { instancesSet: { items: [{ instanceId: 'i-0123456789abcdef0' }] } },
    { 'i-0123456789abcdef0': prod },
  ],
  ['lambda', 'TagResource20170331v2', { resource: arn, tags: prod }, null, { checkout: prod }],
  [
    'rds',
    'AddTagsToResource',
    {
      resourceName: 'arn:aws:rds:eu-west-1:123456789012:db:orders',
      tags: [{ key: 'env', value: 'prod' }],
    },
    null,
    { orders: prod },
  ],
  [
    's3',
    'PutBucketTagging',
    { bucketName: 'logs', Tagging: { TagSet: { Tag: [{ Key: 'env', Value: 'prod' }] } } },
    null,
    { logs: prod },
  ],
  [
    's3',
    'PutBucketTagging',
    { bucketName: 'logs', Tagging: { TagSet: { Tag: { Key: 'env', Value: 'prod' } } } },
    null,
    { logs: prod },
  ],
  [
    'iam',
    'TagRole',
    { roleName: 'deploy', tags: [{ key: 'env', value: 'prod' }] },
    null,
    { deploy: prod },
  ],
  [
    'rds',
    'CreateDBInstance',
    { dBInstanceIdentifier: 'orders', tags: [{ key: 'env', value: 'prod' }] },
    null,
    { orders: prod },
  ],
  ['rds', 'ModifyDBInstance', { dBInstanceIdentifier: 'orders' }, null, {}],
])('%s %s', (service, action, params, response, expected) => {
  const found = tags(service, action, params, response)
  for (const [id, own] of Object.entries(expected)) {
    const [, tagsOfOne] = Object.entries(found).find(([key]) => key.endsWith(id)) ?? []
    expect(tagsOfOne, id).toEqual(own)
  }
  expect(Object.keys(found)).toHaveLength(Object.keys(expected).length)
})

test('a failed request sets no tags', () => {
  const record = call('lambda', 'TagResource20170331v2', { resource: arn, tags: prod }, null, {
    userIdentity: ALICE,
    errorCode: 'AccessDenied',
  })
  const { change } = readRecord(JSON.stringify(record), { region: 'eu-west-1' })
  expect(change!.resources.every((resource) => resource.tags === undefined)).toBe(true)
})

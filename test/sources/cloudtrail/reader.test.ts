import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { LookupEvent } from '../../../src/sources/cloudtrail/detail.ts'
import { readRecord } from '../../../src/sources/cloudtrail/read-record.ts'
import { contextOf, READER_VERSION, rereadRecord } from '../../../src/sources/cloudtrail/reader.ts'
import { seenOf } from '../../../testing/cloudtrail/read.ts'
import type { Fields } from '../../../testing/cloudtrail/records.ts'

const samples: { name: string; record: Fields }[] = JSON.parse(
  readFileSync(new URL('../../../testing/cloudtrail/reader-samples.json', import.meta.url), 'utf8'),
)

/**
 * What each version of the reader reads in the samples. After the reader has changed, raise
 * READER_VERSION and append the new digest, so that stored changes are read again. A digest may only
 * be replaced while no release has the version.
 */
const digests = ['lhJA3JlzJ39oFk6g', '-t53seToBpeaKM6-']

test('a reader that reads the samples differently has a higher version', () => {
  const changes = samples.map(({ record }) => {
    // A stored change keeps its change set.
    const { changeSet, ...rest } = readRecord(JSON.stringify(record), seenOf(record)).change!
    return rest
  })
  expect(digests).toHaveLength(READER_VERSION)
  expect(hash('sha256', JSON.stringify(changes), 'base64url').slice(0, 16)).toBe(digests.at(-1))
})

test('a stored record is read as at its import', () => {
  for (const { name, record } of samples) {
    const event: LookupEvent = {
      ...seenOf(record),
      eventName: record.eventName as string,
      resources: [{ resourceType: 'AWS::EC2::Subnet', resourceName: `subnet-${name}` }],
    }
    const { change } = readRecord(JSON.stringify(record), event)
    expect(
      rereadRecord({
        record: JSON.stringify(record),
        context: JSON.parse(contextOf(event)),
        sourceId: change!.sourceId,
        occurredAt: change!.occurredAt,
      }),
      name,
    ).toEqual(change)
  }
})

test('fields that only LookupEvents returned are read again', () => {
  const event: LookupEvent = {
    eventId: 'one',
    eventTime: new Date('2026-03-02T12:00:00Z'),
    eventName: 'CreateVpc',
    eventSource: 'ec2.amazonaws.com',
    readOnly: 'true',
    region: 'eu-west-1',
    resources: [{ resourceType: 'AWS::EC2::VPC', resourceName: 'vpc-1' }],
  }
  const { change } = readRecord('{}', event)
  expect(change).toMatchObject({ service: 'ec2', readOnly: true, resources: [{ id: 'vpc-1' }] })
  const { sourceId, occurredAt } = change!
  const context = JSON.parse(contextOf(event))
  expect(rereadRecord({ record: '{}', context, sourceId, occurredAt })).toEqual(change)
})

test.each(['null', '[]', '"a text"', '{}', 'not JSON'])(
  'a record that is %s is not read',
  (record) => {
    for (const context of [null, 1, [], { resources: 'none', region: {} }])
      expect(
        rereadRecord({ record, context, sourceId: 'one', occurredAt: new Date(0) }),
      ).toBeUndefined()
  },
)

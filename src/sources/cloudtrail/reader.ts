/** Reads stored records again, after the reader has changed. */

import type { StoredRecord } from '../source.ts'
import type { CloudTrailChange, LookupEvent } from './detail.ts'
import { JsonReader } from './json-reader.ts'
import { readRecord } from './read-record.ts'

/**
 * The version of everything in this folder that turns a record into a change. Raise it when a
 * change that is already stored would be read differently. test/sources/cloudtrail/reader.test.ts
 * fails if the version stays the same but its sample records are read differently.
 */
export const READER_VERSION = 2

/** The fields that only LookupEvents returns, and that `readRecord` uses. As JSON text. */
export function contextOf(event: LookupEvent): string {
  const { eventName, eventSource, readOnly, region, resources } = event
  return JSON.stringify({ eventName, eventSource, readOnly, region, resources })
}

/** Undefined if the record can no longer become a change. Never throws, for any record. */
export function rereadRecord(stored: StoredRecord): CloudTrailChange | undefined {
  const context = JsonReader.of(stored.context)
  return readRecord(stored.record, {
    eventId: stored.sourceId,
    eventTime: stored.occurredAt,
    eventName: context.text('eventName'),
    eventSource: context.text('eventSource'),
    readOnly: context.text('readOnly'),
    region: context.text('region') ?? '',
    resources: context.objects('resources').map((resource) => ({
      resourceType: resource.text('resourceType'),
      resourceName: resource.text('resourceName'),
    })),
  }).change
}

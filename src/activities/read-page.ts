import type { LookupPage } from '../aws/lookup-events.ts'
import { storableJson } from '../changes/storable-json.ts'
import { isStorableTime } from '../changes/time.ts'
import type { ImportedChange } from '../db/insert-changes.ts'
import type { SecondsRange } from '../db/schema/column-types.ts'
import type { SourceEntry, UnparsedRecord } from '../db/unparsed-records.ts'
import { readRecord, storableEventId } from '../sources/cloudtrail/read-record.ts'
import { contextOf, READER_VERSION } from '../sources/cloudtrail/reader.ts'

export interface PageEvents {
  changes: ImportedChange[]
  unparsed: UnparsedRecord[]
  /** Where the reader itself failed, without contents of the record. Undefined if it did not. */
  readerError?: string
}

const MAX_FRAMES = 10

/** Reads a page's events. One that cannot become a change is an unparsed record; none is dropped. */
export function readPage(
  page: Pick<LookupPage, 'events'>,
  [from, to]: SecondsRange,
  region: string,
): PageEvents {
  const changes: ImportedChange[] = []
  const unparsed: UnparsedRecord[] = []
  let readerError: string | undefined
  for (const event of page.events) {
    const entry = toEntry(event, region)
    const lookup = {
      eventId: event.EventId,
      eventTime: event.EventTime,
      eventName: event.EventName,
      eventSource: event.EventSource,
      username: event.Username,
      readOnly: event.ReadOnly,
      accessKeyId: event.AccessKeyId,
      resources: event.Resources?.map((resource) => ({
        resourceType: resource.ResourceType,
        resourceName: resource.ResourceName,
      })),
      region,
    }
    const reading = readRecord(event.CloudTrailEvent ?? JSON.stringify(event), lookup)
    if (reading.unparsed) {
      const { reason, cause } = reading.unparsed
      unparsed.push({ ...entry, reason })
      if (reason === 'reader_error') readerError ??= placeOf(cause)
      continue
    }
    const { change } = reading
    const time = Math.floor(change.occurredAt.getTime() / 1000)
    if (time >= from && time < to) {
      changes.push({
        change,
        readerVersion: READER_VERSION,
        record: storableJson(event.CloudTrailEvent ?? entry.raw),
        context: storableJson(contextOf(lookup)),
        entry,
      })
    } else {
      unparsed.push({ ...entry, reason: 'outside_the_scan' })
    }
  }
  return readerError === undefined ? { changes, unparsed } : { changes, unparsed, readerError }
}

/** The name and the stack of an error. Its message may contain parts of a record. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
  return [error.name, ...frames.slice(0, MAX_FRAMES)].join('\n')
}

/** The entry that LookupEvents returned for an event. */
function toEntry(event: LookupPage['events'][number], region: string): SourceEntry {
  const { EventTime: time } = event
  const isStorable = time !== undefined && isStorableTime(time)
  return {
    source: 'aws.cloudtrail',
    eventId: storableEventId(event.EventId),
    eventName: event.EventName ?? null,
    eventSource: event.EventSource ?? null,
    eventTime: isStorable ? time : null,
    username: event.Username ?? null,
    region,
    raw: JSON.stringify(event),
  }
}

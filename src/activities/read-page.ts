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
}

/** Reads a page's events. One that cannot become a change is an unparsed record; none is dropped. */
export function readPage(
  page: Pick<LookupPage, 'events'>,
  [from, to]: SecondsRange,
  region: string,
): PageEvents {
  const changes: ImportedChange[] = []
  const unparsed: UnparsedRecord[] = []
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
      unparsed.push({ ...entry, reason: reading.unparsed.reason })
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
  return { changes, unparsed }
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

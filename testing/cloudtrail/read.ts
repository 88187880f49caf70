import type { CloudTrailChange, LookupEvent } from '../../src/sources/cloudtrail/detail.ts'
import { readRecord } from '../../src/sources/cloudtrail/read-record.ts'
import type { Fields } from './records.ts'

export function seenOf(fields: Fields): LookupEvent {
  return {
    eventId: fields.eventID as string,
    eventTime: new Date(fields.eventTime as string),
    region: fields.awsRegion as string,
  }
}

/** Reads a record that must become a change. */
export function read(fields: Fields, seen: Partial<LookupEvent> = {}): CloudTrailChange {
  const reading = readRecord(JSON.stringify(fields), { ...seenOf(fields), ...seen })
  if (reading.unparsed)
    throw new Error(`Unparsed: ${reading.unparsed.reason} ${reading.unparsed.detail}`)
  return reading.change
}

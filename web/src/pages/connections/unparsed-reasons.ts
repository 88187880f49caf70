import type { UnparsedRecordPage } from '../../client.ts'

interface Explanation {
  /** What is wrong with the event. */
  what: string
  /** What happens next, or what to do. */
  next: string
}

const REPORT = 'If CloudTrail shows the event in full, report it with the downloaded record.'

/** The reasons why an event could not become a change, for display. */
export const reasons: Record<UnparsedRecordPage['items'][number]['reason'], Explanation> = {
  not_json: { what: 'The record is not valid JSON.', next: REPORT },
  not_an_object: { what: 'The record is not a JSON object.', next: REPORT },
  no_event_id: { what: 'The event has no ID.', next: REPORT },
  no_event_time: { what: 'The event has no valid time.', next: REPORT },
  no_event_name: { what: 'The event has no name.', next: REPORT },
  reader_error: {
    what: 'Cairn failed to read the record.',
    next: 'This is a defect of Cairn. Report it with the downloaded record.',
  },
  outside_the_scan: {
    what: 'CloudTrail returned the event for a time range that it is not in.',
    next: 'No action needed. Cairn imports the event when it reads the range that it is in.',
  },
  known_under_another_time: {
    what: 'The event is in the feed with another time.',
    next: 'No action needed. Compare the downloaded record with the change if the time matters.',
  },
  refused_by_postgres: {
    what: 'The database rejected a value in the record.',
    next: 'Report it with the downloaded record.',
  },
}

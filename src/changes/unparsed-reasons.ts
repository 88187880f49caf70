/**
 * Why an event that a source returned could not become a change.
 *
 * - `not_json`: the record cannot be parsed
 * - `not_an_object`: the record is JSON, but not an object
 * - `no_event_id`, `no_event_time`, `no_event_name`: missing in the record and in the source's
 *   entry
 * - `reader_error`: Cairn's reader failed with an error of its own
 * - `outside_the_scan`: its time is not in the requested range
 * - `known_under_another_time`: a change with this event ID and another time is stored
 * - `refused_by_postgres`: the database does not accept one of its values
 */
export const unparsedReasons = [
  'not_json',
  'not_an_object',
  'no_event_id',
  'no_event_time',
  'no_event_name',
  'reader_error',
  'outside_the_scan',
  'known_under_another_time',
  'refused_by_postgres',
] as const

export type UnparsedReason = (typeof unparsedReasons)[number]

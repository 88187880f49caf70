/**
 * Why an event that a source returned could not become a change.
 *
 * - `not_json`: the record cannot be parsed
 * - `not_an_object`: it is JSON, but not an object
 * - `no_event_id`, `no_event_time`, `no_event_name`: neither the record nor the source's entry has it
 * - `outside_the_scan`: its time is not in the range that was asked for
 * - `known_under_another_time`: its id is stored as a change with another time
 * - `refused_by_postgres`: the database does not accept a value of it
 */
export const unparsedReasons = [
  'not_json',
  'not_an_object',
  'no_event_id',
  'no_event_time',
  'no_event_name',
  'outside_the_scan',
  'known_under_another_time',
  'refused_by_postgres',
] as const

export type UnparsedReason = (typeof unparsedReasons)[number]

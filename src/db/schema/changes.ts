import type { ColumnType, Generated, GeneratedAlways, JSONColumnType, Selectable } from 'kysely'
import type { Change, Outcome, SourceDetail } from '../../changes/change.ts'
import type { UnparsedReason } from '../../changes/unparsed-reasons.ts'

/**
 * The parts of a change's envelope that are only shown and never filtered by: one `jsonb` column.
 */
export type ChangeEnvelope = Pick<
  Change,
  | 'actor'
  | 'tool'
  | 'resources'
  | 'risks'
  | 'publicAccess'
  | 'subject'
  | 'verb'
  | 'links'
  | 'attributes'
> & {
  /** RFC 3339, see `Change.effectiveAt`. */
  effectiveAt?: string | undefined
}

export interface ChangesTable {
  organization_id: string
  occurred_at: Date
  ended_at: Date | null
  id: string
  connection_id: string | null
  source: string
  source_account: string | null
  source_id: string
  imported_at: Generated<Date>
  reader_version: number
  summary: string
  service: string
  action: string
  actor: string
  actor_id: string
  tool: string
  outcome: Outcome
  region: string | null
  account_id: string | null
  resources: Generated<string[]>
  resource_ids: Generated<number[]>
  read_only: Generated<boolean>
  noise: string | null
  source_noise: string | null
  change_set_id: string | null
  envelope: JSONColumnType<ChangeEnvelope>
  detail: JSONColumnType<SourceDetail>
  /** For SQL only: a number in JavaScript loses its last digits. */
  facet_key: GeneratedAlways<number>
  first_resource_id: GeneratedAlways<number | null>
  other_resource_ids: GeneratedAlways<number[] | null>
}

/** For SQL only: JavaScript reads the day as local midnight, and the key without its last digits. */
export interface ChangeCountsTable {
  organization_id: string
  day: Date
  facet_key: number
  id: GeneratedAlways<number>
  count: number
}

export interface ChangeRecordsTable {
  organization_id: string
  occurred_at: Date
  id: string
  record: ColumnType<unknown, string, never>
  context: ColumnType<unknown, string | null, never>
}

export interface ChangeSetsTable {
  organization_id: string
  id: string
  session_key: string
  stream: string | null
  opened_at: Date
  from_time: Date
  until_time: Date
  absorbed_into: string | null
}

export interface ResourcesTable {
  organization_id: string
  id: GeneratedAlways<number>
  key: string
  key_digest: Buffer
  source: string
  account_id: string | null
  region: string | null
  type: string
  resource_id: string
  name: string | null
  arn: string | null
}

export interface FacetGroupsTable {
  organization_id: string
  /** For SQL only: a number in JavaScript loses its last digits. */
  key: GeneratedAlways<number>
  source: string
  service: string
  region: string | null
  account_id: string | null
  actor_id: string
  actor: string
  tool: string
  action: string
  outcome: string
  connection_id: string | null
  is_noise: boolean
}

export interface UnparsedRecordsTable {
  id: Generated<string>
  organization_id: string
  connection_id: string | null
  source: string
  source_account: string | null
  event_key: Buffer
  region: string | null
  event_id: string | null
  event_name: string | null
  event_source: string | null
  event_time: Date | null
  username: string | null
  reason: UnparsedReason
  raw: Buffer
  seen_at: Generated<Date>
}

export type ChangeRow = Selectable<ChangesTable>
export type UnparsedRecordRow = Selectable<UnparsedRecordsTable>

import type { ColumnType, Generated, GeneratedAlways, Selectable } from 'kysely'
import type { AwsProblemKind } from '../../connections/aws-problems.ts'
import type { Check, VerificationVerdict } from '../../connections/checks.ts'
import type { Selection } from '../../connections/selection.ts'
import type { ConnectionStatus, ExcludedBy, RegionState } from '../../connections/status.ts'
import type { Multirange, NullableJson } from './column-types.ts'

export interface ConnectionsTable {
  id: Generated<string>
  organization_id: string
  name: string
  external_id: ColumnType<string, string, never>
  created_at: Generated<Date>
  version: Generated<number>
  version_at: Generated<Date>
  role_arn: string | null
  role_arn_set_at: Date | null
  role_revision: Generated<number>
  account_id: string | null
  partition: string | null
  selection: Generated<Selection>
  lookback_days: Generated<number>
  poll_interval_seconds: Generated<number>
  paused: Generated<boolean>
  deleted_at: Date | null
  purge: Generated<boolean>
  seen_version: Generated<number>
  status: Generated<ConnectionStatus>
  status_reason: string | null
  status_since: Generated<Date>
  reported_at: Date | null
  next_poll_at: Date | null
  signalled_version: Generated<number>
  signalled_at: Date | null
  unanswered_signals: Generated<number>
  cycle_at: Date | null
  session_error: string | null
  ended_at: Date | null
}

export interface VerificationsTable {
  connection_id: string
  organization_id: string
  role_arn: string
  role_revision: number
  generation: Generated<number>
  started_at: Date | null
  progress: NullableJson<Check[]>
  progress_at: Date | null
  state: VerificationVerdict | null
  verified_at: Date | null
  checks: NullableJson<Check[]>
  verdict_generation: number | null
  proven_at: Date | null
  role_id: string | null
  inconclusive_at: Date | null
  inconclusive_reason: string | null
  inconclusive_checks: NullableJson<Check[]>
}

export interface CoverageTable {
  connection_id: string
  organization_id: string
  account_id: string
  region: string
  selection: Selection
  settled: Multirange
  confirmed: Multirange
  set_aside: Multirange
  epoch: Generated<number>
  state: Generated<Exclude<RegionState, 'excluded'>>
  answered_at: Date | null
  excluded_at: Date | null
  excluded_by: ExcludedBy | null
  counts: GeneratedAlways<boolean>
  last_error: string | null
  last_error_kind: AwsProblemKind | null
  live_at: Date | null
  live_due_at: Generated<Date>
  live_failures: Generated<number>
  backfill_due_at: ColumnType<Date | null, Date | null | undefined, Date | null>
  backfill_failures: Generated<number>
  next_poll_at: GeneratedAlways<Date>
  quiet_polls: Generated<number>
  events: Generated<number>
  requests: Generated<number>
  throttled: Generated<number>
  late_events: Generated<number>
}

export type ConnectionRow = Selectable<ConnectionsTable>
export type VerificationRow = Selectable<VerificationsTable>
export type CoverageRow = Selectable<CoverageTable>

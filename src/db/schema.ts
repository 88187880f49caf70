import type { ColumnType, Generated, GeneratedAlways, JSONColumnType, Selectable } from 'kysely'
import type { Role } from '../auth/roles.ts'
import type { PrincipalFinding } from '../aws/principal-finding.ts'
import type { Change, Outcome, SourceDetail } from '../changes/change.ts'
import type { EnvironmentRule, RuleMode } from '../changes/environment-rules.ts'
import type { EnvironmentColor } from '../changes/environments.ts'
import type { NoiseEffect, NoiseMatch } from '../changes/noise-rules.ts'
import type { ViewQuery } from '../changes/saved-views.ts'
import type { UnparsedReason } from '../changes/unparsed-reasons.ts'
import type { Check, VerificationVerdict } from '../connections/checks.ts'
import type { Selection } from '../connections/selection.ts'
import type { ConnectionStatus, ExcludedBy, RegionState } from '../connections/status.ts'
import type { Refusal } from '../incidents/completeness.ts'
import type {
  AlertSource,
  ChangeVerdict,
  IncidentService,
  IncidentSource,
  IncidentState,
} from '../incidents/incident.ts'
import type {
  DeliveryResult,
  DeliveryState,
  IntegrationKind,
  IntegrationSettings,
} from '../integrations/integration.ts'

/**
 * The parts of a change's envelope that are only shown and never filtered by: one `jsonb` column.
 */
export type ChangeEnvelope = Pick<
  Change,
  'actor' | 'tool' | 'resources' | 'risks' | 'publicAccess' | 'subject' | 'links' | 'attributes'
> & {
  /** RFC 3339, see `Change.effectiveAt`. */
  effectiveAt?: string | undefined
}

/** Half-open range of whole UTC seconds, as Unix seconds: `from` included, `to` not. */
export type SecondsRange = readonly [from: number, to: number]

/** `tstzmultirange`: read as sorted, disjoint ranges; written through SQL only. */
type Multirange = ColumnType<SecondsRange[], never, never>

type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>

interface OrganizationsTable {
  id: Generated<string>
  name: string
  created_at: Generated<Date>
}

interface ApiKeysTable {
  id: Generated<string>
  organization_id: string
  name: string
  key_hash: Buffer
  created_at: Generated<Date>
  revoked_at: Date | null
  prefix: string | null
  last_used_at: Date | null
  created_by: string | null
}

interface InstallationTable {
  is_only_row: Generated<boolean>
  id: Generated<string>
  created_at: Generated<Date>
}

interface ConnectionsTable {
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
  ended_at: Date | null
}

interface VerificationsTable {
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

interface CoverageTable {
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

interface ChangesTable {
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

interface ResourcesTable {
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

interface FacetGroupsTable {
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

interface ChangeRecordsTable {
  organization_id: string
  occurred_at: Date
  id: string
  record: ColumnType<unknown, string, never>
  context: ColumnType<unknown, string | null, never>
}

interface ChangeSetsTable {
  organization_id: string
  id: string
  session_key: string
  stream: string | null
  opened_at: Date
  from_time: Date
  until_time: Date
  absorbed_into: string | null
}

interface UnparsedRecordsTable {
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

interface EnvironmentsTable {
  id: Generated<string>
  organization_id: string
  name: string
  color: EnvironmentColor
  position: number
  created_at: Generated<Date>
}

interface EnvironmentLinksTable {
  organization_id: string
  environment_id: string
  connection_id: string
  made_by: 'connection_default'
  made_at: Generated<Date>
}

interface ChangeRulesTable {
  organization_id: string
  version: Generated<number>
  mode: Generated<RuleMode>
  environment_rules: ColumnType<EnvironmentRule[], string | undefined, string>
  names_environments: Generated<boolean>
  revision: Generated<number>
  applied_revision: Generated<number>
  cursor_time: Date | null
  cursor_id: string | null
  total: number | null
  checked: Generated<number>
  started_at: Date | null
  applied_at: Date | null
}

interface EnvironmentSetsTable {
  organization_id: string
  id: GeneratedAlways<number>
  environment_ids: string[]
}

interface ChangeEnvironmentsTable {
  organization_id: string
  occurred_at: Date
  id: string
  set_id: number
}

interface ResourceTagsTable {
  organization_id: string
  resource_id: number
  key: string
  value: string
  tagged_at: Date
}

interface NoiseRulesTable {
  id: Generated<string>
  organization_id: string
  effect: NoiseEffect
  match: JSONColumnType<NoiseMatch>
  created_at: Generated<Date>
  created_by: string | null
}

interface SavedViewsTable {
  id: Generated<string>
  organization_id: string
  user_id: string | null
  name: string
  query: JSONColumnType<ViewQuery>
  shared: boolean
  created_at: Generated<Date>
}

interface EnvironmentDependenciesTable {
  organization_id: string
  environment_id: string
  depends_on: string
}

interface IncidentsTable {
  id: Generated<string>
  organization_id: string
  title: string
  source: IncidentSource
  state: IncidentState
  noticed_at: Date
  started_at: Date | null
  started_after: Date | null
  resolved_at: Date | null
  environment_id: string | null
  services: Generated<string[]>
  edited: Generated<EditableField[]>
  created_by: string | null
  created_at: Generated<Date>
  idempotency_key: string | null
  merged_into: string | null
}

/** The columns of an incident that both alerts and people set. */
export type EditableField = 'title' | 'state' | 'noticed_at' | 'environment_id' | 'services'

interface IncidentAlertsTable {
  id: Generated<string>
  organization_id: string
  incident_id: string
  source: AlertSource
  source_id: string
  title: string
  state: IncidentState
  noticed_at: Date
  latest_noticed_at: Date
  reported_at: Date
  resolved_at: Date | null
  services: JSONColumnType<IncidentService[]>
  labels: JSONColumnType<Record<string, string>>
  url: string | null
  environment_id: string | null
  mapped_services: Generated<string[]>
  created_at: Generated<Date>
}

interface VerdictsTable {
  organization_id: string
  incident_id: string
  change_id: string
  verdict: ChangeVerdict
  decided_by: string | null
  decided_at: Generated<Date>
}

interface ServiceMappingsTable {
  id: Generated<string>
  organization_id: string
  source: AlertSource | null
  label: string | null
  value: string
  environment_id: string | null
  services: Generated<string[]>
  created_at: Generated<Date>
}

interface WorkerPrincipalsTable {
  worker: string
  seen_at: Date
  configured: string | null
  finding: JSONColumnType<PrincipalFinding>
}

interface MembersTable {
  id: Generated<string>
  organization_id: string
  user_id: string
  role: Role
  created_at: Generated<Date>
}

interface InvitationsTable {
  id: Generated<string>
  organization_id: string
  role: Role
  email: string | null
  token_hash: Buffer
  first_owner: Generated<boolean>
  created_at: Generated<Date>
  created_by: string | null
  expires_at: Date
  accepted_at: Date | null
  revoked_at: Date | null
}

interface IntegrationsTable {
  id: Generated<string>
  organization_id: string
  kind: IntegrationKind
  name: string
  settings: ColumnType<IntegrationSettings, string | undefined, string>
  created_at: Generated<Date>
  last_delivery_at: Date | null
}

interface IntegrationSecretsTable {
  id: Generated<string>
  organization_id: string
  integration_id: string
  sealed: Buffer | null
  token_hash: Buffer | null
  created_at: Generated<Date>
  expires_at: Date | null
}

interface DeliveriesTable {
  id: Generated<string>
  organization_id: string
  integration_id: string
  delivery_id: string
  event: string | null
  headers: JSONColumnType<Record<string, string>>
  body: Buffer
  received_at: Generated<Date>
  state: Generated<DeliveryState>
  reason: string | null
  result: NullableJson<DeliveryResult>
  attempts: Generated<number>
  due_at: ColumnType<Date | null, Date | null | undefined, Date | null>
  done_at: Date | null
  is_test: Generated<boolean>
  recovered_at: Date | null
}

interface DeliveryRecoveriesTable {
  integration_id: string
  organization_id: string
  sealed: Buffer
  hooks_of: string[]
  token_set_at: Generated<Date>
  revision: Generated<number>
  checked_at: Date | null
  checked_through: Date | null
  problem: string | null
  recovered: Generated<number>
  due_at: Generated<Date>
}

interface PasswordResetsTable {
  id: Generated<string>
  organization_id: string
  user_id: string
  token_hash: Buffer
  created_at: Generated<Date>
  created_by: string | null
  expires_at: Date
}

interface ReportReceiptsTable {
  organization_id: string
  first_at: Generated<Date>
  last_at: Generated<Date>
}

interface RefusalsTable {
  organization_id: string
  integration_id: string | null
  hour: Date
  reason: Refusal
  first_at: Date
  last_at: Date
}

/** The columns of better-auth's tables that Cairn itself reads. */
export type AuthSchema = {
  'auth.user': { id: string; name: string; email: string }
  'auth.session': { userId: string; expiresAt: Date }
  'auth.account': { userId: string; providerId: string; password: string | null; updatedAt: Date }
}

/** All tables. `test/db/schema.integration.test.ts` compares them with the database. */
export interface Schema {
  organizations: OrganizationsTable
  api_keys: ApiKeysTable
  installation: InstallationTable
  connections: ConnectionsTable
  verifications: VerificationsTable
  coverage: CoverageTable
  changes: ChangesTable
  change_records: ChangeRecordsTable
  change_sets: ChangeSetsTable
  resources: ResourcesTable
  facet_groups: FacetGroupsTable
  unparsed_records: UnparsedRecordsTable
  environments: EnvironmentsTable
  environment_links: EnvironmentLinksTable
  environment_dependencies: EnvironmentDependenciesTable
  incidents: IncidentsTable
  incident_alerts: IncidentAlertsTable
  verdicts: VerdictsTable
  service_mappings: ServiceMappingsTable
  change_rules: ChangeRulesTable
  environment_sets: EnvironmentSetsTable
  change_environments: ChangeEnvironmentsTable
  resource_tags: ResourceTagsTable
  noise_rules: NoiseRulesTable
  saved_views: SavedViewsTable
  members: MembersTable
  invitations: InvitationsTable
  password_resets: PasswordResetsTable
  worker_principals: WorkerPrincipalsTable
  integrations: IntegrationsTable
  integration_secrets: IntegrationSecretsTable
  deliveries: DeliveriesTable
  delivery_recoveries: DeliveryRecoveriesTable
  report_receipts: ReportReceiptsTable
  refusals: RefusalsTable
}

export type ConnectionRow = Selectable<ConnectionsTable>
export type CoverageRow = Selectable<CoverageTable>
export type VerificationRow = Selectable<VerificationsTable>
export type UnparsedRecordRow = Selectable<UnparsedRecordsTable>
export type ChangeRow = Selectable<ChangesTable>
export type EnvironmentRow = Selectable<EnvironmentsTable>
export type IncidentRow = Selectable<IncidentsTable>
export type IncidentAlertRow = Selectable<IncidentAlertsTable>
export type VerdictRow = Selectable<VerdictsTable>
export type ServiceMappingRow = Selectable<ServiceMappingsTable>
export type IntegrationRow = Selectable<IntegrationsTable>
export type DeliveryRow = Selectable<DeliveriesTable>
export type DeliveryRecoveryRow = Selectable<DeliveryRecoveriesTable>

import type { Generated, JSONColumnType, Selectable } from 'kysely'
import type {
  AlertSource,
  ChangeVerdict,
  IncidentService,
  IncidentSource,
  IncidentState,
} from '../../incidents/incident.ts'

export interface IncidentsTable {
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

export interface IncidentAlertsTable {
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

export interface VerdictsTable {
  organization_id: string
  incident_id: string
  change_id: string
  verdict: ChangeVerdict
  decided_by: string | null
  decided_at: Generated<Date>
}

export interface ServiceMappingsTable {
  id: Generated<string>
  organization_id: string
  source: AlertSource | null
  label: string | null
  value: string
  environment_id: string | null
  services: Generated<string[]>
  created_at: Generated<Date>
}

export type IncidentRow = Selectable<IncidentsTable>
export type IncidentAlertRow = Selectable<IncidentAlertsTable>
export type VerdictRow = Selectable<VerdictsTable>
export type ServiceMappingRow = Selectable<ServiceMappingsTable>

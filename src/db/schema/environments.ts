import type { Generated, GeneratedAlways, Selectable } from 'kysely'
import type { EnvironmentColor } from '../../changes/environments.ts'

export interface EnvironmentsTable {
  id: Generated<string>
  organization_id: string
  name: string
  color: EnvironmentColor
  position: number
  created_at: Generated<Date>
}

export interface EnvironmentLinksTable {
  organization_id: string
  environment_id: string
  connection_id: string
  made_by: 'connection_default'
  made_at: Generated<Date>
}

export interface EnvironmentDependenciesTable {
  organization_id: string
  environment_id: string
  depends_on: string
}

export interface EnvironmentSetsTable {
  organization_id: string
  id: GeneratedAlways<number>
  environment_ids: string[]
}

export interface ChangeEnvironmentsTable {
  organization_id: string
  occurred_at: Date
  id: string
  set_id: number
}

export type EnvironmentRow = Selectable<EnvironmentsTable>

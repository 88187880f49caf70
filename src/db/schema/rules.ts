import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { EnvironmentRule, RuleMode } from '../../changes/environment-rules.ts'
import type { NoiseEffect, NoiseMatch } from '../../changes/noise-rules.ts'

export interface ChangeRulesTable {
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

export interface ResourceTagsTable {
  organization_id: string
  resource_id: number
  key: string
  value: string
  tagged_at: Date
}

export interface NoiseRulesTable {
  id: Generated<string>
  organization_id: string
  effect: NoiseEffect
  match: JSONColumnType<NoiseMatch>
  created_at: Generated<Date>
  created_by: string | null
}

import type { ColumnType, Generated, JSONColumnType, Selectable } from 'kysely'
import type { Refusal } from '../../incidents/completeness.ts'
import type {
  DeliveryResult,
  DeliveryState,
  IntegrationKind,
  IntegrationSettings,
} from '../../integrations/integration.ts'
import type { NullableJson } from './column-types.ts'

export interface IntegrationsTable {
  id: Generated<string>
  organization_id: string
  kind: IntegrationKind
  name: string
  settings: ColumnType<IntegrationSettings, string | undefined, string>
  created_at: Generated<Date>
  last_delivery_at: Date | null
}

export interface IntegrationSecretsTable {
  id: Generated<string>
  organization_id: string
  integration_id: string
  encrypted: Buffer | null
  token_hash: Buffer | null
  created_at: Generated<Date>
  expires_at: Date | null
}

export interface DeliveriesTable {
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

export interface DeletedIntegrationsTable {
  integration_id: string
  organization_id: string
  deleted_at: Generated<Date>
}

export interface DeliveryRecoveriesTable {
  integration_id: string
  organization_id: string
  encrypted: Buffer
  hooks_of: string[]
  token_set_at: Generated<Date>
  revision: Generated<number>
  checked_at: Date | null
  checked_through: Date | null
  problem: string | null
  recovered: Generated<number>
  due_at: Generated<Date>
}

export interface ReportReceiptsTable {
  organization_id: string
  first_at: Generated<Date>
  last_at: Generated<Date>
}

export interface RefusalsTable {
  organization_id: string
  integration_id: string | null
  hour: Date
  reason: Refusal
  first_at: Date
  last_at: Date
}

export type IntegrationRow = Selectable<IntegrationsTable>
export type DeliveryRow = Selectable<DeliveriesTable>
export type DeliveryRecoveryRow = Selectable<DeliveryRecoveriesTable>

import type { Generated, JSONColumnType } from 'kysely'
import type { PrincipalFinding } from '../../aws/principal-finding.ts'

export interface InstallationTable {
  is_only_row: Generated<boolean>
  id: Generated<string>
  created_at: Generated<Date>
}

export interface WorkerPrincipalsTable {
  worker: string
  seen_at: Date
  configured: string | null
  finding: JSONColumnType<PrincipalFinding>
}

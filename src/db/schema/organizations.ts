import type { Generated } from 'kysely'
import type { Role } from '../../auth/roles.ts'

export interface OrganizationsTable {
  id: Generated<string>
  name: string
  created_at: Generated<Date>
}

export interface ApiKeysTable {
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

export interface MembersTable {
  id: Generated<string>
  organization_id: string
  user_id: string
  role: Role
  created_at: Generated<Date>
}

export interface InvitationsTable {
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

export interface PasswordResetsTable {
  id: Generated<string>
  organization_id: string
  user_id: string
  token_hash: Buffer
  created_at: Generated<Date>
  created_by: string | null
  expires_at: Date
}

/** The columns of better-auth's tables that Cairn itself reads. */
export type AuthSchema = {
  'auth.user': { id: string; name: string; email: string }
  'auth.session': { userId: string; expiresAt: Date }
  'auth.account': { userId: string; providerId: string; password: string | null; updatedAt: Date }
}

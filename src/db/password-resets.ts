import type { Database, Trx } from './database.ts'
import type { AuthSchema } from './schema/organizations.ts'
import { hashToken, newToken } from './token.ts'

export function newPasswordResetToken(): string {
  return newToken('reset_')
}

/**
 * Stores the hash of a reset link for a member of the transaction's organization. It replaces an
 * earlier link for the same member.
 *
 * @returns undefined if the member does not exist
 */
export async function insertPasswordReset(
  trx: Trx,
  reset: {
    organizationId: string
    memberId: string
    token: string
    expiresAt: Date
    createdBy: string
  },
): Promise<{ userId: string } | undefined> {
  const member = await trx
    .selectFrom('members')
    .select('user_id')
    .where('id', '=', reset.memberId)
    .executeTakeFirst()
  if (!member) return undefined
  await trx.deleteFrom('password_resets').where('user_id', '=', member.user_id).execute()
  await trx
    .insertInto('password_resets')
    .values({
      organization_id: reset.organizationId,
      user_id: member.user_id,
      token_hash: hashToken(reset.token),
      expires_at: reset.expiresAt,
      created_by: reset.createdBy,
    })
    .execute()
  return { userId: member.user_id }
}

/**
 * The reset with this token and its user, if it can be used: not expired, and the user is a member of
 * this organization and of no other one, whose owners did not agree.
 *
 * @param system pool or transaction of the role `cairn_system`
 */
export function findOpenPasswordReset(system: Database | Trx, token: string) {
  return system
    .withTables<AuthSchema>()
    .selectFrom('password_resets as r')
    .innerJoin('auth.user as u', 'u.id', 'r.user_id')
    .innerJoin('members as m', (join) =>
      join
        .onRef('m.user_id', '=', 'r.user_id')
        .onRef('m.organization_id', '=', 'r.organization_id'),
    )
    .select(['r.id', 'r.organization_id', 'r.user_id', 'r.expires_at', 'u.name', 'u.email'])
    .where('r.token_hash', '=', hashToken(token))
    .where((eb) => eb('r.expires_at', '>', eb.fn<Date>('now')))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('members as other')
            .select('other.id')
            .whereRef('other.user_id', '=', 'r.user_id')
            .whereRef('other.organization_id', '<>', 'r.organization_id'),
        ),
      ),
    )
    .executeTakeFirst()
}

/** Whether the user is a member of another organization as well. */
export async function hasOtherOrganization(
  system: Database,
  user: { userId: string; organizationId: string },
): Promise<boolean> {
  const row = await system
    .selectFrom('members')
    .select('id')
    .where('user_id', '=', user.userId)
    .where('organization_id', '<>', user.organizationId)
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Uses a reset: it cannot be used again, the password is replaced, and all sessions end. Requires the
 * lock of `lockMembers`.
 *
 * @param reset found by `findOpenPasswordReset` in the same transaction
 * @param passwordHash as better-auth stores it
 * @returns false if it was used or replaced in the meantime: nothing was changed
 */
export async function applyPasswordReset(
  trx: Trx,
  reset: { id: string; user_id: string },
  passwordHash: string,
): Promise<boolean> {
  const used = await trx
    .deleteFrom('password_resets')
    .where('id', '=', reset.id)
    .returning('id')
    .executeTakeFirst()
  if (!used) return false
  const auth = trx.withTables<AuthSchema>()
  await auth
    .updateTable('auth.account')
    .set({ password: passwordHash, updatedAt: new Date() })
    .where('userId', '=', reset.user_id)
    .where('providerId', '=', 'credential')
    .execute()
  await auth.deleteFrom('auth.session').where('userId', '=', reset.user_id).execute()
  return true
}

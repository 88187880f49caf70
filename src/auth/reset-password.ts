import type { User } from '../db/members.ts'
import { applyPasswordReset, findOpenPasswordReset } from '../db/password-resets.ts'
import type { AuthSettings } from './better-auth.ts'
import { inMemberQueue } from './member-queue.ts'

/** How long a link that sets a new password is valid. */
export const PASSWORD_RESET_HOURS = 24

/** @returns when a link that is created now expires */
export function passwordResetExpiry(): Date {
  return new Date(Date.now() + PASSWORD_RESET_HOURS * 3_600_000)
}

/** The page of the web app that accepts the token. */
export function passwordResetUrl(base: string, token: string): string {
  return `${base}/reset-password?token=${token}`
}

/**
 * Sets the password of the link's user, ends all their sessions, and uses the link: all of it, or
 * nothing.
 *
 * @returns the user; undefined if the link is not valid
 * @throws OrganizationBusy
 */
export async function resetPassword(
  settings: AuthSettings,
  token: string,
  password: string,
): Promise<Pick<User, 'name' | 'email'> | undefined> {
  const { system } = settings
  const found = await findOpenPasswordReset(system, token)
  if (!found) return undefined
  return inMemberQueue(system, found.organization_id, password, async (trx, passwordHash) => {
    // Checked again, because the previous holder of the lock may have used it.
    const reset = await findOpenPasswordReset(trx, token)
    if (!reset) return undefined
    if (!(await applyPasswordReset(trx, reset, passwordHash))) return undefined
    return { name: reset.name, email: reset.email }
  })
}

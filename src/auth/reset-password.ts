import { lockMembers, type User } from '../db/members.ts'
import { applyPasswordReset, findOpenPasswordReset } from '../db/password-resets.ts'
import { type AuthSettings, openAuth } from './better-auth.ts'

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
 */
export function resetPassword(
  settings: AuthSettings,
  token: string,
  password: string,
): Promise<Pick<User, 'name' | 'email'> | undefined> {
  return settings.system.transaction().execute(async (trx) => {
    const found = await findOpenPasswordReset(trx, token)
    if (!found) return undefined
    await lockMembers(trx, found.organization_id)
    // Checked again, because the previous holder of the lock may have used it.
    const reset = await findOpenPasswordReset(trx, token)
    if (!reset) return undefined
    const { password: hasher } = await openAuth(settings).$context
    if (!(await applyPasswordReset(trx, reset, await hasher.hash(password)))) return undefined
    return { name: reset.name, email: reset.email }
  })
}

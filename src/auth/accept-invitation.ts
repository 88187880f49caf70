import type { Database } from '../db/database.ts'
import {
  acceptInvitation,
  deleteUserWithoutMembership,
  findOpenInvitation,
  hasOwner,
  insertInvitation,
  newInvitationToken,
  type User,
} from '../db/members.ts'
import { type AuthSettings, openAuth } from './better-auth.ts'
import { invitationExpiry } from './invitations.ts'
import { inMemberQueue } from './member-queue.ts'

interface Newcomer {
  name: string
  email: string
  password: string
}

/** Why no account was created. The link stays valid. */
export class InvitationRejected extends Error {
  override name = 'InvitationRejected'
  readonly reason: 'no_such_link' | 'other_email' | 'email_taken'

  constructor(reason: InvitationRejected['reason']) {
    super(reason)
    this.reason = reason
  }
}

/**
 * Creates a link for the organization's first owner; undefined if it has one. Links of earlier
 * starts stay valid until they expire, because another server may just have printed one. All of
 * them expire when one is used.
 */
export async function firstOwnerToken(
  system: Database,
  organizationId: string,
): Promise<string | undefined> {
  if (await hasOwner(system, organizationId)) return undefined
  const token = newInvitationToken()
  await insertInvitation(system, {
    organizationId,
    token,
    role: 'owner',
    firstOwner: true,
    expiresAt: invitationExpiry('firstOwner'),
  })
  return token
}

/**
 * Creates the user, the membership and a session, and uses the link: all of it, or nothing. Of
 * several concurrent uses of one link, one succeeds.
 *
 * @param headers of the request: address and browser are stored with the session
 * @throws InvitationRejected; OrganizationBusy
 */
export async function createAccount(
  settings: AuthSettings,
  token: string,
  { name, email, password }: Newcomer,
  headers: Headers,
): Promise<{ user: User; cookies: string[] }> {
  const { system } = settings
  const found = await findOpenInvitation(system, token)
  if (!found) throw new InvitationRejected('no_such_link')
  return inMemberQueue(system, found.organization_id, password, async (trx, passwordHash) => {
    // Checked again, because the previous holder of the lock may have used it.
    const invitation = await findOpenInvitation(trx, token)
    if (!invitation) throw new InvitationRejected('no_such_link')
    if (invitation.email !== null && invitation.email !== email.toLowerCase()) {
      throw new InvitationRejected('other_email')
    }
    // A user without memberships, left over if the server stopped during their removal.
    await deleteUserWithoutMembership(trx, { email })
    const auth = openAuth({ ...settings, system: trx }, { passwordHash })
    const made = await auth.api
      .signUpEmail({ body: { name, email, password }, headers, returnHeaders: true })
      .catch((error) => {
        if (/^(USER_ALREADY_EXISTS|FAILED_TO_CREATE_USER)/.test(error?.body?.code)) {
          throw new InvitationRejected('email_taken')
        }
        throw error
      })
    const { user } = made.response
    if (!(await acceptInvitation(trx, invitation, user.id)))
      throw new InvitationRejected('no_such_link')
    return {
      user: { id: user.id, name: user.name, email: user.email },
      cookies: made.headers.getSetCookie(),
    }
  })
}

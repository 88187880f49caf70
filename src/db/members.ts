import { type Selectable, sql } from 'kysely'
import type { Role } from '../auth/roles.ts'
import type { Database, Trx } from './database.ts'
import type { AuthSchema } from './schema/organizations.ts'
import type { Schema } from './schema.ts'
import { hashToken, newToken } from './token.ts'

/** A user who signs in. better-auth's tables contain more fields, which only it reads. */
export interface User {
  id: string
  name: string
  email: string
}

interface Membership {
  organizationId: string
  role: Role
}

export type InvitationRow = Selectable<Schema['invitations']>

export function newInvitationToken(): string {
  return newToken('invite_')
}

/**
 * The organization of a user. A user who belongs to several acts for the first one that they
 * joined, until it can be selected.
 *
 * @param system pool of the role `cairn_system`
 */
export async function membershipOf(
  system: Database,
  userId: string,
): Promise<Membership | undefined> {
  const row = await system
    .selectFrom('members')
    .select(['organization_id', 'role'])
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .orderBy('id')
    .executeTakeFirst()
  return row && { organizationId: row.organization_id, role: row.role }
}

export function findUsers(system: Database, ids: readonly string[]): Promise<User[]> {
  if (ids.length === 0) return Promise.resolve([])
  return system
    .withTables<AuthSchema>()
    .selectFrom('auth.user')
    .select(['id', 'name', 'email'])
    .where('id', 'in', ids)
    .execute()
}

/** The members of the transaction's organization, oldest first. */
export function listMembers(trx: Trx) {
  return trx.selectFrom('members').selectAll().orderBy('created_at').orderBy('id').execute()
}

export async function hasOwner(system: Database, organizationId: string): Promise<boolean> {
  const row = await system
    .selectFrom('members')
    .select('id')
    .where('organization_id', '=', organizationId)
    .where('role', '=', 'owner')
    .executeTakeFirst()
  return row !== undefined
}

/** Until the transaction ends, no other transaction creates or removes members of this organization. */
export async function lockMembers(trx: Trx, organizationId: string): Promise<void> {
  const name = `cairn.members:${organizationId}`
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(trx)
}

/**
 * Removes a member from the transaction's organization. Also revokes the links that they created,
 * for invitations and new passwords, which they could otherwise use to return.
 *
 * @returns the ID of their user; `last_owner` if no other owner could invite people, so nothing was
 *   changed; undefined if the member does not exist
 */
export async function removeMember(
  trx: Trx,
  organizationId: string,
  id: string,
): Promise<{ userId: string } | 'last_owner' | undefined> {
  await lockMembers(trx, organizationId)
  const members = await listMembers(trx)
  const member = members.find((each) => each.id === id)
  if (!member) return undefined
  const owners = members.filter(({ role }) => role === 'owner')
  if (owners.length === 1 && owners[0]!.id === id) return 'last_owner'
  // Shared views stay, without a creator.
  await trx
    .deleteFrom('saved_views')
    .where('user_id', '=', member.user_id)
    .where('shared', '=', false)
    .execute()
  await trx.deleteFrom('members').where('id', '=', id).execute()
  await trx
    .updateTable('invitations')
    .set({ revoked_at: sql<Date>`now()` })
    .where('created_by', '=', member.user_id)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .execute()
  await trx.deleteFrom('password_resets').where('created_by', '=', member.user_id).execute()
  return { userId: member.user_id }
}

/**
 * Removes users who belong to no organization, with their passwords and sessions. A person who is
 * invited later gets a new account.
 */
export async function deleteUserWithoutMembership(
  system: Database,
  user: { id: string } | { email: string },
): Promise<void> {
  await system
    .withTables<AuthSchema>()
    .deleteFrom('auth.user')
    .where((eb) =>
      'id' in user ? eb('id', '=', user.id) : eb('email', '=', user.email.toLowerCase()),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(selectFrom('members').select('members.id').whereRef('user_id', '=', 'auth.user.id')),
      ),
    )
    .execute()
}

/** Removes expired sessions, which nothing else removes if their user does not return. */
export async function removeExpiredSessions(system: Database): Promise<void> {
  await system
    .withTables<AuthSchema>()
    .deleteFrom('auth.session')
    .where('expiresAt', '<', sql<Date>`now()`)
    .execute()
}

interface NewInvitation {
  organizationId: string
  role: Role
  token: string
  expiresAt: Date
  email?: string
  /** The ID of the user who invites. */
  createdBy?: string
  firstOwner?: boolean
}

/** Stores the token's hash. The token itself is not in the database. */
export function insertInvitation(
  db: Database | Trx,
  invitation: NewInvitation,
): Promise<InvitationRow> {
  return db
    .insertInto('invitations')
    .values({
      organization_id: invitation.organizationId,
      role: invitation.role,
      email: invitation.email,
      token_hash: hashToken(invitation.token),
      first_owner: invitation.firstOwner,
      created_by: invitation.createdBy,
      expires_at: invitation.expiresAt,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** The invitations of the transaction's organization that can still be accepted, oldest first. */
export function listInvitations(trx: Trx): Promise<InvitationRow[]> {
  return (
    trx
      .selectFrom('invitations')
      .selectAll()
      .where('accepted_at', 'is', null)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', sql<Date>`now()`)
      // A setup link has no inviter, and is no longer valid when an owner exists who could see this
      // list.
      .where('first_owner', '=', false)
      .orderBy('created_at')
      .orderBy('id')
      .execute()
  )
}

/** @returns whether an invitation was revoked that could still be accepted */
export async function revokeInvitation(trx: Trx, id: string): Promise<boolean> {
  const row = await trx
    .updateTable('invitations')
    .set({ revoked_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  return row !== undefined
}

/**
 * The invitation with this token and its organization's name, if it can be accepted: not accepted,
 * not revoked, not expired, and for the setup link, no owner exists.
 */
export function findOpenInvitation(system: Database, token: string) {
  return system
    .selectFrom('invitations')
    .innerJoin('organizations', 'organizations.id', 'organization_id')
    .selectAll('invitations')
    .select('organizations.name as organization')
    .where('token_hash', '=', hashToken(token))
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .where(({ or, eb, not, exists, selectFrom }) =>
      or([
        eb('first_owner', '=', false),
        not(
          exists(
            selectFrom('members')
              .select('members.id')
              .whereRef('members.organization_id', '=', 'organizations.id')
              .where('members.role', '=', 'owner'),
          ),
        ),
      ]),
    )
    .executeTakeFirst()
}

/**
 * Marks the invitation as used and makes the user a member. Requires {@link lockMembers}.
 *
 * @returns false if it was revoked in the meantime: nothing was changed
 */
export async function acceptInvitation(
  trx: Trx,
  invitation: InvitationRow,
  userId: string,
): Promise<boolean> {
  const accepted = await trx
    .updateTable('invitations')
    .set({ accepted_at: sql<Date>`now()` })
    .where('id', '=', invitation.id)
    .where('accepted_at', 'is', null)
    .where('revoked_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (!accepted) return false
  await trx
    .insertInto('members')
    .values({
      organization_id: invitation.organization_id,
      user_id: userId,
      role: invitation.role,
    })
    .execute()
  return true
}

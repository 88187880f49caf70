import type { FastifyRequest } from 'fastify'
import type { Trx } from '../db/database.ts'
import { listMembers, lockMembers } from '../db/members.ts'
import { Problem } from './problems.ts'

/** Who sends a request: a user with a role, or an API key, which has neither. */
export type Sender = Pick<FastifyRequest, 'user' | 'role'>

const OWNER_REQUIRED = 'Requires an owner of the organization.'

/**
 * Requires a signed-in owner. For routes that manage access: a leaked API key must not be able to
 * create another key or an account.
 *
 * @throws Problem 403
 */
export function requireOwner({ user, role }: Sender): void {
  if (role === 'owner') return
  throw new Problem(
    403,
    user
      ? OWNER_REQUIRED
      : 'Not allowed with an API key. Requires a signed-in owner of the organization.',
  )
}

/**
 * Requires in the transaction of a write that the sender is still an owner: the body may arrive long
 * after the sender was authenticated. Until the transaction ends, the sender cannot be removed.
 *
 * @throws Problem 403
 */
export async function requireCurrentOwner(
  trx: Trx,
  { organizationId, user }: Pick<FastifyRequest, 'organizationId' | 'user'>,
): Promise<void> {
  await lockMembers(trx, organizationId)
  const members = await listMembers(trx)
  const isOwner = members.some(({ user_id, role }) => user_id === user?.id && role === 'owner')
  if (!isOwner) throw new Problem(403, OWNER_REQUIRED)
}

/**
 * For secrets of integrations, which decide who can add changes and incidents: owners, and programs
 * with an API key, which can add changes anyway.
 *
 * @throws Problem 403
 */
export function requireOwnerOrKey(sender: Sender): void {
  if (!isOwnerOrKey(sender)) throw new Problem(403, OWNER_REQUIRED)
}

export function isOwnerOrKey({ user, role }: Sender): boolean {
  return user === null || role === 'owner'
}

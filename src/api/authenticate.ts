import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Role } from '../auth/roles.ts'
import { membershipOf, type User } from '../db/members.ts'
import { organizationOfKey } from '../db/organizations.ts'
import type { ApiContext } from './context.ts'
import { requireSameOrigin } from './origin.ts'
import { authHeaders, setCookies } from './person.ts'
import { Problem } from './problems.ts'

interface Asker {
  organizationId: string
  /** Null when a key asks. */
  user: User | null
  role: Role | null
  /** To be set again: the session was prolonged. */
  cookies: string[]
}

/**
 * Finds out who asks, and for which organization. A key goes before a cookie: whoever sends one
 * means it, and a page of another site cannot.
 *
 * @throws Problem 401; 403 when a cookie came with something that changes anything, and no page of
 *   ours sent it
 */
export async function authenticate(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const asker = await whoAsks(context, request)
  if (!asker) {
    const detail = keyOf(request)
      ? 'The API key is invalid or revoked.'
      : 'Authentication required. Send "Authorization: Bearer KEY", or sign in.'
    throw new Problem(401, detail, { headers: { 'www-authenticate': 'Bearer' } })
  }
  if (asker.user && request.method !== 'GET' && request.method !== 'HEAD') {
    requireSameOrigin(request, context.publicUrl, 'refused')
  }
  setCookies(reply, asker.cookies)
  request.organizationId = asker.organizationId
  request.user = asker.user
  request.role = asker.role
}

/** Whether whoever asked some time ago might still ask for that organization. */
export async function isStillLetIn(context: ApiContext, request: FastifyRequest): Promise<boolean> {
  // A cookie cannot be set again in the middle of an answer, so the session is left as it is.
  const asker = await whoAsks(context, request, { prolong: false })
  return asker?.organizationId === request.organizationId
}

const keyOf = ({ headers }: FastifyRequest) =>
  /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]

async function whoAsks(
  { system, auth }: ApiContext,
  request: FastifyRequest,
  { prolong = true } = {},
): Promise<Asker | undefined> {
  const key = keyOf(request)
  if (key) {
    const organizationId = await organizationOfKey(system, key)
    return organizationId ? { organizationId, user: null, role: null, cookies: [] } : undefined
  }
  const session = await auth.session(authHeaders(request), { prolong })
  const membership = session && (await membershipOf(system, session.user.id))
  return membership && { ...membership, user: session!.user, cookies: session!.cookies }
}

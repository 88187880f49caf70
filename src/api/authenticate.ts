import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Role } from '../auth/roles.ts'
import type { Database } from '../db/database.ts'
import { membershipOf, type User } from '../db/members.ts'
import { organizationOfKey } from '../db/organizations.ts'
import type { ApiContext } from './context.ts'
import { limitGuesses } from './limit-guesses.ts'
import { requireSameOrigin } from './origin.ts'
import { authHeaders, setCookies } from './person.ts'
import { Problem } from './problems.ts'

interface Asker {
  organizationId: string
  /** Null for an API key. */
  user: User | null
  role: Role | null
  /** The session cookie to set again, because the session was extended. */
  cookies: string[]
}

/** Finds the organization of a key that a client address has sent. */
export type FindOrganization = (address: string, key: string) => Promise<string | undefined>

/**
 * Finds the organization of a key before the sender is known. All routes share one, because it
 * limits the lookups of each address. It throws Problem 429 if too many keys of an address wait.
 */
export function createFindOrganization(system: Database): FindOrganization {
  return limitGuesses({
    find: (key) => organizationOfKey(system, key),
    reason: 'Too many unknown API keys from this address at the same time',
  })
}

/**
 * Returns a function that authenticates a request and sets its organization. An API key takes
 * precedence over a cookie: it is sent on purpose, and a page of another site cannot send one.
 *
 * The function throws Problem 401; 403 for a request with a cookie that changes data and has
 * another origin; 429 if `findOrganization` does.
 */
export function createAuthentication(
  context: ApiContext,
  findOrganization: FindOrganization,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async (request, reply) => {
    const asker = await identifySender(context, request, {
      findOrganization: (key) => findOrganization(request.ip, key),
    })
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
}

/** How often the sender of an open response is authenticated again. */
const REAUTHENTICATE_MS = 60_000

/**
 * Calls `onRevoked` within a minute after the sender of an open response has lost access, as when
 * its key was revoked. If the database does not respond, the response gets no new data either.
 *
 * @returns a function that ends the checks
 */
export function watchAuthorization(
  context: ApiContext,
  request: FastifyRequest,
  onRevoked: () => void,
): () => void {
  const asking = setInterval(async () => {
    const stays = await isStillAuthorized(context, request).catch(() => true)
    if (!stays) onRevoked()
  }, REAUTHENTICATE_MS)
  return () => clearInterval(asking)
}

/** Whether the sender of an earlier request still has access to that organization. */
export async function isStillAuthorized(
  context: ApiContext,
  request: FastifyRequest,
): Promise<boolean> {
  // A cookie cannot be set after the response has started, so the session is not extended.
  const asker = await identifySender(context, request, {
    findOrganization: (key) => organizationOfKey(context.system, key),
    prolong: false,
  })
  return asker?.organizationId === request.organizationId
}

const keyOf = ({ headers }: FastifyRequest) =>
  /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]

async function identifySender(
  { system, auth }: ApiContext,
  request: FastifyRequest,
  options: {
    findOrganization: (key: string) => Promise<string | undefined>
    /** Whether to extend the session. Default: true. */
    prolong?: boolean
  },
): Promise<Asker | undefined> {
  const { findOrganization, prolong = true } = options
  const key = keyOf(request)
  if (key) {
    const organizationId = await findOrganization(key)
    return organizationId ? { organizationId, user: null, role: null, cookies: [] } : undefined
  }
  const session = await auth.session(authHeaders(request), { prolong })
  const membership = session && (await membershipOf(system, session.user.id))
  return membership && { ...membership, user: session!.user, cookies: session!.cookies }
}

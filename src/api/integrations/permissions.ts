import type { FastifyRequest } from 'fastify'
import { Problem } from '../problems.ts'

/**
 * Secrets decide who can add changes and incidents. Owners manage them, and programs with an API
 * key, which can add changes anyway.
 *
 * @throws Problem 403
 */
export function requireOwnerOrKey(request: FastifyRequest): void {
  if (request.user === null || request.role === 'owner') return
  throw new Problem(403, 'Requires an owner of the organization.')
}

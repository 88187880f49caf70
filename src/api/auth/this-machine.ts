import type { FastifyRequest } from 'fastify'

/**
 * Whether the request is from a person at this machine: not from a page of another site, nor from a
 * page whose host name was made to resolve to this machine.
 */
export function isFromThisMachine(request: FastifyRequest): boolean {
  return (
    /^(127\.|::1$|::ffff:127\.)/.test(request.ip) &&
    /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(request.host) &&
    /^(none|same-origin)?$/.test(String(request.headers['sec-fetch-site'] ?? ''))
  )
}

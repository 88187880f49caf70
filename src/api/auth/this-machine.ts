import type { FastifyRequest } from 'fastify'

/**
 * Whether the request comes from a browser on this machine. Rejects pages of other sites, and pages
 * whose host name was made to resolve to this machine (DNS rebinding).
 */
export function isFromThisMachine(request: FastifyRequest): boolean {
  return (
    /^(127\.|::1$|::ffff:127\.)/.test(request.ip) &&
    /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(request.host) &&
    /^(none|same-origin)?$/.test(String(request.headers['sec-fetch-site'] ?? ''))
  )
}

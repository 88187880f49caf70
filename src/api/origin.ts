import type { FastifyRequest } from 'fastify'
import { Problem } from './problems.ts'

/**
 * Rejects requests that change data, use a session cookie and come from another origin. Browsers
 * send `Sec-Fetch-Site`; older browsers send `Origin`. Scripts of a page can set neither.
 *
 * `Origin` is compared with `Host`, regardless of the name that Cairn is reached by: a page of
 * another site cannot choose `Host`, and a DNS name that was made to point here has no cookies of
 * Cairn.
 *
 * @param without how to treat a request that names no origin, which no browser sends
 * @throws Problem 403
 */
export function requireSameOrigin(
  request: FastifyRequest,
  publicUrl: string | undefined,
  without: 'allowed' | 'refused',
): void {
  const { origin, 'sec-fetch-site': site } = request.headers
  if (site === 'same-origin') return
  if (site === undefined && origin !== undefined) {
    const named = URL.parse(origin)
    // `Origin` omits a default port; `Host` may contain it.
    if (named && URL.parse(`${named.protocol}//${request.host}`)?.origin === named.origin) return
    if (publicUrl && named && named.origin === new URL(publicUrl).origin) return
  }
  if (site === undefined && origin === undefined && without === 'allowed') return
  throw new Problem(
    403,
    'Session requests must come from the same origin as Cairn. ' +
      'Programs authenticate with an API key: "Authorization: Bearer KEY".',
  )
}

/**
 * The public URL of this Cairn, without a trailing slash: as configured, otherwise as in the
 * request.
 */
export function publicUrlOf(
  request: Pick<FastifyRequest, 'protocol' | 'host'>,
  publicUrl: string | undefined,
): string {
  return publicUrl ?? `${request.protocol}://${request.host}`
}

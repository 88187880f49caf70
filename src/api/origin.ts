import type { FastifyRequest } from 'fastify'
import { Problem } from './problems.ts'

/**
 * Whether a request that a browser sent with somebody's cookie may change anything: only when a
 * page of this very origin sent it. Browsers say so in `Sec-Fetch-Site`, and older ones name the
 * page's origin; scripts of a page can set neither.
 *
 * The origin is compared with `Host`, whatever name Cairn is reached by: another site's page does
 * not choose it, and a name that was made to point here has no cookies of ours.
 *
 * @param without what a request is taken for that names no origin: no browser sends such a one
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
    // Origins leave a default port out, `Host` need not.
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

/** Where people reach this Cairn, without a slash at the end: as configured, else as they just did. */
export function reachedAt(
  request: Pick<FastifyRequest, 'protocol' | 'host'>,
  publicUrl: string | undefined,
): string {
  return publicUrl ?? `${request.protocol}://${request.host}`
}

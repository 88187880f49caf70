import { queryOptions } from '@tanstack/react-query'
import { signOut as endSession, getMe } from './client.ts'

/** The current user and organization. Fails with 401 without a session. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: () => getMe(),
  staleTime: 60_000,
})

/**
 * Ends the session and discards the cached data of the page.
 *
 * @throws HttpError, or a TypeError when the server cannot be reached. The session then continues
 */
export async function signOut(): Promise<void> {
  await endSession()
  window.location.assign('/sign-in')
}

/**
 * The path to open after sign-in: the requested path if it is on this origin and not a sign-in
 * page, else the feed.
 *
 * @param to a path with its query, from the URL. Untrusted
 */
export function redirectAfterSignIn(to: string | undefined): string {
  const ours = 'http://cairn.invalid'
  // Browsers resolve `//`, `/\` and a tab after the slash to other sites.
  const url = to?.startsWith('/') ? URL.parse(to, ours) : null
  if (url?.origin !== ours) return '/'
  // `/.//other.example` becomes a path that resolves to another site.
  if (url.pathname.startsWith('//')) return '/'
  if (/^\/(sign-in|accept-invitation)\/?$/.test(url.pathname)) return '/'
  return url.pathname + url.search + url.hash
}

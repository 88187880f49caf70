import { queryOptions } from '@tanstack/react-query'
import { signOut as endSession, getMe } from './client.ts'

/** Who asks, and for which organization; 401 when nobody is signed in. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: () => getMe(),
  staleTime: 60_000,
})

/**
 * Ends the session, and everything that this page remembers of it.
 *
 * @throws HttpError, or a TypeError when the server cannot be reached: the session goes on
 */
export async function signOut(): Promise<void> {
  await endSession()
  window.location.assign('/sign-in')
}

/**
 * Where to go after signing in: the place that was asked for, if it is one of ours and not the
 * way in itself, else home.
 *
 * @param to a path with its search, as it came in the address: anybody can have written it
 */
export function redirectAfterSignIn(to: string | undefined): string {
  const ours = 'http://cairn.invalid'
  // As browsers read it: `//`, `/\` and a tab after the slash lead to other sites.
  const url = to?.startsWith('/') ? URL.parse(to, ours) : null
  if (url?.origin !== ours) return '/'
  // `/.//other.example` becomes a path that is an address of another site once it is alone.
  if (url.pathname.startsWith('//')) return '/'
  if (/^\/(sign-in|welcome)\/?$/.test(url.pathname)) return '/'
  return url.pathname + url.search + url.hash
}

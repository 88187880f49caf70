import { isIPv6 } from 'node:net'
import rateLimit from '@fastify/rate-limit'
import type { App } from './context.ts'
import { Problem } from './problems.ts'

/** Per client address, over all routes of the scope. A page needs only a few. */
const MAX_PER_MINUTE = 300

/**
 * Limits how often one address can call the routes of this scope, before a body is read, because
 * these requests have neither a key nor a session. Each process counts separately. Sign-in attempts
 * also have a stricter limit, which is stored in the database.
 */
export async function limitRate(routes: App): Promise<void> {
  await routes.register(rateLimit, {
    max: MAX_PER_MINUTE,
    timeWindow: 60_000,
    hook: 'onRequest',
    keyGenerator: (request) => addressBlock(request.ip),
    errorResponseBuilder(_request, { ttl }) {
      const seconds = Math.ceil(ttl / 1000)
      return new Problem(429, `Too many requests from this address. Retry in ${seconds} s.`, {
        headers: { 'retry-after': String(seconds) },
      })
    },
    // `Retry-After` is sufficient.
    addHeaders: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
    },
    addHeadersOnExceeding: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
    },
  })
}

/** The address range of one client: an IPv4 address, or the first 64 bits of an IPv6 address. */
export function addressBlock(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail = ''] = address.split('%', 1)[0]!.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  // An IPv4 address at the end takes the place of two groups.
  if (tail.includes('.')) return tail.slice(tail.lastIndexOf(':') + 1)
  const missing = address.includes('::') ? 8 - groups(head).length - groups(tail).length : 0
  const all = [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail)]
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

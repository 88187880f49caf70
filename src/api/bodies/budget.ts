import { Problem } from '../problems.ts'

const MINUTE_MS = 60_000

export interface ByteBudget {
  /** @throws Problem 429 if the organization has used up its bytes of this minute */
  spend(organizationId: string, bytes: number): void
}

/**
 * Limits the bytes that each organization can send in a minute, in each process: parsing them takes
 * time on the event loop that all organizations share.
 *
 * @param options.what the subject of the error's sentence
 * @param options.now Unix milliseconds
 */
export function createByteBudget(options: {
  maxBytesPerMinute: number
  what: string
  now?: () => number
}): ByteBudget {
  const { maxBytesPerMinute, what, now = Date.now } = options
  let spent = new Map<string, number>()
  let startedAt = now()
  return {
    spend(organizationId, bytes) {
      const time = now()
      if (time - startedAt >= MINUTE_MS) {
        spent = new Map()
        startedAt = time
      }
      const total = (spent.get(organizationId) ?? 0) + bytes
      if (total > maxBytesPerMinute) {
        const wait = String(Math.max(1, Math.ceil((startedAt + MINUTE_MS - time) / 1000)))
        throw new Problem(429, `${what} are too large in total. Retry in ${wait} s.`, {
          headers: { 'retry-after': wait },
        })
      }
      spent.set(organizationId, total)
    },
  }
}

import { Problem } from '../problems.ts'

const MINUTE_MS = 60_000

export interface MinuteLimit {
  /** @throws Problem 429 if `amount` more would exceed the limit of this minute */
  check(key: string, amount: number): void
  /** Counts `amount`. Call it after `check`. */
  add(key: string, amount: number): void
}

/**
 * Limits what each key uses in a minute, in each process.
 *
 * @param options.reason the first sentence of the error, without a period
 * @param options.now Unix milliseconds
 */
export function createMinuteLimit(options: {
  most: number
  reason: string
  now?: (() => number) | undefined
}): MinuteLimit {
  const { most, reason, now = Date.now } = options
  let used = new Map<string, number>()
  let startedAt = now()
  return {
    check(key, amount) {
      const time = now()
      if (time - startedAt >= MINUTE_MS) {
        used = new Map()
        startedAt = time
      }
      if ((used.get(key) ?? 0) + amount <= most) return
      const wait = String(Math.max(1, Math.ceil((startedAt + MINUTE_MS - time) / 1000)))
      throw new Problem(429, `${reason}. Retry in ${wait} s.`, {
        headers: { 'retry-after': wait },
      })
    },
    add(key, amount) {
      used.set(key, (used.get(key) ?? 0) + amount)
    },
  }
}

export interface ByteBudget {
  /** @throws Problem 429 if the organization has used up its bytes of this minute */
  spend(organizationId: string, bytes: number): void
}

/**
 * Limits the bytes that each organization can send or read in a minute, in each process: parsing
 * them takes time on the event loop that all organizations share.
 *
 * @param options.what the subject of the error's sentence
 * @param options.now Unix milliseconds
 */
export function createByteBudget(options: {
  maxBytesPerMinute: number
  what: string
  now?: (() => number) | undefined
}): ByteBudget {
  const { maxBytesPerMinute: most, what, now } = options
  const limit = createMinuteLimit({ most, reason: `${what} are too large in total`, now })
  return {
    spend(organizationId, bytes) {
      limit.check(organizationId, bytes)
      limit.add(organizationId, bytes)
    },
  }
}

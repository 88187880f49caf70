import { Problem } from '../problems.ts'

/** Correctly signed deliveries of one integration, in each process. */
const MAX_PER_MINUTE = 6_000
const MINUTE_MS = 60_000
/** Bodies of one integration that are read at the same time, before their signature is checked. */
const MAX_BYTES_AT_ONCE = 128 * 1024 * 1024

export interface DeliveryLimits {
  /**
   * Reserves memory for a body.
   *
   * @returns a function that releases it; further calls have no effect
   * @throws Problem 429
   */
  reserve(integrationId: string, bytes: number): () => void
  /**
   * Counts a correctly signed delivery. Others do not count, so that an attacker who
   * knows the URL cannot use up the limit.
   *
   * @throws Problem 429
   */
  count(integrationId: string): void
}

/**
 * Limits per integration and not per address, because a sender has many addresses, and several
 * integrations may have the same one.
 *
 * @param options.now Unix milliseconds
 */
export function createDeliveryLimits(
  options: { maxPerMinute?: number; maxBytesAtOnce?: number; now?: () => number } = {},
): DeliveryLimits {
  const { maxPerMinute = MAX_PER_MINUTE, maxBytesAtOnce = MAX_BYTES_AT_ONCE } = options
  const { now = Date.now } = options
  const reserved = new Map<string, number>()
  let counts = new Map<string, number>()
  let startedAt = now()
  return {
    reserve(integrationId, bytes) {
      const total = (reserved.get(integrationId) ?? 0) + bytes
      // One body is always read.
      if (total > maxBytesAtOnce && total > bytes) throw tooMany(1)
      reserved.set(integrationId, total)
      let isReleased = false
      return () => {
        if (isReleased) return
        isReleased = true
        const left = (reserved.get(integrationId) ?? 0) - bytes
        if (left > 0) reserved.set(integrationId, left)
        else reserved.delete(integrationId)
      }
    },
    count(integrationId) {
      const time = now()
      if (time - startedAt >= MINUTE_MS) {
        counts = new Map()
        startedAt = time
      }
      const count = (counts.get(integrationId) ?? 0) + 1
      if (count > maxPerMinute) throw tooMany((startedAt + MINUTE_MS - time) / 1000)
      counts.set(integrationId, count)
    },
  }
}

function tooMany(seconds: number): Problem {
  const wait = String(Math.max(1, Math.ceil(seconds)))
  return new Problem(429, `Too many deliveries for this integration. Retry in ${wait} s.`, {
    headers: { 'retry-after': wait },
  })
}

import { createByteBudget } from '../bodies/budget.ts'
import { Problem } from '../problems.ts'

/** Correctly signed deliveries of one integration, in each process. */
const MAX_PER_MINUTE = 6_000
/**
 * Bytes of all correctly signed deliveries of one organization, in each process. Translating them
 * takes time on the event loop that all organizations share.
 */
const MAX_BYTES_PER_MINUTE = 128 * 1024 * 1024
const MINUTE_MS = 60_000

export interface DeliveryLimits {
  /**
   * Counts a correctly signed delivery. Others do not count, so that an attacker who
   * knows the URL cannot use up the limits.
   *
   * @throws Problem 429
   */
  count(integration: { id: string; organizationId: string }, bytes: number): void
}

/**
 * Limits per integration and organization and not per address, because a sender has many addresses,
 * and several integrations may have the same one.
 *
 * @param options.now Unix milliseconds
 */
export function createDeliveryLimits(
  options: { maxPerMinute?: number; maxBytesPerMinute?: number; now?: () => number } = {},
): DeliveryLimits {
  const { maxPerMinute = MAX_PER_MINUTE, maxBytesPerMinute = MAX_BYTES_PER_MINUTE } = options
  const { now = Date.now } = options
  /** Deliveries by integration. */
  let counts = new Map<string, number>()
  const what = 'The deliveries for this organization'
  const budget = createByteBudget({ maxBytesPerMinute, what, now })
  let startedAt = now()
  return {
    count({ id, organizationId }, bytes) {
      const time = now()
      if (time - startedAt >= MINUTE_MS) {
        counts = new Map()
        startedAt = time
      }
      const count = (counts.get(id) ?? 0) + 1
      if (count > maxPerMinute) throw tooMany((startedAt + MINUTE_MS - time) / 1000)
      budget.spend(organizationId, bytes)
      counts.set(id, count)
    },
  }
}

function tooMany(seconds: number): Problem {
  const wait = String(Math.max(1, Math.ceil(seconds)))
  return new Problem(429, `Too many deliveries for this integration. Retry in ${wait} s.`, {
    headers: { 'retry-after': wait },
  })
}

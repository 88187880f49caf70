import { createByteBudget, createMinuteLimit } from '../bodies/budget.ts'

/** Deliveries of one integration, in each process. */
const MAX_PER_MINUTE = 6_000
/**
 * Bytes of all deliveries of one organization, in each process. Translating them takes time on the
 * event loop that all organizations share.
 */
const MAX_BYTES_PER_MINUTE = 128 * 1024 * 1024

export interface DeliveryLimits {
  /**
   * Counts a delivery that is correctly signed, replayed, or a test. Others do not count, so that an
   * attacker who knows the URL cannot use up the limits.
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
  const { maxPerMinute = MAX_PER_MINUTE, maxBytesPerMinute = MAX_BYTES_PER_MINUTE, now } = options
  const deliveries = createMinuteLimit({
    most: maxPerMinute,
    reason: 'Too many deliveries for this integration',
    now,
  })
  const what = 'The deliveries for this organization'
  const bytes = createByteBudget({ maxBytesPerMinute, what, now })
  return {
    count({ id, organizationId }, size) {
      deliveries.check(id, 1)
      bytes.spend(organizationId, size)
      deliveries.add(id, 1)
    },
  }
}

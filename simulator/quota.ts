/** Token buckets: the allowed requests a second, with a burst of one second. */
export class Quota {
  readonly #buckets = new Map<string, { tokens: number; at: number }>()

  /**
   * Takes one request of this key's quota; false when none is left. Time is the machine's own, independent of the
   * clock of the
   * accounts live by.
   *
   * @param perSecond null is without limit
   */
  take(key: string, perSecond: number | null): boolean {
    if (perSecond === null) return true
    const capacity = Math.max(1, perSecond)
    const now = performance.now()
    const bucket = this.#buckets.get(key) ?? { tokens: capacity, at: now }
    const tokens = Math.min(capacity, bucket.tokens + ((now - bucket.at) / 1000) * perSecond)
    const taken = tokens >= 1
    this.#buckets.set(key, { tokens: taken ? tokens - 1 : tokens, at: now })
    return taken
  }
}

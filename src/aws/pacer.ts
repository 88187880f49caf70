import { setTimeout as sleep } from 'node:timers/promises'

/**
 * The quota of LookupEvents per account and region (CloudTrail's service quotas; it cannot be
 * raised).
 */
const LOOKUP_EVENTS_PER_SECOND = 2

const SLOWEST = 0.1
/** A throttled request halves the rate; each successful one adds back a twentieth of the quota. */
const CREEP_BACK = LOOKUP_EVENTS_PER_SECOND / 20
/** The longest pause after a throttled request, when another client uses the quota. */
const MAX_PAUSE_MS = 10_000

/**
 * Spaces the requests to one account and region evenly over the quota. Slows down when AWS
 * throttles, which means that another client of the account uses the quota too, and recovers
 * slowly.
 */
export class Pacer {
  #perSecond = LOOKUP_EVENTS_PER_SECOND
  #nextAt = 0
  #throttledInARow = 0

  /** The current rate, in requests per second. */
  get perSecond(): number {
    return this.#perSecond
  }

  /** Resolves when the next request may be sent. Rejects with the signal's reason. */
  async acquire(signal: AbortSignal): Promise<void> {
    const now = performance.now()
    const at = Math.max(now, this.#nextAt)
    this.#nextAt = at + 1000 / this.#perSecond
    if (at > now) await sleep(at - now, undefined, { signal })
    signal.throwIfAborted()
  }

  succeeded(): void {
    this.#throttledInARow = 0
    this.#perSecond = Math.min(LOOKUP_EVENTS_PER_SECOND, this.#perSecond + CREEP_BACK)
  }

  throttled(): void {
    this.#throttledInARow += 1
    this.#perSecond = Math.max(SLOWEST, this.#perSecond / 2)
    const pause = Math.min(MAX_PAUSE_MS, 500 * 2 ** this.#throttledInARow)
    this.#nextAt = Math.max(this.#nextAt, performance.now() + pause)
  }
}

/** The pacers of this process, one per account and region. */
export class Pacers {
  #pacers = new Map<string, Pacer>()

  for(accountId: string, region: string): Pacer {
    const key = `${accountId}/${region}`
    const pacer = this.#pacers.get(key) ?? new Pacer()
    this.#pacers.set(key, pacer)
    return pacer
  }
}

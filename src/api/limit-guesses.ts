import { OrganizationBusy, OrganizationQueue } from '../db/organization-queue.ts'
import { hashToken } from '../db/token.ts'
import { Problem } from './problems.ts'
import { addressBlock } from './rate-limit.ts'

/** Maximum number of different unknown values of one client address that wait. */
const MAX_WAITING = 100
const MAX_WAIT_MS = 5_000
/** Maximum number of remembered values that exist. */
const MAX_REMEMBERED = 10_000

/**
 * Limits how many unknown keys or IDs one address can try at the same time: each takes a lookup on
 * connections that all organizations share, before the sender is known. A value is unknown unless it
 * is among the last 10,000 that were found, so after a start all are. The unknown values of an
 * address are looked up one at a time, in order of arrival: wrong values delay unknown valid ones
 * behind the same address, and cause their refusal only while too many wait or for too long. Known
 * values do not wait.
 *
 * @param options.find undefined if the value does not exist. Simultaneous calls with the same unknown
 *   value from one address share a lookup.
 * @param options.reason the first sentence of the error, without a period
 * @returns `find` with the limit. It throws Problem 429 if too many values of the address wait, or
 *   if the value has waited for too long.
 */
export function limitGuesses<T>(options: {
  find: (value: string) => Promise<T | undefined>
  reason: string
}): (address: string, value: string) => Promise<T | undefined> {
  const { find, reason } = options
  // Each client address takes the place of an organization.
  const queue = new OrganizationQueue({ running: 1, waiting: MAX_WAITING, waitMs: MAX_WAIT_MS })
  /** By address and hash. */
  const pending = new Map<string, Promise<T | undefined>>()
  // Hashes, because keys are secret and can be long.
  const existing = new Set<string>()

  /** Finds the value, and remembers whether it exists. */
  async function findAndRemember(value: string, hash: string): Promise<T | undefined> {
    const result = await find(value)
    existing.delete(hash)
    if (result !== undefined) {
      existing.add(hash)
      if (existing.size > MAX_REMEMBERED) existing.delete(existing.values().next().value!)
    }
    return result
  }

  async function enqueue(block: string, value: string, hash: string): Promise<T | undefined> {
    try {
      return await queue.run(block, undefined, () => findAndRemember(value, hash))
    } catch (error) {
      if (!(error instanceof OrganizationBusy)) throw error
      const wait = String(error.retryAfterSeconds)
      throw new Problem(429, `${reason}. Retry in ${wait} s.`, {
        headers: { 'retry-after': wait },
        cause: error,
      })
    }
  }

  return async (address, value) => {
    const hash = hashToken(value).toString('base64')
    if (existing.has(hash)) return findAndRemember(value, hash)
    const block = addressBlock(address)
    const id = `${block} ${hash}`
    const shared = pending.get(id)
    if (shared) return shared
    const found = enqueue(block, value, hash).finally(() => pending.delete(id))
    pending.set(id, found)
    return found
  }
}

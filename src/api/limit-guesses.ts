import { hashToken } from '../db/token.ts'
import { createMinuteLimit } from './bodies/budget.ts'
import { addressBlock } from './rate-limit.ts'

/** Different values that do not exist, from one client address. */
const MAX_PER_MINUTE = 60
const MINUTE_MS = 60_000
/** Maximum number of remembered values that exist, and of those that do not. */
const MAX_REMEMBERED = 10_000

/**
 * Limits how many different keys or IDs one address can try: each takes a lookup on connections
 * that all organizations share, before the sender is known. What was found before is never refused,
 * so others behind the same address are not affected. What was not found is not looked up again
 * within the same minute, so a sender with one wrong key counts once.
 *
 * @param options.find undefined if the value does not exist. Calls with a value that was not found
 *   before are shared while they run.
 * @param options.reason the first sentence of the error, without a period
 * @param options.now Unix milliseconds
 * @returns `find` with the limit. It throws Problem 429.
 */
export function limitGuesses<T>(options: {
  find: (value: string) => Promise<T | undefined>
  reason: string
  now?: () => number
}): (address: string, value: string) => Promise<T | undefined> {
  const { find, reason, now = Date.now } = options
  const limit = createMinuteLimit({ most: MAX_PER_MINUTE, reason, now })
  const running = new Map<string, Promise<T | undefined>>()
  // Hashes, because keys are secret and can be long.
  const existing = new Set<string>()
  const missing = new Set<string>()
  let missingSince = now()

  function isMissing(hash: string): boolean {
    const time = now()
    if (time - missingSince >= MINUTE_MS) {
      missing.clear()
      missingSince = time
    }
    return missing.has(hash)
  }

  /** Finds the value, and remembers whether it exists. */
  async function findAndRemember(value: string, hash: string): Promise<T | undefined> {
    const result = await find(value)
    existing.delete(hash)
    if (result !== undefined) {
      existing.add(hash)
      if (existing.size > MAX_REMEMBERED) existing.delete(existing.values().next().value!)
    } else if (missing.size < MAX_REMEMBERED) missing.add(hash)
    return result
  }

  async function guess(block: string, value: string, hash: string): Promise<T | undefined> {
    // Counted while it runs, so that concurrent guesses count as well.
    limit.add(block, 1)
    let counts = false
    try {
      const result = await findAndRemember(value, hash)
      counts = result === undefined
      return result
    } finally {
      if (!counts) limit.add(block, -1)
    }
  }

  return async (address, value) => {
    const hash = hashToken(value).toString('base64')
    if (existing.has(hash)) return findAndRemember(value, hash)
    if (isMissing(hash)) return undefined
    const shared = running.get(hash)
    if (shared) return shared
    const block = addressBlock(address)
    limit.check(block, 1)
    const guessing = guess(block, value, hash).finally(() => running.delete(hash))
    running.set(hash, guessing)
    return guessing
  }
}

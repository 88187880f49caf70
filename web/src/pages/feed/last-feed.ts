import type { FeedSearch } from './search.ts'

/** A picture that is older does not pass for now. */
export const OLD_MS = 10 * 60_000

/**
 * The feed as it was last looked at: who comes back from a change finds it so. Times in
 * milliseconds, the server's.
 */
export const lastFeed: {
  search: FeedSearch
  /** When the picture was taken, and when its page was left; 0: never. */
  asOf: number
  leftAt: number
  /** Takes a new one, where the feed is on the page. */
  look: () => void
} = { search: {}, asOf: 0, leftAt: 0, look() {} }

/**
 * As of when the feed is shown to somebody who comes to it: who was away for a moment finds the
 * very picture again, however long it was looked at before.
 *
 * @param isBack whether there is a place in it to come back to
 */
export function asOfFor(
  last: { asOf: number; leftAt: number },
  isBack: boolean,
  now: number,
): number {
  return now - (isBack ? last.leftAt : last.asOf) > OLD_MS ? now : last.asOf
}

import type { NewsSince } from './news-since.ts'
import type { FeedSearch } from './search.ts'

/** After this time a loaded feed no longer counts as current. */
export const OLD_MS = 10 * 60_000

/**
 * The feed as it was last shown, restored when the reader returns from a change. Times are in
 * milliseconds by the server's clock.
 */
export const lastFeed: {
  search: FeedSearch
  /** When the feed was loaded, and when its page was left; 0: never. */
  asOf: number
  leftAt: number
  /** For the list that was read at `asOf`, once the connections were loaded. */
  newsSince?: NewsSince | undefined
  /** Loads the feed again, while it is on the page. */
  refresh: () => void
} = { search: {}, asOf: 0, leftAt: 0, refresh() {} }

/**
 * The moment that the feed shows when its page opens, in milliseconds. A reader who returns shortly
 * after leaving sees the same list again, even if it was loaded long ago.
 *
 * @param isBack whether the URL has a position to return to
 */
export function snapshotTime(
  last: { asOf: number; leftAt: number },
  isBack: boolean,
  now: number,
): number {
  return now - (isBack ? last.leftAt : last.asOf) > OLD_MS ? now : last.asOf
}

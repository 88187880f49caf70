/** What of the feed is in the address. */
export type FeedSearch = Record<string, never>

export function validateFeedSearch(): FeedSearch {
  return {}
}

import type { FeedSearch } from './search.ts'

/** The feed as it was last looked at: who comes back from a change finds it so. */
export const lastFeed: { search: FeedSearch; asOf: number } = { search: {}, asOf: 0 }

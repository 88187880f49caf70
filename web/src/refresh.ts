import type { InvalidateQueryFilters, QueryClient } from '@tanstack/react-query'

/**
 * Fetches when called. A call during a fetch does not restart it: a slow server would never finish a
 * response if events arrive faster. Instead, it fetches once more afterwards.
 */
export function oneAtATime(fetch: () => Promise<unknown>): () => void {
  let isFetching = false
  let isDue = false
  const run = async () => {
    isDue = true
    if (isFetching) return
    isFetching = true
    try {
      while (isDue) {
        isDue = false
        await fetch()
      }
    } finally {
      isFetching = false
    }
  }
  return () => void run()
}

/**
 * Fetches the active queries again, without cancelling requests that are in flight. They may have
 * read the data before it changed, so these queries are then fetched once more.
 */
export async function refetchChanged(
  client: QueryClient,
  filters: InvalidateQueryFilters,
): Promise<void> {
  const wasFetching = client.isFetching(filters) > 0
  await client.invalidateQueries(filters, { cancelRefetch: false })
  if (wasFetching) await client.invalidateQueries(filters, { cancelRefetch: false })
}

/** @returns a function that calls {@link refetchChanged} for a name, one at a time for each name */
export function createRefresher(
  client: QueryClient,
): (name: string, filters: InvalidateQueryFilters) => void {
  const byName = new Map<string, () => void>()
  return (name, filters) => {
    const refresh = byName.get(name) ?? oneAtATime(() => refetchChanged(client, filters))
    byName.set(name, refresh)
    refresh()
  }
}

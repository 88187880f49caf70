import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Change, ChangeSet } from '../../client.ts'
import { connectionsQuery } from '../connections/queries.ts'
import { toEntries } from './entries.ts'
import { useFacets, useFeed, useHistogram, useNews } from './queries.ts'
import { type FeedSearch, toQuery, windowOf } from './search.ts'

/** Everything that the feed page shows for the filters in the URL. */
export function useFeedData(search: FeedSearch, asOf: number) {
  const view = search.view ?? 'sets'
  // The selected row and the expanded sets do not change what the list contains.
  const { at: _, open: __, ...filters } = search
  const filtersKey = JSON.stringify(filters)
  // biome-ignore lint/correctness/useExhaustiveDependencies: filtersKey represents filters
  const window = useMemo(() => windowOf(filters, asOf), [filtersKey, asOf])
  // biome-ignore lint/correctness/useExhaustiveDependencies: filtersKey represents filters
  const query = useMemo(() => toQuery(filters, window), [filtersKey, window])

  const feed = useFeed(view, query, asOf)
  const histogram = useHistogram(query, asOf)
  const facets = useFacets(query, asOf)
  const connections = useQuery(connectionsQuery)
  const entries = useMemo(
    () =>
      feed.data &&
      toEntries(feed.data.pages.flatMap((page) => page.items as (Change | ChangeSet)[])),
    [feed.data],
  )
  const newChanges = useNews(view, query, entries, asOf)
  return { window, query, feed, histogram, facets, connections, entries, newChanges }
}

export type FeedData = ReturnType<typeof useFeedData>

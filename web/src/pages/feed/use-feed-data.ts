import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import type { Change, ChangeSet, Connection } from '../../client.ts'
import { connectionsQuery } from '../connections/queries.ts'
import { toEntries } from './entries.ts'
import { askedFor } from './labels.ts'
import { lastFeed } from './last-feed.ts'
import { newsSince } from './news-since.ts'
import { useCompleteness, useFacets, useFeedQuery, useHistogram, useNews } from './queries.ts'
import { type FeedSearch, listKey, toQuery, windowOf } from './search.ts'

/** Everything that the feed page shows for the filters in the URL. */
export function useFeedData(search: FeedSearch, asOf: number) {
  const view = search.view ?? 'sets'
  // The selected row, the open change and the expanded sets do not change what the list contains.
  const { at: _, open: __, change: ___, ...filters } = search
  const filtersKey = listKey(search)
  // biome-ignore lint/correctness/useExhaustiveDependencies: filtersKey represents filters
  const window = useMemo(() => windowOf(filters, asOf), [filtersKey, asOf])
  // biome-ignore lint/correctness/useExhaustiveDependencies: filtersKey represents filters
  const query = useMemo(() => toQuery(filters, window), [filtersKey, window])

  const feed = useFeedQuery(view, query, asOf)
  const histogram = useHistogram(query, asOf)
  const facets = useFacets(query, asOf)
  const connections = useQuery(connectionsQuery)
  const entries = useMemo(
    () =>
      feed.data &&
      toEntries(feed.data.pages.flatMap((page) => page.items as (Change | ChangeSet)[])),
    [feed.data],
  )
  const imported = useCompleteness(query, asOf)
  const importing = useMemo(
    () => askedFor(connections.data ?? [], search).filter(({ status }) => status === 'importing'),
    [connections.data, search],
  )
  const since = useNewsSince(connections.data, asOf)
  const newChanges = useNews(view, query, entries, asOf, since)
  return {
    window,
    query,
    feed,
    histogram,
    facets,
    connections,
    importing,
    imported,
    entries,
    newChanges,
  }
}

export type FeedData = ReturnType<typeof useFeedData>

/** Undefined until the connections are loaded. */
function useNewsSince(connections: readonly Connection[] | undefined, asOf: number) {
  const since = useMemo(() => {
    const before = lastFeed.newsSince?.otherwise === asOf ? lastFeed.newsSince : undefined
    return connections && newsSince(connections, asOf, before)
  }, [connections, asOf])
  useEffect(() => {
    lastFeed.newsSince = since
  }, [since])
  return since
}

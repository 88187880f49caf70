import { useThrottledCallback } from '@mantine/hooks'
import {
  type InfiniteData,
  keepPreviousData,
  useInfiniteQuery,
  useQuery,
} from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef } from 'react'
import {
  type Change,
  type ChangePage,
  type ChangeSetPage,
  getFacets,
  getHistogram,
  getNewestFacets,
  listChangeSets,
  listChanges,
} from '../../client.ts'
import { useLiveState, useNewChanges } from '../../live.ts'
import { oneAtATime } from '../../refresh.ts'
import { type NewChanges, onVisibility } from '../../server-events.ts'
import { concerns, type Entry, news } from './entries.ts'
import type { NewsSince } from './news-since.ts'
import type { ChangeQuery } from './search.ts'

const pageSize = 50
/** The number of changes in an expanded set; the maximum of the API. */
const setSize = 500

/** The feed is a snapshot: it changes only on refresh. */
const still = {
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: 30 * 60_000,
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
  meta: { isStill: true },
} as const

type View = 'sets' | 'changes'
type Page = ChangeSetPage | ChangePage

const listPage = (view: View, query: ChangeQuery, limit: number, cursor?: string): Promise<Page> =>
  view === 'sets'
    ? listChangeSets({ ...query, limit, cursor })
    : listChanges({ ...query, limit, cursor })

/** @param asOf the time of the snapshot */
export function useFeedQuery(view: View, query: ChangeQuery, asOf: number) {
  return useInfiniteQuery<Page, Error, InfiniteData<Page>, unknown[], string | undefined>({
    queryKey: ['changes', view, query, asOf],
    queryFn: ({ pageParam }) => listPage(view, query, pageSize, pageParam),
    initialPageParam: undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
    ...still,
  })
}

/** The changes of an expanded set that match the filters. */
export function useMembers(id: string, query: ChangeQuery, size: number, isOpen: boolean) {
  return useQuery({
    // The size is part of the key, so that a larger set is fetched again.
    queryKey: ['changes', 'set', id, query, size],
    queryFn: async (): Promise<Change[]> => {
      const page = await listChanges({ ...query, changeSet: id, limit: setSize })
      return page.items
    },
    enabled: isOpen,
    ...still,
  })
}

/**
 * Up to when the feed is complete, in its current state: unlike the list, it is not a snapshot.
 * Server events about connections refresh it, see `useServerEvents`.
 */
export function useCompleteness(query: ChangeQuery, asOf: number) {
  const { connection, environment } = query
  const asked = {
    connection,
    'connection!': query['connection!'],
    environment,
    'environment!': query['environment!'],
  }
  return useQuery({
    queryKey: ['completeness', asked],
    queryFn: async () => {
      // Only the range without gaps is wanted, so as few changes as possible.
      const page = await listChanges({ ...asked, from: new Date(asOf).toISOString(), limit: 1 })
      return { completeFrom: page.completeFrom, completeThrough: page.completeThrough }
    },
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  })
}

/** The histogram needs an end, the list does not. */
const bounded = (query: ChangeQuery, asOf: number): ChangeQuery => ({
  ...query,
  to: query.to ?? new Date(Math.max(asOf, Date.parse(query.from!) + 1000)).toISOString(),
})

export function useHistogram(query: ChangeQuery, asOf: number) {
  return useQuery({
    queryKey: ['changes', 'histogram', query, asOf],
    queryFn: () => getHistogram(bounded(query, asOf)),
    placeholderData: keepPreviousData,
    ...still,
  })
}

export function useFacets(query: ChangeQuery, asOf: number) {
  return useQuery({
    queryKey: ['changes', 'facets', query, asOf],
    queryFn: () => getFacets(bounded(query, asOf)),
    placeholderData: keepPreviousData,
    ...still,
  })
}

/** The facets that are counted among the newest changes. Read only when they are shown. */
export function useNewestFacets(query: ChangeQuery, asOf: number, isShown: boolean) {
  return useQuery({
    queryKey: ['changes', 'newest-facets', query, asOf],
    queryFn: () => getNewestFacets(bounded(query, asOf)),
    placeholderData: keepPreviousData,
    enabled: isShown,
    ...still,
  })
}

/** The number of changes that a list would have. */
export function useCount(query: ChangeQuery, asOf: number) {
  return useQuery({
    queryKey: ['changes', 'count', query, asOf],
    queryFn: async () => {
      const { total, partial } = await getHistogram({ ...bounded(query, asOf), buckets: 1 })
      return { total, partial }
    },
    ...still,
  })
}

/**
 * The number of new changes that are not on the page. Compares the newest page of the same filters
 * after server events, and periodically in case events do not arrive.
 *
 * @param since when changes become news; until it is known, none are
 */
export function useNews(
  view: View,
  query: ChangeQuery,
  entries: readonly Entry[] | undefined,
  asOf: number,
  since: NewsSince | undefined,
): { count: number; isMore: boolean } {
  const live = useLiveState()
  const isOpenEnded = query.to === undefined
  const newest = useQuery<Page>({
    queryKey: ['changes', 'news', view, query, asOf],
    queryFn: () => listPage(view, query, pageSize),
    // Disabled: only events and the interval fetch it.
    enabled: false,
    gcTime: 0,
  })
  const { refetch } = newest
  const readNewest = useMemo(() => oneAtATime(() => refetch({ cancelRefetch: false })), [refetch])
  const found =
    isOpenEnded && entries && newest.data && since
      ? // An empty list is filled without a request, see `FeedPage`: with a backfill's changes too.
        news(
          entries,
          newest.data.items,
          newest.data.nextCursor !== null,
          entries.length ? since : null,
        )
      : { count: 0, isMore: false }
  const isDue = useRef(false)
  const ask = useThrottledCallback(() => {
    // `50 or more` does not change.
    if (!isOpenEnded || !entries || found.isMore) return
    isDue.current = document.hidden
    if (!document.hidden) readNewest()
  }, 3_000)
  const onNews = useCallback(
    (arrived: NewChanges) => {
      if (concerns(arrived, query)) ask()
    },
    [ask, query],
  )
  useNewChanges(onNews, ask)
  // Changes that arrived after the list was read and before the stream of events began.
  const isUnchecked = useRef(live !== 'live')
  const isLoaded = entries !== undefined
  useEffect(() => {
    if (live !== 'live' || !isLoaded || !isUnchecked.current) return
    isUnchecked.current = false
    ask()
  }, [live, isLoaded, ask])
  useEffect(
    () =>
      onVisibility(() => {
        if (!document.hidden && isDue.current) ask()
      }),
    [ask],
  )
  useEffect(() => {
    const timer = setInterval(ask, live === 'live' ? 60_000 : 15_000)
    return () => clearInterval(timer)
  }, [ask, live])
  return found
}

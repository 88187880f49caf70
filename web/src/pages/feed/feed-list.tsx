import { Button } from '@mantine/core'
import { type RefObject, useCallback, useEffect, useRef } from 'react'
import type { ChangeSet } from '../../client.ts'
import { ErrorState } from '../../components/states.tsx'
import { NoChanges, NoConnections, NoData } from './empty.tsx'
import { dataState } from './no-data.ts'
import { findRow } from './row-elements.ts'
import { RowSkeletons } from './row-parts.tsx'
import type { Roving } from './row-types.ts'
import { FeedRows } from './rows.tsx'
import { type FeedSearch, searchOfSet } from './search.ts'
import { isFiltered } from './suggestions.ts'
import type { FeedData } from './use-feed-data.ts'
import type { Position } from './use-position.ts'

/** The rows of the feed, or why there are none. */
export function FeedList(props: {
  ref: RefObject<HTMLDivElement | null>
  data: FeedData
  search: FeedSearch
  position: Position
  onOpen: Roving['onOpen']
  accounts: ReadonlyMap<string, string>
  /** The moment that the list shows, in milliseconds. */
  asOf: number
  /** A time today, in Unix milliseconds. */
  now: number
  onChange: (search: FeedSearch) => void
}) {
  const { ref, data, search, position } = props
  const { feed, entries } = data
  const showMore = useShowMore(ref, data)
  const latest = useRef({ search, window: data.window })
  latest.current = { search, window: data.window }
  const wholeOf = useCallback(
    (set: ChangeSet) => searchOfSet(latest.current.search, latest.current.window, set),
    [],
  )
  const hasRows = entries !== undefined && entries.length > 0
  return (
    <div ref={ref} tabIndex={-1} style={{ outline: 'none' }} aria-busy={feed.isPending}>
      {feed.isPending && <RowSkeletons count={10} />}
      {feed.isError && !feed.isFetchNextPageError && (
        <ErrorState error={feed.error} retry={() => feed.refetch()} />
      )}
      {hasRows && (
        <FeedRows
          entries={entries}
          query={position.expanded.size > 0 ? data.query : undefined}
          wholeOf={wholeOf}
          open={position.expanded}
          onFold={position.toggle}
          selection={position.selection}
          onSelect={position.select}
          onLeave={position.flush}
          onOpen={props.onOpen}
          now={props.now}
          accounts={props.accounts}
        />
      )}
      {entries && !hasRows && <NoRows {...props} />}
      {feed.isFetchNextPageError && <ErrorState error={feed.error} retry={showMore} />}
      {feed.hasNextPage && !feed.isFetchNextPageError && (
        <Button
          mt="sm"
          fullWidth
          variant="default"
          loading={feed.isFetchingNextPage}
          onClick={showMore}
        >
          Show more
        </Button>
      )}
    </div>
  )
}

function NoRows(props: {
  data: FeedData
  search: FeedSearch
  asOf: number
  onChange: (search: FeedSearch) => void
}) {
  const { data, search } = props
  if (hasNoConnections(data, search)) return <NoConnections />
  const connections = data.connections.data ?? []
  const { isWithoutData, missing } = dataState(connections, search)
  if (isWithoutData && missing) return <NoData missing={missing} />
  return (
    <NoChanges
      missing={missing}
      search={search}
      window={data.window}
      asOf={props.asOf}
      isImporting={connections.some(({ status }) => status === 'importing')}
      onChange={props.onChange}
    />
  )
}

/** Whether there is nothing to show yet. An empty result of a search is not that. */
export function hasNoConnections({ connections, entries }: FeedData, search: FeedSearch): boolean {
  return connections.data?.length === 0 && entries?.length === 0 && !isFiltered(search)
}

/** Loads the next page, then moves the focus to its first row: the button may be gone. */
function useShowMore(list: RefObject<HTMLElement | null>, { feed, entries }: FeedData) {
  const shownBefore = useRef<number>(undefined)
  useEffect(() => {
    const first = entries?.[shownBefore.current ?? Number.POSITIVE_INFINITY]
    if (!first) return
    shownBefore.current = undefined
    findRow(list.current, first.id)?.focus()
  }, [entries, list])
  return () => {
    shownBefore.current = entries?.length
    void feed.fetchNextPage()
  }
}

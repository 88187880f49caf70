import { Box, Drawer, Skeleton, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { getRouteApi, Navigate } from '@tanstack/react-router'
import { Suspense, useCallback, useEffect, useRef } from 'react'
import { openShortcuts } from '../../components/open-requests.ts'
import { useLettersOff } from '../../components/shortcuts.tsx'
import { ErrorState } from '../../components/states.tsx'
import { lazyPart } from '../../lazy-part.ts'
import { useNow } from '../../time.tsx'
import { Chips } from './chips.tsx'
import { Facets } from './facets.tsx'
import classes from './feed.module.css'
import { FeedHeader } from './feed-header.tsx'
import { FeedList, hasNoConnections } from './feed-list.tsx'
import { Histogram } from './histogram.tsx'
import { ImportProgress } from './import-progress.tsx'
import type { Command } from './keys.ts'
import { NewChangesBar } from './new-changes-bar.tsx'
import { type FeedSearch, zoomInto, zoomOut } from './search.ts'
import { Toolbar } from './toolbar.tsx'
import { useAsOf } from './use-as-of.ts'
import { useFeedData } from './use-feed-data.ts'
import { useLabels } from './use-labels.ts'
import { usePanel } from './use-panel.ts'
import { usePosition } from './use-position.ts'
import { useShortcuts } from './use-shortcuts.ts'
import { useStreamIn } from './use-stream-in.ts'

const route = getRouteApi('/app/')

const ChangePanel = lazyPart(() => import('./change-panel.tsx'), 'ChangePanel')

/** Days begin at one of these in every time zone. */
const QUARTER_MS = 15 * 60_000

/** What changed, now or before a given time. */
export function FeedPage() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const today = useNow(QUARTER_MS)
  const { asOf, refresh } = useAsOf(search)
  const data = useFeedData(search, asOf)
  const { feed, histogram, facets, entries, newChanges } = data
  const { labelOf, accounts } = useLabels(facets.data)
  const list = useRef<HTMLDivElement>(null)
  const searchBox = useRef<HTMLInputElement>(null)
  const position = usePosition(search, list, entries)
  const panel = usePanel(search, list, position)
  const [areFiltersOpen, filters] = useDisclosure()
  const [areLettersOff] = useLettersOff()

  /** Shows another list. The position belongs to this list only. */
  const change = useCallback(
    (next: FeedSearch) => {
      refresh()
      void navigate({
        search: { ...next, at: undefined, open: undefined, change: undefined },
        resetScroll: false,
      })
    },
    [navigate, refresh],
  )
  const onZoomOut = search.out === undefined ? undefined : () => change(zoomOut(search))
  const focusList = () => list.current?.focus()
  const showNew = () => {
    refresh()
    position.clear()
    window.scrollTo({ top: 0 })
    focusList()
  }

  // An empty page can be refreshed without disturbing the reader.
  const isEmptyWithNews = entries?.length === 0 && newChanges.count > 0
  useEffect(() => {
    if (isEmptyWithNews) refresh()
  }, [isEmptyWithNews, refresh])

  useStreamIn({
    isBackfilling: data.importing.length > 0 && data.query.to === undefined,
    isFirstPage: (feed.data?.pages.length ?? 0) <= 1,
    position,
    refresh,
  })

  const onCommand = (command: Command, focusedRow: string | undefined) => {
    const setId = focusedRow?.split('/')[0]
    const isSet =
      setId !== undefined && entries?.some((one) => one.id === setId && one.kind === 'set')
    if (command === 'search') return searchBox.current?.focus()
    if (command === 'new') return newChanges.count > 0 ? showNew() : undefined
    if (command === 'fold') return isSet ? position.toggleFocused(setId) : undefined
    // Escape takes back one thing at a time.
    if (panel.id !== undefined) panel.close()
    else if (isSet && position.expanded.has(setId)) position.toggleFocused(setId)
    else if (onZoomOut) onZoomOut()
    else if (search.q !== undefined) change({ ...search, q: undefined })
    else if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
  }
  useShortcuts(list, {
    areLettersOff,
    onCommand,
    onEnd: () => {
      if (feed.hasNextPage && !feed.isFetchingNextPage) void feed.fetchNextPage()
    },
  })

  if (panel.id !== undefined && !panel.isWide) {
    return <Navigate to="/changes/$id" params={{ id: panel.id }} replace />
  }
  const facetList = (
    <Facets
      data={facets.data}
      isLoading={facets.isPending}
      error={facets.error}
      retry={() => facets.refetch()}
      search={search}
      query={data.query}
      asOf={asOf}
      labelOf={labelOf}
      onChange={change}
    />
  )
  return (
    <Stack gap="md" className={classes.feed}>
      <title>Changes · Cairn</title>
      <FeedHeader search={search} asOf={asOf} data={data} today={today} />
      <Toolbar
        search={search}
        data={data}
        searchBox={searchBox}
        isRefreshing={feed.isFetching && !feed.isFetchingNextPage}
        areFiltersHidden={panel.id !== undefined}
        onChange={change}
        onFilters={filters.open}
        onRefresh={showNew}
        onHelp={openShortcuts}
      />
      <div className={classes.page} data-panel={panel.id !== undefined || undefined}>
        <Box
          component="section"
          visibleFrom="md"
          className={`${classes.aside} not-printed`}
          aria-label="Filters"
        >
          {facetList}
        </Box>
        <Stack gap="sm" miw={0}>
          <Chips search={search} labelOf={labelOf} onChange={change} onGone={focusList} />
          <div>
            {histogram.isError && (
              <ErrorState error={histogram.error} retry={() => histogram.refetch()} />
            )}
            {!histogram.isError && !hasNoConnections(data, search) && (
              <Histogram
                data={histogram.data && { ...histogram.data, ...data.imported.data }}
                isLoading={histogram.isPending}
                onZoom={(from, to) => change(zoomInto(search, from, to, asOf))}
                onZoomOut={onZoomOut}
              />
            )}
            <ImportProgress importing={data.importing} />
            <NewChangesBar
              {...newChanges}
              count={isEmptyWithNews ? 0 : newChanges.count}
              onShow={showNew}
            />
          </div>
          <FeedList
            ref={list}
            data={data}
            search={search}
            position={position}
            onOpen={panel.open}
            accounts={accounts}
            asOf={asOf}
            now={today}
            onChange={change}
          />
        </Stack>
        {panel.id !== undefined && (
          <Suspense fallback={<Skeleton height={320} />}>
            <ChangePanel key={panel.id} ref={panel.ref} id={panel.id} onClose={panel.close} />
          </Suspense>
        )}
      </div>
      <Drawer opened={areFiltersOpen} onClose={filters.close} title="Filters" size="sm">
        {facetList}
      </Drawer>
    </Stack>
  )
}

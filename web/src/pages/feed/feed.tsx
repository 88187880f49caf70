import { Box, Drawer, Skeleton, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Navigate } from '@tanstack/react-router'
import { Suspense, useDeferredValue, useMemo } from 'react'
import { openShortcuts } from '../../components/open-requests.ts'
import { ErrorState } from '../../components/states.tsx'
import { lazyPart } from '../../lazy-part.ts'
import { Chips } from './chips.tsx'
import { Facets } from './facets.tsx'
import classes from './feed.module.css'
import { FeedHeader } from './feed-header.tsx'
import { FeedList, hasNoConnections } from './feed-list.tsx'
import { Histogram } from './histogram.tsx'
import { ImportProgress } from './import-progress.tsx'
import { NewChangesBar } from './new-changes-bar.tsx'
import { zoomInto } from './search.ts'
import { Toolbar } from './toolbar.tsx'
import { useFeed } from './use-feed.ts'

const ChangePanel = lazyPart(() => import('./change-panel.tsx'), 'ChangePanel')

/** What changed, now or before a given time. */
export function FeedPage() {
  const state = useFeed()
  const { search, asOf, today, data, labelOf, accounts, position, panel, change, showNew } = state
  const { feed, histogram, facets, imported, newChanges } = data
  const [areFiltersOpen, filters] = useDisclosure()

  // The next frame shows which row is open. The panel is rendered after it, without blocking.
  const deferredId = useDeferredValue(panel.id)
  const openId = panel.id === undefined ? undefined : deferredId
  const chart = useMemo(
    () => histogram.data && { ...histogram.data, ...imported.data },
    [histogram.data, imported.data],
  )

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
        searchBox={state.searchBox}
        isRefreshing={feed.isFetching && !feed.isFetchingNextPage}
        areFiltersHidden={openId !== undefined}
        onChange={change}
        onFilters={filters.open}
        onRefresh={showNew}
        onHelp={openShortcuts}
      />
      <div className={classes.page} data-panel={openId !== undefined || undefined}>
        <Box
          component="section"
          visibleFrom="md"
          className={`${classes.aside} not-printed`}
          aria-label="Filters"
        >
          {facetList}
        </Box>
        <Stack gap="sm" miw={0}>
          <Chips search={search} labelOf={labelOf} onChange={change} onGone={state.focusList} />
          <div>
            {histogram.isError && (
              <ErrorState error={histogram.error} retry={() => histogram.refetch()} />
            )}
            {!histogram.isError && !hasNoConnections(data, search) && (
              <Histogram
                data={chart}
                isLoading={histogram.isPending}
                onZoom={(from, to) => change(zoomInto(search, from, to, asOf))}
                onZoomOut={state.onZoomOut}
              />
            )}
            <ImportProgress importing={data.importing} />
            <NewChangesBar
              {...newChanges}
              count={state.isEmptyWithNews ? 0 : newChanges.count}
              onShow={showNew}
            />
          </div>
          <FeedList
            ref={state.list}
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
        {openId !== undefined && (
          <Suspense fallback={<Skeleton height={320} />}>
            <ChangePanel key={openId} ref={panel.ref} id={openId} onClose={panel.close} />
          </Suspense>
        )}
      </div>
      <Drawer opened={areFiltersOpen} onClose={filters.close} title="Filters" size="sm">
        {facetList}
      </Drawer>
    </Stack>
  )
}

import { getRouteApi } from '@tanstack/react-router'
import { useCallback, useEffect, useRef } from 'react'
import { useLettersOff } from '../../components/shortcuts.tsx'
import { useNow } from '../../server-time.ts'
import type { FeedCommand } from './keys.ts'
import { type FeedSearch, zoomOut } from './search.ts'
import { useAsOf } from './use-as-of.ts'
import { useFeedData } from './use-feed-data.ts'
import { useLabels } from './use-labels.ts'
import { usePanel } from './use-panel.ts'
import { usePosition } from './use-position.ts'
import { useShortcuts } from './use-shortcuts.ts'
import { useStreamIn } from './use-stream-in.ts'

const route = getRouteApi('/app/')

/** Days begin at one of these in every time zone. */
const QUARTER_MS = 15 * 60_000

/** The feed for the filters in the URL: its data, the position in it, and the commands that change them. */
export function useFeed() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const today = useNow(QUARTER_MS)
  const { asOf, refresh, refreshWith } = useAsOf(search)
  const data = useFeedData(search, asOf)
  const { feed, facets, entries, newChanges } = data
  const { labelOf, accounts } = useLabels(facets.data)
  const list = useRef<HTMLDivElement>(null)
  const searchBox = useRef<HTMLInputElement>(null)
  const position = usePosition(search, list, entries)
  const panel = usePanel(search, list, position)
  const clearPosition = position.clear
  const [areLettersOff] = useLettersOff()

  /** Shows another list. The position belongs to this list only. */
  const change = useCallback(
    (next: FeedSearch) => {
      clearPosition()
      refreshWith(next)
      void navigate({
        search: { ...next, at: undefined, open: undefined, change: undefined },
        resetScroll: false,
      })
    },
    [navigate, refreshWith, clearPosition],
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

  const onCommand = (command: FeedCommand, focusedRow: string | undefined) => {
    const setId = focusedRow?.split('/')[0]
    const isSet =
      setId !== undefined && entries?.some((one) => one.id === setId && one.kind === 'set')
    if (command === 'search') return searchBox.current?.focus()
    if (command === 'new') return newChanges.count > 0 ? showNew() : undefined
    if (command === 'fold') return isSet ? position.toggleFocused(setId) : undefined
    // Escape undoes one thing at a time.
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

  return {
    search,
    asOf,
    today,
    data,
    labelOf,
    accounts,
    list,
    searchBox,
    position,
    panel,
    change,
    onZoomOut,
    isEmptyWithNews,
    focusList,
    showNew,
  }
}

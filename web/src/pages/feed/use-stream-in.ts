import { useEffect, useRef } from 'react'
import { useHasSelection } from './selection.ts'
import type { Position } from './use-position.ts'

/** How often imported changes join the list during a backfill, in milliseconds. */
const EVERY_MS = 4_000
/** Below this scroll position, in pixels, the reader is at the top of the list. */
const TOP_PX = 200

/**
 * Lets changes that a backfill imports join the list, as long as this does not disturb the reader: at
 * the top of the first page, without a selected row or an expanded set.
 *
 * @param isBackfilling whether a matching connection is importing its lookback
 * @param refresh shows the current state
 */
export function useStreamIn(options: {
  isBackfilling: boolean
  isFirstPage: boolean
  position: Pick<Position, 'selection' | 'expanded'>
  refresh: () => void
}): void {
  const { isBackfilling, isFirstPage, position, refresh } = options
  const hasSelection = useHasSelection(position.selection)
  const isReading = hasSelection || position.expanded.size > 0 || !isFirstPage
  const isBehind = useRef(false)
  useEffect(() => {
    if (isBackfilling) isBehind.current = true
    if (isReading || !isBehind.current) return
    const timer = setInterval(() => {
      if (document.hidden || window.scrollY >= TOP_PX) return
      refresh()
      if (isBackfilling) return
      // What was imported last has joined the list too: it is not announced either.
      isBehind.current = false
      clearInterval(timer)
    }, EVERY_MS)
    return () => clearInterval(timer)
  }, [isBackfilling, isReading, refresh])
}

import { useMediaQuery } from '@mantine/hooks'
import { useRouter } from '@tanstack/react-router'
import { type RefObject, useCallback, useEffect, useRef } from 'react'
import { findRow } from './row-elements.ts'
import type { FeedSearch } from './search.ts'
import type { Position } from './use-position.ts'

/** From this width on, a change opens beside the list. The same as in feed.module.css. */
const WIDE = '(min-width: 75em)'

/**
 * The change that is open beside the list, kept in the URL. Narrow screens have no panel: there, a
 * change has a page of its own.
 */
export function usePanel(
  search: FeedSearch,
  list: RefObject<HTMLElement | null>,
  position: Position,
) {
  const router = useRouter()
  const isWide = useMediaQuery(WIDE, undefined, { getInitialValueInEffect: false }) ?? false
  const panel = useRef<HTMLElement>(null)
  const { change } = search
  const latest = useRef({ change, position })
  latest.current = { change, position }
  // Whether the previous entry of the history is the list without the panel.
  const wasOpenedHere = useRef(false)
  const closed = useRef<Pick<FeedSearch, 'at' | 'open'>>(undefined)

  /** Opens a change. Again, it moves the focus into the panel. */
  const open = useCallback((key: string, id: string, isByKeyboard: boolean) => {
    const { change: opened, position } = latest.current
    if (opened === id && isByKeyboard) return panel.current?.focus()
    if (opened === undefined) wasOpenedHere.current = true
    position.openChange(key, id)
  }, [])
  const close = useCallback(() => {
    const { position } = latest.current
    if (!wasOpenedHere.current) return position.closeChange()
    wasOpenedHere.current = false
    closed.current = position.current()
    router.history.back()
  }, [router])

  const wasOpen = useRef(change !== undefined)
  useEffect(() => {
    const isOpen = change !== undefined
    if (wasOpen.current === isOpen) return
    wasOpen.current = isOpen
    if (isOpen) return
    wasOpenedHere.current = false
    const { position } = latest.current
    // Going back also restored the position from before.
    if (closed.current) position.restore(closed.current)
    closed.current = undefined
    const isLost = document.activeElement === null || document.activeElement === document.body
    if (!isLost) return
    const row = findRow(list.current, position.selection.get() ?? '')
    ;(row ?? list.current)?.focus({ preventScroll: true })
  }, [change, list])

  return { isWide, ref: panel, id: change, open: isWide ? open : undefined, close }
}

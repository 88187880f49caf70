import { useDebouncedCallback } from '@mantine/hooks'
import { getRouteApi } from '@tanstack/react-router'
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Entry } from './entries.ts'
import { findRow } from './row-elements.ts'
import type { FeedSearch } from './search.ts'
import { createSelection } from './selection.ts'

const route = getRouteApi('/app/')

const MAX_EXPANDED = 20

/** The selected row, the open change and the expanded change sets, kept in the URL. */
export function usePosition(
  search: FeedSearch,
  list: RefObject<HTMLElement | null>,
  entries: readonly Entry[] | undefined,
) {
  const navigate = route.useNavigate()
  const latest = useRef(search)
  latest.current = search
  const save = useCallback(
    (position: Pick<FeedSearch, 'at' | 'open' | 'change'>, replace = true) => {
      latest.current = { ...latest.current, ...position }
      void navigate({ search: latest.current, replace, resetScroll: false })
    },
    [navigate],
  )
  const [selection] = useState(() => createSelection(search.at))
  const saveSelected = useDebouncedCallback((at: string, change: string | undefined) => {
    // An open panel follows the selected row.
    const isFollowing = latest.current.change !== undefined && change !== undefined
    save(isFollowing ? { at, change } : { at })
  }, 250)
  const select = useCallback(
    (key: string, change?: string) => {
      selection.set(key)
      saveSelected(key, change)
    },
    [saveSelected, selection],
  )
  const openChange = (at: string, change: string) => {
    saveSelected.cancel()
    selection.set(at)
    save({ at, change }, latest.current.change !== undefined)
  }
  const closeChange = () => {
    saveSelected.cancel()
    save({ at: selection.get(), change: undefined })
  }
  const current = () => {
    saveSelected.cancel()
    return { at: selection.get(), open: latest.current.open }
  }
  const expanded = useMemo(() => new Set(search.open), [search.open])
  const toggle = useCallback(
    (id: string) => {
      const { open: before = [] } = latest.current
      const others = before.filter((one) => one !== id)
      const next = others.length === before.length ? [...others, id].slice(-MAX_EXPANDED) : others
      saveSelected.cancel()
      save({ at: id, open: next.length > 0 ? next : undefined })
    },
    [save, saveSelected],
  )
  /** Also moves the focus to the set: the focused row may be removed. */
  const toggleFocused = (id: string) => {
    findRow(list.current, id)?.focus()
    toggle(id)
  }

  // After returning from a change, its row has the focus again.
  const isReturning = useRef(search.at !== undefined)
  useEffect(() => {
    if (!isReturning.current || !entries) return
    isReturning.current = false
    const row = findRow(list.current, search.at ?? '')
    row?.focus({ preventScroll: true })
    row?.scrollIntoView({ block: 'nearest' })
  }, [entries, search.at, list])

  const clear = () => selection.set(undefined)
  return {
    selection,
    select,
    flush: saveSelected.flush,
    expanded,
    toggle,
    toggleFocused,
    clear,
    openChange,
    closeChange,
    current,
    restore: save,
  }
}

export type Position = ReturnType<typeof usePosition>

import { useDebouncedCallback } from '@mantine/hooks'
import { getRouteApi, useRouter } from '@tanstack/react-router'
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { Entry } from './entries.ts'
import { findRow } from './row-elements.ts'
import { type FeedSearch, listKey, validateFeedSearch } from './search.ts'
import { createSavedRows, createSelection } from './selection.ts'

const route = getRouteApi('/app/')

const MAX_EXPANDED = 20

/** The selected row, the open change and the expanded change sets, kept in the URL. */
export function usePosition(
  search: FeedSearch,
  list: RefObject<HTMLElement | null>,
  entries: readonly Entry[] | undefined,
) {
  const navigate = route.useNavigate()
  const router = useRouter()
  const [selection] = useState(() => createSelection(search.at))
  const [saved] = useState(() => createSavedRows(search.at))
  // The list in which a row was last selected.
  const selectedIn = useRef(listKey(search))
  /** The search in the URL: it is rendered later. Undefined if the reader is leaving the feed. */
  const latest = useCallback(() => {
    const { pathname, search } = router.latestLocation
    return pathname === '/' ? validateFeedSearch({ ...search }) : undefined
  }, [router])
  const save = useCallback(
    (position: Pick<FeedSearch, 'at' | 'open' | 'change'>, replace = true) => {
      const before = latest()
      if (!before) return
      const next = { ...before, ...position }
      selectedIn.current = listKey(next)
      saved.save(next.at)
      void navigate({ search: next, replace, resetScroll: false })
    },
    [latest, navigate, saved],
  )
  const saveSelected = useDebouncedCallback(
    (at: string, change: string | undefined, key: string) => {
      const before = latest()
      // The row belongs to its list only.
      if (!before || listKey(before) !== key) return
      // An open panel follows the selected row.
      const isFollowing = before.change !== undefined && change !== undefined
      save(isFollowing ? { at, change } : { at })
    },
    250,
  )
  const select = useCallback(
    (at: string, change?: string) => {
      const before = latest()
      if (!before) return
      selectedIn.current = listKey(before)
      selection.set(at)
      saveSelected(at, change, selectedIn.current)
    },
    [latest, saveSelected, selection],
  )
  // The debounced function's own one changes with each call, and each row has it.
  const flush = useCallback(() => saveSelected.flush(), [saveSelected])
  const clear = useCallback(() => {
    saveSelected.cancel()
    selection.set(undefined)
  }, [saveSelected, selection])

  // Another list, or Back: what was selected before it does not apply.
  const key = listKey(search)
  const rendered = useRef(key)
  useEffect(() => {
    const isForeign = saved.isForeign(search.at)
    const isOther = rendered.current !== key && selectedIn.current !== key
    rendered.current = key
    if (!isForeign && !isOther) return
    saveSelected.cancel()
    selection.set(search.at)
  }, [key, search.at, saved, saveSelected, selection])

  const openChange = (at: string, change: string) => {
    saveSelected.cancel()
    selection.set(at)
    save({ at, change }, latest()?.change !== undefined)
  }
  const closeChange = () => {
    saveSelected.cancel()
    save({ at: selection.get(), change: undefined })
  }
  const current = () => {
    saveSelected.cancel()
    return { at: selection.get(), open: latest()?.open }
  }
  const restore = (position: Pick<FeedSearch, 'at' | 'open'>) => {
    selection.set(position.at)
    save(position)
  }
  const expanded = useMemo(() => new Set(search.open), [search.open])
  const toggle = useCallback(
    (id: string) => {
      const { open: before = [] } = latest() ?? {}
      const others = before.filter((one) => one !== id)
      const next = others.length === before.length ? [...others, id].slice(-MAX_EXPANDED) : others
      saveSelected.cancel()
      selection.set(id)
      save({ at: id, open: next.length > 0 ? next : undefined })
    },
    [latest, save, saveSelected, selection],
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

  return {
    selection,
    select,
    flush,
    expanded,
    toggle,
    toggleFocused,
    clear,
    openChange,
    closeChange,
    current,
    restore,
  }
}

export type Position = ReturnType<typeof usePosition>

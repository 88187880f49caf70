import { useThrottledCallback } from '@mantine/hooks'
import { useQueryClient } from '@tanstack/react-query'
import { createContext, useContext, useEffect, useMemo, useState } from 'react'
import { createRefresher } from './refresh.ts'
import { type LiveState, listen, type NewChanges } from './server-events.ts'

interface Listener {
  onNews(news: NewChanges): void
  /** Events were missed: any data may have changed. */
  onGap?: (() => void) | undefined
}

const listeners = new Set<Listener>()

/** Whether server events arrive. Until then the page can be stale. */
export const LiveContext = createContext<LiveState>('connecting')

export const useLiveState = () => useContext(LiveContext)

/**
 * Listens to server events while the page is open, and fetches again what an event is about. After
 * missed events it fetches everything, except snapshots (`isStill` in the query's meta), which
 * check for new data themselves.
 */
export function useServerEvents(): LiveState {
  const client = useQueryClient()
  const [state, setState] = useState<LiveState>('connecting')
  const refresh = useMemo(() => createRefresher(client), [client])
  // With 1,000 connections, events are frequent and the list is long.
  const renewList = useThrottledCallback(() => {
    refresh('connections', { queryKey: ['connections'], exact: true })
    refresh('completeness', { queryKey: ['completeness'] })
  }, 3_000)
  useEffect(
    () =>
      listen({
        onState: setState,
        onGap() {
          refresh('everything', { predicate: ({ meta }) => meta?.isStill !== true })
          for (const listener of listeners) listener.onGap?.()
        },
        onRefused() {
          refresh('me', { queryKey: ['me'] })
        },
        onConnection(id) {
          renewList()
          refresh(`connections/${id}`, { queryKey: ['connections', id] })
        },
        onIncident() {
          refresh('incidents', { queryKey: ['incidents'] })
        },
        onChanges(news) {
          for (const listener of listeners) listener.onNews(news)
        },
      }),
    [refresh, renewList],
  )
  return state
}

/** Calls back for new changes and after missed events while the component is mounted. */
export function useNewChanges(onNews: Listener['onNews'], onGap?: Listener['onGap']): void {
  useEffect(() => {
    const listener = { onNews, onGap }
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }, [onNews, onGap])
}

import { useQueryClient } from '@tanstack/react-query'
import { createContext, useContext, useEffect, useState } from 'react'

/** New changes that the server told of; the feed announces them. */
export interface NewChanges {
  connectionId: string
  count: number
  /** The newest one's time. */
  newest: string
}

export type LiveState = 'connecting' | 'live' | 'offline'

type Listener = (news: NewChanges) => void

const listeners = new Set<Listener>()

/** Whether the server's events arrive; until then what is on the page may be old. */
export const LiveContext = createContext<LiveState>('connecting')

export const useLiveState = () => useContext(LiveContext)

/**
 * Listens to the server's events for as long as the page is open. What an event is about is asked
 * for anew; after a gap in them, everything is. The browser reconnects by itself.
 */
export function useServerEvents(): LiveState {
  const client = useQueryClient()
  const [state, setState] = useState<LiveState>('connecting')
  useEffect(() => {
    let wasLive = false
    const source = new EventSource('/api/v1/events')
    source.onopen = () => {
      if (wasLive) void client.invalidateQueries()
      wasLive = true
      setState('live')
    }
    source.onerror = () => setState('offline')
    source.addEventListener('connection', ({ data }) => {
      const { id } = JSON.parse(data) as { id: string }
      void client.invalidateQueries({ queryKey: ['connections'], exact: true })
      void client.invalidateQueries({ queryKey: ['connections', id] })
    })
    source.addEventListener('changes', ({ data }) => {
      for (const listener of listeners) listener(JSON.parse(data) as NewChanges)
    })
    return () => source.close()
  }, [client])
  return state
}

/** Calls back for new changes while the component is on the page. */
export function useNewChanges(listener: Listener): void {
  useEffect(() => {
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }, [listener])
}

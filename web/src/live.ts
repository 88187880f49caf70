import { useThrottledCallback } from '@mantine/hooks'
import { useQueryClient } from '@tanstack/react-query'
import { createContext, useContext, useEffect, useState } from 'react'

/** New changes that the server told of; the feed announces them. */
export interface NewChanges {
  connectionId: string
  count: number
  /** How many of them are routine. */
  noise: number
  /** The newest one's time. */
  newest: string
}

export type LiveState = 'connecting' | 'live' | 'offline'

interface Listener {
  onNews(news: NewChanges): void
  /** There was a gap in the events: anything may have come. */
  onGap?: (() => void) | undefined
}

const listeners = new Set<Listener>()

/** Whether the server's events arrive; until then what is on the page may be old. */
export const LiveContext = createContext<LiveState>('connecting')

export const useLiveState = () => useContext(LiveContext)

/** The server ends each stream after a while, and one that is back at once is no news. */
const OFFLINE_AFTER_MS = 5_000
/** Browsers keep six connections to a server by HTTP/1.1: tabs out of sight must not hold them. */
const HIDDEN_AFTER_MS = 30_000
const FIRST_WAIT_MS = 2_000
const LONGEST_WAIT_MS = 60_000

export interface EventHandlers {
  onState(state: LiveState): void
  /** Events may have been missed. */
  onGap(): void
  /** The server answered, but with no stream: the session may have withFullStop. */
  onRefused(): void
  onConnection(id: string): void
  onChanges(news: NewChanges): void
}

/** What of the browser is needed. */
export interface EventEnvironment {
  open(url: string): EventSource
  isHidden(): boolean
  /** @returns what ends it */
  onVisibility(listener: () => void): () => void
}

const browser: EventEnvironment = {
  open: (url) => new EventSource(url),
  isHidden: () => document.hidden,
  onVisibility,
}

/** Calls back whenever the page comes into sight or goes out of it. */
export function onVisibility(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener)
  return () => document.removeEventListener('visibilitychange', listener)
}

/**
 * Holds a stream of the server's events while the page is in sight. A browser reconnects by itself
 * where a stream breaks, but gives up after an answer that is none (401, 429, 502, 503): then it is
 * opened again after waits that grow.
 *
 * @returns what ends it
 */
export function listen(
  handlers: EventHandlers,
  { open, isHidden, onVisibility } = browser,
): () => void {
  let source: EventSource | undefined
  let hasGap = false
  let tries = 0
  let offline: ReturnType<typeof setTimeout> | undefined
  let next: ReturnType<typeof setTimeout> | undefined

  const close = () => {
    source?.close()
    source = undefined
    clearTimeout(next)
    clearTimeout(offline)
    offline = undefined
  }
  const expectSoon = () => {
    offline ??= setTimeout(() => handlers.onState('offline'), OFFLINE_AFTER_MS)
  }
  const start = () => {
    expectSoon()
    const stream = open('/api/v1/events')
    source = stream
    stream.onopen = () => {
      tries = 0
      clearTimeout(offline)
      offline = undefined
      handlers.onState('live')
      if (hasGap) handlers.onGap()
      hasGap = false
    }
    stream.onerror = () => {
      hasGap = true
      expectSoon()
      if (stream.readyState !== stream.CLOSED) return
      const wait = Math.min(FIRST_WAIT_MS * 2 ** tries++, LONGEST_WAIT_MS)
      // Or all pages would be back at the same moment.
      next = setTimeout(start, wait * (0.5 + Math.random()))
      handlers.onRefused()
    }
    stream.addEventListener('missed', () => handlers.onGap())
    stream.addEventListener('connection', ({ data }) => handlers.onConnection(JSON.parse(data).id))
    stream.addEventListener('changes', ({ data }) => handlers.onChanges(JSON.parse(data)))
  }

  let pause: ReturnType<typeof setTimeout> | undefined
  let isPaused = isHidden()
  hasGap = isPaused
  const onSight = () => {
    clearTimeout(pause)
    if (isHidden()) {
      pause = setTimeout(() => {
        isPaused = true
        hasGap = true
        close()
      }, HIDDEN_AFTER_MS)
    } else if (isPaused) {
      isPaused = false
      start()
    }
  }
  const forget = onVisibility(onSight)
  if (!isPaused) start()
  return () => {
    forget()
    clearTimeout(pause)
    close()
  }
}

/**
 * Listens to the server's events for as long as the page is open. What an event is about is asked
 * for anew. After a gap in them everything is, but for pictures of one moment (`isStill` in a
 * query's meta): they ask for themselves whether there is something new, as after an event.
 */
export function useServerEvents(): LiveState {
  const client = useQueryClient()
  const [state, setState] = useState<LiveState>('connecting')
  // With a thousand connections there are events all the time, and the list of them is long.
  const renewList = useThrottledCallback(() => {
    void client.invalidateQueries(
      { queryKey: ['connections'], exact: true },
      { cancelRefetch: false },
    )
  }, 3_000)
  useEffect(
    () =>
      listen({
        onState: setState,
        onGap() {
          void client.invalidateQueries({ predicate: ({ meta }) => meta?.isStill !== true })
          for (const listener of listeners) listener.onGap?.()
        },
        onRefused() {
          void client.invalidateQueries({ queryKey: ['me'] })
        },
        onConnection(id) {
          renewList()
          void client.invalidateQueries({ queryKey: ['connections', id] })
        },
        onChanges(news) {
          for (const listener of listeners) listener.onNews(news)
        },
      }),
    [client, renewList],
  )
  return state
}

/** Calls back for new changes, and after gaps, while the component is on the page. */
export function useNewChanges(onNews: Listener['onNews'], onGap?: Listener['onGap']): void {
  useEffect(() => {
    const listener = { onNews, onGap }
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
    }
  }, [onNews, onGap])
}

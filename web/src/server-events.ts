/** New changes that the server reported. */
export interface NewChanges {
  connectionId: string
  count: number
  /** How many of them are routine. */
  noise: number
  /** The newest one's time. */
  newest: string
}

export type LiveState = 'connecting' | 'live' | 'offline'

/** The server closes each stream after some time. A quick reconnect is not reported. */
const OFFLINE_AFTER_MS = 5_000
/** Browsers allow six HTTP/1.1 connections to a server, so hidden tabs must not use them. */
const HIDDEN_AFTER_MS = 30_000
/** The server sends a heartbeat every 15 seconds. */
const SILENT_AFTER_MS = 45_000
const FIRST_WAIT_MS = 2_000
const MAX_WAIT_MS = 60_000

export interface EventHandlers {
  onState(state: LiveState): void
  /** Events may have been missed. */
  onGap(): void
  /** The server responded without a stream: the session may have ended. */
  onRefused(): void
  onConnection(id: string): void
  onIncident(id: string): void
  onChanges(news: NewChanges): void
}

/** The browser functions that are used. */
interface EventEnvironment {
  open(url: string): EventSource
  isHidden(): boolean
  /** @returns a function that stops it */
  onVisibility(listener: () => void): () => void
  /** @returns a function that stops it */
  onNetworkChange?: (listener: () => void) => () => void
}

const browser: EventEnvironment = {
  open: (url) => new EventSource(url),
  isHidden: () => document.hidden,
  onVisibility,
  onNetworkChange,
}

/** Calls back when the page becomes visible or hidden. */
export function onVisibility(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener)
  return () => document.removeEventListener('visibilitychange', listener)
}

/**
 * Calls back when the computer goes offline or online. A stream of a lost network does not break:
 * no error arrives on it.
 */
function onNetworkChange(listener: () => void): () => void {
  window.addEventListener('offline', listener)
  window.addEventListener('online', listener)
  return () => {
    window.removeEventListener('offline', listener)
    window.removeEventListener('online', listener)
  }
}

/**
 * Keeps a stream of server events open while the page is visible. Browsers reconnect automatically
 * when a stream breaks, but not after an error response (401, 429, 502, 503): then the stream is
 * opened again with exponential backoff.
 *
 * @returns a function that stops it
 */
export function listen(
  handlers: EventHandlers,
  { open, isHidden, onVisibility, onNetworkChange } = browser,
): () => void {
  let source: EventSource | undefined
  let hasGap = false
  let tries = 0
  let offline: ReturnType<typeof setTimeout> | undefined
  let next: ReturnType<typeof setTimeout> | undefined
  let silence: ReturnType<typeof setTimeout> | undefined

  const close = () => {
    source?.close()
    source = undefined
    clearTimeout(next)
    clearTimeout(silence)
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
    // It may never open.
    expectHeartbeat()
    const on = (event: string, handler: (data: string) => void) =>
      stream.addEventListener(event, ({ data }) => {
        expectHeartbeat()
        handler(data)
      })
    stream.onopen = () => {
      tries = 0
      expectHeartbeat()
      clearTimeout(offline)
      offline = undefined
      handlers.onState('live')
      if (hasGap) handlers.onGap()
      hasGap = false
    }
    stream.onerror = () => {
      hasGap = true
      expectSoon()
      if (stream.readyState !== stream.CLOSED) return expectHeartbeat()
      clearTimeout(silence)
      const wait = Math.min(FIRST_WAIT_MS * 2 ** tries++, MAX_WAIT_MS)
      // Jitter, so that pages do not reconnect at the same time.
      next = setTimeout(start, wait * (0.5 + Math.random()))
      handlers.onRefused()
    }
    on('heartbeat', () => {})
    on('missed', () => handlers.onGap())
    on('connection', (data) => handlers.onConnection(JSON.parse(data).id))
    on('incident', (data) => handlers.onIncident(JSON.parse(data).id))
    on('changes', (data) => handlers.onChanges(JSON.parse(data)))
  }
  const restart = () => {
    hasGap = true
    tries = 0
    source?.close()
    clearTimeout(next)
    clearTimeout(silence)
    start()
  }
  /** A stream of a lost network does not always break: it is opened again after a long silence. */
  const expectHeartbeat = () => {
    clearTimeout(silence)
    silence = setTimeout(restart, SILENT_AFTER_MS)
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
  // A server on this computer is still there, so the stream is opened again in both cases.
  const forgetNetwork = onNetworkChange?.(() => {
    if (!isPaused) restart()
  })
  if (!isPaused) start()
  return () => {
    forget()
    forgetNetwork?.()
    clearTimeout(pause)
    close()
  }
}

import { useCallback, useEffect, useRef, useState } from 'react'
import { onVisibility } from '../../server-events.ts'
import { serverNow } from '../../server-time.ts'
import { lastFeed, OLD_MS, snapshotTime } from './last-feed.ts'
import { type FeedSearch, listKey } from './search.ts'

/**
 * The moment that the feed shows, in milliseconds. It changes when the reader refreshes, and when
 * the page becomes visible again after a long time.
 */
export function useAsOf(search: FeedSearch): {
  asOf: number
  refresh: () => void
  /** Call when the reader chooses a list. It is read at the current time, once. */
  refreshWith: (next: FeedSearch) => void
} {
  const [asOf, setAsOf] = useState(() => {
    lastFeed.asOf = snapshotTime(lastFeed, search.at !== undefined, serverNow())
    return lastFeed.asOf
  })
  const refresh = useCallback(() => {
    lastFeed.asOf = serverNow()
    setAsOf(lastFeed.asOf)
  }, [])
  const planned = useRef<{ key: string; asOf: number }>(undefined)
  const key = listKey(search)
  const shown = useRef(key)
  shown.current = key
  // The time and the filters change in one rendering, so there is one request.
  if (planned.current?.key === key && planned.current.asOf > asOf) setAsOf(planned.current.asOf)
  const refreshWith = useCallback(
    (next: FeedSearch) => {
      const nextKey = listKey(next)
      if (nextKey === shown.current) return refresh()
      lastFeed.asOf = serverNow()
      planned.current = { key: nextKey, asOf: lastFeed.asOf }
    },
    [refresh],
  )
  useEffect(() => {
    lastFeed.refresh = refresh
    return () => {
      lastFeed.refresh = () => {}
      lastFeed.leftAt = serverNow()
    }
  }, [refresh])
  useEffect(() => {
    let hiddenAt = serverNow()
    return onVisibility(() => {
      if (document.hidden) hiddenAt = serverNow()
      else if (serverNow() - hiddenAt > OLD_MS) refresh()
    })
  }, [refresh])
  useEffect(() => {
    // Without the panel, which a narrow screen replaces by the page that the reader returns from.
    const { change: _, ...rest } = search
    lastFeed.search = rest
  }, [search])
  return { asOf, refresh, refreshWith }
}

import { useCallback, useEffect, useState } from 'react'
import { onVisibility } from '../../server-events.ts'
import { serverNow } from '../../time.tsx'
import { lastFeed, OLD_MS, snapshotTime } from './last-feed.ts'
import type { FeedSearch } from './search.ts'

/**
 * The moment that the feed shows, in milliseconds. It changes when the reader refreshes, and when
 * the page becomes visible again after a long time.
 */
export function useAsOf(search: FeedSearch): { asOf: number; refresh: () => void } {
  const [asOf, setAsOf] = useState(() => {
    lastFeed.asOf = snapshotTime(lastFeed, search.at !== undefined, serverNow())
    return lastFeed.asOf
  })
  const refresh = useCallback(() => {
    lastFeed.asOf = serverNow()
    setAsOf(lastFeed.asOf)
  }, [])
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
  return { asOf, refresh }
}

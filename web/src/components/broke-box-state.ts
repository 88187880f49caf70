import { useEffect } from 'react'

const listeners = new Set<() => void>()

/** Opens the box of the header, from any page. */
export function openBrokeBox(): void {
  for (const listener of listeners) listener()
}

/** Calls back when a page opens the box, while the component is mounted. */
export function useBrokeBoxRequests(onOpen: () => void): void {
  useEffect(() => {
    listeners.add(onOpen)
    return () => {
      listeners.delete(onOpen)
    }
  }, [onOpen])
}

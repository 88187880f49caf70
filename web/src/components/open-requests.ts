import { useEffect } from 'react'

/** What belongs to the layout, and any page can open. */
type Layer = 'broke-box' | 'shortcuts'

const listeners = new Map<Layer, () => void>()

export function openBrokeBox(): void {
  listeners.get('broke-box')?.()
}

export function openShortcuts(): void {
  listeners.get('shortcuts')?.()
}

/** Calls back when a page opens the layer, while the component is mounted. */
export function useOpenRequests(layer: Layer, onOpen: () => void): void {
  useEffect(() => {
    listeners.set(layer, onOpen)
    return () => {
      listeners.delete(layer)
    }
  }, [layer, onOpen])
}

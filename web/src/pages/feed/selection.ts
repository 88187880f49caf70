import { useSyncExternalStore } from 'react'

/** The key of the selected row. The list renders when it changes, and not the page around it. */
export interface Selection {
  get(): string | undefined
  set(key: string | undefined): void
  subscribe(listener: () => void): () => void
}

export function createSelection(initial: string | undefined): Selection {
  let selected = initial
  const listeners = new Set<() => void>()
  return {
    get: () => selected,
    set(key) {
      selected = key
      for (const listener of listeners) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export function useSelected(selection: Selection): string | undefined {
  return useSyncExternalStore(selection.subscribe, selection.get)
}

export function useHasSelection(selection: Selection): boolean {
  return useSyncExternalStore(selection.subscribe, () => selection.get() !== undefined)
}

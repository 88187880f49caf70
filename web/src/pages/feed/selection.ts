import { useSyncExternalStore } from 'react'

/** The key of the selected row. The list renders when it changes, and not the page around it. */
export interface RowSelection {
  get(): string | undefined
  set(key: string | undefined): void
  subscribe(listener: () => void): () => void
}

export function createSelection(initial: string | undefined): RowSelection {
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

export function useSelected(selection: RowSelection): string | undefined {
  return useSyncExternalStore(selection.subscribe, selection.get)
}

export function useHasSelection(selection: RowSelection): boolean {
  return useSyncExternalStore(selection.subscribe, () => selection.get() !== undefined)
}

/** Distinguishes rows that this page saved in the URL from rows that Back or a link brings there. */
interface SavedRows {
  save(at: string | undefined): void
  /** @param at the row in the URL as it is rendered: some time after it was saved, or never */
  isForeign(at: string | undefined): boolean
}

export function createSavedRows(initial: string | undefined): SavedRows {
  // The row that was rendered last, then those that are saved but not rendered yet.
  let expected = [initial]
  return {
    save(at) {
      if (expected.at(-1) !== at) expected.push(at)
    },
    isForeign(at) {
      const index = expected.indexOf(at)
      expected = index < 0 ? [at] : expected.slice(index)
      return index < 0
    },
  }
}

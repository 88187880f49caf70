import { type RefObject, useEffect, useRef } from 'react'
import { commandOf, type FeedCommand, step } from './keys.ts'
import { rowAttribute, rowsOf } from './row-elements.ts'

interface Handlers {
  /** The single-key shortcuts are turned off. */
  areLettersOff: boolean
  /** Runs a command that does not move through the list. */
  onCommand: (command: FeedCommand, focusedRow: string | undefined) => void
  /** The last row has the focus. */
  onEnd: () => void
}

/** Handles the keyboard shortcuts of the feed, wherever the focus is on the page. */
export function useShortcuts(list: RefObject<HTMLElement | null>, handlers: Handlers): void {
  const onKey = useRef<(event: KeyboardEvent) => void>(undefined)
  onKey.current = (event) => {
    const target = event.target instanceof HTMLElement ? event.target : document.body
    const command = commandOf({
      key: event.key,
      ctrlKey: event.ctrlKey,
      metaKey: event.metaKey,
      altKey: event.altKey,
      isTyping: target.matches('input:not([type=radio], [type=checkbox]), textarea, select'),
      isElsewhere: target.closest('[role=dialog], [role=menu], [role=listbox]') !== null,
      areLettersOff: handlers.areLettersOff,
    })
    if (command === undefined) return
    event.preventDefault()
    const rows = rowsOf(list.current)
    const focused = rows.indexOf(document.activeElement as HTMLElement)
    if (['next', 'previous', 'first', 'last'].includes(command)) {
      const to = targetOf(command, rows, focused)
      rows[to]?.focus()
      rows[to]?.scrollIntoView({ block: 'nearest' })
      if (to === rows.length - 1) handlers.onEnd()
    } else {
      handlers.onCommand(command, rows[focused]?.getAttribute(rowAttribute) ?? undefined)
    }
  }
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey.current?.(event)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [])
}

/** The first step goes to the selected row, even if it lost the focus. */
function targetOf(command: FeedCommand, rows: readonly HTMLElement[], focused: number): number {
  const selected = rows.findIndex((row) => row.tabIndex === 0 && row.dataset.selected)
  if (selected < 0 && focused < 0) return 0
  const beside = command === 'next' ? selected - 1 : selected + 1
  return step(focused >= 0 ? focused : beside, command, rows.length)
}

export type FeedCommand =
  | 'next'
  | 'previous'
  | 'first'
  | 'last'
  | 'fold'
  | 'search'
  | 'escape'
  | 'new'

interface KeyPress {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  /** A text input has the focus. */
  isTyping: boolean
  /** A menu, dialog or listbox with its own keys has the focus. */
  isElsewhere: boolean
  /** Single-key shortcuts are turned off, for example because voice input types them. */
  areLettersOff: boolean
}

const commands: Record<string, FeedCommand> = {
  j: 'next',
  k: 'previous',
  g: 'first',
  G: 'last',
  o: 'fold',
  '/': 'search',
  Escape: 'escape',
  n: 'new',
}

/** The command of a key press. Undefined: the browser handles the key. */
export function commandOf(press: KeyPress): FeedCommand | undefined {
  // Alt is allowed: some keyboards need it to type a slash.
  if (press.ctrlKey || press.metaKey) return undefined
  if (press.isElsewhere) return undefined
  if (press.isTyping) return undefined
  if (press.areLettersOff && press.key.length === 1) return undefined
  return Object.hasOwn(commands, press.key) ? commands[press.key] : undefined
}

/** The list of shortcuts. The browser handles Enter and Space on a row. */
export const keyHelp: [keys: string[], what: string][] = [
  [['j', 'k'], 'Next row, previous row'],
  [['g', 'Shift G'], 'First row, last row'],
  [['Enter'], 'Open the change, or expand the change set. Again: move into the open change'],
  [['o', 'Space'], 'Collapse or expand the change set'],
  [['n'], 'Show new changes'],
  [['/'], 'Search'],
  [['b'], 'Something broke: show what changed before a time'],
  [['Esc'], 'Close the change, collapse, zoom out, or clear the search'],
  [['←', '→'], 'On the chart: move; hold Shift to select, Enter to zoom in'],
  [['?'], 'Show keyboard shortcuts'],
]

/** The index after a command. Without a current row, the first. */
export function step(at: number, by: FeedCommand, length: number): number {
  if (length === 0) return -1
  if (by === 'first') return 0
  if (by === 'last') return length - 1
  if (at < 0) return 0
  const to = at + (by === 'next' ? 1 : -1)
  return Math.min(Math.max(to, 0), length - 1)
}

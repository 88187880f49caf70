import type { ChangeSet } from '../../client.ts'
import type { FeedSearch } from './search.ts'

export interface Looks {
  /** Account names by ID. */
  accounts: ReadonlyMap<string, string>
}

/** The search that lists all matching changes of a set. */
export type WholeOf = (set: ChangeSet) => FeedSearch

/** The keyboard position (roving tabindex). */
export interface Roving {
  selected: string | undefined
  /** The row that Tab reaches: the selected row, else the first. */
  reachable: string | undefined
  /** A row got the focus: a change, or a set. */
  onSelect: (key: string, changeId?: string) => void
  /** Called before navigating to a change. */
  onLeave?: () => void
  /** Opens a change beside the list. Default: a click opens its page. */
  onOpen?: (key: string, changeId: string, isByKeyboard: boolean) => void
}

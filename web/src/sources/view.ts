import type { ComponentType } from 'react'
import type { Change } from '../client.ts'
import type { Neighbours } from '../pages/change/change.ts'

export type Detail = Change['detail']

/** What a source adds to the page of one of its changes, from the detail that it types. */
export interface SourceView {
  /** Above everything: an error. */
  Banner?: ComponentType<{ detail: Detail }>
  /** Before the details: what became of which field. */
  Top?: ComponentType<{ detail: Detail }>
  /** More entries in the list of details. */
  Facts?: ComponentType<{ detail: Detail }>
  /** What the source sent. */
  Event: ComponentType<{ detail: Detail; record: unknown }>
  /** More lists of what else happened, after that of the change set. */
  neighbours?: (change: Change) => Neighbours[]
}

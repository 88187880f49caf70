import type { ComponentType } from 'react'
import type { Change } from '../client.ts'
import type { RelatedQuery } from '../pages/change/change.ts'

export type Detail = Change['detail']

/** What a source adds to the page of its changes, from its own type of detail. */
export interface SourceView {
  /** At the top: an error. */
  Banner?: ComponentType<{ detail: Detail }>
  /** Before the details: the edited fields. */
  Top?: ComponentType<{ detail: Detail }>
  /** Additional entries in the list of details. */
  Facts?: ComponentType<{ detail: Detail; change: Change }>
  /** The source's original data. */
  Event: ComponentType<{ detail: Detail; record: unknown }>
  /** Additional lists of related changes, after that of the change set. */
  relatedQueries?: (change: Change) => RelatedQuery[]
}

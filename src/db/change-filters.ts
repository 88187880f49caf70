import type { FilterField } from '../changes/filters.ts'

export interface ChangeFilters {
  /** Inclusive. */
  from?: Date
  /** Exclusive. */
  to?: Date
  /** Text in the summary, the actor, the action, the tool's run, or a resource's ID, ignoring case. */
  q?: string
  /** The IDs that `withSearch` found for `q` or for the resources: no other changes match. */
  found?: string[]
  /** False excludes noise, true returns only noise, undefined returns both. */
  noise?: boolean
  /** One of the values must match. */
  include: Partial<Record<FilterField, string[]>>
  /** None of the values may match. */
  exclude: Partial<Record<FilterField, string[]>>
}

/** A time range: `from` is inclusive, `to` is exclusive. */
export interface TimeRange {
  from: Date
  to: Date
}

import type { FilterField } from '../changes/filters.ts'

export interface ChangeFilters {
  /** First moment included. */
  from?: Date
  /** First moment not included. */
  to?: Date
  /** Part of the summary, of the actor's or action's name or of a resource's id, whatever its case. */
  q?: string
  /** The changes that `q` or the resources are about, as `withSearch` found them: no others match. */
  found?: string[]
  /** False leaves noise out, true leaves only noise; undefined shows both. */
  noise?: boolean
  /** One of the values must hold. */
  include: Partial<Record<FilterField, string[]>>
  /** None of the values may hold. */
  exclude: Partial<Record<FilterField, string[]>>
}

/** A span of time: `from` is in it, `to` is not. */
export interface Window {
  from: Date
  to: Date
}

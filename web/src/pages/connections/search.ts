import { connectionStatuses } from '../../../../src/connections/status.ts'
import type { Connection } from '../../client.ts'

/** The state of the list in the URL. Absent fields have their defaults. */
export interface ConnectionsSearch {
  q?: string
  state?: Connection['status']
  /** Absent for the first page. */
  page?: number
}

/** Parses the URL. Invalid values are ignored. */
export function validateConnectionsSearch(search: Record<string, unknown>): ConnectionsSearch {
  // URLs have no types: `?q=111122223333` is parsed as a number.
  const q = ['string', 'number'].includes(typeof search.q)
    ? String(search.q).toWellFormed().slice(0, 200).toWellFormed()
    : ''
  const state = connectionStatuses.find((each) => each === search.state)
  const page = Number(search.page)
  return {
    ...(q.trim() !== '' && { q }),
    ...(state && { state }),
    ...(Number.isInteger(page) && page > 1 && page <= 10_000 && { page }),
  }
}

import type { Connection } from '../../client.ts'

/** What of the list of accounts is in the address. What is not there has its default. */
export interface ConnectionsSearch {
  q?: string
  state?: Connection['status']
  /** The first one is not named. */
  page?: number
}

const states = [
  'action_needed',
  'behind',
  'waiting_for_aws',
  'awaiting_role',
  'verifying',
  'importing',
  'current',
  'paused',
  'deleting',
] as const satisfies Connection['status'][]

/** Reads what an address says: what makes no sense is left out, and never an error. */
export function validateConnectionsSearch(search: Record<string, unknown>): ConnectionsSearch {
  // An address has no types: `?q=111122223333` comes as a number.
  const q = ['string', 'number'].includes(typeof search.q)
    ? String(search.q).toWellFormed().slice(0, 200).toWellFormed()
    : ''
  const state = states.find((each) => each === search.state)
  const page = Number(search.page)
  return {
    ...(q.trim() !== '' && { q }),
    ...(state && { state }),
    ...(Number.isInteger(page) && page > 1 && page <= 10_000 && { page }),
  }
}

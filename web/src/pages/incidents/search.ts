/** The state of the list in the URL. */
export interface IncidentsSearch {
  /** Absent: all. */
  show?: 'open'
}

export function validateIncidentsSearch(search: Record<string, unknown>): IncidentsSearch {
  return search.show === 'open' ? { show: 'open' } : {}
}

/** The state of an incident's page in the URL. */
export interface WindowSearch {
  /** The window of the timeline: inclusive. Absent: the server's. */
  from?: string
  /** Exclusive. */
  to?: string
  /** Routine changes are in the timeline. */
  noise?: 'shown'
}

/** The same for a time without an incident. */
export interface PreviewSearch extends WindowSearch {
  /** When it was noticed. */
  at?: string
  /** The environment ID. */
  environment?: string
}

export function validateWindow(search: Record<string, unknown>): WindowSearch {
  const from = time(search.from)
  const to = time(search.to)
  const isEmpty = from !== undefined && to !== undefined && from >= to
  return {
    ...(from !== undefined && !isEmpty && { from }),
    ...(to !== undefined && !isEmpty && { to }),
    ...(search.noise === 'shown' && { noise: 'shown' as const }),
  }
}

export function validatePreview(search: Record<string, unknown>): PreviewSearch {
  const at = time(search.at)
  const { environment } = search
  const isId = typeof environment === 'string' && /^[0-9a-f-]{36}$/i.test(environment)
  return {
    ...validateWindow(search),
    ...(at !== undefined && { at }),
    ...(isId && { environment }),
  }
}

function time(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(value)) return undefined
  const date = new Date(value)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

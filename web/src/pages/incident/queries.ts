import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { getIncident, getIncidentChanges, previewIncident } from '../../client.ts'
import type { PreviewSearch, WindowSearch } from './search.ts'

const SECOND_MS = 1_000

export const incidentQuery = (id: string) =>
  queryOptions({
    queryKey: ['incidents', id],
    queryFn: () => getIncident(id),
    refetchInterval: 60 * SECOND_MS,
  })

/** What the page asks about: a stored incident, or a time. */
export type Subject = { id: string } | { preview: PreviewSearch & { at: string } }

interface NextPage {
  cursor: string
  from: string
  to: string
}

/** The answer is that of the first page; each page has a part of the timeline. */
export const answerQuery = (subject: Subject, window: WindowSearch) =>
  infiniteQueryOptions({
    queryKey: ['incidents', 'answer', subject, window],
    queryFn: ({ pageParam }) => {
      const query = {
        ...(window.from !== undefined && { from: window.from }),
        ...(window.to !== undefined && { to: window.to }),
        ...(window.noise === undefined && { noise: 'false' as const }),
        ...pageParam,
      }
      if ('id' in subject) return getIncidentChanges(subject.id, query)
      const { at, environment } = subject.preview
      return previewIncident(at, { ...query, ...(environment !== undefined && { environment }) })
    },
    initialPageParam: null as NextPage | null,
    getNextPageParam: ({ timeline }): NextPage | null => {
      const { from, to, nextCursor } = timeline
      // The default window ends now. The next page must belong to the same window.
      return nextCursor === null ? null : { cursor: nextCursor, from, to }
    },
    // Server events refresh it too. Polling is the fallback when events do not arrive.
    refetchInterval: 30 * SECOND_MS,
    // Another window replaces the answer when it is there.
    placeholderData: (before) => before,
  })

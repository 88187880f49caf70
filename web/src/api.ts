import { HttpError } from '@oazapfts/runtime'
import { QueryCache, QueryClient } from '@tanstack/react-query'
import { defaults } from './client.ts'
import { learnTime } from './time.tsx'

/** RFC 9457, as the API answers it. */
interface Problem {
  title: string
  detail: string
  errors: { pointer: string; detail: string }[]
}

/** What went wrong, in words for a person. */
export interface ApiError {
  title: string
  detail: string
  /** HTTP's; 0 when the server could not be reached. */
  status: number
  /** The place of each error: a field's name by its JSON pointer, `/roleArn`. */
  errors: { pointer: string; detail: string }[]
}

/** Makes of whatever a request threw what to tell. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof HttpError) {
    const problem = error.data as Partial<Problem> | undefined
    return {
      title: problem?.title ?? 'Server error',
      detail: problem?.detail ?? `The server returned status ${error.status}.`,
      status: error.status,
      errors: problem?.errors ?? [],
    }
  }
  return {
    title: 'Cannot reach Cairn',
    detail: 'The server is not responding, or the network is down. Check that Cairn is running.',
    status: 0,
    errors: [],
  }
}

/** The message for one field of a form; undefined when the problem is elsewhere. */
export function fieldErrorAt(error: unknown, pointer: string): string | undefined {
  return toApiError(error).errors.find((one) => one.pointer === pointer)?.detail
}

defaults.fetch = async (...request) => {
  const sent = Date.now()
  const response = await fetch(...request)
  learnTime(response.headers.get('date'), sent, Date.now())
  return response
}

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError(error, query) {
      // The session has withFullStop meanwhile: the layout asks who is there, and leads to the sign-in page.
      if (toApiError(error).status === 401 && query.queryKey[0] !== 'me')
        void queryClient.invalidateQueries({ queryKey: ['me'] })
    },
  }),
  defaultOptions: {
    // Whether there is a network says nothing of a server on this computer. And what somebody does
    // while there is none has to fail then: later, they may have thought better of it.
    mutations: { networkMode: 'always' },
    queries: {
      networkMode: 'always',
      refetchOnReconnect: true,
      staleTime: 5_000,
      // What the server refused it would refuse again.
      retry: (count, error) => {
        const { status } = toApiError(error)
        return (status === 0 || status >= 500) && count < 3
      },
    },
  },
})

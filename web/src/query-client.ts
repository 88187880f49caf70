import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { toApiError } from './api.ts'
import { hideActionError, showActionError } from './components/toast.ts'

declare module '@tanstack/react-query' {
  interface Register {
    mutationMeta: {
      /** What failed, for a notification. Forms show their errors themselves. */
      errorTitle?: string
    }
  }
}

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError(error, query) {
      // The session has ended. The layout fetches the user again and redirects to sign-in.
      if (toApiError(error).status === 401 && query.queryKey[0] !== 'me')
        void queryClient.invalidateQueries({ queryKey: ['me'] })
    },
  }),
  mutationCache: new MutationCache({
    onSuccess(_data, _variables, _context, mutation) {
      const title = mutation.meta?.errorTitle
      if (title !== undefined) hideActionError(title)
    },
    onError(error, _variables, _context, mutation) {
      const title = mutation.meta?.errorTitle
      if (title !== undefined) showActionError(title, error)
    },
  }),
  defaultOptions: {
    // The browser's network state says nothing about a server on this computer. Actions without a
    // network must fail at once, not run later.
    mutations: { networkMode: 'always' },
    queries: {
      networkMode: 'always',
      refetchOnReconnect: true,
      staleTime: 5_000,
      // Client errors do not change on a retry, except that of an organization with too many requests.
      retry: (count, error) => {
        const { status } = toApiError(error)
        return (status === 0 || status === 429 || status >= 500) && count < 3
      },
    },
  },
})

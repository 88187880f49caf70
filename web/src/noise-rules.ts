import { queryOptions } from '@tanstack/react-query'
import { listNoiseRules } from './client.ts'

/** The organization's own noise rules. */
export const noiseRulesQuery = queryOptions({
  queryKey: ['noise-rules'],
  queryFn: async () => (await listNoiseRules()).items,
  staleTime: 60_000,
})

import { type QueryClient, queryOptions } from '@tanstack/react-query'
import { getEnvironmentRules, listNoiseRules } from './client.ts'

/** The organization's own noise rules. */
export const noiseRulesQuery = queryOptions({
  queryKey: ['noise-rules'],
  queryFn: async () => (await listNoiseRules()).items,
  staleTime: 60_000,
})

const CHECK_AGAIN_MS = 1_000
/** A longer run is left to the next visit of the feed. */
const MAX_CHECKS = 600

/**
 * Call after a noise rule has changed. Fetches the open lists of changes again when stored changes
 * follow the rules, which happens in the background. Does not wait.
 */
export function refreshWhenApplied(
  client: Pick<QueryClient, 'invalidateQueries'>,
  isApplied = async () => (await getEnvironmentRules()).relink.state === 'done',
  wait = () => new Promise((resolve) => setTimeout(resolve, CHECK_AGAIN_MS)),
): void {
  const refresh = async () => {
    for (let checks = 0; checks < MAX_CHECKS; checks++) {
      // Until the server responds again, nothing is known.
      if (await isApplied().catch(() => false)) break
      await wait()
    }
    await client.invalidateQueries({ queryKey: ['changes'] })
  }
  void refresh()
}

import { queryOptions } from '@tanstack/react-query'
import { toApiError } from '../../api.ts'
import {
  type Connection,
  getConnection,
  getCoverage,
  getSetup,
  getVerification,
  listConnections,
} from '../../client.ts'

// Server events refresh these too. Polling is the fallback when events do not arrive.
const SECOND_MS = 1_000

export const connectionsQuery = queryOptions({
  queryKey: ['connections'],
  queryFn: async () => (await listConnections()).items,
  refetchInterval: 15 * SECOND_MS,
})

export const connectionQuery = (id: string) =>
  queryOptions({
    queryKey: ['connections', id],
    queryFn: () => getConnection(id),
    refetchInterval: ({ state }) => !isGone(state.error) && paceOf(state.data?.status),
  })

export const verificationQuery = (id: string, status: Connection['status']) =>
  queryOptions({
    queryKey: ['connections', id, 'verification'],
    queryFn: () => getVerification(id),
    refetchInterval: ({ state }) => {
      if (isGone(state.error)) return false
      if (state.data?.state === 'running') return SECOND_MS
      return isVerifying(status) ? paceOf(status) : 30 * SECOND_MS
    },
  })

export const coverageQuery = (id: string, status: Connection['status']) =>
  queryOptions({
    queryKey: ['connections', id, 'coverage'],
    queryFn: () => getCoverage(id),
    refetchInterval: ({ state }) => !isGone(state.error) && paceOf(status),
  })

export const setupQuery = (id: string, wishes: SetupWishes) =>
  queryOptions({
    queryKey: ['connections', id, 'setup', wishes],
    queryFn: () => getSetup(id, wishes),
    staleTime: 60 * SECOND_MS,
    // Each input returns other instructions. The previous ones stay until the next are loaded.
    placeholderData: (before) => before,
  })

export interface SetupWishes {
  roleName?: string
  rolePath?: string
  region?: string
}

export function isVerifying(status: Connection['status']): boolean {
  return status === 'verifying' || status === 'waiting_for_aws'
}

/** Whether the server returned 404, which a retry does not change. */
export const isGone = (error: unknown) => error !== null && toApiError(error).status === 404

/**
 * The polling interval in milliseconds: short while a verification runs, longer while waiting for
 * AWS.
 */
function paceOf(status: Connection['status'] | undefined): number {
  if (status === 'verifying') return SECOND_MS
  if (status === undefined || status === 'waiting_for_aws') return 5 * SECOND_MS
  return status === 'importing' || status === 'deleting' ? 2 * SECOND_MS : 10 * SECOND_MS
}

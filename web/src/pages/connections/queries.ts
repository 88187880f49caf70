import { queryOptions } from '@tanstack/react-query'
import {
  type Connection,
  getConnection,
  getCoverage,
  getSetup,
  getVerification,
  listConnections,
} from '../../client.ts'

// Server events make these anew as well; asking is for where events do not get through.
const SECOND = 1_000

export const connectionsQuery = queryOptions({
  queryKey: ['connections'],
  queryFn: async () => (await listConnections()).items,
  refetchInterval: 15 * SECOND,
})

export const connectionQuery = (id: string) =>
  queryOptions({
    queryKey: ['connections', id],
    queryFn: () => getConnection(id),
    refetchInterval: ({ state }) => paceOf(state.data?.status),
  })

export const verificationQuery = (id: string, status: Connection['status']) =>
  queryOptions({
    queryKey: ['connections', id, 'verification'],
    queryFn: () => getVerification(id),
    refetchInterval: ({ state }) =>
      state.data?.state === 'running' || isVerifying(status) ? SECOND : 30 * SECOND,
  })

export const coverageQuery = (id: string, status: Connection['status']) =>
  queryOptions({
    queryKey: ['connections', id, 'coverage'],
    queryFn: () => getCoverage(id),
    refetchInterval: paceOf(status),
  })

export const setupQuery = (id: string, wishes: SetupWishes) =>
  queryOptions({
    queryKey: ['connections', id, 'setup', wishes],
    queryFn: () => getSetup(id, wishes),
    staleTime: 60 * SECOND,
    // What is typed gives another set-up each time; the last one stays until the next is there.
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

function paceOf(status: Connection['status'] | undefined): number {
  if (status === undefined) return 5 * SECOND
  if (isVerifying(status)) return SECOND
  return status === 'importing' || status === 'deleting' ? 2 * SECOND : 10 * SECOND
}

import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import {
  getDelivery,
  getIntegration,
  listChanges,
  listDeliveries,
  listIntegrations,
} from '../../client.ts'

/** No event reports deliveries, so the pages poll. Milliseconds. */
const POLL_MS = 5_000

export const integrationsQuery = queryOptions({
  queryKey: ['integrations'],
  queryFn: async () => (await listIntegrations()).items,
  refetchInterval: POLL_MS,
})

export const integrationQuery = (id: string) =>
  queryOptions({
    queryKey: ['integrations', id],
    queryFn: () => getIntegration(id),
    refetchInterval: POLL_MS,
  })

export const deliveriesQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['integrations', id, 'deliveries'],
    queryFn: ({ pageParam }) => listDeliveries(id, pageParam === '' ? {} : { cursor: pageParam }),
    initialPageParam: '',
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    refetchInterval: POLL_MS,
  })

export const deliveryQuery = (id: string, deliveryId: string) =>
  queryOptions({
    queryKey: ['integrations', id, 'deliveries', deliveryId],
    queryFn: () => getDelivery(id, deliveryId),
    refetchInterval: ({ state }) => (state.data?.state === 'received' ? 1_000 : false),
  })

/** The newest change of the source deploy. */
export const newestReportQuery = queryOptions({
  queryKey: ['changes', 'newest report'],
  queryFn: async () => (await listChanges({ source: ['deploy'], limit: 1 })).items[0] ?? null,
  refetchInterval: 30_000,
})

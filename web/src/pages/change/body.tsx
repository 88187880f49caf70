import { Alert, Skeleton, Stack } from '@mantine/core'
import { IconWorld } from '@tabler/icons-react'
import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { toApiError } from '../../api.ts'
import { type Change, type ChangeSet, getChange } from '../../client.ts'
import { EmptyState, ErrorState } from '../../components/states.tsx'
import { sourceView } from '../../sources/index.ts'
import { cut } from '../feed/entries.ts'
import { ActorDetails } from './actor.tsx'
import classes from './change.module.css'
import { relatedQueriesOf } from './change.ts'
import { ChangeHeader } from './change-header.tsx'
import { Details } from './details.tsx'
import { RelatedChanges } from './related-changes.tsx'

/** Reads a change with its record. `shown` is its row, if that is known, until it is loaded. */
export function useChange(id: string) {
  const loaded = useQuery({
    queryKey: ['changes', 'one', id],
    queryFn: () => getChange(id),
    staleTime: 60_000,
  })
  const client = useQueryClient()
  const [row] = useState(() => findLoadedChange(client, id))
  const shown: Change | undefined = loaded.data ?? (row?.id === id ? row : undefined)
  return { loaded, shown }
}

/** A change of a list that is on the page or was before. It has no record. */
function findLoadedChange(client: QueryClient, id: string): Change | undefined {
  const lists = client.getQueriesData<unknown>({ queryKey: ['changes'] })
  for (const [, data] of lists) {
    const { pages } = (data ?? {}) as { pages?: { items: (Change | ChangeSet)[] }[] }
    const items = Array.isArray(data) ? data : (pages ?? []).flatMap((page) => page.items)
    for (const item of items as (Change | ChangeSet | undefined)[]) {
      const change = item && 'headline' in item ? item.only : item
      if (change?.id === id && 'occurredAt' in change) return change
    }
  }
  return undefined
}

/** Everything about a change, on its page and in the feed's panel, or why it cannot be shown. */
export function ChangeBody(props: {
  change: ReturnType<typeof useChange>
  /** The level of the heading with the change's summary. */
  headingOrder: 1 | 2
}) {
  const { loaded, shown } = props.change
  if (loaded.isError && toApiError(loaded.error).status === 404) {
    return (
      <EmptyState isPage={props.headingOrder === 1} title="Change not found">
        The change may have been deleted with its connection, or the link is wrong.
      </EmptyState>
    )
  }
  return (
    <>
      {loaded.isPending && !shown && <BodySkeleton />}
      {loaded.isError && <ErrorState error={loaded.error} retry={() => loaded.refetch()} />}
      {shown && (
        <Parts
          key={shown.id}
          change={shown}
          record={loaded.data?.record}
          headingOrder={props.headingOrder}
        />
      )}
    </>
  )
}

function Parts(props: { change: Change; record: unknown; headingOrder: 1 | 2 }) {
  const { change, record } = props
  const source = sourceView(change.source)
  return (
    <Stack gap="md" className={classes.body}>
      <ChangeHeader change={change} headingOrder={props.headingOrder} />
      {change.publicAccess !== undefined && (
        <Alert color="red" variant="light" icon={<IconWorld aria-hidden />} title="Public access">
          <bdi>{cut(change.publicAccess, 600)}</bdi>
        </Alert>
      )}
      {source.Banner && <source.Banner detail={change.detail} />}
      <div className={classes.columns}>
        <Stack gap="md" miw={0}>
          {source.Top && <source.Top detail={change.detail} />}
          <Details change={change} Extra={source.Facts} />
          <source.Event detail={change.detail} record={record} />
        </Stack>
        <Stack gap="md" miw={0}>
          <ActorDetails change={change} />
          {relatedQueriesOf(change, source.relatedQueries?.(change)).map((query) => (
            <RelatedChanges key={query.title} change={change} query={query} />
          ))}
        </Stack>
      </div>
    </Stack>
  )
}

function BodySkeleton() {
  return (
    <Stack gap="md" aria-busy="true">
      <Skeleton height={28} width="70%" />
      <Skeleton height={30} width="40%" />
      <Skeleton height={220} />
      <Skeleton height={320} />
    </Stack>
  )
}

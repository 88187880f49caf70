import { Alert, Button, Group, Skeleton, Stack } from '@mantine/core'
import { IconArrowLeft, IconWorld } from '@tabler/icons-react'
import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { toApiError } from '../../api.ts'
import { type Change, type ChangeSet, getChange } from '../../client.ts'
import { EmptyState, ErrorState } from '../../components/states.tsx'
import { sourceView } from '../../sources/index.ts'
import { cut } from '../feed/entries.ts'
import { lastFeed } from '../feed/last-feed.ts'
import { Actor } from './actor.tsx'
import classes from './change.module.css'
import { neighboursOf } from './change.ts'
import { ChangeHeader } from './change-header.tsx'
import { Details } from './details.tsx'
import { RelatedChanges } from './related-changes.tsx'

const route = getRouteApi('/app/changes/$id')

/** One change: who did what, where, and what else happened around it. */
export function ChangePage() {
  const { id } = route.useParams()
  const change = useQuery({
    queryKey: ['changes', 'one', id],
    queryFn: () => getChange(id),
    staleTime: 60_000,
  })
  const client = useQueryClient()
  // The row that was clicked, until the change is loaded with its record.
  const [row] = useState(() => findLoadedChange(client, id))
  const shown = change.data ?? (row?.id === id ? row : undefined)
  const isGone = change.isError && toApiError(change.error).status === 404
  return (
    <Stack gap="md" maw={1180}>
      <title>{`${shown ? cut(shown.summary, 120) : 'Change'} · Cairn`}</title>
      <Group>
        <Button
          component={Link}
          to="/"
          search={lastFeed.search as never}
          variant="subtle"
          size="compact-sm"
          leftSection={<IconArrowLeft size={16} aria-hidden />}
        >
          Changes
        </Button>
      </Group>
      {change.isPending && !shown && <PageSkeleton />}
      {change.isError &&
        (isGone ? (
          <EmptyState title="Change not found">
            The change may have been deleted with its connection, or the link is wrong.
          </EmptyState>
        ) : (
          <ErrorState error={change.error} retry={() => change.refetch()} />
        ))}
      {shown && !isGone && <Page key={id} change={shown} record={change.data?.record} />}
    </Stack>
  )
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

function Page({ change, record }: { change: Change; record: unknown }) {
  const source = sourceView(change.source)
  return (
    <>
      <ChangeHeader change={change} />
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
          <Actor change={change} />
          {neighboursOf(change, source.neighbours?.(change)).map((neighbours) => (
            <RelatedChanges key={neighbours.title} change={change} neighbours={neighbours} />
          ))}
        </Stack>
      </div>
    </>
  )
}

function PageSkeleton() {
  return (
    <Stack gap="md" aria-busy="true">
      <Skeleton height={28} width="70%" />
      <Skeleton height={30} width="40%" />
      <Skeleton height={220} />
      <Skeleton height={320} />
    </Stack>
  )
}

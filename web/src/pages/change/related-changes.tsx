import { Anchor, Skeleton, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type Change, listChanges } from '../../client.ts'
import { ErrorState } from '../../components/states.tsx'
import { dayHeadings } from '../../days.ts'
import { serverNow } from '../../server-time.ts'
import { useZone } from '../../time.tsx'
import { connectionsQuery } from '../connections/queries.ts'
import { FeedChange } from '../feed/change-row.tsx'
import { cut } from '../feed/entries.ts'
import feedClasses from '../feed/feed.module.css'
import { DayHeading } from '../feed/row-parts.tsx'
import { toQuery, windowOf } from '../feed/search.ts'
import { nearest, type RelatedQuery } from './change.ts'
import { Section } from './parts.tsx'

const few = 6

/** The nearest related changes, and a link to all of them. */
export function RelatedChanges({ change, query }: { change: Change; query: RelatedQuery }) {
  const { search, title } = query
  const [zone] = useZone()
  const found = useQuery({
    queryKey: ['changes', 'related', change.id, title],
    queryFn: async () => {
      const { from, to } = windowOf(search, 0)
      const params = toQuery(search, { from, to, endsNow: false })
      // A change at the same time can be on either side.
      const until = new Date(Date.parse(change.occurredAt) + 1).toISOString()
      const [before, after] = await Promise.all([
        listChanges({
          ...params,
          from: from.toISOString(),
          to: until,
          limit: few + 1,
        }),
        listChanges({
          ...params,
          from: change.occurredAt,
          to: to.toISOString(),
          order: 'asc',
          limit: few + 1,
        }),
      ])
      return nearest([...before.items, ...after.items], change, few)
    },
    staleTime: 60_000,
  })
  const connections = useQuery(connectionsQuery)
  const accounts = new Map(
    connections.data?.map(({ accountId, name }) => [accountId ?? '', name]) ?? [],
  )
  const shown = found.data ?? []
  const times = shown.map(({ occurredAt }) => occurredAt)
  const now = serverNow()
  const days = dayHeadings(times, zone, Date.parse(change.occurredAt), now)
  // A set with one change, or a request with one record, has no others.
  if (found.data?.length === 0 && (search.changeSet || search.request)) return null
  return (
    <Section title={<bdi>{cut(title, 160)}</bdi>}>
      {found.isPending && <Skeleton height={80} />}
      {found.isError && <ErrorState error={found.error} retry={() => found.refetch()} />}
      {found.data && shown.length === 0 && <Text size="sm">No other changes.</Text>}
      {shown.length > 0 && (
        <ol className={feedClasses.list}>
          {shown.map((one, index) => (
            <li key={one.id} className={feedClasses.item}>
              <DayHeading day={days[index]} level={3} />
              <FeedChange
                change={one}
                rowKey={one.id}
                selected={undefined}
                reachable={one.id}
                onSelect={() => {}}
                zone={zone}
                now={now}
                accounts={accounts}
              />
            </li>
          ))}
        </ol>
      )}
      {shown.length > 0 && (
        <Anchor component={Link} to="/" search={search as never} size="sm" mt="xs" display="block">
          View in feed
        </Anchor>
      )}
    </Section>
  )
}

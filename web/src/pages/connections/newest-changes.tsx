import { Anchor, Group, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { type Connection, listChanges } from '../../client.ts'
import { visible } from '../../components/json.ts'
import { useNewChanges } from '../../live.ts'
import { oneAtATime } from '../../refresh.ts'
import { formatTime, Time, useZone } from '../../time.tsx'

/** The newest changes of a connection, as imports find them, without routine changes. */
export function NewestChanges({ connection }: { connection: Connection }) {
  const { id, status } = connection
  const changes = useQuery({
    queryKey: ['changes', 'newest', id],
    queryFn: () => listChanges({ connection: id, noise: 'false', limit: 5 }),
    refetchInterval: status === 'importing' ? 2_000 : 15_000,
  })
  const { refetch } = changes
  const readAgain = useMemo(() => oneAtATime(() => refetch({ cancelRefetch: false })), [refetch])
  useNewChanges(
    useCallback(
      ({ connectionId }) => {
        if (connectionId === id) readAgain()
      },
      [id, readAgain],
    ),
  )
  const [zone] = useZone()
  if (!changes.data) return null
  const { items } = changes.data
  // Times with a date are wider. The summaries still align.
  const isWide = items.some(({ occurredAt }) => formatTime(occurredAt, zone).length > 8)
  if (items.length === 0)
    return (
      <Text size="sm" c="dimmed">
        No changes yet, except for routine changes. They appear here when an import finds them.
      </Text>
    )
  return (
    <Stack gap={4}>
      <Text size="sm" fw={600}>
        Newest changes
      </Text>
      {items.map((change) => (
        <Group key={change.id} gap="0 12px" align="baseline">
          <Text size="sm" c="dimmed" miw={isWide ? 124 : 64}>
            <Time at={change.occurredAt} />
          </Text>
          <Anchor
            size="sm"
            flex="1 1 260px"
            truncate
            miw={0}
            className="from-aws"
            renderRoot={(root) => <Link {...root} to="/changes/$id" params={{ id: change.id }} />}
          >
            {visible(change.summary)}
          </Anchor>
        </Group>
      ))}
      <Anchor
        size="sm"
        renderRoot={(root) => <Link {...root} to="/" search={{ connection: [id] }} />}
      >
        View all changes of this account
      </Anchor>
    </Stack>
  )
}

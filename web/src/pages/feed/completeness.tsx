import { Anchor, Group, Text } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck, IconClock } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { Connection } from '../../client.ts'
import { useLiveState } from '../../live.ts'
import { useNow } from '../../server-time.ts'
import { Time } from '../../time.tsx'
import { connectionPage, connectionsPage } from '../connections/links.ts'
import { type CompletenessTone, type CompleteRange, completeness } from './labels.ts'
import { OLD_MS } from './last-feed.ts'
import type { FeedRange } from './search.ts'

/** Shows up to when the feed is complete, and why not later. */
export function CompletenessStatus(props: {
  imported: CompleteRange
  connections: Connection[]
  window: FeedRange
}) {
  const now = useNow()
  const isStale = useLiveState() === 'offline'
  const { from, to, endsNow } = props.window
  const window = { from, to: endsNow ? new Date(now) : to }
  const standing = completeness(props.imported, props.connections, window, now)
  if (!standing) return null
  const { icon: Icon, color } = looks[standing.tone]
  const words = <bdi>{standing.words}</bdi>
  return (
    <Group
      gap={6}
      wrap="nowrap"
      role="status"
      aria-label="Completeness"
      className="live-status"
      c={isStale ? 'dimmed' : undefined}
    >
      <Icon size={18} color={color} aria-hidden style={{ flexShrink: 0 }} />
      <Text size="sm">
        {standing.times && (
          <>
            {isStale && 'Last known: '}Up to date as of <Time at={standing.times.through} />
            {standing.times.from !== null && (
              <>
                , complete from <Time at={standing.times.from} />
              </>
            )}
            {standing.missing && `; ${standing.missing}`}
            {standing.words && ' · '}
          </>
        )}
        {standing.more === null ? (
          words
        ) : (
          <Anchor
            component={Link}
            {...(standing.more === 'list' ? connectionsPage : connectionPage(standing.more.id))}
            inherit
            underline="always"
          >
            {words}
          </Anchor>
        )}
      </Text>
    </Group>
  )
}

/** Shows when the feed was loaded, once it is old. */
export function AsOf({ at }: { at: number }) {
  const isOld = useNow(15_000) - at > OLD_MS
  if (!isOld) return null
  return (
    <Text size="sm">
      Last refreshed <Time at={new Date(at).toISOString()} />
    </Text>
  )
}

const looks: Record<CompletenessTone, { icon: typeof IconClock; color: string }> = {
  good: { icon: IconCircleCheck, color: 'var(--mantine-color-teal-filled)' },
  settling: { icon: IconClock, color: 'var(--mantine-color-dimmed)' },
  late: { icon: IconClock, color: 'var(--mantine-color-yellow-filled)' },
  wrong: { icon: IconAlertTriangle, color: 'var(--mantine-color-red-filled)' },
}

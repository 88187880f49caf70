import { Anchor, Group, Text } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck, IconClock } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { Connection } from '../../client.ts'
import { Time, useNow } from '../../time.tsx'
import { completeness } from './labels.ts'

/** Always in sight: up to when nothing is missing, and why not further. */
export function Completeness(props: {
  completeThrough: string | null
  connections: Connection[]
  to: Date
  endsNow: boolean
}) {
  const now = new Date(useNow())
  const told = completeness(
    props.completeThrough,
    props.connections,
    props.endsNow ? now : props.to,
    now,
  )
  if (!told) return null
  const { icon: Icon, color } = looks[told.tone]
  return (
    <Group gap={6} wrap="nowrap" role="status" aria-label="Completeness">
      <Icon size={18} color={color} aria-hidden style={{ flexShrink: 0 }} />
      <Text size="sm">
        {props.completeThrough !== null && told.words !== 'This window is complete' && (
          <>
            Complete through <Time at={props.completeThrough} />
            {told.words && ' · '}
          </>
        )}
        {told.connection ? (
          <Anchor
            component={Link}
            to="/integrations/aws/$id"
            params={{ id: told.connection.id } as never}
            inherit
            underline="always"
          >
            <bdi>{told.words}</bdi>
          </Anchor>
        ) : (
          told.words
        )}
      </Text>
    </Group>
  )
}

const looks = {
  good: { icon: IconCircleCheck, color: 'var(--mantine-color-teal-filled)' },
  waiting: { icon: IconClock, color: 'var(--mantine-color-yellow-filled)' },
  wrong: { icon: IconAlertTriangle, color: 'var(--mantine-color-red-filled)' },
  none: { icon: IconClock, color: 'var(--mantine-color-dimmed)' },
} as const

import { Badge } from '@mantine/core'
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconClock,
  IconPlayerPause,
  IconRefresh,
} from '@tabler/icons-react'
import type { Connection } from '../../client.ts'
import { statusLabel, type Tone } from '../../health/status.ts'
import { useZone } from '../../time.tsx'

/** The time zone for `When`. */
export function useTimeZone(): string | undefined {
  const [zone] = useZone()
  return zone === 'utc' ? 'UTC' : undefined
}

const toneColor: Record<Tone, string> = {
  good: 'teal',
  busy: 'blue',
  late: 'yellow',
  action: 'red',
  off: 'gray',
}

const icons = {
  good: IconCircleCheck,
  busy: IconRefresh,
  late: IconClock,
  action: IconAlertTriangle,
  off: IconPlayerPause,
}

export function ToneIcon({ tone, size = 16 }: { tone: Tone; size?: number }) {
  const Icon = icons[tone]
  return (
    <Icon
      size={size}
      aria-hidden
      style={{ flexShrink: 0 }}
      color={`light-dark(var(--mantine-color-${toneColor[tone]}-8), var(--mantine-color-${toneColor[tone]}-4))`}
    />
  )
}

export function StatusBadge({ status }: Pick<Connection, 'status'>) {
  const { word, tone } = statusLabel(status)
  return (
    <Badge
      variant="default"
      size="lg"
      tt="none"
      fw={600}
      leftSection={<ToneIcon tone={tone} size={14} />}
      className="live-status status-badge"
    >
      {word}
    </Badge>
  )
}

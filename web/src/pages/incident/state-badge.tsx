import { Badge } from '@mantine/core'
import { IconCircleCheck, IconEye, IconFlame } from '@tabler/icons-react'
import type { Incident } from '../../client.ts'

const looks = {
  open: { icon: IconFlame, color: 'red', label: 'Open' },
  acknowledged: { icon: IconEye, color: 'orange', label: 'Acknowledged' },
  resolved: { icon: IconCircleCheck, color: 'gray', label: 'Resolved' },
} as const

export function IncidentStateBadge({ state }: { state: Incident['state'] }) {
  const { icon: Icon, color, label } = looks[state]
  return (
    <Badge
      color={color}
      variant={state === 'open' ? 'filled' : 'light'}
      tt="none"
      miw="max-content"
      leftSection={<Icon size={12} aria-hidden />}
    >
      {label}
    </Badge>
  )
}

const sources = { pagerduty: 'PagerDuty', alertmanager: 'Alertmanager', person: 'Reported here' }

export const sourceLabel = (source: Incident['source']): string => sources[source]

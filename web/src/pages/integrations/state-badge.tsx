import { Badge } from '@mantine/core'
import type { Delivery } from '../../client.ts'

const STATES: Record<Delivery['state'], { label: string; color: string }> = {
  received: { label: 'Received', color: 'gray' },
  translated: { label: 'Translated', color: 'teal' },
  ignored: { label: 'Ignored', color: 'gray' },
  failed: { label: 'Failed', color: 'red' },
}

export function DeliveryStateBadge({ state }: { state: Delivery['state'] }) {
  const { label, color } = STATES[state]
  return (
    <Badge color={color} variant="light" tt="none">
      {label}
    </Badge>
  )
}

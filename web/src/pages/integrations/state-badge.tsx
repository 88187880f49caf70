import { Badge } from '@mantine/core'
import type { Delivery } from '../../client.ts'

const COLORS: Record<Delivery['state'], string> = {
  received: 'blue',
  translated: 'teal',
  ignored: 'gray',
  failed: 'red',
}

export function DeliveryStateBadge({ state }: { state: Delivery['state'] }) {
  return (
    <Badge color={COLORS[state]} variant="light" tt="none">
      {state}
    </Badge>
  )
}

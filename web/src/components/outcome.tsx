import { Tooltip } from '@mantine/core'
import { IconBan, IconCheck, IconX } from '@tabler/icons-react'
import type { Change } from '../client.ts'

const looks = {
  succeeded: { icon: IconCheck, color: 'var(--mantine-color-teal-filled)', label: 'Succeeded' },
  failed: { icon: IconX, color: 'var(--mantine-color-red-filled)', label: 'Failed' },
  denied: { icon: IconBan, color: 'var(--mantine-color-red-filled)', label: 'Denied' },
} as const

/** The outcome of a change, as an icon with a label. */
export function OutcomeIcon({ outcome, label }: { outcome: Change['outcome']; label?: string }) {
  const { icon: Icon, color, label: usual } = looks[outcome]
  const word = label ?? usual
  return (
    <Tooltip label={word} withArrow openDelay={300}>
      <Icon size={16} color={color} role="img" aria-label={word} />
    </Tooltip>
  )
}

export const outcomeLabel = (outcome: Change['outcome']): string => looks[outcome].label

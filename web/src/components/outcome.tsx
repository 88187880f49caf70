import { Badge } from '@mantine/core'
import { IconBan, IconX } from '@tabler/icons-react'
import type { Change } from '../client.ts'
import { number } from '../format.ts'

type Problem = Exclude<Change['outcome'], 'succeeded'>

const looks = {
  failed: { icon: IconX, label: 'Failed' },
  denied: { icon: IconBan, label: 'Denied' },
} as const

/** Success is the rule, so only failed and denied changes have a mark. */
export function OutcomeBadge({ outcome, size = 'sm' }: { outcome: Problem; size?: string }) {
  const { icon: Icon, label } = looks[outcome]
  return (
    <Badge
      color="red"
      variant="light"
      tt="none"
      size={size}
      leftSection={<Icon size={12} aria-hidden />}
    >
      {label}
    </Badge>
  )
}

/** `3 denied`: the failed or denied changes of a set. */
export function OutcomeCount({ outcome, count }: { outcome: Problem; count: number }) {
  if (count === 0) return null
  const { icon: Icon, label } = looks[outcome]
  return (
    <Badge
      color="red"
      variant="light"
      tt="none"
      size="sm"
      leftSection={<Icon size={12} aria-hidden />}
    >
      {number(count)} {label.toLowerCase()}
    </Badge>
  )
}

export function OutcomeIcon({ outcome }: { outcome: Problem }) {
  const Icon = looks[outcome].icon
  return <Icon size={16} color="var(--mantine-color-error)" aria-hidden />
}

import { Group, Progress, Text } from '@mantine/core'
import type { EnvironmentRules } from '../../../client.ts'
import { number } from '../../../format.ts'

/** Shows nothing unless rules are being applied to stored changes. */
export function RelinkStatus({ relink }: { relink: EnvironmentRules['relink'] }) {
  if (relink.state === 'done') return null
  const { checked, total, percent, etaSeconds } = relink
  return (
    <Group gap="sm" role="status" aria-label="Applying rules">
      <Text size="sm">
        {total === null
          ? 'Applying the rules to stored changes starts soon.'
          : `Applied to ${number(Math.min(checked, total))} of ${number(total)} stored changes, newest first.`}
        {etaSeconds !== null && ` About ${duration(etaSeconds)} left.`}
      </Text>
      <Progress value={percent} w={120} aria-label="Applied to stored changes" />
    </Group>
  )
}

function duration(seconds: number): string {
  return seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`
}

import { Group, Stack, Text } from '@mantine/core'
import {
  IconCircleCheck,
  IconCircleDashed,
  IconCircleMinus,
  IconCircleX,
  IconClock,
} from '@tabler/icons-react'
import type { Verification } from '../../client.ts'
import { Snippet } from '../../components/copy.tsx'
import { visible } from '../../components/json.ts'
import { Prose } from '../../components/prose.tsx'
import type { CheckId } from '../../health/checks.ts'

export type Check = Verification['checks'][number]

/** A readable color for icons in both themes. */
export const legible = (color: string) =>
  `light-dark(var(--mantine-color-${color}-8), var(--mantine-color-${color}-4))`

const titles: Record<CheckId, string> = {
  arn_format: 'Valid role ARN',
  account_unused: 'Account not connected twice',
  assume_with_id: 'Cairn can assume the role with the external ID',
  identity: 'Session belongs to the role',
  refused_without_id: 'Access denied without the external ID',
  refused_wrong_id: 'Access denied with a wrong external ID',
  lookup_events: 'CloudTrail events are readable',
  trails: 'Trails (optional)',
}

const states = {
  passed: { word: 'Passed', Icon: IconCircleCheck, color: 'teal' },
  failed: { word: 'Failed', Icon: IconCircleX, color: 'red' },
  waiting: { word: 'Waiting', Icon: IconClock, color: 'yellow' },
  skipped: { word: 'Skipped', Icon: IconCircleMinus, color: 'gray' },
}

export function CheckDetails({ id, check }: { id: CheckId; check: Check | undefined }) {
  const { word, Icon, color } = check
    ? states[check.state]
    : { word: 'Skipped', Icon: IconCircleDashed, color: 'gray' }
  return (
    <Group gap="sm" wrap="nowrap" align="flex-start">
      <Icon size={18} aria-hidden color={legible(color)} style={{ flexShrink: 0, marginTop: 2 }} />
      <Stack gap={4} flex={1} miw={0}>
        <Text size="sm" fw={600}>
          {titles[id]}
          {check?.region && ` (${check.region})`}: {word.toLowerCase()}
        </Text>
        {check ? (
          <>
            <Text size="sm">
              <Prose text={check.means} />
            </Text>
            {check.saw && (
              <Text size="sm" c="dimmed" className="from-aws" lineClamp={12}>
                AWS response: {visible(check.saw)}
              </Text>
            )}
            {check.remedy && (
              <Text size="sm">
                <b>How to fix:</b> <Prose text={check.remedy} />
              </Text>
            )}
            {check.snippets.map(({ title, text }) => (
              <Stack key={title} gap={4} mt={4}>
                <Text size="sm" fw={500}>
                  {title}
                </Text>
                <Snippet text={text} label={title} maxHeight={300} />
              </Stack>
            ))}
          </>
        ) : (
          <Text size="sm" c="dimmed">
            Skipped: an earlier check did not pass.
          </Text>
        )}
      </Stack>
    </Group>
  )
}

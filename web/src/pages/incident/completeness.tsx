import { Anchor, Collapse, Group, Stack, Text, UnstyledButton } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import {
  IconAlertTriangle,
  IconChevronRight,
  IconCircleCheck,
  IconClock,
  IconPlugConnectedX,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { IncidentAnswer } from '../../client.ts'
import { counted } from '../../format.ts'

type IncidentCompleteness = IncidentAnswer['completeness']
type State = IncidentCompleteness['sources'][number]['state']

const looks: Record<State, { icon: typeof IconClock; color: string; label: string }> = {
  complete: { icon: IconCircleCheck, color: 'teal', label: 'Complete' },
  arriving: { icon: IconClock, color: 'gray', label: 'Arriving' },
  silent: { icon: IconClock, color: 'gray', label: 'Silent' },
  incomplete: { icon: IconAlertTriangle, color: 'orange', label: 'Incomplete' },
}

/** Whether Cairn has all changes before the incident, in total and per source. */
export function CompletenessLine({ completeness }: { completeness: IncidentCompleteness }) {
  const [isOpen, { toggle }] = useDisclosure()
  const { sentence, sources } = completeness
  const state = overallState(completeness)
  return (
    <Stack gap={4}>
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <StateIcon state={state} />
        <Text size="sm" role="status">
          <bdi>{sentence}</bdi>
        </Text>
        {sources.length === 0 ? (
          <Anchor component={Link} to="/integrations" size="sm">
            Connect a source
          </Anchor>
        ) : (
          <UnstyledButton fz="sm" onClick={toggle} aria-expanded={isOpen} style={{ flexShrink: 0 }}>
            <Group gap={2} wrap="nowrap">
              <IconChevronRight
                size={14}
                aria-hidden
                style={{ transform: isOpen ? 'rotate(90deg)' : undefined }}
              />
              {counted(sources.length, 'source')}
            </Group>
          </UnstyledButton>
        )}
      </Group>
      <Collapse expanded={isOpen} keepMounted={false}>
        <Stack component="ul" gap={4} m={0} pl={24} style={{ listStyle: 'none' }}>
          {sources.map((source) => (
            <Group component="li" key={source.id} gap="xs" wrap="nowrap" align="flex-start">
              <StateIcon state={source.state} />
              <Text size="sm">
                <b>
                  <bdi>{source.name}</bdi>
                </b>
                : <bdi>{source.sentence}</bdi>
              </Text>
            </Group>
          ))}
        </Stack>
      </Collapse>
    </Stack>
  )
}

/** The state of all sources together: the one that leaves most open. Undefined without a source. */
export function overallState({ isComplete, sources }: IncidentCompleteness): State | undefined {
  if (sources.length === 0) return undefined
  const states = new Set(sources.map(({ state }) => state))
  const open = (['incomplete', 'arriving', 'silent'] as const).find((state) => states.has(state))
  return open ?? (isComplete ? 'complete' : 'arriving')
}

function StateIcon({ state }: { state: State | undefined }) {
  if (state === undefined) return <IconPlugConnectedX size={18} aria-label="No source" />
  const { icon: Icon, color, label } = looks[state]
  return (
    <Icon
      size={18}
      aria-label={label}
      style={{ flexShrink: 0, marginTop: 1 }}
      color={`var(--mantine-color-${color}-text)`}
    />
  )
}

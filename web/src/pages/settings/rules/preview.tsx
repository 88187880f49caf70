import { Alert, Anchor, Card, Group, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { EnvironmentRulesPreview } from '../../../client.ts'
import { EnvironmentBadge } from '../../../components/environment-badge.tsx'
import { number } from '../../../format.ts'
import { formatTime, useZone } from '../../../time.tsx'

/** What the draft would change, with examples. */
export function PreviewResult({
  preview,
  days,
}: {
  preview: EnvironmentRulesPreview
  days: number
}) {
  const [zone] = useZone()
  const { total, linked, moved, examples, partial, countedFrom } = preview
  return (
    <Card withBorder component="section" aria-label="Preview">
      <Stack gap="xs">
        <Text role="status">
          Links {number(linked)} of {number(total)} changes of the last {days} days. {number(moved)}{' '}
          {moved === 1 ? 'change moves' : 'changes move'}.
        </Text>
        {partial && (
          <Alert color="yellow" variant="light">
            Counting took too long. Only changes since{' '}
            {formatTime(countedFrom, zone, Date.parse(preview.to))} are counted.
          </Alert>
        )}
        {examples.map((example) => (
          <Group key={example.changeId} gap="xs" wrap="wrap">
            <Environments ids={example.from} />
            <span>→</span>
            <Environments ids={example.to} />
            <Anchor
              size="sm"
              renderRoot={(root) => (
                <Link {...root} to="/changes/$id" params={{ id: example.changeId }} />
              )}
            >
              <bdi>{example.summary.slice(0, 200)}</bdi>
            </Anchor>
          </Group>
        ))}
      </Stack>
    </Card>
  )
}

function Environments({ ids }: { ids: string[] }) {
  if (ids.length === 0) return <Text size="sm">None</Text>
  return ids.map((id) => <EnvironmentBadge key={id} id={id} />)
}

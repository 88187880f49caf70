import { Anchor, Group, Paper, Stack, Text } from '@mantine/core'
import { IconExternalLink } from '@tabler/icons-react'
import type { Connection, Verification } from '../../client.ts'
import { visible } from '../../components/json.ts'
import { connectionSentences } from '../../health/connection.ts'
import { statusLabel } from '../../health/status.ts'
import { useNow } from '../../server-time.ts'
import { StatusBadge, useTimeZone } from './status.tsx'

/** The status, and what to know about the connection. */
export function StatusPanel(props: {
  connection: Connection
  verification: Verification | undefined
  coverage: Parameters<typeof connectionSentences>[1]['coverage']
}) {
  const { connection, verification, coverage } = props
  const timeZone = useTimeZone()
  const now = useNow()
  const sentences = connectionSentences(connection, { verification, coverage }, { now, timeZone })
  const [first, ...more] = sentences
  const { tone } = statusLabel(connection.status)
  return (
    <Paper withBorder p="md" component="section" aria-label="Status" className="live-status">
      <Stack gap="xs">
        <Group gap="sm">
          {/* Announces status changes. The sentences count down, so they are not announced themselves. */}
          <div role="status">
            <StatusBadge status={connection.status} />
          </div>
          {connection.accountId && (
            <Text size="sm">
              Account{' '}
              <Text span ff="monospace">
                {connection.accountId}
              </Text>
            </Text>
          )}
          {connection.workflowUrl && (
            <Anchor size="sm" href={connection.workflowUrl} target="_blank" rel="noreferrer">
              Open workflow in Temporal <IconExternalLink size={14} aria-hidden />
            </Anchor>
          )}
        </Group>
        <Text fw={tone === 'action' ? 600 : undefined} className="from-aws">
          {visible(first!)}
        </Text>
        {more.map((sentence) => (
          <Text key={sentence} size="sm" className="from-aws">
            {visible(sentence)}
          </Text>
        ))}
      </Stack>
    </Paper>
  )
}

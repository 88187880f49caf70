import { Anchor, Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Connection } from '../../client.ts'
import { EnvironmentBadge } from '../../components/environment-badge.tsx'
import { visible } from '../../components/json.ts'
import { Time } from '../../time.tsx'
import { StatusBadge } from './status.tsx'

/** One account: its status, and how far its changes are imported. */
export function ConnectionItem({ item }: { item: Connection }) {
  const isPolled = ['current', 'behind', 'importing'].includes(item.status)
  return (
    <Table.Tr>
      <Table.Td miw={140}>
        <Anchor
          fw={600}
          renderRoot={(props) => (
            <Link {...props} to="/integrations/aws/$id" params={{ id: item.id }} />
          )}
        >
          <bdi>{item.name}</bdi>
        </Anchor>
        <Text size="sm" c="dimmed" ff="monospace" hiddenFrom="md">
          {item.accountId ?? 'No account yet'}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="md" ff="monospace" fz="sm">
        {item.accountId ?? '–'}
      </Table.Td>
      <Table.Td visibleFrom="lg">
        {item.environmentId ? <EnvironmentBadge id={item.environmentId} /> : '–'}
      </Table.Td>
      <Table.Td maw={360}>
        <StatusBadge status={item.status} />
        {item.statusReason && (
          <Text size="sm" c="dimmed" lineClamp={2} mt={2} className="from-aws">
            {visible(item.statusReason)}
          </Text>
        )}
      </Table.Td>
      <Table.Td visibleFrom="sm">
        {item.completeThrough ? <Time at={item.completeThrough} /> : '–'}
      </Table.Td>
      <Table.Td visibleFrom="lg">
        {isPolled && item.nextPollAt ? <Time at={item.nextPollAt} ago /> : '–'}
      </Table.Td>
    </Table.Tr>
  )
}

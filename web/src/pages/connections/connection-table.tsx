import {
  Anchor,
  Button,
  Group,
  Pagination,
  Select,
  Stack,
  Table,
  Text,
  TextInput,
} from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useDeferredValue, useMemo, useState } from 'react'
import type { Connection } from '../../client.ts'
import { EnvironmentBadge, useEnvironments } from '../../components/environment-badge.tsx'
import { visible } from '../../components/json.ts'
import { EmptyState } from '../../components/states.tsx'
import { counted } from '../../format.ts'
import { byUrgency, statusLabel } from '../../health/status.ts'
import { Time } from '../../time.tsx'
import { type ConnectionsSearch, validateConnectionsSearch } from './search.ts'
import { StatusBadge } from './status.tsx'

const ROWS = 50
/** The filter appears from this number of connections. */
const FILTERED_FROM = 8

export function ConnectionTable({ items }: { items: Connection[] }) {
  const environments = useEnvironments()
  const { q = '', state, page = 1 } = useSearch({ from: '/app/integrations/aws' })
  const navigate = useNavigate({ from: '/integrations/aws' })
  // Typing does not wait for the URL.
  const [text, setText] = useState(q)
  const sought = useDeferredValue(text.trim().toLowerCase())

  /** Replaces the URL, so that Back leaves the list and returns to it as it was. */
  const look = (search: ConnectionsSearch) =>
    navigate({
      search: validateConnectionsSearch({ ...search }),
      replace: true,
      resetScroll: false,
    })

  const sorted = useMemo(() => items.toSorted(byUrgency), [items])
  const found = useMemo(() => {
    const names = new Map(environments.data?.map(({ id, name }) => [id, name]))
    return sorted.filter(
      (item) =>
        (state === undefined || item.status === state) &&
        [item.name, item.accountId, item.roleArn, names.get(item.environmentId ?? '')].some(
          (one) => one?.toLowerCase().includes(sought) ?? false,
        ),
    )
  }, [sorted, environments.data, sought, state])

  const statuses = useMemo(() => {
    const counts = new Map<Connection['status'], number>(state && [[state, 0]])
    for (const item of items) counts.set(item.status, (counts.get(item.status) ?? 0) + 1)
    return [...counts].map(([value, n]) => ({ value, label: `${statusLabel(value).word} (${n})` }))
  }, [items, state])

  const pages = Math.max(1, Math.ceil(found.length / ROWS))
  const current = Math.min(page, pages)
  const shown = found.slice((current - 1) * ROWS, current * ROWS)
  return (
    <Stack gap="sm">
      {(items.length >= FILTERED_FROM || q !== '' || state !== undefined) && (
        <Group gap="xs">
          <TextInput
            flex="1 1 200px"
            maw={420}
            aria-label="Filter by name, account, role or environment"
            placeholder="Name, account, role, environment"
            leftSection={<IconSearch size={16} aria-hidden />}
            value={text}
            onChange={(event) => {
              const { value } = event.currentTarget
              setText(value)
              void look({ q: value, state })
            }}
          />
          <Select
            aria-label="Status"
            placeholder="Any status"
            clearable
            clearButtonProps={{ 'aria-label': 'Any status' }}
            value={state ?? null}
            onChange={(value) => look({ q: text, state: value ?? undefined })}
            data={statuses}
          />
          <Text size="sm" c="dimmed" role="status">
            {found.length === items.length
              ? counted(items.length, 'account')
              : `${found.length} of ${counted(items.length, 'account')}`}
          </Text>
        </Group>
      )}
      {shown.length === 0 ? (
        <EmptyState
          title="No matching accounts"
          action={
            <Button
              variant="default"
              onClick={() => {
                setText('')
                void look({})
              }}
            >
              Show all
            </Button>
          }
        />
      ) : (
        <Table highlightOnHover verticalSpacing="xs" aria-label="AWS accounts">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Name</Table.Th>
              <Table.Th visibleFrom="md">Account</Table.Th>
              <Table.Th visibleFrom="lg">Environment</Table.Th>
              <Table.Th>Status</Table.Th>
              <Table.Th visibleFrom="sm">Up to date as of</Table.Th>
              <Table.Th visibleFrom="lg">Next sync</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((item) => (
              <Row key={item.id} item={item} />
            ))}
          </Table.Tbody>
        </Table>
      )}
      {pages > 1 && (
        <Pagination
          total={pages}
          value={current}
          onChange={(number) => look({ q: text, state, page: number })}
          getControlProps={(control) => ({ 'aria-label': `${control} page` })}
          getItemProps={(number) => ({ 'aria-label': `Page ${number}` })}
        />
      )}
    </Stack>
  )
}

function Row({ item }: { item: Connection }) {
  const isLooking = ['current', 'behind', 'importing'].includes(item.status)
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
        <EnvironmentBadge id={item.environmentId} />
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
        {isLooking && item.nextPollAt ? <Time at={item.nextPollAt} ago /> : '–'}
      </Table.Td>
    </Table.Tr>
  )
}

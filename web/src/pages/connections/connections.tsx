import {
  Anchor,
  Breadcrumbs,
  Button,
  Group,
  Pagination,
  Select,
  Stack,
  Table,
  Text,
  TextInput,
  Title,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconBrandAws, IconPlus, IconSearch, IconStack2 } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useDeferredValue, useMemo, useState } from 'react'
import type { Connection } from '../../client.ts'
import { EnvironmentBadge, useEnvironments } from '../../components/environment-badge.tsx'
import { visible } from '../../components/json.ts'
import { EmptyState, ErrorState, Loading } from '../../components/states.tsx'
import { byUrgency, statusWord } from '../../health.ts'
import { Time } from '../../time.tsx'
import { counted } from '../../words.ts'
import { ConnectAccount, ConnectAccounts } from './connect.tsx'
import { connectionsQuery } from './queries.ts'
import { type ConnectionsSearch, validateConnectionsSearch } from './search.ts'
import { StatusBadge } from './status.tsx'

const ROWS = 50
/** Fewer are found at a glance. */
const FILTERED_FROM = 8

/** All AWS accounts, those that want somebody first. */
export function ConnectionsPage() {
  const connections = useQuery(connectionsQuery)
  const [one, connectOne] = useDisclosure()
  const [many, connectMany] = useDisclosure()
  const items = connections.data
  return (
    <Stack gap="md">
      <title>AWS accounts · Cairn</title>
      <Breadcrumbs>
        <Anchor component={Link} to="/integrations">
          Integrations
        </Anchor>
        <Text>AWS</Text>
      </Breadcrumbs>
      <Group justify="space-between" gap="sm">
        <Title order={1} size="h2">
          AWS accounts
        </Title>
        {items && items.length > 0 && (
          <Group gap="xs">
            <Button
              variant="default"
              leftSection={<IconStack2 size={16} />}
              onClick={connectMany.open}
            >
              Connect multiple accounts
            </Button>
            <Button leftSection={<IconPlus size={16} />} onClick={connectOne.open}>
              Connect account
            </Button>
          </Group>
        )}
      </Group>
      {connections.isPending && <Loading />}
      {connections.isError && (
        <ErrorState error={connections.error} retry={() => connections.refetch()} />
      )}
      {items?.length === 0 && (
        <EmptyState
          icon={<IconBrandAws size={40} aria-hidden />}
          title="No accounts connected"
          action={
            <Group mt="sm" justify="center" gap="xs">
              <Button leftSection={<IconPlus size={16} />} onClick={connectOne.open}>
                Connect account
              </Button>
              <Button variant="default" onClick={connectMany.open}>
                Connect multiple accounts
              </Button>
            </Group>
          }
        >
          Create a role in the account. Cairn verifies that only it can assume the role, then
          imports the first changes within a minute. You share no access keys.
        </EmptyState>
      )}
      {items && items.length > 0 && <ConnectionTable items={items} />}
      <ConnectAccount opened={one} onClose={connectOne.close} />
      <ConnectAccounts opened={many} onClose={connectMany.close} />
    </Stack>
  )
}

function ConnectionTable({ items }: { items: Connection[] }) {
  const environments = useEnvironments()
  const { q = '', state, page = 1 } = useSearch({ from: '/app/integrations/aws' })
  const navigate = useNavigate({ from: '/integrations/aws' })
  // What is typed does not wait for the address.
  const [text, setText] = useState(q)
  const sought = useDeferredValue(text.trim().toLowerCase())

  /** Back leads away from the list, and finds it so when it leads to it. */
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
    return [...counts].map(([value, n]) => ({ value, label: `${statusWord(value).word} (${n})` }))
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

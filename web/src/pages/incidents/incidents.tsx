import { Anchor, Button, Group, SegmentedControl, Stack, Table, Text, Title } from '@mantine/core'
import { IconFlame } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { type Incident, listIncidents } from '../../client.ts'
import { EnvironmentBadge } from '../../components/environment-badge.tsx'
import { openBrokeBox } from '../../components/open-requests.ts'
import { EmptyState, ErrorState, Loading } from '../../components/states.tsx'
import { Time } from '../../time.tsx'
import { cut } from '../feed/entries.ts'
import { IncidentStateBadge, sourceLabel } from '../incident/state-badge.tsx'
import type { IncidentsSearch } from './search.ts'

const route = getRouteApi('/app/incidents')

/** All incidents, the newest notice first. */
export function IncidentsPage() {
  const { show } = route.useSearch()
  const navigate = route.useNavigate()
  const filter = show === 'open' ? { show } : {}
  const list = useInfiniteQuery({
    queryKey: ['incidents', 'list', filter],
    queryFn: ({ pageParam }) =>
      listIncidents({
        ...(show === 'open' && { state: ['open', 'acknowledged'] }),
        ...(pageParam !== null && { cursor: pageParam }),
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: 30_000,
  })
  const items = list.data?.pages.flatMap((page) => page.items)
  return (
    <Stack gap="md" maw={1180}>
      <title>Incidents · Cairn</title>
      <Group justify="space-between" gap="sm">
        <Title order={1} size="h2">
          Incidents
        </Title>
        <Group gap="sm">
          <Button variant="default" size="xs" component={Link} to="/incidents/backtest">
            Backtest
          </Button>
          <SegmentedControl
            size="xs"
            aria-label="Incidents"
            value={show ?? 'all'}
            onChange={(value) => {
              const search: IncidentsSearch = value === 'open' ? { show: 'open' } : {}
              void navigate({ search })
            }}
            data={[
              { value: 'all', label: 'All' },
              { value: 'open', label: 'Open' },
            ]}
          />
        </Group>
      </Group>
      {list.isPending && <Loading />}
      {list.isError && !items && <ErrorState error={list.error} retry={() => list.refetch()} />}
      {items?.length === 0 && <Empty isFiltered={show === 'open'} />}
      {items && items.length > 0 && <IncidentTable items={items} />}
      {list.hasNextPage && (
        <Button
          variant="default"
          size="xs"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Show older incidents
        </Button>
      )}
    </Stack>
  )
}

function IncidentTable({ items }: { items: readonly Incident[] }) {
  return (
    <Table.ScrollContainer minWidth={0}>
      <Table verticalSpacing={6} aria-label="Incidents">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>State</Table.Th>
            <Table.Th>Incident</Table.Th>
            <Table.Th visibleFrom="sm">Environment</Table.Th>
            <Table.Th visibleFrom="sm">Noticed</Table.Th>
            <Table.Th visibleFrom="sm">Source</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((item) => (
            <Table.Tr key={item.id}>
              <Table.Td>
                <IncidentStateBadge state={item.state} />
              </Table.Td>
              <Table.Td>
                <Anchor
                  inherit
                  renderRoot={(root) => (
                    <Link {...root} to="/incidents/$id" params={{ id: item.id }} />
                  )}
                >
                  <bdi>{cut(item.title, 160)}</bdi>
                </Anchor>
                {item.services.length > 0 && (
                  <Text size="xs">
                    <bdi>{cut(item.services.join(', '), 120)}</bdi>
                  </Text>
                )}
                <Group gap={6} mt={2} hiddenFrom="sm" fz="xs">
                  <EnvironmentBadge id={item.environmentId} />
                  <Time at={item.noticedAt} />
                  {sourceLabel(item.source)}
                </Group>
              </Table.Td>
              <Table.Td visibleFrom="sm">
                <EnvironmentBadge id={item.environmentId} />
              </Table.Td>
              <Table.Td visibleFrom="sm" style={{ whiteSpace: 'nowrap' }}>
                <Time at={item.noticedAt} />
              </Table.Td>
              <Table.Td visibleFrom="sm" style={{ whiteSpace: 'nowrap' }}>
                {sourceLabel(item.source)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function Empty({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <EmptyState title="No open incidents" />
  return (
    <EmptyState
      icon={<IconFlame size={40} aria-hidden />}
      title="No incidents"
      action={
        <Group mt="sm" justify="center" gap="xs">
          <Button onClick={openBrokeBox}>Something broke…</Button>
          <Button variant="default" component={Link} to="/integrations">
            Connect PagerDuty or Alertmanager
          </Button>
        </Group>
      }
    >
      Enter the time when something broke to see what changed before. Connected alert sources create
      incidents automatically.
    </EmptyState>
  )
}

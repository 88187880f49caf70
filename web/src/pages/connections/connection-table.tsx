import { Button, Pagination, Stack, Table } from '@mantine/core'
import type { Connection } from '../../client.ts'
import { EmptyState } from '../../components/states.tsx'
import { ConnectionFilters } from './connection-filters.tsx'
import { ConnectionItem } from './connection-row.tsx'
import { useConnectionFilter } from './use-connection-filter.ts'

const ROWS = 50
/** The filter appears from this number of connections. */
const FILTERED_FROM = 8

/** The accounts, filtered and in pages. */
export function ConnectionTable({ items }: { items: Connection[] }) {
  const filter = useConnectionFilter(items)
  const { found, page } = filter
  const pages = Math.max(1, Math.ceil(found.length / ROWS))
  const current = Math.min(page, pages)
  const shown = found.slice((current - 1) * ROWS, current * ROWS)
  return (
    <Stack gap="sm">
      {(items.length >= FILTERED_FROM || filter.isActive) && (
        <ConnectionFilters filter={filter} total={items.length} />
      )}
      {shown.length === 0 ? (
        <EmptyState
          title="No matching accounts"
          action={
            <Button variant="default" onClick={filter.clear}>
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
              <ConnectionItem key={item.id} item={item} />
            ))}
          </Table.Tbody>
        </Table>
      )}
      {pages > 1 && (
        <Pagination
          total={pages}
          value={current}
          onChange={filter.setPage}
          getControlProps={(control) => ({ 'aria-label': `${control} page` })}
          getItemProps={(number) => ({ 'aria-label': `Page ${number}` })}
        />
      )}
    </Stack>
  )
}

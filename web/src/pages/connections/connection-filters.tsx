import { Group, Select, Text, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { counted } from '../../format.ts'
import type { ConnectionFilter } from './use-connection-filter.ts'

/** Fields that filter the accounts, and how many match. */
export function ConnectionFilters(props: { filter: ConnectionFilter; total: number }) {
  const { filter, total } = props
  return (
    <Group gap="xs">
      <TextInput
        flex="1 1 200px"
        maw={420}
        aria-label="Filter by name, account, role or environment"
        placeholder="Name, account, role, environment"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={filter.text}
        onChange={(event) => filter.setText(event.currentTarget.value)}
      />
      <Select
        aria-label="Status"
        placeholder="Any status"
        clearable
        clearButtonProps={{ 'aria-label': 'Any status' }}
        value={filter.state ?? null}
        onChange={(value) => filter.setState(value ?? undefined)}
        data={filter.statuses}
      />
      <Text size="sm" c="dimmed" role="status">
        {filter.found.length === total
          ? counted(total, 'account')
          : `${filter.found.length} of ${counted(total, 'account')}`}
      </Text>
    </Group>
  )
}

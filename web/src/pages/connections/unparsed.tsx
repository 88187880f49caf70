import {
  Anchor,
  Button,
  Group,
  Paper,
  Stack,
  Table,
  Text,
  Title,
  VisuallyHidden,
} from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type Connection, listUnparsedRecords, type UnparsedRecordPage } from '../../client.ts'
import { visible } from '../../components/json.ts'
import { ErrorState } from '../../components/states.tsx'
import { counted } from '../../format.ts'
import { Time } from '../../time.tsx'
import { reasons } from './unparsed-reasons.ts'

const PAGE_SIZE = 20
const REFRESH_MS = 30_000

type UnparsedRecord = UnparsedRecordPage['items'][number]

/** Events that CloudTrail returned and that are not in the feed. Nothing when there are none. */
export function UnparsedRecords({ connection: { id } }: { connection: Connection }) {
  // The cursors of the previous pages, for going back.
  const [cursors, setCursors] = useState<string[]>([])
  const cursor = cursors.at(-1)
  const page = useQuery({
    queryKey: ['connections', id, 'unparsed-records', cursor],
    queryFn: () => listUnparsedRecords(id, { limit: PAGE_SIZE, cursor }),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  })
  if (page.isError && !page.data)
    return <ErrorState error={page.error} retry={() => void page.refetch()} />
  if (!page.data || (page.data.total === 0 && cursors.length === 0)) return null
  const { items, total, nextCursor } = page.data
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="unparsed">
      <Stack gap="sm">
        <Title order={2} size="h4" id="unparsed">
          Unparsed records
        </Title>
        <Text size="sm">
          {counted(total, 'event')} could not become {total === 1 ? 'a change' : 'changes'} and{' '}
          {total === 1 ? 'is' : 'are'} not in the feed. Cairn tries again whenever it re-reads the
          event, and removes the record once that succeeds. Download a record to see what CloudTrail
          returned.
        </Text>
        <Table verticalSpacing={6} aria-label="Unparsed records">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Event</Table.Th>
              <Table.Th visibleFrom="sm">Event time</Table.Th>
              <Table.Th visibleFrom="md">Region</Table.Th>
              <Table.Th>Reason</Table.Th>
              <Table.Th>
                <VisuallyHidden>Download</VisuallyHidden>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {items.map((record) => (
              <RecordRow key={record.id} connectionId={id} record={record} />
            ))}
          </Table.Tbody>
        </Table>
        {(cursors.length > 0 || nextCursor !== null) && (
          <Group gap="xs">
            <Button
              variant="default"
              size="compact-sm"
              disabled={cursors.length === 0}
              onClick={() => setCursors(cursors.slice(0, -1))}
            >
              Previous
            </Button>
            <Button
              variant="default"
              size="compact-sm"
              disabled={nextCursor === null || page.isPlaceholderData}
              onClick={() => nextCursor !== null && setCursors([...cursors, nextCursor])}
            >
              Next
            </Button>
            <Text size="sm" c="dimmed" role="status">
              Page {cursors.length + 1} of {Math.max(1, Math.ceil(total / PAGE_SIZE))}
            </Text>
          </Group>
        )}
      </Stack>
    </Paper>
  )
}

function RecordRow({ connectionId, record }: { connectionId: string; record: UnparsedRecord }) {
  const { what, next } = reasons[record.reason]
  const name = visible(record.eventName ?? 'Unknown event')
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" className="from-aws">
          {name}
        </Text>
        <Text size="xs" c="dimmed" ff="monospace" className="from-aws">
          {record.eventId === null ? 'No event ID' : visible(record.eventId)}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm" fz="sm">
        {record.eventTime === null ? 'Unknown' : <Time at={record.eventTime} />}
      </Table.Td>
      <Table.Td visibleFrom="md" fz="sm">
        {record.region === null ? '' : visible(record.region)}
      </Table.Td>
      <Table.Td>
        <Text size="sm">{what}</Text>
        <Text size="xs" c="dimmed">
          {next}
        </Text>
      </Table.Td>
      <Table.Td ta="right">
        <Anchor
          href={`/api/v1/connections/${connectionId}/unparsed-records/${record.id}`}
          download={`unparsed-${record.id}.txt`}
          aria-label={`Download ${name}`}
        >
          <IconDownload size={16} aria-hidden />
        </Anchor>
      </Table.Td>
    </Table.Tr>
  )
}

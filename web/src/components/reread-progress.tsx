import { Group, Progress, Stack, Text } from '@mantine/core'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { getReread, type Reread } from '../client.ts'
import { number } from '../format.ts'

/** After an upgrade. Polled more often while records are read. */
const rereadQuery = queryOptions({
  queryKey: ['reread'],
  queryFn: () => getReread(),
  refetchInterval: ({ state }) => (state.data?.state === 'running' ? 5_000 : 60_000),
})

/** The progress in one sentence; undefined when all changes are current. */
export function rereadSentence({ state, reread, total }: Reread): string | undefined {
  if (state === 'current') return undefined
  if (state === 'waiting' || total === null)
    return 'Some changes were read by an earlier version of Cairn. Re-reading starts within minutes.'
  return `Re-reading ${number(reread)} of ${number(total)} changes with the new reader`
}

/** Shows nothing unless stored records are read again. */
export function RereadProgress() {
  const { data } = useQuery(rereadQuery)
  const sentence = data && rereadSentence(data)
  if (!data || sentence === undefined) return null
  const { total, reread, lastError } = data
  return (
    <Stack gap={4} role="status" aria-label="Re-reading changes">
      <Group gap="sm">
        <Text size="sm">{sentence}</Text>
        {total !== null && total > 0 && (
          <Progress value={(100 * reread) / total} w={120} aria-label="Re-read changes" />
        )}
      </Group>
      {lastError !== null && (
        <Text size="sm" c="red">
          The last attempt failed and is repeated: <bdi>{lastError.slice(0, 300)}</bdi>
        </Text>
      )}
    </Stack>
  )
}

import { Group, Skeleton, Text, Title } from '@mantine/core'
import { useZone } from '../../time.tsx'
import { AsOf, CompletenessStatus } from './completeness.tsx'
import { askedFor, question } from './labels.ts'
import type { FeedSearch } from './search.ts'
import type { FeedData } from './use-feed-data.ts'

/**
 * Width of the usual status. Without its place, the status would move the list when it arrives, and
 * with it the row that the reader is about to click.
 */
const USUAL_WIDTH = 'min(480px, 80vw)'

/** The question that the page answers, and how complete the answer is. */
export function FeedHeader(props: {
  search: FeedSearch
  asOf: number
  data: FeedData
  /** Some time today, in milliseconds. */
  today: number
}) {
  const { search, data } = props
  const [zone] = useZone()
  const imported = data.imported.data
  const connections = data.connections.data
  const isLoading = data.imported.isPending || data.connections.isPending
  return (
    <Group justify="space-between" align="flex-end" gap="xs">
      <Title order={1} size="h2">
        {question(search, zone, props.today)}
      </Title>
      <Group gap="xs">
        <AsOf at={props.asOf} />
        {imported && connections ? (
          <CompletenessStatus
            imported={imported}
            connections={askedFor(connections, search)}
            window={data.window}
          />
        ) : (
          isLoading && (
            <Text component="div" size="sm" aria-hidden>
              <Skeleton height="1lh" width={USUAL_WIDTH} />
            </Text>
          )
        )}
      </Group>
    </Group>
  )
}

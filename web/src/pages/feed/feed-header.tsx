import { Group, Title } from '@mantine/core'
import { useZone } from '../../time.tsx'
import { AsOf, CompletenessStatus } from './completeness.tsx'
import { askedFor, question } from './labels.ts'
import type { FeedSearch } from './search.ts'
import type { FeedData } from './use-feed-data.ts'

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
  return (
    <Group justify="space-between" align="flex-end" gap="xs">
      <Title order={1} size="h2">
        {question(search, zone, props.today)}
      </Title>
      <Group gap="xs">
        <AsOf at={props.asOf} />
        {imported && connections && (
          <CompletenessStatus
            imported={imported}
            connections={askedFor(connections, search)}
            window={data.window}
          />
        )}
      </Group>
    </Group>
  )
}

import { Anchor, Group, Progress, Text } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Connection } from '../../client.ts'
import { counted } from '../../format.ts'
import { importProgress } from '../../health/connection.ts'
import { duration } from '../../health/time.ts'
import { connectionPage, connectionsPage } from '../connections/links.ts'
import { coverageQuery } from '../connections/queries.ts'

/** The bar shows the progress of at most this many connections, so that few requests are made. */
const MAX_QUERIED = 10

/** The progress of all running backfills: one bar and one estimate. */
export function ImportProgress({ importing }: { importing: readonly Connection[] }) {
  const queries = useQueries({
    queries: importing.slice(0, MAX_QUERIED).map(({ id, status }) => coverageQuery(id, status)),
  })
  const [first] = importing
  if (!first) return null
  const known = queries.flatMap(({ data }) => importProgress(data) ?? [])
  const percent =
    known.length === 0 ? 0 : known.reduce((sum, one) => sum + one.percent, 0) / known.length
  const etas = known.map(({ etaSeconds }) => etaSeconds)
  const eta = etas.length === 0 || etas.includes(null) ? null : Math.max(...(etas as number[]))
  const left = eta === null || eta === 0 ? '' : `, about ${duration(eta)} left`
  const isOne = importing.length === 1
  return (
    <Group gap="sm" wrap="nowrap" role="status" aria-label="Import progress">
      <Progress
        value={percent}
        aria-label="Imported share of the lookback"
        style={{ flex: '0 1 180px' }}
        miw={60}
      />
      <Text size="sm">
        Importing{' '}
        <Anchor
          component={Link}
          {...(isOne ? connectionPage(first.id) : connectionsPage)}
          inherit
          underline="always"
        >
          <bdi>{isOne ? first.name : counted(importing.length, 'account')}</bdi>
        </Anchor>
        : {Math.floor(percent)}%{left}, newest first. Changes appear here automatically.
      </Text>
    </Group>
  )
}

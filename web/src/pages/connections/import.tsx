import { Alert, Button, Group, Paper, Progress, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'
import { type Connection, type Coverage, importNow } from '../../client.ts'
import { counted } from '../../format.ts'
import { importProgress } from '../../health/connection.ts'
import { duration } from '../../health/time.ts'
import { usePrincipalProblem } from '../../principal.ts'
import { useNow } from '../../server-time.ts'
import { NewestChanges } from './newest-changes.tsx'
import { OtherRegions } from './other-regions.tsx'
import { RegionTable } from './region-table.tsx'
import { useTimeZone } from './status.tsx'

/** Why an import cannot be started now. */
const obstacles: Partial<Record<Connection['status'], string>> = {
  paused: 'Resume the connection first.',
  action_needed: 'Fix the failed verification first.',
  deleting: 'The connection is being deleted.',
}

/** The import progress, the newest changes, and the state of each region. */
export function ImportSection(props: { connection: Connection; coverage: Coverage | undefined }) {
  const { connection, coverage } = props
  const client = useQueryClient()
  // The bar covers days, so it does not need updates every second.
  const now = Math.floor(useNow() / 10_000) * 10_000
  const timeZone = useTimeZone()
  const importing = useMutation({
    mutationFn: () => importNow(connection.id),
    meta: { errorTitle: 'Cannot import events' },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ['changes', 'newest', connection.id] })
      return client.invalidateQueries({ queryKey: ['connections', connection.id] })
    },
  })
  const progress = importProgress(coverage)
  const [active, others] = useMemo(() => {
    const regions = coverage?.regions ?? []
    return [
      regions.filter(({ counts }) => counts),
      regions.filter(({ counts }) => !counts),
    ] as const
  }, [coverage])
  const problem = usePrincipalProblem()
  const obstacle = obstacles[connection.status] ?? (problem && `${problem.title}.`)
  return (
    <Paper withBorder p="md" component="section" aria-labelledby="imported">
      <Stack gap="md">
        <Group justify="space-between" gap="xs">
          <Title order={2} size="h4" id="imported">
            Imported
          </Title>
          <Group gap="sm">
            {obstacle && (
              <Text size="sm" c="dimmed" id="import-obstacle">
                {obstacle}
              </Text>
            )}
            <Button
              variant="default"
              size="xs"
              loading={importing.isPending}
              disabled={obstacle !== undefined}
              aria-describedby={obstacle && 'import-obstacle'}
              onClick={() => importing.mutate()}
            >
              Import now
            </Button>
          </Group>
        </Group>
        {importing.isSuccess && (
          <Alert
            color="teal"
            variant="light"
            role="status"
            withCloseButton
            onClose={importing.reset}
          >
            Imported {counted(importing.data.imported, 'new change')} from{' '}
            {counted(importing.data.regions, 'region')} with{' '}
            {counted(importing.data.requests, 'request')}.
          </Alert>
        )}
        {progress && progress.percent < 100 && (
          <Stack gap={4}>
            <Progress.Root size="lg" aria-label="Import progress">
              <Progress.Section
                value={progress.percent}
                aria-label="Import progress"
                animated={connection.status === 'importing'}
                striped={connection.status === 'importing'}
              />
            </Progress.Root>
            <Text size="sm">
              {progress.percent}% of {counted(connection.lookbackDays, 'day')}
              {progress.etaSeconds ? `, about ${duration(progress.etaSeconds)} left` : ''}
            </Text>
          </Stack>
        )}
        <NewestChanges connection={connection} />
        {active.length > 0 && (
          <RegionTable connection={connection} regions={active} now={now} timeZone={timeZone} />
        )}
        {others.length > 0 && (
          <OtherRegions connection={connection} regions={others} when={{ now, timeZone }} />
        )}
      </Stack>
    </Paper>
  )
}

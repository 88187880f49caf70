import { Button, Group, Progress, Stack, Text, Title } from '@mantine/core'
import { IconHistory } from '@tabler/icons-react'
import { useState } from 'react'
import { MODELLED_DELAY_MINUTES } from '../../../../src/incidents/backtest.ts'
import type { PastIncident } from '../../../../src/incidents/past-incidents.ts'
import { EmptyState, ErrorState } from '../../components/states.tsx'
import { IncidentEntry } from './incident-entry.tsx'
import { BacktestResults } from './results.tsx'
import { BacktestSummary } from './summary.tsx'
import { type BacktestRun, useBacktest } from './use-backtest.ts'

/** Ranks past incidents on the imported history. */
export function BacktestPage() {
  const { run, start, stop } = useBacktest()
  const [incidents, setIncidents] = useState<PastIncident[]>([])
  const begin = (chosen: PastIncident[]) => {
    setIncidents(chosen)
    void start(chosen)
  }
  return (
    <Stack gap="md" maw={1180}>
      <title>Backtest · Cairn</title>
      <div>
        <Title order={1} size="h2">
          Backtest
        </Title>
        <Text c="dimmed">
          What Cairn would have shown for past incidents, at the alert and 15 minutes later.
        </Text>
      </div>
      <IncidentEntry isRunning={run?.isRunning ?? false} onStart={begin} />
      <Text size="sm" maw={820}>
        Only changes that Cairn had received at that time count. For imported history this time is
        unknown: an event from before its AWS connection was first read counts as received{' '}
        {MODELLED_DELAY_MINUTES} minutes after it occurred, CloudTrail's average. Environments and
        noise rules are those of today.
      </Text>
      {run === null && (
        <EmptyState icon={<IconHistory size={40} aria-hidden />} title="No results yet">
          Paste incidents, or choose a file. With a known cause, its rank is compared with the list
          of changes, the newest first.
        </EmptyState>
      )}
      {run?.isRunning && <RunProgress run={run} onStop={stop} />}
      {run !== null && run.error !== null && (
        <ErrorState error={run.error} retry={() => void start(incidents, run.results)} />
      )}
      {run !== null && run.results.length > 0 && (
        <>
          <BacktestSummary run={run} />
          <BacktestResults results={run.results} />
        </>
      )}
    </Stack>
  )
}

function RunProgress({ run, onStop }: { run: BacktestRun; onStop: () => void }) {
  const { results, total } = run
  return (
    <Group gap="sm" role="status">
      <Progress value={(100 * results.length) / total} w={200} aria-label="Ranked incidents" />
      <Text size="sm">
        {results.length} of {total} ranked
      </Text>
      <Button variant="default" size="compact-sm" onClick={onStop}>
        Stop
      </Button>
    </Group>
  )
}

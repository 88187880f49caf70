import { Stack, Table, Text } from '@mantine/core'
import { type MomentSummary, summarizeBacktest } from '../../../../src/incidents/backtest.ts'
import { counted } from '../../format.ts'
import type { BacktestRun } from './use-backtest.ts'

const rows: { label: string; value: (moment: MomentSummary) => number; needsCause: boolean }[] = [
  { label: 'A change is named', value: (m) => m.incidents - m.abstentions, needsCause: false },
  { label: 'No recorded change explains this', value: (m) => m.abstentions, needsCause: false },
  { label: 'Cause is first', value: (m) => m.causeFirst, needsCause: true },
  { label: 'Cause is in the top three', value: (m) => m.causeInTopThree, needsCause: true },
  { label: 'Newest first: cause is first', value: (m) => m.newestFirst, needsCause: true },
  {
    label: 'Newest first: cause is in the top three',
    value: (m) => m.newestInTopThree,
    needsCause: true,
  },
]

/** How many incidents were explained, beside the newest change first. */
export function BacktestSummary({ run }: { run: BacktestRun }) {
  const { results, total, isRunning } = run
  const summary = summarizeBacktest(results)
  const { withCause, incomplete, atAlert, after15Minutes } = summary
  const stopped = !isRunning && results.length < total ? ` of ${total}` : ''
  return (
    <Stack gap="xs">
      <Text>
        {counted(summary.incidents, 'incident')}
        {stopped}, {withCause} with a known cause. The history is incomplete for {incomplete}.
      </Text>
      <Table.ScrollContainer minWidth={320}>
        <Table verticalSpacing={4} maw={620} aria-label="Summary">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Incidents</Table.Th>
              <Table.Th ta="right">At the alert</Table.Th>
              <Table.Th ta="right">15 minutes later</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows
              .filter(({ needsCause }) => !needsCause || withCause > 0)
              .map(({ label, value }) => (
                <Table.Tr key={label}>
                  <Table.Th scope="row" fw={400}>
                    {label}
                  </Table.Th>
                  <Table.Td ta="right">{value(atAlert)}</Table.Td>
                  <Table.Td ta="right">{value(after15Minutes)}</Table.Td>
                </Table.Tr>
              ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  )
}

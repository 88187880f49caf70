import { Anchor, Badge, Stack, Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { BacktestMoment, BacktestResult } from '../../client.ts'
import { Words } from '../../components/breakable.tsx'
import { counted } from '../../format.ts'
import { Time } from '../../time.tsx'
import { cut } from '../feed/entries.ts'

/** One row for each incident, in the order of the file. */
export function BacktestResults({ results }: { results: readonly BacktestResult[] }) {
  return (
    <Table.ScrollContainer minWidth={960}>
      <Table verticalSpacing={8} aria-label="Results" style={{ tableLayout: 'fixed' }}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w="22%">Incident</Table.Th>
            <Table.Th>At the alert</Table.Th>
            <Table.Th>15 minutes later</Table.Th>
            <Table.Th w="18%">Completeness</Table.Th>
            <Table.Th w="14%">Rank of the cause</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {results.map((result, nth) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: results are only added
            <Table.Tr key={nth} style={{ verticalAlign: 'top' }}>
              <Table.Td>
                <IncidentCell result={result} />
              </Table.Td>
              <Table.Td>
                <MomentCell moment={result.atAlert} />
              </Table.Td>
              <Table.Td>
                <MomentCell moment={result.after15Minutes} />
              </Table.Td>
              <Table.Td>
                <Text size="sm">
                  <bdi>{result.completeness.sentence}</bdi>
                </Text>
              </Table.Td>
              <Table.Td>
                <CauseCell result={result} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function IncidentCell({ result }: { result: BacktestResult }) {
  const { time, title, environment, environmentId } = result
  const search = { at: time, ...(environmentId !== null && { environment: environmentId }) }
  return (
    <Stack gap={2}>
      <Anchor
        size="sm"
        style={{ overflowWrap: 'anywhere' }}
        renderRoot={(root) => <Link {...root} to="/incidents/preview" search={search} />}
      >
        <bdi>{cut(title, 160)}</bdi>
      </Anchor>
      <Text size="xs" component="div">
        <Time at={time} />
      </Text>
      <Text size="xs" style={{ overflowWrap: 'anywhere' }}>
        {environment === null ? 'Environment unknown' : <bdi>{cut(environment, 80)}</bdi>}
        {environment !== null && environmentId === null && ': no such environment'}
      </Text>
    </Stack>
  )
}

function MomentCell({ moment }: { moment: BacktestMoment | null }) {
  if (moment === null) return <Text size="sm">In the future</Text>
  const [first] = moment.suspects
  return (
    <Stack gap={2} align="flex-start">
      {moment.answer === 'none' && (
        <Badge color="gray" variant="light" tt="none">
          No suspect
        </Badge>
      )}
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        {moment.answer === 'suspect' && first ? (
          <Anchor
            inherit
            renderRoot={(root) => (
              <Link {...root} to="/changes/$id" params={{ id: first.changeId }} />
            )}
          >
            <bdi>
              <Words text={cut(moment.sentence, 300)} />
            </bdi>
          </Anchor>
        ) : (
          moment.sentence
        )}
      </Text>
      <Text size="xs">{counted(moment.candidates, 'candidate')}</Text>
    </Stack>
  )
}

function CauseCell({ result }: { result: BacktestResult }) {
  const { cause, causeMatches, atAlert, after15Minutes } = result
  if (cause === null) return <Text size="sm">Unknown</Text>
  if (causeMatches === 0) return <Text size="sm">No stored change matches</Text>
  const { causeRank, causeSetRank, newestFirstRank } = after15Minutes ?? atAlert
  const place = (rank: number | null) => (rank === null ? 'not listed' : `${rank}`)
  return (
    <Stack gap={2}>
      <Text size="sm">
        {place(atAlert.causeRank)} at the alert
        {after15Minutes && <>, {place(causeRank)} later</>}
      </Text>
      <Text size="sm">Newest first: {place(newestFirstRank)}</Text>
      {causeRank === null && causeSetRank !== null && (
        <Text size="xs">Its change set ranks {causeSetRank}, through another change.</Text>
      )}
      {causeMatches > 1 && (
        <Text size="xs">{causeMatches} changes match. The highest-ranked one counts.</Text>
      )}
    </Stack>
  )
}

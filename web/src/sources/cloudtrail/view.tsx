import { Alert, Table, Text } from '@mantine/core'
import type { CloudTrailDetail } from '../../client.ts'
import { Copy } from '../../components/copy.tsx'
import classes from '../../pages/change/change.module.css'
import { Fact, LongText, RecordSection, Section } from '../../pages/change/parts.tsx'
import { cut } from '../../pages/feed/entries.ts'
import type { Detail, SourceView } from '../view.ts'
import { neighbours } from './neighbours.ts'

export const cloudtrail: SourceView = { Banner, Top: Edits, Facts, Event, neighbours }

/** The registry has chosen this view by the change's source. */
const typed = (detail: Detail) => detail as CloudTrailDetail

function Banner(props: { detail: Detail }) {
  const { error } = typed(props.detail)
  if (error === undefined) return null
  return (
    <Alert color="red" variant="light" title={cut(error.code, 200)}>
      <bdi>
        <LongText text={error.message ?? 'No message.'} />
      </bdi>
    </Alert>
  )
}

function Edits(props: { detail: Detail }) {
  const { edits } = typed(props.detail)
  if (edits.length === 0) return null
  return (
    <Section title="Changes (before → after)">
      <Table.ScrollContainer minWidth={0}>
        <Table verticalSpacing={6} layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={{ base: '38%', sm: '28%' }}>Field</Table.Th>
              <Table.Th>Before</Table.Th>
              <Table.Th>After</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {edits.map(({ field, from, to, note }) => (
              <Table.Tr key={`${field} ${from} ${to}`}>
                <Table.Td>
                  <bdi>{cut(field, 200)}</bdi>
                  {typeof note === 'string' && (
                    <Text size="xs">
                      <bdi>{cut(note, 300)}</bdi>
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  <EditValue value={from} />
                </Table.Td>
                <Table.Td>
                  <EditValue value={to} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Section>
  )
}

function EditValue({ value }: { value: unknown }) {
  if (typeof value !== 'string') return <span className={classes.none}>unknown</span>
  return (
    <bdi className={classes.value}>
      <LongText text={value} />
    </bdi>
  )
}

function Facts(props: { detail: Detail }) {
  const detail = typed(props.detail)
  return (
    <>
      {detail.sourceIp !== undefined && (
        <Fact name="Source IP">
          <bdi>{cut(detail.sourceIp, 200)}</bdi>
        </Fact>
      )}
      {detail.userAgent !== undefined && (
        <Fact name="User agent">
          <bdi>
            <LongText text={detail.userAgent} most={160} />
          </bdi>
        </Fact>
      )}
      <Fact name="Event ID">
        <bdi>{cut(detail.eventId, 200)}</bdi>
        <Copy text={detail.eventId} label="Copy event ID" />
      </Fact>
      {detail.requestId !== undefined && (
        <Fact name="Request ID">
          <bdi>{cut(detail.requestId, 200)}</bdi>
          <Copy text={detail.requestId} label="Copy request ID" />
        </Fact>
      )}
    </>
  )
}

function Event(props: { detail: Detail; record: unknown }) {
  const { request, response, other } = typed(props.detail)
  const isBare = request === undefined && response === undefined
  const parts = [
    { title: 'Request', value: request },
    { title: 'Response', value: response },
    { title: isBare ? 'Record' : 'Other fields', value: other },
  ]
  return <RecordSection title="CloudTrail event" parts={parts} record={props.record} />
}

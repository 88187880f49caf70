import { Table, Text } from '@mantine/core'
import type { CloudTrailDetail } from '../client.ts'
import classes from '../pages/change/change.module.css'
import { LongText, Section } from '../pages/change/parts.tsx'
import { cut } from '../pages/feed/entries.ts'

/** The fields that the change set, with their values before and after. */
export function Edits({ edits }: Pick<CloudTrailDetail, 'edits'>) {
  if (edits.length === 0) return null
  const hasBefore = edits.some(({ from }) => from !== undefined)
  return (
    <Section title={hasBefore ? 'Changes (before → after)' : 'Changes'}>
      {!hasBefore && (
        <Text size="sm" c="dimmed" mb="xs">
          The values before the change are not recorded.
        </Text>
      )}
      <Table.ScrollContainer minWidth={0}>
        <Table verticalSpacing={6} layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={{ base: '34%', sm: '26%' }}>Field</Table.Th>
              {hasBefore && <Table.Th>Before</Table.Th>}
              <Table.Th>After</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {edits.map(({ field, from, fromHistory, to, note }) => (
              <Table.Tr key={`${field} ${from} ${to}`}>
                <Table.Td>
                  <bdi>{cut(field, 200)}</bdi>
                  {typeof note === 'string' && (
                    <Text size="xs">
                      <bdi>{cut(note, 300)}</bdi>
                    </Text>
                  )}
                </Table.Td>
                {hasBefore && (
                  <Table.Td>
                    <EditValue side="before" value={from} absent="not recorded" />
                    {fromHistory === true && (
                      <Text
                        size="xs"
                        c="dimmed"
                        title="The value that the previous change of this resource in Cairn set."
                      >
                        from history
                      </Text>
                    )}
                  </Table.Td>
                )}
                <Table.Td>
                  <EditValue
                    side="after"
                    value={to}
                    absent={from === undefined ? 'not recorded' : 'none'}
                  />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Section>
  )
}

function EditValue(props: { side: 'before' | 'after'; value: unknown; absent: string }) {
  const { side, value } = props
  if (typeof value !== 'string') return <span className={classes.none}>{props.absent}</span>
  return (
    <bdi className={classes.value} data-side={side}>
      <LongText text={value} />
    </bdi>
  )
}

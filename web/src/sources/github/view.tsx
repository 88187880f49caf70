import { List, Table, Text } from '@mantine/core'
import type { Change, GitHubDetail } from '../../client.ts'
import { Fact, RecordSection, Section } from '../../pages/change/parts.tsx'
import { cut } from '../../pages/feed/entries.ts'
import type { Detail, SourceView } from '../view.ts'

export const github: SourceView = { Top, Facts, Event }

/** The registry has chosen this view by the change's source. */
const typed = (detail: Detail) => detail as GitHubDetail

function Top(props: { detail: Detail }) {
  const { commits, commitCount = commits.length, edits } = typed(props.detail)
  return (
    <>
      {commits.length > 0 && (
        <Section title={commitCount > commits.length ? `Commits (${commitCount})` : 'Commits'}>
          <List listStyleType="none" spacing={4}>
            {commits.map(({ sha, message, author }) => (
              <List.Item key={sha}>
                <Text span ff="monospace" size="sm">
                  {sha.slice(0, 7)}
                </Text>{' '}
                <bdi>{cut(message, 300)}</bdi>
                {author && (
                  <Text span c="dimmed" size="sm">
                    {' '}
                    <bdi>{cut(author, 100)}</bdi>
                  </Text>
                )}
              </List.Item>
            ))}
          </List>
        </Section>
      )}
      {edits.length > 0 && (
        <Section title="Changes (before → after)">
          <Table.ScrollContainer minWidth={0}>
            <Table verticalSpacing={6} layout="fixed">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Field</Table.Th>
                  <Table.Th>Before</Table.Th>
                  <Table.Th>After</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {edits.map(({ field, from, to }) => (
                  <Table.Tr key={field}>
                    <Table.Td>
                      <bdi>{cut(field, 200)}</bdi>
                    </Table.Td>
                    <Table.Td>
                      <bdi>{cut(from ?? 'unknown', 500)}</bdi>
                    </Table.Td>
                    <Table.Td>
                      <bdi>{cut(to ?? 'unknown', 500)}</bdi>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Section>
      )}
    </>
  )
}

function Facts(props: { detail: Detail; change: Change }) {
  const { repository, authors, labels, environment, sha, run, deployment, number, head } = typed(
    props.detail,
  )
  const facts: [string, string | undefined][] = [
    ['Repository', repository],
    ['Pull request', number === undefined ? undefined : `#${number}`],
    ['Merged from', head],
    ['Authors', authors.join(', ') || undefined],
    ['Labels', labels.join(', ') || undefined],
    ['Environment', environment],
    ['Commit', sha],
    ['Workflow', run?.workflow],
    ['Run', run && `${run.id}${run.attempt ? `, attempt ${run.attempt}` : ''}`],
    ['Conclusion', run?.conclusion],
    ['Deployment', deployment && `${deployment.id}: ${deployment.state}`],
  ]
  return (
    <>
      {facts.map(
        ([name, value]) =>
          value !== undefined && (
            <Fact key={name} name={name}>
              <bdi>{cut(value, 300)}</bdi>
            </Fact>
          ),
      )}
    </>
  )
}

function Event({ record }: { detail: Detail; record: unknown }) {
  return (
    <RecordSection
      title="GitHub webhook"
      parts={[{ title: 'Payload', value: record }]}
      record={record}
    />
  )
}

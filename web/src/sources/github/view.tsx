import { List, Text } from '@mantine/core'
import type { Change, GitHubDetail } from '../../client.ts'
import { Fact, RecordSection, Section } from '../../pages/change/parts.tsx'
import { cut } from '../../pages/feed/entries.ts'
import { Edits } from '../edits.tsx'
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
      <Edits edits={edits} />
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

import { Group } from '@mantine/core'
import { CopyText } from '../../components/copy.tsx'
import { useEnvironments } from '../../components/environment-badge.tsx'
import { type IncidentReport, reportToMarkdown, toSlack } from './report.ts'

/** Copies the answer for a ticket, a chat, or as a link. */
export function CopyReport(props: {
  environmentId: string | null
  report: Omit<IncidentReport, 'environment' | 'url'>
}) {
  const environments = useEnvironments()
  const report = {
    ...props.report,
    environment: environments.data?.find(({ id }) => id === props.environmentId)?.name,
    url: window.location.href,
  }
  return (
    <Group gap="xs">
      <CopyText label="Copy as Markdown" text={reportToMarkdown(report)} />
      <CopyText label="Copy for Slack" text={toSlack(report)} />
      <CopyText label="Copy link" text={report.url} />
    </Group>
  )
}

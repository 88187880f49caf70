import { Button, CopyButton, Group } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
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
      <CopyText label="Copy as Markdown" text={() => reportToMarkdown(report)} />
      <CopyText label="Copy for Slack" text={() => toSlack(report)} />
      <CopyText label="Copy link" text={() => window.location.href} />
    </Group>
  )
}

function CopyText({ label, text }: { label: string; text: () => string }) {
  return (
    <CopyButton value={text()} timeout={1500}>
      {({ copied, copy }) => (
        <Button
          variant="default"
          size="compact-sm"
          onClick={copy}
          leftSection={
            copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />
          }
        >
          {copied ? 'Copied' : label}
        </Button>
      )}
    </CopyButton>
  )
}

import { List, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Integration } from '../../client.ts'
import { Snippet } from '../../components/copy.tsx'
import { Section } from '../change/parts.tsx'
import { secretOf } from './secret.ts'

const GITHUB_EVENTS =
  'Pull requests, Pushes, Deployments, Deployment statuses, Releases, Workflow runs, Branch protection rules, Repository rulesets, Deploy keys, Collaborator add/remove/changed, Repositories, Secret scanning alerts'

/** What to enter in the system that sends the webhooks. */
export function SetUpSteps({ integration }: { integration: Integration }) {
  const { kind, url, id } = integration
  return (
    <Section title="Set up">
      <Text size="sm" mb={4}>
        URL
      </Text>
      <Snippet text={url} label="Webhook URL" />
      <List type="ordered" mt="sm" spacing={6}>
        {STEPS[kind](url, secretOf(id)).map((step, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the steps of a kind stay the same
          <List.Item key={index}>{step}</List.Item>
        ))}
      </List>
    </Section>
  )
}

type Steps = (url: string, secret: string | undefined) => ReactNode[]

const STEPS: Record<Integration['kind'], Steps> = {
  github: () => [
    'In GitHub, open the settings of your organization or repository, then Webhooks, then Add webhook.',
    'Enter the URL and the secret. Content type: application/json.',
    <>
      Select <b>Let me select individual events</b>: {GITHUB_EVENTS}.
    </>,
    'GitHub sends a ping, which appears in the deliveries below.',
  ],
  pagerduty: () => [
    'In PagerDuty, open Integrations, then Generic Webhooks (v3), then New Webhook.',
    'Enter the URL. Scope: account. Events: all that start with incident.',
    'PagerDuty shows its secret once. Enter it under Secret below.',
    'Select Send Test Event. It appears in the deliveries below.',
  ],
  launchdarkly: () => [
    'In LaunchDarkly, open Organization settings, then Integrations, then Webhooks, then Add integration.',
    'Enter the URL. Select Sign this webhook, and enter the secret that is shown under Secret below.',
    'Add a policy for your production environments, for example proj/*:env/production:flag/*. Without a policy, LaunchDarkly sends all changes.',
    'Accept the terms, then select Save settings. Deliveries appear below.',
  ],
  alertmanager: (url, secret) => [
    'Add a receiver to the configuration of Alertmanager, and route alerts to it.',
    <Snippet
      key="receiver"
      label="Alertmanager configuration"
      text={[
        'receivers:',
        '  - name: cairn',
        '    webhook_configs:',
        `      - url: ${url}`,
        '        send_resolved: true',
        '        http_config:',
        '          authorization:',
        `            credentials: ${secret ?? 'SECRET'}`,
      ].join('\n')}
    />,
  ],
}

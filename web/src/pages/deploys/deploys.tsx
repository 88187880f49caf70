import { Anchor, Breadcrumbs, Stack, Tabs, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Snippet } from '../../components/copy.tsx'
import { InlineCode } from '../../components/inline-code.tsx'
import { TabList } from '../../components/tab-list.tsx'
import { deploySnippets } from './snippets.ts'

/** How pipelines report deploys: a snippet for each system. */
export function DeploysPage() {
  const snippets = deploySnippets(window.location.origin)
  return (
    <Stack gap="md" maw={900}>
      <title>Deploys · Cairn</title>
      <Breadcrumbs>
        <Anchor component={Link} to="/integrations">
          Integrations
        </Anchor>
        <Text>Deploys</Text>
      </Breadcrumbs>
      <div>
        <Title order={1} size="h2">
          Deploys
        </Title>
        <Text c="dimmed">
          Pipelines and other tools report what they change, so that it is in the feed and among the
          suspects of an incident.
        </Text>
      </div>
      <Text>
        Create an API key in{' '}
        <Anchor
          renderRoot={(props) => <Link to="/settings" search={{ tab: 'api-keys' }} {...props} />}
        >
          Settings
        </Anchor>{' '}
        and store it as a secret of the system that sends reports. A report with the same{' '}
        <InlineCode text="idempotencyKey" /> updates the end and the outcome of its change.
      </Text>
      <Tabs defaultValue={snippets[0]!.id} keepMounted={false}>
        <TabList label="System">
          {snippets.map(({ id, title }) => (
            <Tabs.Tab key={id} value={id}>
              {title}
            </Tabs.Tab>
          ))}
        </TabList>
        {snippets.map(({ id, title, hint, text }) => (
          <Tabs.Panel key={id} value={id} pt="md">
            <Stack gap="xs">
              <Text size="sm">{hint}</Text>
              <Snippet text={text} label={title} maxHeight={560} />
            </Stack>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Stack>
  )
}

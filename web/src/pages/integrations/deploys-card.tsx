import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { IconRocket } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Time } from '../../time.tsx'
import { newestReportQuery } from './queries.ts'

export function DeploysCard() {
  const newest = useQuery(newestReportQuery)
  return (
    <Paper withBorder p="lg" component="section" aria-labelledby="deploys">
      <Stack gap="sm" h="100%">
        <Group gap="sm" wrap="nowrap">
          <IconRocket size={32} aria-hidden />
          <div>
            <Title order={2} size="h4" id="deploys">
              Deploys
            </Title>
            <Text size="sm" c="dimmed">
              What pipelines and other systems report
            </Text>
          </div>
        </Group>
        {newest.data ? (
          <Text>
            Last change: <Time at={newest.data.importedAt} ago />
          </Text>
        ) : (
          <Text>
            No reports in the last days. Pipelines report with an API key:{' '}
            <code>POST /api/v1/changes</code>.
          </Text>
        )}
        <Group mt="auto">
          <Button component={Link} to="/integrations/deploys">
            Set up
          </Button>
          <Button
            component={Link}
            to="/settings"
            // biome-ignore lint/suspicious/noExplicitAny: a polymorphic component loses the type of its link
            search={{ tab: 'api-keys' } as any}
            variant="default"
          >
            API keys
          </Button>
        </Group>
      </Stack>
    </Paper>
  )
}

import { SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { INTEGRATION_KINDS } from '../../../../src/integrations/integration.ts'
import { AwsCard } from './aws-card.tsx'
import { DeploysCard } from './deploys-card.tsx'
import { WebhookCard } from './webhook-card.tsx'

/** Where changes and incidents come from: a card for each source. */
export function IntegrationsPage() {
  return (
    <Stack gap="lg" maw={1100}>
      <title>Integrations · Cairn</title>
      <div>
        <Title order={1} size="h2">
          Integrations
        </Title>
        <Text c="dimmed">Where changes and incidents come from.</Text>
      </div>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <AwsCard />
        {INTEGRATION_KINDS.map((kind) => (
          <WebhookCard key={kind} kind={kind} />
        ))}
        <DeploysCard />
      </SimpleGrid>
    </Stack>
  )
}

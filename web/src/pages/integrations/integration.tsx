import { Anchor, Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { ErrorState, Loading } from '../../components/states.tsx'
import { Time } from '../../time.tsx'
import { ToneIcon } from '../connections/status.tsx'
import { DeleteIntegration } from './delete.tsx'
import { DeliveryLog } from './delivery-log.tsx'
import { DeployRules } from './deploy-rules.tsx'
import { healthOf } from './health.ts'
import { kinds } from './kinds.tsx'
import { integrationQuery } from './queries.ts'
import { RecoverySection } from './recovery-section.tsx'
import { SecretSection } from './secret-section.tsx'
import { SetUpSteps } from './set-up-steps.tsx'
import { SendTest } from './webhook-card.tsx'

/** One integration: how to set it up, its secret, and its deliveries. */
export function IntegrationPage() {
  const { id } = useParams({ from: '/app/integrations/webhooks/$id' })
  const integration = useQuery(integrationQuery(id))
  if (integration.isPending) return <Loading title="Integration" />
  if (integration.isError) {
    return <ErrorState error={integration.error} retry={() => integration.refetch()} />
  }
  const { data } = integration
  const { tone, state, detail } = healthOf(data)
  return (
    <Stack gap="md" maw={1100}>
      <title>{`${data.name} · Cairn`}</title>
      <Breadcrumbs>
        <Anchor component={Link} to="/integrations">
          Integrations
        </Anchor>
        <Text>{kinds[data.kind].title}</Text>
      </Breadcrumbs>
      <Group justify="space-between" gap="sm">
        <Title order={1} size="h2">
          {data.name}
        </Title>
        <Group gap="xs">
          <SendTest id={id} name={data.name} />
          <DeleteIntegration integration={data} />
        </Group>
      </Group>
      <Group gap={6} wrap="nowrap">
        <ToneIcon tone={tone} />
        <Text>
          <span role="status">{state}.</span> {detail}
          {data.lastDeliveryAt !== null && (
            <>
              {' '}
              Last accepted delivery: <Time at={data.lastDeliveryAt} ago />
            </>
          )}
        </Text>
      </Group>
      <SetUpSteps integration={data} />
      <SecretSection integration={data} />
      {data.kind === 'github' && <RecoverySection integration={data} />}
      {data.kind === 'github' && <DeployRules integration={data} />}
      <DeliveryLog integrationId={id} />
    </Stack>
  )
}

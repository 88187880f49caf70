import { Anchor, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { IconPlus, IconSend } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { IntegrationKind } from '../../../../src/integrations/integration.ts'
import { createIntegration, type Integration, sendTestDelivery } from '../../client.ts'
import { hideActionError, showActionError } from '../../components/toast.ts'
import { SourceIcon } from '../../sources/icon.tsx'
import { Time } from '../../time.tsx'
import { ToneIcon } from '../connections/status.tsx'
import { ownerOnlyReason, useMe } from '../settings/permissions.tsx'
import { healthOf } from './health.ts'
import { kinds } from './kinds.tsx'
import { integrationsQuery } from './queries.ts'
import { rememberSecret } from './secret.ts'

/** The integrations of one kind. */
export function WebhookCard({ kind }: { kind: IntegrationKind }) {
  const { title, what, empty } = kinds[kind]
  const integrations = useQuery(integrationsQuery)
  const items = (integrations.data ?? []).filter((each) => each.kind === kind)
  return (
    <Paper withBorder p="lg" component="section" aria-labelledby={kind}>
      <Stack gap="sm" h="100%">
        <Group gap="sm" wrap="nowrap">
          <SourceIcon source={kind} size={32} />
          <div>
            <Title order={2} size="h4" id={kind}>
              {title}
            </Title>
            <Text size="sm" c="dimmed">
              {what}
            </Text>
          </div>
        </Group>
        {integrations.isSuccess && items.length === 0 && <Text>{empty}</Text>}
        {items.map((integration) => (
          <CardRow key={integration.id} integration={integration} />
        ))}
        <Group mt="auto">
          <SetUp kind={kind} isFirst={items.length === 0} />
        </Group>
      </Stack>
    </Paper>
  )
}

function CardRow({ integration }: { integration: Integration }) {
  const { id, name, lastDeliveryAt } = integration
  const { tone, state, detail } = healthOf(integration)
  return (
    <Group justify="space-between" gap="xs">
      <div style={{ flex: '1 1 15rem' }}>
        <Group gap={6} wrap="nowrap">
          <ToneIcon tone={tone} />
          <Anchor component={Link} to="/integrations/webhooks/$id" params={{ id } as never}>
            {name}
          </Anchor>
        </Group>
        <Text size="sm" c="dimmed">
          <span role="status">{state}.</span> {detail}
          {lastDeliveryAt !== null && (
            <>
              {' '}
              Last accepted delivery: <Time at={lastDeliveryAt} ago />
            </>
          )}
        </Text>
      </div>
      <SendTest id={id} name={name} />
    </Group>
  )
}

export function SendTest({ id, name }: { id: string; name: string }) {
  const client = useQueryClient()
  const failed = 'Cannot send the test delivery'
  const sending = useMutation({
    mutationFn: () => sendTestDelivery(id),
    onMutate: () => hideActionError(failed),
    onSuccess: () => client.invalidateQueries({ queryKey: ['integrations'] }),
    onError: (error) => showActionError(failed, error),
  })
  return (
    <Button
      variant="default"
      size="compact-sm"
      flex="none"
      leftSection={<IconSend size={14} aria-hidden />}
      aria-label={`Send a test: ${name}`}
      loading={sending.isPending}
      onClick={() => sending.mutate()}
    >
      Send a test
    </Button>
  )
}

function SetUp({ kind, isFirst }: { kind: IntegrationKind; isFirst: boolean }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const why = ownerOnlyReason(useMe())
  const failed = 'Cannot create the integration'
  const creating = useMutation({
    mutationFn: () => createIntegration({ kind }),
    onMutate: () => hideActionError(failed),
    onSuccess: async ({ id, secret }) => {
      rememberSecret(id, secret)
      await client.invalidateQueries({ queryKey: ['integrations'] })
      await navigate({ to: '/integrations/webhooks/$id', params: { id } })
    },
    onError: (error) => showActionError(failed, error),
  })
  const { title } = kinds[kind]
  return (
    <Button
      {...(!isFirst && { variant: 'default' })}
      leftSection={<IconPlus size={16} aria-hidden />}
      loading={creating.isPending}
      disabled={why !== undefined}
      title={why}
      aria-label={isFirst ? `Set up ${title}` : `Add another: ${title}`}
      onClick={() => creating.mutate()}
    >
      {isFirst ? 'Set up' : 'Add another'}
    </Button>
  )
}

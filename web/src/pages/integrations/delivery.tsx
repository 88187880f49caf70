import { Anchor, Button, Group, Stack, Text } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type DeliveryWithBody, replayDelivery } from '../../client.ts'
import { Snippet } from '../../components/copy.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { ErrorState, Loading } from '../../components/states.tsx'
import { Time } from '../../time.tsx'
import { cut } from '../feed/entries.ts'
import { deliveryQuery } from './queries.ts'
import { DeliveryStateBadge } from './state-badge.tsx'

/** One delivery: its result, headers and body, and a button that translates it again. */
export function DeliveryDialog(props: {
  integrationId: string
  deliveryId: string | undefined
  onClose: () => void
}) {
  const { integrationId, deliveryId, onClose } = props
  return (
    <Dialog opened={deliveryId !== undefined} onClose={onClose} title="Delivery" size="xl">
      {deliveryId !== undefined && (
        <Content integrationId={integrationId} deliveryId={deliveryId} />
      )}
    </Dialog>
  )
}

function Content({ integrationId, deliveryId }: { integrationId: string; deliveryId: string }) {
  const client = useQueryClient()
  const query = deliveryQuery(integrationId, deliveryId)
  const delivery = useQuery(query)
  const replaying = useMutation({
    mutationFn: () => replayDelivery(integrationId, deliveryId),
    onSuccess: (data) => {
      client.setQueryData(query.queryKey, data)
      return client.invalidateQueries({ queryKey: ['integrations', integrationId] })
    },
  })
  if (delivery.isPending) return <Loading />
  if (delivery.isError) return <ErrorState error={delivery.error} />
  const { data } = delivery
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Group gap="xs">
          <DeliveryStateBadge state={data.state} />
          <Text size="sm">
            Received <Time at={data.receivedAt} />, attempts: {data.attempts}
          </Text>
        </Group>
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<IconRefresh size={14} aria-hidden />}
          loading={replaying.isPending || data.state === 'received'}
          onClick={() => replaying.mutate()}
        >
          Replay
        </Button>
      </Group>
      {replaying.isError && <ErrorState error={replaying.error} />}
      {data.reason !== null && (
        <Text>
          <bdi>{cut(data.reason, 2000)}</bdi>
        </Text>
      )}
      {data.changes.map((id) => (
        <Anchor key={id} component={Link} to="/changes/$id" params={{ id } as never}>
          Show the change
        </Anchor>
      ))}
      <Snippet text={headersOf(data)} label="Headers" maxHeight={160} />
      <Snippet text={prettyBody(data)} label="Body" maxHeight={420} />
      {data.isTruncated && <Text size="sm">Only the first 1,000,000 characters are shown.</Text>}
    </Stack>
  )
}

function headersOf({ headers, deliveryId }: DeliveryWithBody): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [`Delivery ID: ${deliveryId}`, ...lines].join('\n')
}

/** Indented if it is JSON, otherwise as it arrived. */
function prettyBody({ body }: DeliveryWithBody): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}

import { Button, Group, Table, Text, UnstyledButton, VisuallyHidden } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Delivery } from '../../client.ts'
import { ErrorState, Loading } from '../../components/states.tsx'
import { counted } from '../../format.ts'
import { Time } from '../../time.tsx'
import { Section } from '../change/parts.tsx'
import { cut } from '../feed/entries.ts'
import { DeliveryDialog } from './delivery.tsx'
import { deliveriesQuery } from './queries.ts'
import { DeliveryStateBadge } from './state-badge.tsx'

/** The deliveries of an integration, newest first. */
export function DeliveryLog({ integrationId }: { integrationId: string }) {
  const deliveries = useInfiniteQuery(deliveriesQuery(integrationId))
  const [opened, setOpened] = useState<string>()
  const items = deliveries.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Section title="Deliveries">
      {deliveries.isPending && <Loading />}
      {deliveries.isError && (
        <ErrorState error={deliveries.error} retry={() => deliveries.refetch()} />
      )}
      {deliveries.isSuccess && items.length === 0 && (
        <Text c="dimmed">No deliveries yet. Deliveries with a wrong signature are not listed.</Text>
      )}
      {items.length > 0 && (
        <Table.ScrollContainer minWidth={520}>
          <Table verticalSpacing={6} highlightOnHover>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Received</Table.Th>
                <Table.Th>Event</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th>Result</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {items.map((delivery) => (
                <Table.Tr key={delivery.id}>
                  <Table.Td style={{ whiteSpace: 'nowrap' }}>
                    <Time at={delivery.receivedAt} />
                  </Table.Td>
                  <Table.Td>
                    <UnstyledButton td="underline" fz="sm" onClick={() => setOpened(delivery.id)}>
                      <bdi>{cut(delivery.event ?? 'unknown', 100)}</bdi>
                      <VisuallyHidden>: show delivery {delivery.deliveryId}</VisuallyHidden>
                    </UnstyledButton>
                  </Table.Td>
                  <Table.Td>
                    <DeliveryStateBadge state={delivery.state} />
                  </Table.Td>
                  <Table.Td>
                    <Text size="sm">
                      <bdi>{cut(resultOf(delivery), 200)}</bdi>
                    </Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
      {deliveries.hasNextPage && (
        <Group mt="sm">
          <Button
            variant="default"
            loading={deliveries.isFetchingNextPage}
            onClick={() => deliveries.fetchNextPage()}
          >
            Show more
          </Button>
        </Group>
      )}
      <DeliveryDialog
        integrationId={integrationId}
        deliveryId={opened}
        onClose={() => setOpened(undefined)}
      />
    </Section>
  )
}

function resultOf({ reason, changes, incidents, recoveredAt }: Delivery): string {
  if (reason !== null) return reason
  const parts = [
    recoveredAt !== null && 'recovered',
    changes.length > 0 && counted(changes.length, 'change'),
    incidents > 0 && counted(incidents, 'incident'),
  ]
  return parts.filter(Boolean).join(', ')
}

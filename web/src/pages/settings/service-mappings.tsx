import { Group, Stack, Text } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { deleteServiceMapping, listServiceMappings, type ServiceMapping } from '../../client.ts'
import { EnvironmentBadge } from '../../components/environment-badge.tsx'
import { RowAction } from '../../components/row-action.tsx'
import { List, Row, Rows } from '../../components/rows.tsx'
import { EmptyState, ErrorState, Loading } from '../../components/states.tsx'
import { sourceLabel } from '../incident/state-badge.tsx'
import { ServiceMappingForm } from './service-mapping-form.tsx'

const serviceMappingsQuery = queryOptions({
  queryKey: ['service-mappings'],
  queryFn: async () => (await listServiceMappings()).items,
})

/** Which environment and services the alerts of PagerDuty and Alertmanager are about. */
export function ServiceMappings() {
  const client = useQueryClient()
  const mappings = useQuery(serviceMappingsQuery)
  const list = useRef<HTMLDivElement>(null)
  const remove = useMutation({
    mutationFn: (id: string) => deleteServiceMapping(id),
    meta: { errorTitle: 'Cannot remove the mapping' },
    onSuccess: async () => {
      // Its alerts are mapped again.
      void client.invalidateQueries({ queryKey: ['incidents'] })
      await client.invalidateQueries({ queryKey: serviceMappingsQuery.queryKey })
      list.current?.focus()
    },
  })
  if (mappings.isPending) return <Loading label="Loading the mappings" />
  if (!mappings.data) return <ErrorState error={mappings.error} retry={() => mappings.refetch()} />
  return (
    <Stack>
      <Text size="sm">
        Service mappings assign an environment and services to alerts. The first matching mapping
        with an environment applies. If there is none, Cairn uses a label such as <b>env</b>, or an
        environment name in the service name. Mappings apply to new alerts and to those of the last
        90 days.
      </Text>
      <ServiceMappingForm />
      <List label="All service mappings" ref={list}>
        {mappings.data.length === 0 ? (
          <EmptyState title="No service mappings yet">
            Add one if alerts of a service open incidents without an environment, or if its name
            differs from the one in your changes.
          </EmptyState>
        ) : (
          <Rows label="Service mappings">
            {mappings.data.map((mapping) => (
              <Row
                key={mapping.id}
                actions={
                  <RowAction
                    label="Remove"
                    name={`Remove the mapping: ${describe(mapping)}`}
                    icon={<IconTrash size={16} />}
                    isLoading={remove.isPending && remove.variables === mapping.id}
                    onClick={() => remove.mutate(mapping.id)}
                  />
                }
              >
                <Mapping mapping={mapping} />
              </Row>
            ))}
          </Rows>
        )}
      </List>
    </Stack>
  )
}

function Mapping({ mapping }: { mapping: ServiceMapping }) {
  const { environmentId, services } = mapping
  return (
    <>
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        <bdi>{describe(mapping)}</bdi>
      </Text>
      <Group gap="xs">
        <EnvironmentBadge id={environmentId} />
        {services.length > 0 && (
          <Text size="xs" style={{ overflowWrap: 'anywhere' }}>
            Services: <bdi>{services.join(', ')}</bdi>
          </Text>
        )}
      </Group>
    </>
  )
}

/** `PagerDuty: service Checkout API`, `Any source: label namespace = shop-*` */
function describe({ source, label, value }: ServiceMapping): string {
  const from = source === null ? 'Any source' : sourceLabel(source)
  return label === null ? `${from}: service ${value}` : `${from}: label ${label} = ${value}`
}

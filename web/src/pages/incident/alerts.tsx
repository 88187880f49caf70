import { Anchor, Button, Group, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { MAX_LISTED_ALERTS } from '../../../../src/incidents/incident.ts'
import {
  type IncidentWithAlerts,
  listIncidents,
  mergeIncidents,
  splitIncident,
} from '../../client.ts'
import { Time } from '../../time.tsx'
import { cut } from '../feed/entries.ts'
import { IncidentStateBadge, sourceLabel } from './state-badge.tsx'

/** The alerts of an incident. Related incidents can be merged, and alerts split off. */
export function Alerts({ incident }: { incident: IncidentWithAlerts }) {
  const { alerts } = incident
  const client = useQueryClient()
  const navigate = useNavigate()
  const refresh = () => client.invalidateQueries({ queryKey: ['incidents'] })
  const split = useMutation({
    mutationFn: (alertId: string) => splitIncident(incident.id, { alerts: [alertId] }),
    onSuccess: async ({ id }) => {
      await refresh()
      await navigate({ to: '/incidents/$id', params: { id } })
    },
    meta: { errorTitle: 'Cannot split off the alert' },
  })
  const canSplit = alerts.length > 1 || incident.source === 'person'
  return (
    <section aria-label="Alerts">
      <Title order={2} size="h4" mb="xs">
        Alerts
      </Title>
      <Stack gap="xs">
        {alerts.length === 0 && <Text size="sm">A person reported this incident.</Text>}
        {alerts.length >= MAX_LISTED_ALERTS && (
          <Text size="sm">These are the newest {MAX_LISTED_ALERTS} alerts.</Text>
        )}
        {alerts.map((alert) => (
          <Group key={alert.id} gap="xs">
            <IncidentStateBadge state={alert.state} />
            <Text size="sm">
              <Time at={alert.noticedAt} />
            </Text>
            <Text size="sm">
              {alert.url ? (
                <Anchor href={alert.url} target="_blank" rel="noreferrer" inherit>
                  <bdi>{cut(alert.title, 200)}</bdi>
                </Anchor>
              ) : (
                <bdi>{cut(alert.title, 200)}</bdi>
              )}
            </Text>
            <Text size="sm">{sourceLabel(alert.source)}</Text>
            {canSplit && (
              <Button
                variant="default"
                size="compact-xs"
                loading={split.isPending && split.variables === alert.id}
                onClick={() => split.mutate(alert.id)}
              >
                Split off
              </Button>
            )}
          </Group>
        ))}
        <Merge incident={incident} onMerged={refresh} />
      </Stack>
    </section>
  )
}

const NEARBY_MS = 24 * 3_600_000

/** Other incidents of the same day. */
function Merge(props: { incident: IncidentWithAlerts; onMerged: () => Promise<void> }) {
  const { incident } = props
  const others = useQuery({
    queryKey: ['incidents', 'nearby'],
    queryFn: () => listIncidents(),
  })
  const merge = useMutation({
    mutationFn: (id: string) => mergeIncidents(incident.id, { incidents: [id] }),
    onSuccess: props.onMerged,
    meta: { errorTitle: 'Cannot merge the incidents' },
  })
  const near = (others.data?.items ?? []).filter(
    ({ id, noticedAt }) =>
      id !== incident.id &&
      Math.abs(Date.parse(noticedAt) - Date.parse(incident.noticedAt)) < NEARBY_MS,
  )
  if (near.length === 0) return null
  return (
    <details>
      <summary>Merge another incident into this one</summary>
      <Stack gap={6} mt="xs">
        {near.slice(0, 10).map(({ id, title, noticedAt }) => (
          <Group key={id} gap="xs">
            <Button
              variant="default"
              size="compact-xs"
              loading={merge.isPending && merge.variables === id}
              onClick={() => merge.mutate(id)}
              aria-label={`Merge: ${title.slice(0, 100)}`}
            >
              Merge
            </Button>
            <Text size="sm">
              <Time at={noticedAt} /> <bdi>{cut(title, 200)}</bdi>
            </Text>
          </Group>
        ))}
      </Stack>
    </details>
  )
}

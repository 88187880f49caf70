import { Anchor, Breadcrumbs, Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, Navigate } from '@tanstack/react-router'
import { toApiError } from '../../api.ts'
import { type IncidentWithAlerts, updateIncident } from '../../client.ts'
import { Dialog } from '../../components/dialog.tsx'
import { EnvironmentBadge } from '../../components/environment-badge.tsx'
import { EmptyState, ErrorState } from '../../components/states.tsx'
import { Time } from '../../time.tsx'
import { cut } from '../feed/entries.ts'
import { Alerts } from './alerts.tsx'
import { Answer } from './answer.tsx'
import type { Moment } from './arrange.ts'
import { EditIncident } from './edit.tsx'
import { incidentQuery } from './queries.ts'
import { IncidentStateBadge } from './state-badge.tsx'

const route = getRouteApi('/app/incidents/$id')

/** One incident: what changed before it broke. */
export function IncidentPage() {
  const { id } = route.useParams()
  const incident = useQuery(incidentQuery(id))
  const isGone = incident.isError && toApiError(incident.error).status === 404
  if (incident.data?.mergedInto) {
    return <Navigate to="/incidents/$id" params={{ id: incident.data.mergedInto }} replace />
  }
  return (
    <Stack gap="md" maw={1180}>
      {!isGone && (
        <title>{`${incident.data ? cut(incident.data.title, 120) : 'Incident'} · Cairn`}</title>
      )}
      <Breadcrumbs>
        <Anchor component={Link} to="/incidents">
          Incidents
        </Anchor>
      </Breadcrumbs>
      {incident.isPending && <Skeleton height={40} width="60%" />}
      {isGone && (
        <EmptyState isPage title="Incident not found">
          The link may be wrong.
        </EmptyState>
      )}
      {incident.isError && !isGone && !incident.data && (
        <ErrorState error={incident.error} retry={() => incident.refetch()} />
      )}
      {incident.data && !isGone && <Page key={id} incident={incident.data} />}
    </Stack>
  )
}

function Page({ incident }: { incident: IncidentWithAlerts }) {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  return (
    <>
      <Header incident={incident} />
      <Answer
        subject={{ id: incident.id }}
        search={search}
        onMove={(next) => void navigate({ search: next, replace: true, resetScroll: false })}
        title={incident.title}
        noticedAt={incident.noticedAt}
        environmentId={incident.environmentId}
        openedAt={incident.createdAt}
        moments={momentsOf(incident)}
        verdicts={incident.verdicts}
      />
      <Alerts incident={incident} />
    </>
  )
}

function Header({ incident }: { incident: IncidentWithAlerts }) {
  const [isEditing, edit] = useDisclosure()
  const client = useQueryClient()
  const update = useMutation({
    mutationFn: (state: IncidentWithAlerts['state']) => updateIncident(incident.id, { state }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['incidents'] }),
    meta: { errorTitle: 'Cannot change the state' },
  })
  const next = incident.state === 'resolved' ? 'open' : 'resolved'
  return (
    <Stack gap={6}>
      <Group justify="space-between" gap="sm" align="flex-start">
        <Title order={1} size="h3" style={{ overflowWrap: 'anywhere' }}>
          <bdi>{cut(incident.title, 300)}</bdi>
        </Title>
        <Group gap="xs">
          <Button variant="default" size="xs" onClick={edit.open}>
            Edit
          </Button>
          <Button
            variant="default"
            size="xs"
            loading={update.isPending}
            onClick={() => update.mutate(next)}
          >
            {next === 'resolved' ? 'Resolve' : 'Reopen'}
          </Button>
        </Group>
      </Group>
      <Group gap="xs">
        <IncidentStateBadge state={incident.state} />
        <EnvironmentBadge id={incident.environmentId} />
        <Text size="sm">
          Noticed <Time at={incident.noticedAt} />
        </Text>
        {incident.startedAt && (
          <Text size="sm">
            Started <Time at={incident.startedAt} />
          </Text>
        )}
        {incident.startedAfter && (
          <Text size="sm">
            Started after <Time at={incident.startedAfter} />
          </Text>
        )}
        {incident.services.length > 0 && (
          <Text size="sm">
            <bdi>{cut(incident.services.join(', '), 200)}</bdi>
          </Text>
        )}
      </Group>
      <Dialog opened={isEditing} onClose={edit.close} title="Edit incident">
        <EditIncident incident={incident} onDone={edit.close} />
      </Dialog>
    </Stack>
  )
}

function momentsOf(incident: IncidentWithAlerts): Moment[] {
  const { noticedAt, startedAt, startedAfter, resolvedAt } = incident
  const all: [string | null, string][] = [
    [startedAfter, 'Started after this time'],
    [startedAt, 'Started'],
    [noticedAt, 'Alert'],
    [resolvedAt, 'Resolved'],
  ]
  return all.flatMap(([at, label]) => (at === null ? [] : [{ at, label }]))
}

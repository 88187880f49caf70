import { Button, Group, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Navigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { createIncident } from '../../client.ts'
import { EnvironmentBadge } from '../../components/environment-badge.tsx'
import { newIdempotencyKey } from '../../idempotency.ts'
import { serverNow } from '../../server-time.ts'
import { Time } from '../../time.tsx'
import { Answer } from './answer.tsx'
import type { PreviewSearch } from './search.ts'

const route = getRouteApi('/app/incidents/preview')

/** What changed before a time, without an incident. It can be saved as one. */
export function PreviewPage() {
  const search = route.useSearch()
  const { at } = search
  if (at === undefined) return <Navigate to="/incidents" replace />
  return <Page key={`${at} ${search.environment}`} search={{ ...search, at }} />
}

function Page({ search }: { search: PreviewSearch & { at: string } }) {
  const navigate = route.useNavigate()
  const { at, environment, ...window } = search
  const [openedAt] = useState(() => new Date(serverNow()).toISOString())
  return (
    <Stack gap="md" maw={1180}>
      <title>What changed before · Cairn</title>
      <Stack gap={6}>
        <Group justify="space-between" gap="sm" align="flex-start">
          <Title order={1} size="h3">
            What changed before <Time at={at} />
          </Title>
          <Save at={at} environment={environment ?? null} />
        </Group>
        <EnvironmentBadge id={environment ?? null} />
        {environment === undefined && <Text size="sm">All environments</Text>}
      </Stack>
      <Answer
        subject={{ preview: { at, ...(environment !== undefined && { environment }) } }}
        search={window}
        onMove={(next) => {
          const fixed = { at, ...(environment !== undefined && { environment }) }
          void navigate({ search: { ...fixed, ...next }, replace: true, resetScroll: false })
        }}
        title="Something broke"
        noticedAt={at}
        environmentId={environment ?? null}
        openedAt={openedAt}
        moments={[{ at, label: 'Noticed' }]}
        verdicts={[]}
      />
    </Stack>
  )
}

function Save({ at, environment }: { at: string; environment: string | null }) {
  const client = useQueryClient()
  const navigate = route.useNavigate()
  const [title, setTitle] = useState('')
  const [idempotencyKey] = useState(newIdempotencyKey)
  const save = useMutation({
    mutationFn: () =>
      createIncident({
        title: title.trim() || 'Something broke',
        noticedAt: at,
        environmentId: environment,
        idempotencyKey,
      }),
    onSuccess: async ({ id }) => {
      void client.invalidateQueries({ queryKey: ['incidents'] })
      await navigate({ to: '/incidents/$id', params: { id } })
    },
    meta: { errorTitle: 'Cannot save the incident' },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  return (
    <form onSubmit={submit}>
      <Group gap="xs" wrap="nowrap">
        <TextInput
          size="xs"
          aria-label="What is wrong"
          placeholder="What is wrong?"
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
          maxLength={300}
        />
        <Button type="submit" size="xs" loading={save.isPending}>
          Save as incident
        </Button>
      </Group>
    </form>
  )
}

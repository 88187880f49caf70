import { ActionIcon, Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { fieldTrouble, troubleOf } from '../api.ts'
import {
  deleteEnvironment,
  type Environment,
  type EnvironmentSettingsInput,
  updateEnvironment,
} from '../client.ts'
import { count } from '../health.ts'
import { useEnvironments } from './environment-badge.tsx'
import { ColorSelect, NewEnvironment } from './environment-select.tsx'
import { ErrorState, Loading } from './states.tsx'

/** All environments: renamed, coloured, ordered, deleted and made in place. */
export function EnvironmentList() {
  const environments = useEnvironments()
  const [making, setMaking] = useState(false)
  if (environments.isPending) return <Loading />
  if (environments.isError)
    return <ErrorState error={environments.error} retry={() => environments.refetch()} />
  const items = environments.data
  return (
    <Stack gap="sm">
      {items.length === 0 && !making && (
        <Text c="dimmed">
          None yet. An environment says what a change touched: Production, Staging. Each connection
          can have one.
        </Text>
      )}
      {items.map((environment, index) => (
        <Row key={environment.id} {...{ environment, index, last: items.length - 1 }} />
      ))}
      {making ? (
        <NewEnvironment onMade={() => setMaking(false)} onCancel={() => setMaking(false)} />
      ) : (
        <Button
          variant="default"
          leftSection={<IconPlus size={16} />}
          onClick={() => setMaking(true)}
          style={{ alignSelf: 'flex-start' }}
        >
          New environment
        </Button>
      )}
    </Stack>
  )
}

function Row(props: { environment: Environment; index: number; last: number }) {
  const { environment, index, last } = props
  const client = useQueryClient()
  const [name, setName] = useState(environment.name)
  const [asking, setAsking] = useState(false)
  const again = () => client.invalidateQueries({ queryKey: ['environments'] })
  const update = useMutation({
    mutationFn: (settings: EnvironmentSettingsInput) => updateEnvironment(environment.id, settings),
    onSettled: again,
  })
  const remove = useMutation({
    mutationFn: () => deleteEnvironment(environment.id),
    onSuccess: async () => {
      await again()
      await client.invalidateQueries({ queryKey: ['connections'] })
    },
  })
  const rename = () => {
    if (name.trim() && name !== environment.name) update.mutate({ name })
    else setName(environment.name)
  }
  const failed = update.error ?? remove.error
  return (
    <Stack gap={4}>
      <Group gap="xs" wrap="nowrap" align="flex-start">
        <TextInput
          flex={1}
          aria-label={`Name of ${environment.name}`}
          value={name}
          maxLength={60}
          onChange={(event) => setName(event.currentTarget.value)}
          onBlur={rename}
          onKeyDown={(event) => event.key === 'Enter' && rename()}
          error={failed && (fieldTrouble(failed, '/name') ?? troubleOf(failed).detail)}
        />
        <ColorSelect
          hideLabel
          label={`Colour of ${environment.name}`}
          value={environment.color}
          onChange={(color) => update.mutate({ color })}
        />
        <Group gap={2} wrap="nowrap" pt={4}>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Move ${environment.name} up`}
            disabled={index === 0}
            onClick={() => update.mutate({ position: index - 1 })}
          >
            <IconArrowUp size={16} />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Move ${environment.name} down`}
            disabled={index === last}
            onClick={() => update.mutate({ position: index + 1 })}
          >
            <IconArrowDown size={16} />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="red"
            aria-label={`Delete ${environment.name}`}
            onClick={() => setAsking(true)}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      </Group>
      {asking && (
        <Alert color="red" variant="light" role="alertdialog" aria-label="Delete it?">
          <Stack gap="xs">
            <Text size="sm">
              {environment.connections > 0
                ? `It is the environment of ${count(environment.connections, 'connection')}. They stay, without one, and so do their changes.`
                : 'No connection has it.'}
            </Text>
            <Group gap="xs">
              <Button
                size="xs"
                color="red"
                loading={remove.isPending}
                onClick={() => remove.mutate()}
              >
                Delete it
              </Button>
              <Button size="xs" variant="default" onClick={() => setAsking(false)} autoFocus>
                Keep it
              </Button>
            </Group>
          </Stack>
        </Alert>
      )}
    </Stack>
  )
}

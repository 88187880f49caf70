import { ActionIcon, Button, Group, TextInput, Title, Tooltip } from '@mantine/core'
import { IconPencil, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { type FormEvent, useState } from 'react'
import { fieldErrorAt, toApiError } from '../../api.ts'
import type { Connection } from '../../client.ts'
import { useFocusAfterEditing } from '../../components/use-focus-after-editing.ts'
import { useUpdate } from './use-update.ts'

/** The page title: the connection name, which can be edited in place. */
export function NameTitle({ connection }: { connection: Connection }) {
  const update = useUpdate(connection.id)
  const [name, setName] = useState<string | null>(null)
  const rename = useFocusAfterEditing(name !== null)
  if (name === null)
    return (
      <Group gap={4} wrap="nowrap" maw="100%">
        <Title order={1} size="h2" lineClamp={2}>
          <bdi>{connection.name}</bdi>
        </Title>
        {connection.status !== 'deleting' && (
          <Tooltip label="Rename" withArrow>
            <ActionIcon
              ref={rename}
              variant="subtle"
              color="gray"
              aria-label="Rename"
              onClick={() => setName(connection.name)}
            >
              <IconPencil size={16} />
            </ActionIcon>
          </Tooltip>
        )}
      </Group>
    )
  const end = () => {
    setName(null)
    update.reset()
  }
  const save = (event: FormEvent) => {
    event.preventDefault()
    update.mutate({ name }, { onSuccess: end })
  }
  return (
    <form onSubmit={save}>
      <Group gap="xs" align="flex-start">
        <TextInput
          aria-label="Name"
          value={name}
          maxLength={200}
          onChange={(event) => setName(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Escape' && end()}
          autoFocus
          error={
            update.isError &&
            (fieldErrorAt(update.error, '/name') ?? toApiError(update.error).detail)
          }
        />
        <Button type="submit" loading={update.isPending} disabled={!name.trim()}>
          Save
        </Button>
        <Button variant="default" onClick={end}>
          Cancel
        </Button>
      </Group>
    </form>
  )
}

export function PauseButton({ connection }: { connection: Connection }) {
  const isPaused = connection.status === 'paused'
  const update = useUpdate(connection.id, `Cannot ${isPaused ? 'resume' : 'pause'} the connection`)
  if (connection.roleArn === null) return null
  return (
    <Button
      variant={isPaused ? 'filled' : 'default'}
      leftSection={isPaused ? <IconPlayerPlay size={16} /> : <IconPlayerPause size={16} />}
      loading={update.isPending}
      onClick={() => update.mutate({ paused: !isPaused })}
    >
      {isPaused ? 'Resume' : 'Pause'}
    </Button>
  )
}

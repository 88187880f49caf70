import { Group, Text } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconPencil, IconTrash } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { type RefObject, useState } from 'react'
import { deleteEnvironment, type Environment } from '../client.ts'
import { counted } from '../format.ts'
import { Confirm } from './confirm.tsx'
import { EnvironmentDot, refreshEnvironments } from './environment-badge.tsx'
import { EnvironmentForm } from './environment-form.tsx'
import { RowAction } from './row-action.tsx'
import { Row } from './rows.tsx'
import { useFocusAfterEditing } from './use-focus-after-editing.ts'

const queryKey = ['environments']

export function EnvironmentItem(props: {
  environment: Environment
  list: RefObject<HTMLElement | null>
  place: { position: number; isLast: boolean }
  onMove: (position: number, button: HTMLElement) => void
  onBlur: () => void
}) {
  const { environment, place, onMove, onBlur } = props
  const { id, name, color, connections } = environment
  const client = useQueryClient()
  const [editing, setEditing] = useState(false)
  const [asking, setAsking] = useState(false)
  const editButton = useFocusAfterEditing(editing)
  if (editing) {
    return (
      <Row>
        <EnvironmentForm environment={environment} onDone={() => setEditing(false)} />
      </Row>
    )
  }
  const move = (direction: 'up' | 'down') => {
    const atEnd = direction === 'up' ? place.position === 0 : place.isLast
    return (
      <RowAction
        label={`Move ${direction}`}
        name={`Move ${name} ${direction}`}
        icon={direction === 'up' ? <IconArrowUp size={16} /> : <IconArrowDown size={16} />}
        isDisabled={atEnd}
        onClick={(button) => onMove(place.position + (direction === 'up' ? -1 : 1), button)}
        onBlur={(event) => {
          if (event.relatedTarget) onBlur()
        }}
      />
    )
  }
  return (
    <Row
      actions={
        <>
          {move('up')}
          {move('down')}
          <RowAction
            ref={editButton}
            label="Edit"
            name={`Edit ${name}`}
            icon={<IconPencil size={16} />}
            onClick={() => setEditing(true)}
          />
          <RowAction
            label="Delete"
            name={`Delete ${name}`}
            icon={<IconTrash size={16} />}
            onClick={() => {
              setAsking(true)
              // Another user may have renamed it.
              void client.invalidateQueries({ queryKey })
            }}
          />
        </>
      }
    >
      <Group gap="xs" wrap="nowrap">
        <EnvironmentDot color={color} />
        <Text fw={500}>
          <bdi>{name}</bdi>
        </Text>
      </Group>
      <Text size="sm" c="dimmed">
        {connections === 0 ? 'No connections' : counted(connections, 'connection')}
      </Text>
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Delete ${name}?`}
        action="Delete environment"
        focusAfter={props.list}
        onConfirm={async () => {
          await deleteEnvironment(id)
          await Promise.all([
            refreshEnvironments(client),
            client.invalidateQueries({ queryKey: ['connections'] }),
          ])
        }}
      >
        {connections === 0
          ? 'No connection uses it. Nothing else changes.'
          : `${connections === 1 ? 'One connection uses' : `${connections} connections use`} it. ` +
            'Connections and their changes are kept, without an environment.'}
      </Confirm>
    </Row>
  )
}

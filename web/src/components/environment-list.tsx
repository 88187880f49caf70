import {
  ActionIcon,
  Button,
  Group,
  Stack,
  Text,
  TextInput,
  Tooltip,
  VisuallyHidden,
} from '@mantine/core'
import { useForm } from '@mantine/form'
import { IconArrowDown, IconArrowUp, IconPencil, IconTrash } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type RefObject, useEffect, useRef, useState } from 'react'
import {
  createEnvironment,
  deleteEnvironment,
  type Environment,
  updateEnvironment,
} from '../client.ts'
import { counted } from '../words.ts'
import { type Color, ColorSelect } from './color-select.tsx'
import { Confirm } from './confirm.tsx'
import { useEscape } from './dialog.tsx'
import { EnvironmentDot, refreshEnvironments, useEnvironments } from './environment-badge.tsx'
import { FormTrouble, fieldErrors, focusFirst } from './form-trouble.tsx'
import { moved } from './order.ts'
import { List, Row, Rows } from './rows.tsx'
import { EmptyState, ErrorState, Loading } from './states.tsx'

const queryKey = ['environments']

/** All environments: made, renamed, coloured, ordered and deleted in place. */
export function Environments() {
  const list = useRef<HTMLDivElement>(null)
  return (
    <Stack>
      <Text size="sm">
        Environments group changes, for example production and staging. Each connection has a
        default environment for its account's changes, including past ones.
      </Text>
      <List label="All environments" ref={list}>
        <EnvironmentList list={list} />
      </List>
      <EnvironmentForm />
    </Stack>
  )
}

function EnvironmentList({ list }: { list: RefObject<HTMLElement | null> }) {
  const client = useQueryClient()
  const environments = useEnvironments()
  const [said, setSaid] = useState('')
  const focusAfter = useRef<HTMLElement>(null)
  const moving = useMutation({
    mutationFn: ({ id, position }: { id: string; position: number }) =>
      updateEnvironment(id, { position }),
    onMutate: async ({ id, position }) => {
      await client.cancelQueries({ queryKey })
      const before = client.getQueryData<Environment[]>(queryKey)
      client.setQueryData<Environment[]>(queryKey, (list) => list && moved(list, id, position))
      return before
    },
    onSuccess: ({ name }, { position }) => setSaid(`${name} moved to position ${position + 1}.`),
    onError: (_error, _move, before) => client.setQueryData(queryKey, before),
    onSettled: () => client.invalidateQueries({ queryKey }),
    scope: { id: 'environments' },
  })
  const items = environments.data
  // A row that is moved down is taken out of the page for a moment, and its button's focus with it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each new order
  useEffect(() => focusAfter.current?.focus(), [items])
  if (environments.isPending) return <Loading label="Loading the environments" />
  if (!items) return <ErrorState error={environments.error} retry={() => environments.refetch()} />
  if (items.length === 0) {
    return (
      <EmptyState title="No environments yet">
        Most teams start with production and staging. Changes show their environment, and you can
        filter the feed by it.
      </EmptyState>
    )
  }
  return (
    <>
      <Rows label="Environments">
        {items.map((environment, position) => (
          <EnvironmentRow
            key={environment.id}
            environment={environment}
            list={list}
            place={{ position, isLast: position === items.length - 1 }}
            onMove={(to, button) => {
              focusAfter.current = button
              moving.mutate({ id: environment.id, position: to })
            }}
            onBlur={() => {
              focusAfter.current = null
            }}
          />
        ))}
      </Rows>
      {moving.isError && <ErrorState error={moving.error} />}
      <VisuallyHidden aria-live="polite">{said}</VisuallyHidden>
    </>
  )
}

function EnvironmentRow(props: {
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
  const editButton = useRef<HTMLButtonElement>(null)
  if (editing) {
    return (
      <Row>
        <EnvironmentForm
          environment={environment}
          onDone={() => {
            setEditing(false)
            // Once the row is there again.
            setTimeout(() => editButton.current?.focus())
          }}
        />
      </Row>
    )
  }
  const move = (direction: 'up' | 'down') => {
    const atEnd = direction === 'up' ? place.position === 0 : place.isLast
    const label = `Move ${name} ${direction}`
    return (
      <Tooltip label={`Move ${direction}`} withArrow>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={label}
          // Not `disabled`: the button that moved it to the end keeps the focus.
          aria-disabled={atEnd}
          data-disabled={atEnd || undefined}
          onClick={(event) => {
            if (atEnd) return
            onMove(place.position + (direction === 'up' ? -1 : 1), event.currentTarget)
          }}
          onBlur={(event) => {
            if (event.relatedTarget) onBlur()
          }}
        >
          {direction === 'up' ? <IconArrowUp size={16} /> : <IconArrowDown size={16} />}
        </ActionIcon>
      </Tooltip>
    )
  }
  return (
    <Row
      actions={
        <>
          {move('up')}
          {move('down')}
          <Tooltip label="Edit name and color" withArrow>
            <ActionIcon
              ref={editButton}
              variant="subtle"
              color="gray"
              size="lg"
              onClick={() => setEditing(true)}
              aria-label={`Edit ${name}`}
            >
              <IconPencil size={16} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Delete" withArrow>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              onClick={() => {
                setAsking(true)
                // Somebody else may have named it meanwhile.
                void client.invalidateQueries({ queryKey })
              }}
              aria-label={`Delete ${name}`}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </Tooltip>
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

const fields = ['name', 'color'] as const

/** For one that is there, or for a new one. */
function EnvironmentForm(props: { environment?: Environment; onDone?: () => void }) {
  const { environment, onDone } = props
  const client = useQueryClient()
  const edited = useEscape(onDone)
  const form = useForm<{ name: string; color: Color | null }>({
    mode: 'uncontrolled',
    initialValues: { name: environment?.name ?? '', color: environment?.color ?? null },
    validate: { name: (name) => (name.trim() === '' ? 'Enter a name.' : null) },
  })
  const saving = useMutation({
    mutationFn: ({ name, color }: typeof form.values) => {
      const settings = { name: name.trim(), ...(color && { color }) }
      return environment ? updateEnvironment(environment.id, settings) : createEnvironment(settings)
    },
    onSuccess: async () => {
      await refreshEnvironments(client)
      form.reset()
      onDone?.()
    },
    onError: (error) => {
      const errors = fieldErrors(error, fields)
      form.setErrors(errors)
      focusFirst(form, errors)
    },
  })
  return (
    <form
      ref={edited}
      noValidate
      onSubmit={(event) => {
        // It may stand in a dialog over another form, which is not meant.
        event.stopPropagation()
        form.onSubmit(
          (values) => saving.mutate(values),
          (errors) => focusFirst(form, errors),
        )(event)
      }}
    >
      <Stack gap="xs">
        <Group align="flex-start" gap="xs">
          <TextInput
            label={environment ? 'Name' : 'New environment'}
            placeholder="Production"
            autoComplete="off"
            maxLength={60}
            autoFocus={environment !== undefined}
            flex="1 1 200px"
            maw={360}
            key={form.key('name')}
            {...form.getInputProps('name')}
          />
          <Group flex="1 1 280px" gap="xs" align="flex-start" wrap="nowrap">
            <ColorSelect
              placeholder="Automatic"
              flex="1 1 110px"
              maw={150}
              clearable={!environment}
              allowDeselect={!environment}
              key={form.key('color')}
              {...form.getInputProps('color')}
            />
            <Button type="submit" mt={25} loading={saving.isPending}>
              {environment ? 'Save' : 'Create'}
            </Button>
            {onDone && (
              <Button variant="default" mt={25} onClick={onDone}>
                Cancel
              </Button>
            )}
          </Group>
        </Group>
        <FormTrouble error={saving.error} fields={fields} />
      </Stack>
    </form>
  )
}

import { Button, Group, Paper, Select, type SelectProps, Stack, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useRef, useState } from 'react'
import { fieldErrorAt, toApiError } from '../api.ts'
import { createEnvironment, type Environment } from '../client.ts'
import { type Color, ColorSelect } from './color-select.tsx'
import { Dialog, useEscape } from './dialog.tsx'
import {
  EnvironmentDot,
  EnvironmentName,
  refreshEnvironments,
  useEnvironments,
} from './environment-badge.tsx'
import { Environments } from './environment-list.tsx'

const NEW = 'new'
const EDIT = 'edit'

/** Selects an environment, or creates one without leaving the page. */
export function EnvironmentSelect(props: {
  value: string | null
  onChange: (id: string | null) => void
  label?: string
  description?: string
  error?: string | undefined
}) {
  const { value, onChange } = props
  const environments = useEnvironments()
  const [making, { open, close }] = useDisclosure()
  const [editing, edit] = useDisclosure()
  const select = useRef<HTMLInputElement>(null)
  const items = environments.data ?? []
  const current = items.find(({ id }) => id === value)

  const end = () => {
    close()
    select.current?.focus()
  }
  const choose = (chosen: string | null) => {
    if (chosen === NEW) open()
    else if (chosen === EDIT) edit.open()
    else onChange(chosen)
  }
  const renderOption: SelectProps['renderOption'] = ({ option }) => {
    const environment = items.find(({ id }) => id === option.value)
    return environment ? <EnvironmentName {...environment} /> : option.label
  }

  return (
    <div>
      <Select
        ref={select}
        label={props.label ?? 'Environment'}
        description={props.description}
        placeholder="None"
        value={value}
        onChange={choose}
        clearable
        allowDeselect={false}
        error={props.error}
        leftSection={current && <EnvironmentDot color={current.color} />}
        renderOption={renderOption}
        clearButtonProps={{ 'aria-label': 'Clear environment' }}
        data={[
          ...items.map(({ id, name }) => ({ value: id, label: name })),
          { value: NEW, label: 'Create environment…' },
          ...(items.length > 0 ? [{ value: EDIT, label: 'Manage environments…' }] : []),
        ]}
      />
      {making && (
        <NewEnvironment
          onCancel={end}
          onCreated={(id) => {
            end()
            onChange(id)
          }}
        />
      )}
      <Dialog opened={editing} onClose={edit.close} title="Environments" size="lg">
        <Environments />
      </Dialog>
    </div>
  )
}

/** An environment has a name and a color. */
function NewEnvironment(props: { onCreated: (id: string) => void; onCancel?: () => void }) {
  const client = useQueryClient()
  const edited = useEscape(props.onCancel)
  const [name, setName] = useState('')
  const [color, setColor] = useState<Color | null>(null)
  const make = useMutation({
    mutationFn: () => createEnvironment({ name, ...(color && { color }) }),
    onSuccess: (created) => {
      client.setQueryData<Environment[]>(['environments'], (items) => [...(items ?? []), created])
      void refreshEnvironments(client)
      props.onCreated(created.id)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    make.mutate()
  }
  return (
    <Paper withBorder p="sm" mt="xs">
      <form ref={edited} onSubmit={submit}>
        <Stack gap="xs">
          <TextInput
            label="Environment name"
            placeholder="Production"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={60}
            required
            data-autofocus
            autoFocus
            error={
              make.isError && (fieldErrorAt(make.error, '/name') ?? toApiError(make.error).detail)
            }
          />
          <ColorSelect
            value={color}
            onChange={(chosen) => setColor(chosen as Color | null)}
            placeholder="Automatic"
            allowDeselect={false}
            leftSection={color && <EnvironmentDot color={color} />}
          />
          <Group gap="xs">
            <Button type="submit" size="xs" loading={make.isPending} disabled={!name.trim()}>
              Create
            </Button>
            {props.onCancel && (
              <Button size="xs" variant="default" onClick={props.onCancel}>
                Cancel
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Paper>
  )
}

import { Button, Group, MultiSelect, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { createEnvironment, type Environment, updateEnvironment } from '../client.ts'
import { type Color, ColorSelect } from './color-select.tsx'
import { useEscape } from './dialog.tsx'
import { refreshEnvironments, useEnvironments } from './environment-badge.tsx'
import { FormError, fieldErrors, focusFirst } from './form-error.tsx'

const fields = ['name', 'color', 'dependsOn'] as const

/** Edits an environment, or creates one. */
export function EnvironmentForm(props: { environment?: Environment; onDone?: () => void }) {
  const { environment, onDone } = props
  const client = useQueryClient()
  const edited = useEscape(onDone)
  const others = (useEnvironments().data ?? []).filter(({ id }) => id !== environment?.id)
  const form = useForm<{ name: string; color: Color | null; dependsOn: string[] }>({
    mode: 'uncontrolled',
    initialValues: {
      name: environment?.name ?? '',
      color: environment?.color ?? null,
      dependsOn: environment?.dependsOn ?? [],
    },
    validate: { name: (name) => (name.trim() === '' ? 'Enter a name.' : null) },
  })
  const saving = useMutation({
    mutationFn: ({ name, color, dependsOn }: typeof form.values) => {
      const settings = { name: name.trim(), ...(color && { color }), dependsOn }
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
        // The form can be in a dialog above another form, which must not submit.
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
          <ColorSelect
            placeholder="Automatic"
            flex="1 1 110px"
            maw={150}
            clearable={!environment}
            allowDeselect={!environment}
            key={form.key('color')}
            {...form.getInputProps('color')}
          />
        </Group>
        {others.length > 0 && (
          <MultiSelect
            label="Depends on"
            description="Shared networks, DNS or identity. Their changes are candidates in its incidents."
            data={others.map(({ id, name }) => ({ value: id, label: name }))}
            key={form.key('dependsOn')}
            {...form.getInputProps('dependsOn')}
          />
        )}
        <FormError error={saving.error} fields={fields} />
        <Group gap="xs">
          <Button type="submit" loading={saving.isPending}>
            {environment ? 'Save' : 'Create'}
          </Button>
          {onDone && (
            <Button variant="default" onClick={onDone}>
              Cancel
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  )
}

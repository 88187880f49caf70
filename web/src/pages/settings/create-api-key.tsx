import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type CreatedApiKey, createApiKey } from '../../client.ts'
import { Snippet } from '../../components/copy.tsx'
import { FormError, fieldErrors, focusFirst } from '../../components/form-error.tsx'
import { ShownOnce } from './shown-once.tsx'

export function CreateApiKey({
  disabled,
  onCreated,
}: {
  disabled: boolean
  onCreated: (created: CreatedApiKey) => void
}) {
  const client = useQueryClient()
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '' },
    validate: { name: (name) => (name.trim() === '' ? 'Enter a name for the key.' : null) },
  })
  const making = useMutation({
    mutationFn: ({ name }: typeof form.values) => createApiKey({ name: name.trim() }),
    onSuccess: (created) => {
      void client.invalidateQueries({ queryKey: ['api-keys'] })
      onCreated(created)
    },
    onError: (error) => form.setErrors(fieldErrors(error, ['name'])),
  })
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(
        (values) => making.mutate(values),
        (errors) => focusFirst(form, errors),
      )}
    >
      <Stack gap="xs">
        <Group align="flex-start" gap="xs">
          <TextInput
            label="Key name"
            placeholder="deploy pipeline"
            autoComplete="off"
            maxLength={200}
            flex="1 1 220px"
            maw={360}
            disabled={disabled}
            key={form.key('name')}
            {...form.getInputProps('name')}
          />
          <Button type="submit" mt={25} disabled={disabled} loading={making.isPending}>
            Create API key
          </Button>
        </Group>
        <FormError error={making.error} fields={['name']} />
      </Stack>
    </form>
  )
}

export function NewApiKey({ created, onDone }: { created: CreatedApiKey; onDone: () => void }) {
  const request =
    `CAIRN_API_KEY='${created.key}'\n` +
    `curl --header "Authorization: Bearer $CAIRN_API_KEY" \\\n` +
    `  '${window.location.origin}/api/v1/changes?limit=5'`
  return (
    <ShownOnce title={`API key: ${created.name}`} onDone={onDone}>
      <Text size="sm">Copy this key now. It is shown only once: Cairn stores only its hash.</Text>
      <Snippet text={created.key} label="API key" />
      <Text size="sm">Example request: list the five newest changes.</Text>
      <Snippet text={request} label="curl example" />
    </ShownOnce>
  )
}

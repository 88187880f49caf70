import { Button, Group, Stack, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useId, useState } from 'react'
import { fieldErrorAt } from '../../api.ts'
import { createConnection } from '../../client.ts'
import { Dialog } from '../../components/dialog.tsx'
import { refreshEnvironments } from '../../components/environment-badge.tsx'
import { EnvironmentSelect } from '../../components/environment-select.tsx'
import { FormError } from '../../components/form-error.tsx'

interface DialogProps {
  opened: boolean
  onClose: () => void
}

/** Asks only for a name and an environment. The rest is on the connection page. */
export function ConnectAccount({ opened, onClose }: DialogProps) {
  return (
    <Dialog opened={opened} onClose={onClose} title="Connect account">
      <OneAccount onClose={onClose} />
    </Dialog>
  )
}

function OneAccount({ onClose }: Pick<DialogProps, 'onClose'>) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const form = useId()
  const [name, setName] = useState('')
  const [environmentId, setEnvironmentId] = useState<string | null>(null)
  const make = useMutation({
    mutationFn: () => createConnection({ name, environmentId }),
    onSuccess: async (created) => {
      client.setQueryData(['connections', created.id], created)
      void client.invalidateQueries({ queryKey: ['connections'], exact: true })
      void refreshEnvironments(client)
      await navigate({ to: '/integrations/aws/$id', params: { id: created.id } })
      onClose()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    make.mutate()
  }
  return (
    // The select contains a form for new environments, and forms cannot be nested.
    <Stack>
      <form id={form} onSubmit={submit}>
        <TextInput
          label="Name"
          description="A name for this account. You can change it later."
          placeholder="Shop production"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={200}
          required
          data-autofocus
          error={fieldErrorAt(make.error, '/name')}
        />
      </form>
      <EnvironmentSelect
        value={environmentId}
        onChange={setEnvironmentId}
        description="Default environment for this account's changes."
        error={make.isError ? fieldErrorAt(make.error, '/environmentId') : undefined}
      />
      <FormError error={make.error} fields={['name', 'environmentId']} />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" form={form} loading={make.isPending} disabled={!name.trim()}>
          Continue
        </Button>
      </Group>
    </Stack>
  )
}

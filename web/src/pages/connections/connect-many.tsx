import { Alert, Button, Group, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { fieldErrorAt, toApiError } from '../../api.ts'
import { createConnections } from '../../client.ts'
import { Snippet } from '../../components/copy.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { refreshEnvironments } from '../../components/environment-badge.tsx'
import { EnvironmentSelect } from '../../components/environment-select.tsx'
import { FormError } from '../../components/form-error.tsx'
import { counted } from '../../format.ts'
import { readAccountIds } from './account-ids.ts'

/** Creates connections for multiple account IDs and shows their external IDs. */
export function ConnectAccounts({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Dialog opened={opened} onClose={onClose} title="Connect multiple accounts" size="lg">
      <ManyAccounts onClose={onClose} />
    </Dialog>
  )
}

function ManyAccounts({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const form = useId()
  const [pasted, setPasted] = useState('')
  const [roleName, setRoleName] = useState('cairn-read-only')
  const [environmentId, setEnvironmentId] = useState<string | null>(null)
  const { accountIds, problem } = readAccountIds(pasted)
  const make = useMutation({
    mutationFn: () => createConnections({ accountIds, roleName, environmentId }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['connections'], exact: true })
      void refreshEnvironments(client)
    },
  })
  if (make.isSuccess) {
    const { terraform, externalIds } = make.data
    return (
      <Stack>
        <Alert color="teal" variant="light" role="status">
          Created {counted(make.data.items.length, 'connection')}, each with its own external ID.
          Create the roles next. Cairn retries each role until it exists.
        </Alert>
        <Text size="sm">For Terraform, with for_each:</Text>
        <Snippet text={terraform} label="External IDs for Terraform" maxHeight={240} />
        <Text size="sm">As JSON, for StackSets and scripts:</Text>
        <Snippet
          text={JSON.stringify(externalIds, null, 2)}
          label="External IDs as JSON"
          maxHeight={240}
        />
        <Group justify="flex-end">
          <Button onClick={onClose}>Done</Button>
        </Group>
      </Stack>
    )
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    make.mutate()
  }
  const refused = make.isError ? accountErrors(make.error, accountIds) : undefined
  return (
    <Stack>
      <Stack component="form" id={form} onSubmit={submit}>
        <Textarea
          label="Account IDs"
          description="Up to 1,000 IDs of 12 digits, with any separator."
          value={pasted}
          onChange={(event) => setPasted(event.currentTarget.value)}
          autosize
          minRows={4}
          maxRows={12}
          required
          data-autofocus
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
          error={problem ?? refused}
        />
        <TextInput
          label="Role name"
          description="The same name in all accounts."
          value={roleName}
          onChange={(event) => setRoleName(event.currentTarget.value)}
          required
          error={fieldErrorAt(make.error, '/roleName')}
        />
      </Stack>
      <EnvironmentSelect value={environmentId} onChange={setEnvironmentId} />
      <FormError error={make.error} fields={['accountIds', 'roleName']} />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button
          type="submit"
          form={form}
          loading={make.isPending}
          disabled={accountIds.length === 0 || problem !== undefined}
        >
          {accountIds.length === 0 ? 'Connect' : `Connect ${counted(accountIds.length, 'account')}`}
        </Button>
      </Group>
    </Stack>
  )
}

/** The server's errors for single accounts, with the account ID. */
function accountErrors(error: unknown, accountIds: readonly string[]): string | undefined {
  const details = toApiError(error).errors.flatMap(({ pointer, detail }) => {
    const [, index] = pointer.match(/^\/accountIds(?:\/(\d+))?$/) ?? []
    if (index === undefined) return pointer === '/accountIds' ? [detail] : []
    const id = accountIds[Number(index)]
    return [id && !detail.includes(id) ? `${id}: ${detail}` : detail]
  })
  return details.length > 0 ? details.join(' ') : undefined
}

import { Button, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type CreatedInvitation, createInvitation } from '../../client.ts'
import { Snippet } from '../../components/copy.tsx'
import { FormError, fieldErrors, focusFirst } from '../../components/form-error.tsx'
import { Time } from '../../time.tsx'
import { ShownOnce } from './shown-once.tsx'

const fields = ['email', 'role'] as const

export function InviteForm(props: {
  disabled: boolean
  onCreated: (created: CreatedInvitation) => void
}) {
  const client = useQueryClient()
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '', role: 'member' as 'member' | 'owner' },
  })
  const making = useMutation({
    mutationFn: ({ email, role }: typeof form.values) =>
      createInvitation({ role, ...(email.trim() !== '' && { email: email.trim() }) }),
    onSuccess: (created) => {
      void client.invalidateQueries({ queryKey: ['invitations'] })
      props.onCreated(created)
    },
    onError: (error) => {
      const errors = fieldErrors(error, fields)
      form.setErrors(errors)
      focusFirst(form, errors)
    },
  })
  return (
    <form noValidate onSubmit={form.onSubmit((values) => making.mutate(values))}>
      <Stack gap="xs">
        <Text size="sm">
          With an email, only that address can use the link. Without an email, anyone with the link
          can use it.
        </Text>
        <Group align="flex-start" gap="xs">
          <TextInput
            label="Email (optional)"
            placeholder="ada@example.com"
            type="email"
            autoComplete="off"
            flex="1 1 240px"
            maw={360}
            disabled={props.disabled}
            key={form.key('email')}
            {...form.getInputProps('email')}
          />
          <NativeSelect
            label="Role"
            w={120}
            disabled={props.disabled}
            data={[
              { value: 'member', label: 'Member' },
              { value: 'owner', label: 'Owner' },
            ]}
            key={form.key('role')}
            {...form.getInputProps('role')}
          />
          <Button type="submit" mt={25} disabled={props.disabled} loading={making.isPending}>
            Create invitation
          </Button>
        </Group>
        <FormError error={making.error} fields={fields} />
      </Stack>
    </form>
  )
}

export function NewInvitation({
  created,
  onDone,
}: {
  created: CreatedInvitation
  onDone: () => void
}) {
  return (
    <ShownOnce
      title={created.email === null ? 'Invitation' : `Invitation for ${created.email}`}
      onDone={onDone}
    >
      <Text size="sm">
        Send this link yourself: Cairn sends no email, and shows the link only once. The person who
        accepts it
        {created.role === 'owner' ? ' becomes an owner' : ' becomes a member'}. It works once, until{' '}
        <Time at={created.expiresAt} />.
      </Text>
      <Snippet text={created.url} label="Invitation link" />
    </ShownOnce>
  )
}

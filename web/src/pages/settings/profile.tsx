import { Alert, Button, Group, PasswordInput, Stack, Text, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { IconCheck, IconKey } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { changePassword, revokeOtherSessions, type User } from '../../client.ts'
import { FormError, fieldErrors, focusFirst } from '../../components/form-error.tsx'
import { PASSWORD_LENGTH, passwordError, passwordToggle } from '../../components/password.ts'
import { signOut } from '../../session.ts'
import { useMe } from './permissions.tsx'

export function Profile() {
  const { user, role, organization } = useMe()
  if (!user) {
    return (
      <Alert color="gray" variant="light" icon={<IconKey aria-hidden />} title="Not signed in">
        You are using an API key of the organization {organization.name}. API keys have no profile,
        password or sessions.
      </Alert>
    )
  }
  return (
    <Stack gap="xl" maw={480}>
      <Stack gap={4}>
        <Text fw={600}>
          <bdi>{user.name}</bdi>
        </Text>
        <Text>
          <bdi>{user.email}</bdi>
        </Text>
        <Text size="sm" c="dimmed">
          {role === 'owner' ? 'Owner' : 'Member'} of {organization.name}
        </Text>
      </Stack>
      <ChangePassword user={user} />
      <Sessions />
    </Stack>
  )
}

const fields = ['currentPassword', 'newPassword'] as const

function ChangePassword({ user }: { user: User }) {
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { currentPassword: '', newPassword: '' },
    validate: {
      currentPassword: (password) => (password === '' ? 'Enter your current password.' : null),
      newPassword: passwordError,
    },
  })
  const changing = useMutation({
    mutationFn: (values: typeof form.values) => changePassword(values),
    onSuccess: () => form.reset(),
    onError: (error) => {
      const errors = fieldErrors(error, fields)
      form.setErrors(errors)
      focusFirst(form, errors)
    },
  })
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(
        (values) => changing.mutate(values),
        (errors) => focusFirst(form, errors),
      )}
    >
      <Stack align="stretch">
        <Title order={2} size="h4">
          Change password
        </Title>
        {/* For password managers: whose password it is. */}
        <input type="text" autoComplete="username" value={user.email} readOnly hidden />
        <PasswordInput
          label="Current password"
          autoComplete="current-password"
          visibilityToggleButtonProps={passwordToggle}
          key={form.key('currentPassword')}
          {...form.getInputProps('currentPassword')}
        />
        <PasswordInput
          label="New password"
          description={`At least ${PASSWORD_LENGTH.min} characters.`}
          autoComplete="new-password"
          visibilityToggleButtonProps={passwordToggle}
          key={form.key('newPassword')}
          {...form.getInputProps('newPassword')}
        />
        <FormError error={changing.error} fields={fields} />
        <Group>
          <Button type="submit" loading={changing.isPending}>
            Change password
          </Button>
          <Text size="sm" c="dimmed">
            Signs out your other sessions.
          </Text>
        </Group>
        <Done when={changing.isSuccess}>Password changed. Your other sessions are signed out.</Done>
      </Stack>
    </form>
  )
}

function Sessions() {
  const ending = useMutation({
    mutationFn: () => revokeOtherSessions(),
    meta: { errorTitle: 'Cannot sign out the other sessions' },
  })
  const leaving = useMutation({ mutationFn: signOut, meta: { errorTitle: 'Cannot sign out' } })
  return (
    <Stack align="stretch">
      <Title order={2} size="h4">
        Sessions
      </Title>
      <Group>
        <Button variant="default" loading={ending.isPending} onClick={() => ending.mutate()}>
          Sign out other sessions
        </Button>
        <Button variant="default" loading={leaving.isPending} onClick={() => leaving.mutate()}>
          Sign out
        </Button>
      </Group>
      <Done when={ending.isSuccess}>Your other sessions are signed out.</Done>
    </Stack>
  )
}

/** Always rendered, so that screen readers announce its content. */
function Done({ when, children }: { when: boolean; children: string }) {
  return (
    <div aria-live="polite">
      {when && (
        <Group gap={6} wrap="nowrap">
          <IconCheck size={16} color="var(--mantine-color-teal-text)" aria-hidden />
          <Text size="sm">{children}</Text>
        </Group>
      )}
    </div>
  )
}

import { Anchor, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { toApiError } from '../../api.ts'
import { type AccountLink, acceptInvitation } from '../../client.ts'
import { FormError, fieldErrors, focusFirst } from '../../components/form-error.tsx'
import { PASSWORD_LENGTH, passwordError, passwordToggle } from '../../components/password.ts'
import { SignedOutPage } from '../../components/signed-out-page.tsx'
import { Time } from '../../time.tsx'
import { InvalidLink } from './link-errors.tsx'

const fields = ['name', 'email', 'password'] as const

export function AccountForm({ token, link }: { token: string; link: AccountLink }) {
  const navigate = useNavigate()
  const client = useQueryClient()
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', email: link.email ?? '', password: '' },
    validate: {
      name: (name) => (name.trim() === '' ? 'Enter your name.' : null),
      email: (email) =>
        /^\S+@\S+$/.test(email.trim()) ? null : 'Enter an email address. You use it to sign in.',
      password: passwordError,
    },
  })
  const making = useMutation({
    mutationFn: ({ name, email, password }: typeof form.values) =>
      acceptInvitation({ token, name: name.trim(), email: email.trim(), password }),
    onSuccess: () => {
      client.clear()
      void navigate({ to: link.kind === 'owner' ? '/integrations' : '/', replace: true })
    },
    onError: (error) => {
      const errors = fieldErrors(error, fields)
      form.setErrors(errors)
      focusFirst(form, errors)
    },
  })
  if (making.isError && toApiError(making.error).status === 404) return <InvalidLink />
  const isOwner = link.kind === 'owner'
  return (
    <SignedOutPage title={isOwner ? 'Create the owner account' : 'Accept invitation'}>
      <Stack>
        <Text size="sm">
          {permissionsOf(link)} This link works once, until <Time at={link.expiresAt} />.
        </Text>
        <form
          noValidate
          onSubmit={form.onSubmit(
            (values) => making.mutate(values),
            (errors) => focusFirst(form, errors),
          )}
        >
          <Stack>
            <TextInput
              label="Name"
              name="name"
              autoComplete="name"
              maxLength={200}
              autoFocus
              key={form.key('name')}
              {...form.getInputProps('name')}
            />
            <TextInput
              label="Email"
              description={
                link.email === null
                  ? 'You use it to sign in. Cairn sends no email.'
                  : 'This invitation is for this address only.'
              }
              type="email"
              name="email"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              readOnly={link.email !== null}
              key={form.key('email')}
              {...form.getInputProps('email')}
            />
            <PasswordInput
              label="Password"
              description={`At least ${PASSWORD_LENGTH.min} characters. Use several unrelated words.`}
              name="password"
              autoComplete="new-password"
              visibilityToggleButtonProps={passwordToggle}
              key={form.key('password')}
              {...form.getInputProps('password')}
            />
            <FormError error={making.error} fields={fields} />
            <Button type="submit" loading={making.isPending}>
              Create account and sign in
            </Button>
          </Stack>
        </form>
        <Text size="sm">
          Already have an account?{' '}
          <Anchor component={Link} to="/sign-in" inherit underline="always">
            Sign in
          </Anchor>
        </Text>
      </Stack>
    </SignedOutPage>
  )
}

function permissionsOf({ kind, role, organization }: AccountLink): string {
  if (kind === 'owner') {
    return 'This account becomes the owner of this Cairn installation. It can connect AWS accounts and invite others.'
  }
  return role === 'owner'
    ? `You join ${organization.name} as an owner. You can see changes in its AWS accounts, connect accounts, invite others and create API keys.`
    : `You join ${organization.name} as a member. You can see changes in its AWS accounts and connect accounts.`
}

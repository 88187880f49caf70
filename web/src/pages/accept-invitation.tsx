import { Anchor, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { toApiError } from '../api.ts'
import { type AccountLink, acceptInvitation, getAccountLink } from '../client.ts'
import { FormError, fieldErrors, focusFirst } from '../components/form-error.tsx'
import { PASSWORD_LENGTH, passwordError, passwordToggle } from '../components/password.ts'
import { SignedOutPage } from '../components/signed-out-page.tsx'
import { ErrorState, Loading } from '../components/states.tsx'
import { Time } from '../time.tsx'

/** The page that setup links and invitations open. */
export function AcceptInvitationPage() {
  const search = useSearch({ from: '/accept-invitation' })
  const [token] = useState(search.token)
  const navigate = useNavigate()
  // The token must not stay in the address bar or the history.
  useEffect(() => {
    if (search.token !== undefined)
      void navigate({ to: '/accept-invitation', search: {}, replace: true })
  }, [search.token, navigate])
  const link = useQuery({
    queryKey: ['account-link', token],
    queryFn: () => getAccountLink(token!),
    enabled: token !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  if (token === undefined) return <MissingLink />
  if (link.isPending) return <Loading label="Checking the link" />
  if (link.isError) {
    if (toApiError(link.error).status === 404) return <InvalidLink />
    if (toApiError(link.error).status === 422) return <InvalidLink />
    return (
      <SignedOutPage title="Could not check the link">
        <ErrorState error={link.error} retry={() => link.refetch()} />
      </SignedOutPage>
    )
  }
  return <AccountForm token={token} link={link.data} />
}

const fields = ['name', 'email', 'password'] as const

function AccountForm({ token, link }: { token: string; link: AccountLink }) {
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
          {isOwner
            ? 'This account becomes the owner of this Cairn installation. It can connect AWS accounts and invite others. '
            : link.role === 'owner'
              ? `You join ${link.organization.name} as an owner. You can see changes in its AWS accounts, connect accounts, invite others and create API keys. `
              : `You join ${link.organization.name} as a member. You can see changes in its AWS accounts and connect accounts. `}
          This link works once, until <Time at={link.expiresAt} />.
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

/** Used, revoked, expired, or mistyped: the server does not return which, to prevent guessing. */
function InvalidLink() {
  return (
    <SignedOutPage title="This link is no longer valid">
      <Stack>
        <Text size="sm">
          The link was already used, was revoked, has expired, or is incomplete. A link works once;
          an invitation expires after seven days.
        </Text>
        <Text size="sm">
          <b>Created your account already?</b> Sign in.
        </Text>
        <Text size="sm">
          <b>Were you invited?</b> Ask an owner for a new invitation.
        </Text>
        <Text size="sm">
          <b>New installation?</b> Restart Cairn. Until there is an owner, each start writes a new
          link to the log.
        </Text>
        <Button component={Link} to="/sign-in" variant="default">
          Go to sign-in
        </Button>
      </Stack>
    </SignedOutPage>
  )
}

/** After a reload, the URL has no token. */
function MissingLink() {
  return (
    <SignedOutPage title="Open your invitation link again">
      <Stack>
        <Text size="sm">
          This page needs the full link, which is not kept in the address bar. Open it again from
          where you received it. It stays valid until an account is created.
        </Text>
        <Button component={Link} to="/sign-in" variant="default">
          Go to sign-in
        </Button>
      </Stack>
    </SignedOutPage>
  )
}

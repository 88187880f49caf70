import { Anchor, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { troubleOf } from '../api.ts'
import { acceptWelcome, getWelcome, type Welcome } from '../client.ts'
import { Entrance } from '../components/entrance.tsx'
import { FormTrouble, fieldErrors, focusFirst } from '../components/form-trouble.tsx'
import { PASSWORD_LENGTH, passwordToggle, passwordTrouble } from '../components/password.ts'
import { ErrorState, Loading } from '../components/states.tsx'
import { Time } from '../time.tsx'

/** Where an owner's first link and invitations lead. */
export function WelcomePage() {
  const search = useSearch({ from: '/welcome' })
  const [token] = useState(search.token)
  const navigate = useNavigate()
  // Whoever looks over the shoulder, or into the history later, finds no key there.
  useEffect(() => {
    if (search.token !== undefined) void navigate({ to: '/welcome', search: {}, replace: true })
  }, [search.token, navigate])
  const link = useQuery({
    queryKey: ['welcome', token],
    queryFn: () => getWelcome(token!),
    enabled: token !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  if (token === undefined) return <NoLink />
  if (link.isPending) return <Loading label="Looking at the link" />
  if (link.isError) {
    if (troubleOf(link.error).status === 404) return <DeadLink />
    if (troubleOf(link.error).status === 422) return <DeadLink />
    return (
      <Entrance title="The link could not be looked at">
        <ErrorState error={link.error} retry={() => link.refetch()} />
      </Entrance>
    )
  }
  return <AccountForm token={token} link={link.data} />
}

const fields = ['name', 'email', 'password'] as const

function AccountForm({ token, link }: { token: string; link: Welcome }) {
  const navigate = useNavigate()
  const client = useQueryClient()
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '', email: link.email ?? '', password: '' },
    validate: {
      name: (name) => (name.trim() === '' ? 'Say how others know you.' : null),
      email: (email) =>
        /^\S+@\S+$/.test(email.trim()) ? null : 'Give an email address: you sign in with it.',
      password: passwordTrouble,
    },
  })
  const making = useMutation({
    mutationFn: ({ name, email, password }: typeof form.values) =>
      acceptWelcome({ token, name: name.trim(), email: email.trim(), password }),
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
  if (making.isError && troubleOf(making.error).status === 404) return <DeadLink />
  const isOwner = link.kind === 'owner'
  return (
    <Entrance title={isOwner ? 'Make the first account' : 'You are invited'}>
      <Stack>
        <Text size="sm">
          {isOwner
            ? 'This Cairn is new. Whoever makes this account owns it: connects accounts of AWS, and invites others. '
            : link.role === 'owner'
              ? `You become an owner of the organization ${link.organization.name}: you see what changed in its AWS accounts, invite others, and make API keys. `
              : `You become a member of the organization ${link.organization.name}: you see what changed in its AWS accounts, and connect more of them. `}
          The link works once, until <Time at={link.expiresAt} />.
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
                  ? 'You sign in with it. Cairn sends no mail.'
                  : 'The invitation is for this address.'
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
              description={`At least ${PASSWORD_LENGTH.min} characters. A few words that do not belong together are good.`}
              name="password"
              autoComplete="new-password"
              visibilityToggleButtonProps={passwordToggle}
              key={form.key('password')}
              {...form.getInputProps('password')}
            />
            <FormTrouble error={making.error} fields={fields} />
            <Button type="submit" loading={making.isPending}>
              Make the account and sign in
            </Button>
          </Stack>
        </form>
        <Text size="sm">
          An account already?{' '}
          <Anchor component={Link} to="/sign-in" inherit underline="always">
            Sign in
          </Anchor>
        </Text>
      </Stack>
    </Entrance>
  )
}

/** Used, revoked, expired, or mistyped: the server does not say which, for that would help guessing. */
function DeadLink() {
  return (
    <Entrance title="This link does not work any more">
      <Stack>
        <Text size="sm">
          It was used already, was revoked, or has expired: a link works once, an invitation for
          seven days. Or a part of it was lost on the way.
        </Text>
        <Text size="sm">
          <b>Did you make your account with it?</b> Then sign in.
        </Text>
        <Text size="sm">
          <b>Were you invited?</b> Ask whoever invited you for a new link.
        </Text>
        <Text size="sm">
          <b>Is this Cairn new?</b> Start it again: while it has no owner, each start writes a new
          link to its log.
        </Text>
        <Button component={Link} to="/sign-in" variant="default">
          To sign in
        </Button>
      </Stack>
    </Entrance>
  )
}

/** After a reload: the address has no token any more. */
function NoLink() {
  return (
    <Entrance title="Open your link once more">
      <Stack>
        <Text size="sm">
          Accounts are made with a link, and it is not kept in the address. Open it again from where
          you got it: it is not used up before the account is made.
        </Text>
        <Button component={Link} to="/sign-in" variant="default">
          To sign in
        </Button>
      </Stack>
    </Entrance>
  )
}

import { Button, Divider, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import { getSession, signIn } from '../client.ts'
import { Snippet } from '../components/copy.tsx'
import { FormError, fieldErrors, focusFirst } from '../components/form-error.tsx'
import { passwordToggle } from '../components/password.ts'
import { SignedOutPage } from '../components/signed-out-page.tsx'
import { redirectAfterSignIn } from '../session.ts'

const fields = ['email', 'password'] as const

export function SignInPage() {
  const { to } = useSearch({ from: '/sign-in' })
  const router = useRouter()
  const client = useQueryClient()
  const place = redirectAfterSignIn(to)
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '', password: '' },
    validate: {
      email: (email) =>
        email.trim() === '' ? 'Enter the email address you were invited with.' : null,
      password: (password) => (password === '' ? 'Enter your password.' : null),
    },
  })
  const signingIn = useMutation({
    mutationFn: (values: typeof form.values) =>
      signIn({ email: values.email.trim(), password: values.password }),
    onSuccess: () => {
      // Failed queries, and data of the previous user.
      client.clear()
      router.history.replace(place)
    },
    onError: (error) => {
      form.setErrors(fieldErrors(error, fields))
      form.getInputNode('password')?.focus()
    },
  })
  return (
    <SignedOutPage title="Sign in">
      <DemoSignIn />
      <form
        noValidate
        onSubmit={form.onSubmit(
          (values) => signingIn.mutate(values),
          (errors) => focusFirst(form, errors),
        )}
      >
        <Stack>
          <TextInput
            label="Email"
            type="email"
            name="email"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            key={form.key('email')}
            {...form.getInputProps('email')}
          />
          <PasswordInput
            label="Password"
            name="password"
            autoComplete="current-password"
            visibilityToggleButtonProps={passwordToggle}
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
          <FormError error={signingIn.error} fields={fields} />
          <Button type="submit" loading={signingIn.isPending}>
            Sign in
          </Button>
          {place !== '/' && (
            <Text size="sm" c="dimmed">
              After you sign in, the page you requested opens.
            </Text>
          )}
        </Stack>
      </form>
      <Divider my="lg" />
      <Stack gap="xs">
        <Text size="sm">
          <b>No account?</b> Ask an owner of this Cairn installation for an invitation.
        </Text>
        <Text size="sm">
          <b>New installation?</b> Until there is an owner, each start prints a link to create the
          owner account.
        </Text>
        <Text size="sm">
          <b>Forgot your password?</b> Ask an owner for a password reset link: Settings, Members,
          Reset password. If you are the only owner, run the command below on the server. It keeps
          imported changes.
        </Text>
        <Snippet text="npm run admin -- owner invite default" label="Command to invite an owner" />
      </Stack>
    </SignedOutPage>
  )
}

const TRIED = 'cairn-demo-sign-in-tried'

/** Only the demo has an owner who signs in without a password. */
function DemoSignIn() {
  const session = useQuery({ queryKey: ['session'], queryFn: () => getSession() })
  const path = session.data?.demoSignIn
  const { to } = useSearch({ from: '/sign-in' })
  useEffect(() => {
    // A redirect to this page means no session; without one, the user has signed out. Only once, to
    // prevent a loop in a browser without cookies.
    if (!path || to === undefined || sessionStorage.getItem(TRIED)) return
    sessionStorage.setItem(TRIED, 'yes')
    window.location.assign(path)
  }, [path, to])
  if (!path) return null
  return (
    <>
      <Button
        component="a"
        href={path}
        fullWidth
        leftSection={<IconPlayerPlay size={16} aria-hidden />}
      >
        Sign in as demo owner
      </Button>
      <Divider my="lg" label="or use your own account" />
    </>
  )
}

import { Button, PasswordInput, Stack, Text } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { toApiError } from '../../api.ts'
import { getPasswordReset, type PasswordReset, resetPassword } from '../../client.ts'
import { FormError, fieldErrors, focusFirst } from '../../components/form-error.tsx'
import { PASSWORD_LENGTH, passwordError, passwordToggle } from '../../components/password.ts'
import { SignedOutPage } from '../../components/signed-out-page.tsx'
import { ErrorState, Loading } from '../../components/states.tsx'
import { Time } from '../../time.tsx'

const fields = ['password'] as const

/** The page that password reset links open. */
export function ResetPasswordPage() {
  const search = useSearch({ from: '/reset-password' })
  const [token] = useState(search.token)
  const navigate = useNavigate()
  // The token must not stay in the address bar or the history.
  useEffect(() => {
    if (search.token !== undefined)
      void navigate({ to: '/reset-password', search: {}, replace: true })
  }, [search.token, navigate])
  const reset = useQuery({
    queryKey: ['password-reset', token],
    queryFn: () => getPasswordReset(token!),
    enabled: token !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
  if (token === undefined) return <InvalidLink />
  if (reset.isPending) return <Loading label="Checking the link" />
  if (reset.isError) {
    if ([404, 422].includes(toApiError(reset.error).status)) return <InvalidLink />
    return (
      <SignedOutPage title="Cannot check the link">
        <ErrorState error={reset.error} retry={() => reset.refetch()} />
      </SignedOutPage>
    )
  }
  return <PasswordForm token={token} reset={reset.data} />
}

function PasswordForm({ token, reset }: { token: string; reset: PasswordReset }) {
  const client = useQueryClient()
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { password: '' },
    validate: { password: passwordError },
  })
  const setting = useMutation({
    mutationFn: ({ password }: typeof form.values) => resetPassword({ token, password }),
    onSuccess: () => client.clear(),
    onError: (error) => {
      const errors = fieldErrors(error, fields)
      form.setErrors(errors)
      focusFirst(form, errors)
    },
  })
  if (setting.isError && toApiError(setting.error).status === 404) return <InvalidLink />
  if (setting.isSuccess) {
    return (
      <SignedOutPage title="Password changed">
        <Stack>
          <Text size="sm">All sessions of {reset.email} are signed out.</Text>
          <Button component={Link} to="/sign-in">
            Sign in
          </Button>
        </Stack>
      </SignedOutPage>
    )
  }
  return (
    <SignedOutPage title="Set a new password">
      <Stack>
        <Text size="sm">
          For <bdi>{reset.name}</bdi> (<bdi>{reset.email}</bdi>). This link works once, until{' '}
          <Time at={reset.expiresAt} />.
        </Text>
        <form
          noValidate
          onSubmit={form.onSubmit(
            (values) => setting.mutate(values),
            (errors) => focusFirst(form, errors),
          )}
        >
          <Stack>
            {/* For password managers. */}
            <input type="hidden" name="email" autoComplete="username" value={reset.email} />
            <PasswordInput
              label="New password"
              description={`At least ${PASSWORD_LENGTH.min} characters. Use several unrelated words.`}
              name="password"
              autoComplete="new-password"
              autoFocus
              visibilityToggleButtonProps={passwordToggle}
              key={form.key('password')}
              {...form.getInputProps('password')}
            />
            <FormError error={setting.error} fields={fields} />
            <Button type="submit" loading={setting.isPending}>
              Set password
            </Button>
          </Stack>
        </form>
      </Stack>
    </SignedOutPage>
  )
}

function InvalidLink() {
  return (
    <SignedOutPage title="This link is not valid">
      <Stack>
        <Text size="sm">
          The link was already used, was replaced by a newer one, has expired, or is incomplete.
          Open it again from where you received it, or ask an owner for a new one.
        </Text>
        <Button component={Link} to="/sign-in" variant="default">
          Go to sign-in
        </Button>
      </Stack>
    </SignedOutPage>
  )
}

import { Button, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { SignedOutPage } from '../../components/signed-out-page.tsx'

/** Used, revoked, expired, or mistyped: the server does not return which, to prevent guessing. */
export function InvalidLink() {
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
          <b>New installation?</b> Restart Cairn. Until there is an owner, each start prints a new
          link in the terminal.
        </Text>
        <Button component={Link} to="/sign-in" variant="default">
          Go to sign-in
        </Button>
      </Stack>
    </SignedOutPage>
  )
}

/** After a reload, the URL has no token. */
export function MissingLink() {
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

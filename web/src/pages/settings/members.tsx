import { Stack, Text, Title } from '@mantine/core'
import { useState } from 'react'
import type { CreatedInvitation } from '../../client.ts'
import { InvitationList } from './invitation-list.tsx'
import { InviteForm, NewInvitation } from './invite.tsx'
import { MemberList } from './member-list.tsx'
import { OwnersOnly, ownerOnlyReason, useMe } from './permissions.tsx'

export function Members() {
  const isOwner = !ownerOnlyReason(useMe())
  const [created, setCreated] = useState<CreatedInvitation>()
  return (
    <Stack>
      <Text size="sm">
        Members can see everything and connect accounts. Owners can also manage members, API keys,
        integrations and all shared views, and exclude regions.
      </Text>
      <OwnersOnly what="Only owners can manage members" />
      <MemberList canRemove={isOwner} />
      <Title order={2} size="h4" mt="md">
        Invite people
      </Title>
      {created ? (
        <NewInvitation created={created} onDone={() => setCreated(undefined)} />
      ) : (
        <InviteForm disabled={!isOwner} onCreated={setCreated} />
      )}
      {isOwner && <InvitationList />}
    </Stack>
  )
}

import { Badge, Button, Group, Text, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type RefObject, useRef, useState } from 'react'
import { type Invitation, listInvitations, revokeInvitation } from '../../client.ts'
import { Confirm } from '../../components/confirm.tsx'
import { List, Row, Rows } from '../../components/rows.tsx'
import { ErrorState } from '../../components/states.tsx'
import { Time } from '../../time.tsx'

export function InvitationList() {
  const list = useRef<HTMLDivElement>(null)
  const invitations = useQuery({ queryKey: ['invitations'], queryFn: () => listInvitations() })
  if (invitations.isPending) return null
  if (invitations.isError)
    return <ErrorState error={invitations.error} retry={() => invitations.refetch()} />
  const { items } = invitations.data
  return (
    <List label="All pending invitations" ref={list}>
      {items.length > 0 && (
        <>
          <Title order={2} size="h4" mt="md">
            Pending invitations
          </Title>
          <Rows label="Pending invitations">
            {items.map((invitation) => (
              <InvitationRow key={invitation.id} invitation={invitation} list={list} />
            ))}
          </Rows>
        </>
      )}
    </List>
  )
}

function InvitationRow(props: { invitation: Invitation; list: RefObject<HTMLElement | null> }) {
  const client = useQueryClient()
  const [asking, setAsking] = useState(false)
  const { id, email, role, createdAt, expiresAt } = props.invitation
  const recipient = email ?? 'anyone with the link'
  return (
    <Row
      actions={
        <Button
          variant="default"
          size="xs"
          onClick={() => setAsking(true)}
          aria-label={`Revoke the invitation for ${recipient}`}
        >
          Revoke
        </Button>
      }
    >
      <Group gap="xs">
        <Text fw={500}>{email === null ? 'Anyone with the link' : <bdi>{email}</bdi>}</Text>
        <Badge color={role === 'owner' ? 'cairn' : 'gray'} variant="light" tt="none">
          {role === 'owner' ? 'Owner' : 'Member'}
        </Badge>
      </Group>
      <Text size="sm" c="dimmed">
        Created <Time at={createdAt} />
        {' · '}expires <Time at={expiresAt} />
      </Text>
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Revoke the invitation for ${recipient}?`}
        action="Revoke invitation"
        focusAfter={props.list}
        onConfirm={async () => {
          await revokeInvitation(id)
          await client.invalidateQueries({ queryKey: ['invitations'] })
        }}
      >
        Its link stops working. You can create another invitation at any time.
      </Confirm>
    </Row>
  )
}

import { Badge, Button, Group, Text } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type RefObject, useRef, useState } from 'react'
import { createPasswordReset, listMembers, type Member, removeMember } from '../../client.ts'
import { Confirm } from '../../components/confirm.tsx'
import { Snippet } from '../../components/copy.tsx'
import { List, Row, Rows } from '../../components/rows.tsx'
import { EmptyState, ErrorState, Loading } from '../../components/states.tsx'
import { Time } from '../../time.tsx'
import { useMe } from './permissions.tsx'
import { ShownOnce } from './shown-once.tsx'

export function MemberList({ canRemove }: { canRemove: boolean }) {
  const list = useRef<HTMLDivElement>(null)
  const members = useQuery({ queryKey: ['members'], queryFn: () => listMembers() })
  if (members.isPending) return <Loading label="Loading members" />
  if (members.isError) return <ErrorState error={members.error} retry={() => members.refetch()} />
  const { items } = members.data
  if (items.length === 0) {
    return (
      <EmptyState title="No members yet">
        Each start of the server prints a link that creates the owner account.
      </EmptyState>
    )
  }
  const owners = items.filter(({ role }) => role === 'owner').length
  return (
    <List label="All members" ref={list}>
      <Rows label="Members">
        {items.map((member) => (
          <MemberRow
            key={member.id}
            member={member}
            canRemove={canRemove}
            isLastOwner={owners === 1 && member.role === 'owner'}
            list={list}
          />
        ))}
      </Rows>
    </List>
  )
}

function MemberRow(props: {
  member: Member
  canRemove: boolean
  isLastOwner: boolean
  list: RefObject<HTMLElement | null>
}) {
  const { member, canRemove, isLastOwner } = props
  const client = useQueryClient()
  const isSelf = useMe().user?.id === member.user.id
  const [asking, setAsking] = useState(false)
  const { name, email } = member.user
  const resetting = useMutation({
    mutationFn: () => createPasswordReset(member.id),
    meta: { errorTitle: 'Cannot create the password reset link' },
  })
  return (
    <Row
      actions={
        <Group gap="xs">
          {!isSelf && (
            <Button
              variant="default"
              size="xs"
              disabled={!canRemove}
              loading={resetting.isPending}
              onClick={() => resetting.mutate()}
              aria-label={`Reset password of ${name}`}
            >
              Reset password
            </Button>
          )}
          {!isLastOwner && (
            <Button
              variant="default"
              size="xs"
              disabled={!canRemove}
              onClick={() => setAsking(true)}
              aria-label={isSelf ? 'Remove yourself' : `Remove ${name}`}
            >
              Remove
            </Button>
          )}
        </Group>
      }
    >
      <Group gap="xs">
        <Text fw={500}>
          <bdi>{name}</bdi>
        </Text>
        <Badge color={member.role === 'owner' ? 'cairn' : 'gray'} variant="light" tt="none">
          {member.role === 'owner' ? 'Owner' : 'Member'}
        </Badge>
        {isSelf && (
          <Text size="sm" c="dimmed">
            you
          </Text>
        )}
      </Group>
      <Text size="sm" c="dimmed">
        <bdi>{email}</bdi>
        {' · '}joined <Time at={member.createdAt} />
        {isLastOwner && ' · the last owner cannot be removed'}
      </Text>
      {resetting.data && (
        <ShownOnce title={`Password reset link for ${name}`} onDone={resetting.reset}>
          <Text size="sm">
            Send this link yourself: Cairn sends no email, and shows the link only once. It works
            once, until <Time at={resetting.data.expiresAt} />. The current password stays valid
            until then.
          </Text>
          <Snippet text={resetting.data.url} label="Password reset link" />
        </ShownOnce>
      )}
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title={isSelf ? 'Remove yourself?' : `Remove ${name}?`}
        action={isSelf ? 'Remove myself' : 'Remove'}
        focusAfter={props.list}
        onConfirm={async () => {
          await removeMember(member.id)
          await client.invalidateQueries({ queryKey: isSelf ? ['me'] : ['members'] })
        }}
      >
        {isSelf
          ? 'This signs you out and deletes your account. '
          : 'This signs them out everywhere and deletes their account. '}
        API keys and connections are kept. To return, a person needs a new invitation.
      </Confirm>
    </Row>
  )
}

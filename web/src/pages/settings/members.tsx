import { Badge, Button, Group, NativeSelect, Stack, Text, TextInput, Title } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type RefObject, useRef, useState } from 'react'
import {
  createInvitation,
  type Invitation,
  listInvitations,
  listMembers,
  type MadeInvitation,
  type Member,
  removeMember,
  revokeInvitation,
} from '../../client.ts'
import { Confirm } from '../../components/confirm.tsx'
import { Snippet } from '../../components/copy.tsx'
import { FormTrouble, fieldErrors, focusFirst } from '../../components/form-trouble.tsx'
import { List, Row, Rows } from '../../components/rows.tsx'
import { EmptyState, ErrorState, Loading } from '../../components/states.tsx'
import { Time } from '../../time.tsx'
import { Once } from './once.tsx'
import { OwnersOnly, useMe, whyNotOwner } from './rights.tsx'

export function Members() {
  const isOwner = !whyNotOwner(useMe())
  const [made, setMade] = useState<MadeInvitation>()
  return (
    <Stack>
      <Text size="sm">
        Members can see everything and connect accounts. Owners can also invite and remove people,
        and create API keys.
      </Text>
      <OwnersOnly what="Only owners can invite and remove people" />
      <MemberList canRemove={isOwner} />
      <Title order={2} size="h4" mt="md">
        Invite people
      </Title>
      {made ? (
        <NewInvitation made={made} onDone={() => setMade(undefined)} />
      ) : (
        <Invite disabled={!isOwner} onMade={setMade} />
      )}
      {isOwner && <InvitationList />}
    </Stack>
  )
}

function MemberList({ canRemove }: { canRemove: boolean }) {
  const list = useRef<HTMLDivElement>(null)
  const members = useQuery({ queryKey: ['members'], queryFn: () => listMembers() })
  if (members.isPending) return <Loading label="Loading members" />
  if (members.isError) return <ErrorState error={members.error} retry={() => members.refetch()} />
  const { items } = members.data
  if (items.length === 0) {
    return (
      <EmptyState title="No members yet">
        The link to create the owner account is in the server's log.
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
  return (
    <Row
      actions={
        !isLastOwner && (
          <Button
            variant="default"
            size="xs"
            disabled={!canRemove}
            onClick={() => setAsking(true)}
            aria-label={isSelf ? 'Remove yourself' : `Remove ${name}`}
          >
            Remove
          </Button>
        )
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

const fields = ['email', 'role'] as const

function Invite(props: { disabled: boolean; onMade: (made: MadeInvitation) => void }) {
  const client = useQueryClient()
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '', role: 'member' as 'member' | 'owner' },
  })
  const making = useMutation({
    mutationFn: ({ email, role }: typeof form.values) =>
      createInvitation({ role, ...(email.trim() !== '' && { email: email.trim() }) }),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ['invitations'] })
      props.onMade(made)
    },
    onError: (error) => {
      const errors = fieldErrors(error, fields)
      form.setErrors(errors)
      focusFirst(form, errors)
    },
  })
  return (
    <form noValidate onSubmit={form.onSubmit((values) => making.mutate(values))}>
      <Stack gap="xs">
        <Text size="sm">
          With an email, only that address can use the link. Without an email, anyone with the link
          can use it.
        </Text>
        <Group align="flex-start" gap="xs">
          <TextInput
            label="Email (optional)"
            placeholder="ada@example.com"
            type="email"
            autoComplete="off"
            flex="1 1 240px"
            maw={360}
            disabled={props.disabled}
            key={form.key('email')}
            {...form.getInputProps('email')}
          />
          <NativeSelect
            label="Role"
            w={120}
            disabled={props.disabled}
            data={[
              { value: 'member', label: 'Member' },
              { value: 'owner', label: 'Owner' },
            ]}
            key={form.key('role')}
            {...form.getInputProps('role')}
          />
          <Button type="submit" mt={25} disabled={props.disabled} loading={making.isPending}>
            {' '}
            Create invitation{' '}
          </Button>
        </Group>
        <FormTrouble error={making.error} fields={fields} />
      </Stack>
    </form>
  )
}

function NewInvitation({ made, onDone }: { made: MadeInvitation; onDone: () => void }) {
  return (
    <Once
      title={made.email === null ? 'Invitation' : `Invitation for ${made.email}`}
      onDone={onDone}
    >
      <Text size="sm">
        Send this link yourself: Cairn sends no email, and shows the link only once. The person who
        accepts it
        {made.role === 'owner' ? ' becomes an owner' : ' becomes a member'}. It works once, until{' '}
        <Time at={made.expiresAt} />.
      </Text>
      <Snippet text={made.url} label="Invitation link" />
    </Once>
  )
}

function InvitationList() {
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
  const whom = email ?? 'anyone with the link'
  return (
    <Row
      actions={
        <Button
          variant="default"
          size="xs"
          onClick={() => setAsking(true)}
          aria-label={`Revoke the invitation for ${whom}`}
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
        title={`Revoke the invitation for ${whom}?`}
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

import { Anchor, Badge, Button, Code, Group, Stack, Switch, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type RefObject, useRef, useState } from 'react'
import {
  type ApiKey,
  createApiKey,
  listApiKeys,
  type MadeApiKey,
  revokeApiKey,
} from '../../client.ts'
import { Confirm } from '../../components/confirm.tsx'
import { Snippet } from '../../components/copy.tsx'
import { FormError, fieldErrors, focusFirst } from '../../components/form-error.tsx'
import { List, Row, Rows } from '../../components/rows.tsx'
import { EmptyState, ErrorState, Loading } from '../../components/states.tsx'
import { Time } from '../../time.tsx'
import { OwnersOnly, ownerOnlyReason, useMe } from './permissions.tsx'
import { ShownOnce } from './shown-once.tsx'

export function ApiKeys() {
  const isOwner = !ownerOnlyReason(useMe())
  const [made, setMade] = useState<MadeApiKey>()
  return (
    <Stack>
      <Text size="sm">
        API keys let programs use the Cairn API. See{' '}
        <Anchor href="/api/openapi.json" inherit underline="always">
          the OpenAPI document
        </Anchor>
        . A key has the permissions of a member.
      </Text>
      <OwnersOnly what="Only owners can create and revoke API keys" />
      {made ? (
        <NewKey made={made} onDone={() => setMade(undefined)} />
      ) : (
        <MakeKey disabled={!isOwner} onMade={setMade} />
      )}
      <KeyList canRevoke={isOwner} />
    </Stack>
  )
}

function MakeKey({ disabled, onMade }: { disabled: boolean; onMade: (made: MadeApiKey) => void }) {
  const client = useQueryClient()
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { name: '' },
    validate: { name: (name) => (name.trim() === '' ? 'Enter a name for the key.' : null) },
  })
  const making = useMutation({
    mutationFn: ({ name }: typeof form.values) => createApiKey({ name: name.trim() }),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ['api-keys'] })
      onMade(made)
    },
    onError: (error) => form.setErrors(fieldErrors(error, ['name'])),
  })
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(
        (values) => making.mutate(values),
        (errors) => focusFirst(form, errors),
      )}
    >
      <Stack gap="xs">
        <Group align="flex-start" gap="xs">
          <TextInput
            label="Key name"
            placeholder="deploy pipeline"
            autoComplete="off"
            maxLength={200}
            flex="1 1 220px"
            maw={360}
            disabled={disabled}
            key={form.key('name')}
            {...form.getInputProps('name')}
          />
          <Button type="submit" mt={25} disabled={disabled} loading={making.isPending}>
            {' '}
            Create API key{' '}
          </Button>
        </Group>
        <FormError error={making.error} fields={['name']} />
      </Stack>
    </form>
  )
}

function NewKey({ made, onDone }: { made: MadeApiKey; onDone: () => void }) {
  const request =
    `CAIRN_API_KEY='${made.key}'\n` +
    `curl --header "Authorization: Bearer $CAIRN_API_KEY" \\\n` +
    `  '${window.location.origin}/api/v1/changes?limit=5'`
  return (
    <ShownOnce title={`API key: ${made.name}`} onDone={onDone}>
      <Text size="sm">Copy this key now. It is shown only once: Cairn stores only its hash.</Text>
      <Snippet text={made.key} label="API key" />
      <Text size="sm">Example request: list the five newest changes.</Text>
      <Snippet text={request} label="curl example" />
    </ShownOnce>
  )
}

function KeyList({ canRevoke }: { canRevoke: boolean }) {
  const list = useRef<HTMLDivElement>(null)
  const [withRevoked, setWithRevoked] = useState(false)
  const keys = useQuery({ queryKey: ['api-keys'], queryFn: () => listApiKeys() })
  if (keys.isPending) return <Loading label="Loading API keys" />
  if (keys.isError) return <ErrorState error={keys.error} retry={() => keys.refetch()} />
  const { items } = keys.data
  const revoked = items.filter((key) => key.revokedAt !== null)
  const shown = withRevoked ? items : items.filter((key) => key.revokedAt === null)
  return (
    <List label="All API keys" ref={list}>
      {revoked.length > 0 && (
        <Switch
          label={`Show revoked keys (${revoked.length})`}
          checked={withRevoked}
          onChange={(event) => setWithRevoked(event.currentTarget.checked)}
        />
      )}
      {shown.length === 0 ? (
        <EmptyState title="No API keys">
          An API key lets a program read changes and connect accounts.
        </EmptyState>
      ) : (
        <Rows label="API keys">
          {shown.map((key) => (
            <KeyRow key={key.id} apiKey={key} canRevoke={canRevoke} list={list} />
          ))}
        </Rows>
      )}
    </List>
  )
}

function KeyRow(props: {
  apiKey: ApiKey
  canRevoke: boolean
  list: RefObject<HTMLElement | null>
}) {
  const { apiKey, canRevoke, list } = props
  const client = useQueryClient()
  const [asking, setAsking] = useState(false)
  const { name, prefix, createdBy, createdAt, lastUsedAt, revokedAt } = apiKey
  return (
    <Row
      actions={
        revokedAt === null && (
          <Button
            variant="default"
            size="xs"
            disabled={!canRevoke}
            onClick={() => setAsking(true)}
            aria-label={`Revoke API key ${name}`}
          >
            Revoke
          </Button>
        )
      }
    >
      <Group gap="xs">
        <Text fw={500}>
          <bdi>{name}</bdi>
        </Text>
        {prefix !== null && <Code>{prefix}…</Code>}
        {revokedAt !== null && (
          <Badge color="gray" variant="light" tt="none">
            Revoked
          </Badge>
        )}
      </Group>
      <Text size="sm" c="dimmed">
        Created <Time at={createdAt} />
        {createdBy !== null && (
          <>
            {' '}
            by <bdi>{createdBy}</bdi>
          </>
        )}
        {' · '}
        {lastUsedAt === null ? (
          'never used'
        ) : (
          <>
            last used <Time at={lastUsedAt} ago />
          </>
        )}
        {revokedAt !== null && (
          <>
            {' · '}revoked <Time at={revokedAt} />
          </>
        )}
      </Text>
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Revoke API key ${name}?`}
        action="Revoke key"
        focusAfter={list}
        onConfirm={async () => {
          await revokeApiKey(apiKey.id)
          await client.invalidateQueries({ queryKey: ['api-keys'] })
        }}
      >
        Requests with this key fail from now on. This cannot be undone.
        {prefix === null &&
          ' This key comes from the environment. If CAIRN_API_KEY still contains it, the next start restores it.'}
      </Confirm>
    </Row>
  )
}

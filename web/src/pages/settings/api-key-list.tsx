import { Badge, Button, Group, Switch, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type RefObject, useRef, useState } from 'react'
import { type ApiKey, listApiKeys, revokeApiKey } from '../../client.ts'
import { Confirm } from '../../components/confirm.tsx'
import { InlineCode } from '../../components/inline-code.tsx'
import { List, Row, Rows } from '../../components/rows.tsx'
import { EmptyState, ErrorState, Loading } from '../../components/states.tsx'
import { Time } from '../../time.tsx'

export function ApiKeyList({ canRevoke }: { canRevoke: boolean }) {
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
          An API key lets a program use the API, for example to report deploys.
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
        {prefix !== null && <InlineCode text={`${prefix}…`} />}
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

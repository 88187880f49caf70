import { Anchor, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { MadeApiKey } from '../../client.ts'
import { ApiKeyList } from './api-key-list.tsx'
import { CreateApiKey, NewApiKey } from './create-api-key.tsx'
import { OwnersOnly, ownerOnlyReason, useMe } from './permissions.tsx'

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
        <NewApiKey made={made} onDone={() => setMade(undefined)} />
      ) : (
        <CreateApiKey disabled={!isOwner} onMade={setMade} />
      )}
      <ApiKeyList canRevoke={isOwner} />
    </Stack>
  )
}

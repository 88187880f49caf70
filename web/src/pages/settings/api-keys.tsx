import { Anchor, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { CreatedApiKey } from '../../client.ts'
import { ApiKeyList } from './api-key-list.tsx'
import { CreateApiKey, NewApiKey } from './create-api-key.tsx'
import { OwnersOnly, ownerOnlyReason, useMe } from './permissions.tsx'

export function ApiKeys() {
  const isOwner = !ownerOnlyReason(useMe())
  const [created, setCreated] = useState<CreatedApiKey>()
  return (
    <Stack>
      <Text size="sm">
        API keys let programs use the Cairn API. See{' '}
        <Anchor href="/api/openapi.json" inherit underline="always">
          the OpenAPI document
        </Anchor>
        . A key can do what a member can, manage integrations, and change all shared views.
      </Text>
      <OwnersOnly what="Only owners can create and revoke API keys" />
      {created ? (
        <NewApiKey created={created} onDone={() => setCreated(undefined)} />
      ) : (
        <CreateApiKey disabled={!isOwner} onCreated={setCreated} />
      )}
      <ApiKeyList canRevoke={isOwner} />
    </Stack>
  )
}

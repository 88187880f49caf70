import { Group, Stack, Text } from '@mantine/core'
import type { Connection } from '../../client.ts'
import { regionHealth } from '../../health/region.ts'
import type { Region } from '../../health/status.ts'
import type { When } from '../../health/time.ts'
import { ExclusionButton } from './exclusion-button.tsx'

/** Regions that are not imported. */
export function OtherRegions({
  connection,
  regions,
  when,
}: {
  connection: Connection
  when: When
  regions: Region[]
}) {
  const named = (state: Region['state']) =>
    regions.filter((region) => region.state === state).map(({ region }) => region)
  const denied = named('denied')
  const off = named('not_enabled')
  const excluded = regions.filter(({ state }) => state === 'excluded')
  return (
    <Stack gap={4}>
      {excluded.map((region) => (
        <Group key={region.region} gap="xs">
          <Text size="sm">
            <b>{region.region}:</b> {regionHealth(region, connection, when).sentence}
          </Text>
          {region.excludedBy === 'owner' && (
            <ExclusionButton connection={connection} region={region} />
          )}
        </Group>
      ))}
      {denied.length > 0 && (
        <Text size="sm">
          <b>Access denied ({denied.length}):</b> {denied.join(', ')}. Checked daily.
        </Text>
      )}
      {off.length > 0 && (
        <Text size="sm" c="dimmed">
          Not enabled in this account ({off.length}): {off.join(', ')}. Checked daily.
        </Text>
      )}
    </Stack>
  )
}

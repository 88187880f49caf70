import { Button, Tooltip } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type Connection, updateRegion } from '../../client.ts'
import type { Region } from '../../health/status.ts'
import { ownerOnlyReason, useMe } from '../settings/permissions.tsx'

/** Excludes a region that cannot be read, or includes it again. Disabled for all but owners. */
export function ExclusionButton({
  connection,
  region,
}: {
  connection: Connection
  region: Region
}) {
  const client = useQueryClient()
  const notAllowed = ownerOnlyReason(useMe())
  const excluded = region.state !== 'excluded'
  const update = useMutation({
    mutationFn: () => updateRegion(connection.id, region.region, { excluded }),
    meta: { errorTitle: `Cannot ${excluded ? 'exclude' : 'include'} ${region.region}` },
    onSettled: () => client.invalidateQueries({ queryKey: ['connections', connection.id] }),
  })
  return (
    <Tooltip label={notAllowed} disabled={notAllowed === undefined}>
      <Button
        variant="default"
        size="compact-xs"
        loading={update.isPending}
        // Not `disabled`: a tooltip needs focus, also that of a keyboard.
        data-disabled={notAllowed !== undefined || undefined}
        aria-disabled={notAllowed !== undefined}
        aria-description={notAllowed}
        onClick={() => notAllowed === undefined && update.mutate()}
        aria-label={`${excluded ? 'Exclude' : 'Include'} ${region.region}`}
      >
        {excluded ? 'Exclude region' : 'Include region'}
      </Button>
    </Tooltip>
  )
}

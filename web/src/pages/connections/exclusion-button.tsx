import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type Connection, updateRegion } from '../../client.ts'
import { FormError } from '../../components/form-error.tsx'
import type { Region } from '../../health/status.ts'

/** Excludes a region that cannot be read, or includes it again. */
export function ExclusionButton({
  connection,
  region,
}: {
  connection: Connection
  region: Region
}) {
  const client = useQueryClient()
  const excluded = region.state !== 'excluded'
  const update = useMutation({
    mutationFn: () => updateRegion(connection.id, region.region, { excluded }),
    onSettled: () => client.invalidateQueries({ queryKey: ['connections', connection.id] }),
  })
  return (
    <>
      <Button
        variant="default"
        size="compact-xs"
        loading={update.isPending}
        onClick={() => update.mutate()}
        aria-label={`${excluded ? 'Exclude' : 'Include'} ${region.region}`}
      >
        {excluded ? 'Exclude region' : 'Include region'}
      </Button>
      <FormError error={update.error} />
    </>
  )
}

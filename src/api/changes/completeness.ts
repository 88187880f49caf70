import type { ChangeFilters } from '../../db/change-filters.ts'
import { completeRange, importedRanges } from '../../db/complete-range.ts'
import { environmentsOfConnections } from '../../db/connection-environments.ts'
import type { Trx } from '../../db/database.ts'

/** Between which times nothing is missing, across the connections that match the filters. */
export async function readImportedRange(
  trx: Trx,
  { include, exclude }: ChangeFilters,
): Promise<{ completeFrom: string | null; completeThrough: string | null }> {
  const ranges = [...(await importedRanges(trx))]
  const areas =
    include.environment || exclude.environment
      ? await environmentsOfConnections(
          trx,
          ranges.map(([id]) => id),
        )
      : undefined
  const asked = ranges
    .filter(([id]) => !include.connection || include.connection.includes(id))
    .filter(([id]) => !exclude.connection?.includes(id))
    .filter(([id]) => !include.environment || areas?.mayHave(id, include.environment))
    .filter(([id]) => !exclude.environment || areas?.mayLack(id, exclude.environment))
  const { from, through } = completeRange(asked.map(([, imported]) => imported))
  return {
    completeFrom: from?.toISOString() ?? null,
    completeThrough: through?.toISOString() ?? null,
  }
}

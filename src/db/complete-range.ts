import { type RawBuilder, sql } from 'kysely'
import type { Trx } from './database.ts'
import type { SecondsRange } from './schema/column-types.ts'

/** How far a connection is imported, over all its regions that count. */
interface ImportedTime {
  /** The live edge: null while a region has settled nothing. */
  through: Date | null
  /** The time that every region has settled. */
  settled: SecondsRange[]
}

/**
 * `columns` for each connection that has begun to import its account, over its regions that count.
 * After a change of the selection, it has none until its next cycle.
 */
const ofImporting = (columns: RawBuilder<unknown>, connectionId: string | null = null) => sql`
  SELECT k.id, ${columns}
  FROM connections k
  LEFT JOIN coverage c ON c.connection_id = k.id AND c.account_id = k.account_id
    AND c.selection = k.selection AND c.counts
  WHERE k.deleted_at IS NULL
    AND (${connectionId}::uuid IS NULL OR k.id = ${connectionId}::uuid)
    AND EXISTS (SELECT FROM coverage WHERE connection_id = k.id AND account_id = k.account_id)
  GROUP BY k.id
`
const edge = sql`
  CASE WHEN bool_and(upper(c.settled) IS NOT NULL) THEN min(upper(c.settled)) END AS through`

/** For each connection that has begun to import. */
export async function importedRanges(trx: Trx): Promise<Map<string, ImportedTime>> {
  const settled = sql`coalesce(range_intersect_agg(c.settled), '{}'::tstzmultirange) AS settled`
  const columns = sql`${edge}, ${settled}`
  const { rows } = await trx.executeQuery<{ id: string } & ImportedTime>(
    ofImporting(columns).compile(trx),
  )
  return new Map(rows.map(({ id, ...imported }) => [id, imported]))
}

/**
 * Only the live edges, for lists that are polled often. Time before them is imported, except for
 * the gaps in the coverage. With an ID, only for that connection.
 */
export async function liveEdges(
  trx: Trx,
  connectionId: string | null = null,
): Promise<Map<string, Date | null>> {
  const { rows } = await trx.executeQuery<{ id: string } & Pick<ImportedTime, 'through'>>(
    ofImporting(edge, connectionId).compile(trx),
  )
  return new Map(rows.map(({ id, through }) => [id, through]))
}

/**
 * Combines several connections: the earliest of their live edges, and `from`, the start of the time
 * that is imported up to there without a gap. Both are null if one connection has no value, because
 * the result would otherwise seem more complete than it is.
 */
export function completeRange(connections: readonly ImportedTime[]): {
  from: Date | null
  through: Date | null
} {
  const edges = connections.map(({ through }) => through?.getTime() ?? null)
  if (edges.length === 0 || edges.includes(null)) return { from: null, through: null }
  const through = Math.min(...(edges as number[]))
  const starts = connections.map(({ settled }) => {
    const last = settled.find(([from, to]) => from * 1000 < through && through <= to * 1000)
    return last ? last[0] * 1000 : null
  })
  return {
    // In one of them, the preceding seconds are missing.
    from: starts.includes(null) ? null : new Date(Math.max(...(starts as number[]))),
    through: new Date(through),
  }
}

import { sql } from 'kysely'
import { changeIdTime } from './change-id.ts'
import type { Trx } from './database.ts'
import type { ChangeRow } from './schema/changes.ts'

/** How many earlier changes of the resource are read. An older value of a field stays unknown. */
const MAX_EARLIER = 200

export type EarlierChange = Pick<ChangeRow, 'id' | 'occurred_at' | 'action' | 'envelope' | 'detail'>

/**
 * The newest changes of the same first resource that succeeded and occurred before a change or at
 * the same time, newest first. Includes noise. Without a resource, there are none.
 */
export async function listEarlierChanges(
  trx: Trx,
  change: Pick<ChangeRow, 'id' | 'occurred_at' | 'source' | 'resource_ids'>,
): Promise<EarlierChange[]> {
  const resource = change.resource_ids[0]
  if (resource === undefined) return []
  const { rows } = await sql<{ id: string }>`
    SELECT id FROM newest_changes_of_resource(${resource}, ${change.occurred_at}, ${MAX_EARLIER})
      AS id
  `.execute(trx)
  const ids = rows.map(({ id }) => id).filter((id) => id !== change.id)
  if (ids.length === 0) return []
  const times = ids.map(changeIdTime)
  return trx
    .selectFrom('changes')
    .select(['id', 'occurred_at', 'action', 'envelope', 'detail'])
    .where('occurred_at', '>=', new Date(Math.min(...times.map(Number))))
    .where('occurred_at', '<=', change.occurred_at)
    .where(
      sql<boolean>`(occurred_at, id) IN (
        SELECT * FROM unnest(${times}::timestamptz[], ${ids}::uuid[]))`,
    )
    .where('source', '=', change.source)
    .where('outcome', '=', 'succeeded')
    .orderBy('occurred_at', 'desc')
    .orderBy('id', 'desc')
    .execute()
}

import { sql } from 'kysely'
import type { Change } from '../changes/change.ts'
import { ASSIGN_READ, columnsRead } from './change-columns.ts'
import { loadChangeRules, rulesWithNames } from './change-rules.ts'
import type { Trx } from './database.ts'
import { linkChanges } from './link-changes.ts'
import { lockResourcesForImport, resourceIdsOf, storeResources } from './resources.ts'

/** What a later event of a source reports about a stored change. */
export interface ChangeUpdate {
  /** The ID of the stored change. */
  id: string
  change: Change
  /** When the source reported it. `detail.updatedAt` of the change contains the same time. */
  updatedAt: Date
  readerVersion: number
  /** JSON text that Postgres accepts. */
  record: string
  context: string | null
}

/**
 * Updates stored changes that later events are about. A change keeps its ID, its time and its
 * change set. Its environments follow what it reports now. An event that is not newer than what is
 * stored changes nothing, so the order in which events arrive does not matter. Sources have times in
 * whole seconds: of two events at the same time, one that ends the change is the newer one, and of
 * two that end it, the one with the larger `detail.sequence`.
 */
export async function updateChanges(
  trx: Trx,
  organizationId: string,
  updates: readonly ChangeUpdate[],
): Promise<void> {
  if (updates.length === 0) return
  await lockResourcesForImport(trx, organizationId)
  const resourceIds = await storeResources(
    trx,
    organizationId,
    updates.map(({ change }) => change),
  )
  // An update can be the first report that names environments.
  const namesEnvironments = updates.some(({ change }) => change.attributes?.environments?.length)
  const rules = await (namesEnvironments ? rulesWithNames : loadChangeRules)(trx, organizationId)
  const rows = updates.map(({ id, change, updatedAt, readerVersion, record, context }) => ({
    ...columnsRead(change, rules?.noise ?? []),
    id,
    record,
    context,
    occurred_at: change.occurredAt,
    resource_ids: resourceIdsOf(change, resourceIds),
    updated_at: updatedAt,
    reader_version: readerVersion,
  }))
  await sql`
    WITH input AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(
        occurred_at timestamptz, ended_at timestamptz, id uuid, summary text, service text,
        action text, actor text, actor_id text, tool text, outcome text, region text,
        account_id text, resources text[], resource_ids int[], read_only boolean, noise text, source_noise text,
        envelope jsonb, detail jsonb, reader_version int, updated_at timestamptz, record text,
        context text)
    ), updated AS (
      UPDATE changes c SET
        ${ASSIGN_READ}, reader_version = r.reader_version
      FROM input r
      WHERE c.organization_id = ${organizationId} AND c.occurred_at = r.occurred_at AND c.id = r.id
        AND ((c.detail ->> 'updatedAt')::timestamptz, c.ended_at IS NOT NULL,
            coalesce((c.detail ->> 'sequence')::numeric, 0))
          < (r.updated_at, r.ended_at IS NOT NULL, coalesce((r.detail ->> 'sequence')::numeric, 0))
      RETURNING c.occurred_at, c.id
    )
    UPDATE change_records t SET record = r.record::json, context = r.context::json
    FROM updated u JOIN input r USING (occurred_at, id)
    WHERE t.organization_id = ${organizationId} AND t.occurred_at = u.occurred_at AND t.id = u.id
  `.execute(trx)
  if (!rules?.canLink) return
  const keys = updates.map(({ id, change }) => ({ id, occurredAt: change.occurredAt }))
  await linkChanges(trx, organizationId, { keys, rules })
}

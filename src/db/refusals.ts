import { sql } from 'kysely'
import type { Refusal } from '../incidents/completeness.ts'
import type { Trx } from './database.ts'

/** How long refusals are kept, for the completeness of incidents. */
const KEPT_DAYS = 90
const HOUR_MS = 3_600_000

export interface RefusalOverview {
  at: Date
  reason: Refusal
}

/**
 * Records that a delivery or a report was refused before it was stored. Removes old refusals of its
 * sender.
 *
 * @param refused.integrationId null for reports of pipelines
 */
export async function recordRefusal(
  trx: Trx,
  refused: {
    organizationId: string
    integrationId: string | null
    reason: Refusal
    at: Date
  },
): Promise<void> {
  const { organizationId, integrationId, reason, at } = refused
  const hour = new Date(Math.floor(at.getTime() / HOUR_MS) * HOUR_MS)
  await trx
    .insertInto('refusals')
    .values({
      organization_id: organizationId,
      integration_id: integrationId,
      hour,
      reason,
      first_at: at,
      last_at: at,
    })
    .onConflict((conflict) =>
      conflict.columns(['organization_id', 'integration_id', 'hour', 'reason']).doUpdateSet({
        first_at: sql<Date>`least(refusals.first_at, excluded.first_at)`,
        last_at: sql<Date>`greatest(refusals.last_at, excluded.last_at)`,
      }),
    )
    .execute()
  await trx
    .deleteFrom('refusals')
    .where('integration_id', integrationId === null ? 'is' : '=', integrationId)
    .where('hour', '<', new Date(hour.getTime() - KEPT_DAYS * 24 * HOUR_MS))
    .execute()
}

/**
 * The newest refusal of each sender in a time range.
 *
 * @param window inclusive `from`, exclusive `to`
 * @returns by the integration's ID, null for reports of pipelines
 */
export async function refusalsWithin(
  trx: Trx,
  { from, to }: { from: Date; to: Date },
): Promise<Map<string | null, RefusalOverview>> {
  const rows = await trx
    .selectFrom('refusals')
    .select(['integration_id', 'reason', 'first_at', 'last_at'])
    .where('hour', '>', new Date(from.getTime() - HOUR_MS))
    .where('hour', '<', to)
    .where('first_at', '<', to)
    .where('last_at', '>=', from)
    .execute()
  const newest = new Map<string | null, RefusalOverview>()
  for (const { integration_id, reason, first_at, last_at } of rows) {
    // Between the first and the last one of an hour, others are possible.
    const at = last_at < to ? last_at : first_at
    const other = newest.get(integration_id)
    if (!other || other.at < at) newest.set(integration_id, { at, reason })
  }
  return newest
}

/** The newest refusal of each integration, by its ID. */
export async function newestRefusals(
  trx: Trx,
  integrationIds: readonly string[],
): Promise<Map<string, RefusalOverview>> {
  const { rows } = await sql<RefusalOverview & { id: string }>`
    SELECT wanted.id, newest.at, newest.reason
    FROM unnest(${integrationIds}::uuid[]) AS wanted (id), LATERAL (
      SELECT last_at AS at, reason FROM refusals
      WHERE integration_id = wanted.id
      ORDER BY hour DESC, last_at DESC
      LIMIT 1
    ) AS newest
  `.execute(trx)
  return new Map(rows.map(({ id, at, reason }) => [id, { at, reason }]))
}

import { sql } from 'kysely'
import type { PushFacts } from '../incidents/completeness.ts'
import { ALERT_SOURCES } from '../incidents/incident.ts'
import type { Trx } from './database.ts'
import { refusalsWithin } from './refusals.ts'

/**
 * The integrations whose deliveries become changes. Alert sources are left out: their silence hides
 * no change.
 *
 * @param window failures and refusals are those of deliveries that arrived in it
 */
export async function listPushSources(
  trx: Trx,
  window: { from: Date; to: Date },
): Promise<PushFacts[]> {
  const rows = await trx
    .selectFrom('integrations as i')
    .select(['i.id', 'i.kind', 'i.name', 'i.created_at', 'i.last_delivery_at'])
    .select((eb) =>
      eb
        .selectFrom('deliveries as d')
        .select(sql<number>`count(*)::int`.as('failures'))
        .whereRef('d.integration_id', '=', 'i.id')
        .whereRef('d.organization_id', '=', 'i.organization_id')
        .where('d.state', '=', 'failed')
        .where('d.is_test', '=', false)
        .where('d.received_at', '>=', window.from)
        .where('d.received_at', '<', window.to)
        .$asScalar()
        .as('failures'),
    )
    .select((eb) =>
      eb
        .selectFrom('deliveries as w')
        .select(sql<number>`count(*)::int`.as('waiting'))
        .whereRef('w.integration_id', '=', 'i.id')
        .whereRef('w.organization_id', '=', 'i.organization_id')
        .where('w.state', '=', 'received')
        .where('w.is_test', '=', false)
        .$asScalar()
        .as('waiting'),
    )
    .where('i.kind', 'not in', ALERT_SOURCES)
    .orderBy('i.name')
    .execute()
  const refusals = await refusalsWithin(trx, window)
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    name: row.name,
    createdAt: row.created_at,
    lastDeliveryAt: row.last_delivery_at,
    failures: row.failures ?? 0,
    waiting: row.waiting ?? 0,
    refusedAt: refusals.get(row.id)?.at ?? null,
    refusal: refusals.get(row.id)?.reason ?? null,
  }))
}

/**
 * What pipelines report, as one push source. Undefined if none has ever reported, and none was
 * refused: then it is not used.
 *
 * @param window a refused report counts if it arrived in it
 */
export async function findReportSource(
  trx: Trx,
  window: { from: Date; to: Date },
): Promise<PushFacts | undefined> {
  const row = await trx.selectFrom('report_receipts').selectAll().executeTakeFirst()
  const refusedAt = (await refusalsWithin(trx, window)).get(null)?.at ?? null
  if (!row && refusedAt === null) return undefined
  return {
    id: 'reports',
    kind: 'deploy',
    name: 'Reported changes',
    // Reports can be about times before the first one.
    createdAt: new Date(0),
    lastDeliveryAt: row?.last_at ?? null,
    failures: 0,
    waiting: 0,
    refusedAt,
  }
}

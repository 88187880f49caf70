import { sql } from 'kysely'
import type { PushFacts } from '../incidents/completeness.ts'
import type { Trx } from './database.ts'

/**
 * The integrations whose deliveries become changes. Alert sources are left out: their silence hides
 * no change.
 *
 * @param window failures are those of deliveries that arrived in it
 */
export async function listPushSources(
  trx: Trx,
  window: { from: Date; to: Date },
): Promise<PushFacts[]> {
  const rows = await trx
    .selectFrom('integrations as i')
    .select(['i.id', 'i.kind', 'i.name', 'i.created_at', 'i.last_delivery_at'])
    .select(['i.refused_at', 'i.refusal'])
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
    .where('i.kind', 'in', ['github', 'launchdarkly'])
    .orderBy('i.name')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    name: row.name,
    createdAt: row.created_at,
    lastDeliveryAt: row.last_delivery_at,
    failures: row.failures ?? 0,
    waiting: row.waiting ?? 0,
    refusedAt: isWithin(row.refused_at, window) ? row.refused_at : null,
    refusal: row.refusal,
  }))
}

function isWithin(time: Date | null, { from, to }: { from: Date; to: Date }): boolean {
  return time !== null && time >= from && time < to
}

/**
 * What pipelines report, as one push source. Undefined if none has ever reported: then it is not
 * used.
 *
 * @param window a refused report counts if it arrived in it
 */
export async function findReportSource(
  trx: Trx,
  window: { from: Date; to: Date },
): Promise<PushFacts | undefined> {
  const row = await trx.selectFrom('report_receipts').selectAll().executeTakeFirst()
  if (!row) return undefined
  const { last_at, refused_at } = row
  return {
    ...{ id: 'reports', kind: 'deploy', name: 'Reported changes' },
    // Reports can be about times before the first one.
    createdAt: new Date(0),
    lastDeliveryAt: last_at,
    failures: 0,
    waiting: 0,
    refusedAt: isWithin(refused_at, window) ? refused_at : null,
  }
}

import { sql } from 'kysely'
import type { DeliveryState } from '../integrations/integration.ts'
import type { Trx } from './database.ts'

/**
 * Deliveries of the last 7 days by state, test deliveries included. Of each state, at most
 * `MAX_COUNTED` are counted.
 */
export type DeliveryCounts = Record<DeliveryState, number>

const NO_DELIVERIES: DeliveryCounts = { received: 0, translated: 0, ignored: 0, failed: 0 }

/** So that counting takes milliseconds, regardless of how many deliveries are stored. */
export const MAX_COUNTED = 10_000

/**
 * Counts the deliveries of integrations, by integration ID. With a lock on an integration, deliveries
 * that arrive wait, so count before it is taken.
 */
export async function countDeliveries(
  trx: Trx,
  integrationIds: readonly string[],
): Promise<Map<string, DeliveryCounts>> {
  const { rows } = await sql<{ id: string; state: DeliveryState; count: number }>`
    SELECT wanted.id, states.state, counted.count
    FROM unnest(${integrationIds}::uuid[]) AS wanted (id),
      unnest(${Object.keys(NO_DELIVERIES)}::text[]) AS states (state),
      LATERAL (
        SELECT count(*) AS count FROM (
          SELECT FROM deliveries
          WHERE integration_id = wanted.id AND state = states.state
            AND received_at > now() - interval '7 days'
          -- Makes Postgres use the index, whose end it reads, instead of reading the table.
          ORDER BY received_at DESC LIMIT ${MAX_COUNTED}
        ) AS newest
      ) AS counted
  `.execute(trx)
  const counts = new Map<string, DeliveryCounts>()
  for (const { id, state, count } of rows) {
    const known = counts.get(id) ?? { ...NO_DELIVERIES }
    known[state] = count
    counts.set(id, known)
  }
  return counts
}

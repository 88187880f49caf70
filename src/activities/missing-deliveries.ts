import { asOrganization } from '../db/database.ts'
import { storedDeliveryIds } from '../db/delivery-recoveries.ts'
import type { DeliveryRecoveryRow } from '../db/schema/integrations.ts'
import { readDelivery } from '../integrations/arrival.ts'
import type { ListedAttempt } from '../integrations/github-deliveries.ts'
import type { Dependencies } from './dependencies.ts'

interface Missing {
  /** The newest attempt, with the time of the first one. */
  newest: ListedAttempt
  hasRedelivery: boolean
}

/** Those of the listed deliveries that are not stored, the oldest first. */
export async function findMissing(
  { db }: Dependencies,
  { organization_id, integration_id }: DeliveryRecoveryRow,
  attempts: readonly ListedAttempt[],
): Promise<Missing[]> {
  const byId = new Map<string, Missing>()
  // Newest first.
  for (const attempt of attempts) {
    const id = deliveryIdOf(attempt.guid)
    const known = byId.get(id)
    byId.set(id, {
      newest: { ...(known?.newest ?? attempt), deliveredAt: attempt.deliveredAt },
      hasRedelivery: attempt.isRedelivery || known?.hasRedelivery === true,
    })
  }
  const stored = await asOrganization(db, organization_id, (trx) =>
    storedDeliveryIds(trx, integration_id, [...byId.keys()]),
  )
  return [...byId].flatMap(([id, missing]) => (stored.has(id) ? [] : [missing])).reverse()
}

/** The ID that the receiver would store. */
function deliveryIdOf(guid: string): string {
  const headers = { 'x-github-delivery': guid }
  return readDelivery('github', { headers, body: Buffer.alloc(0) }).deliveryId
}

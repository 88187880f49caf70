import type { z } from 'zod'
import type { ListedDelivery, ShownDelivery } from '../../db/deliveries.ts'
import type { RecoveryOverview } from '../../db/delivery-recoveries.ts'
import type { IntegrationOverview } from '../../db/integrations.ts'
import { publicUrlOf } from '../origin.ts'
import type {
  deliverySchema,
  deliveryWithBodySchema,
  integrationSchema,
  recoverySchema,
} from './schema.ts'

/** UTF-16 code units of a body in a response. */
const MAX_BODY_LENGTH = 1_000_000
/**
 * Bytes of a body that a response needs: each code unit is decoded from at most 3, also where the
 * bytes are not UTF-8. The last 3 may be a part of a character, which the cut makes unreadable.
 */
export const SHOWN_BODY_BYTES = 3 * (MAX_BODY_LENGTH + 1) + 3

export function toIntegration(
  row: IntegrationOverview,
  request: Parameters<typeof publicUrlOf>[0],
  publicUrl: string | undefined,
): z.output<typeof integrationSchema> {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    url: `${publicUrlOf(request, publicUrl)}/webhooks/${row.id}`,
    settings: row.settings,
    createdAt: row.created_at.toISOString(),
    lastDeliveryAt: row.last_delivery_at?.toISOString() ?? null,
    lastRefusal: row.lastRefusal && {
      at: row.lastRefusal.at.toISOString(),
      reason: row.lastRefusal.reason,
    },
    secrets: row.secrets.map(({ created_at, expires_at }) => ({
      createdAt: created_at.toISOString(),
      expiresAt: expires_at?.toISOString() ?? null,
    })),
    lastWeek: row.counts,
    recovery: row.recovery && toRecovery(row.recovery),
  }
}

function toRecovery(row: RecoveryOverview): z.output<typeof recoverySchema> {
  return {
    hooksOf: row.hooks_of,
    tokenSetAt: row.token_set_at.toISOString(),
    checkedAt: row.checked_at?.toISOString() ?? null,
    checkedThrough: row.checked_through?.toISOString() ?? null,
    nextCheckAt: row.due_at.toISOString(),
    problem: row.problem,
    recovered: row.recovered,
  }
}

export function toDelivery(row: ListedDelivery): z.output<typeof deliverySchema> {
  return {
    id: row.id,
    deliveryId: row.delivery_id,
    event: row.event,
    receivedAt: row.received_at.toISOString(),
    state: row.state,
    reason: row.reason,
    changes: row.result?.changes ?? [],
    incidents: row.result?.incidents ?? 0,
    attempts: row.attempts,
    nextAttemptAt: row.due_at?.toISOString() ?? null,
    doneAt: row.done_at?.toISOString() ?? null,
    bytes: row.bytes,
    isTest: row.is_test,
    recoveredAt: row.recovered_at?.toISOString() ?? null,
  }
}

/** @param row with at least {@link SHOWN_BODY_BYTES} of its body, or all of it */
export function toDeliveryWithBody(row: ShownDelivery): z.output<typeof deliveryWithBodySchema> {
  const text = row.body.toString('utf8')
  return {
    ...toDelivery(row),
    headers: row.headers,
    body: text.slice(0, MAX_BODY_LENGTH).toWellFormed(),
    isTruncated: text.length > MAX_BODY_LENGTH,
  }
}

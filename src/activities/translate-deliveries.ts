import { asOrganization, isDatabaseUnavailable, type Trx } from '../db/database.ts'
import { purgeDeletedIntegration } from '../db/deleted-integrations.ts'
import {
  type ClaimedDelivery,
  claimDeliveries,
  type DeliveryOutcome,
  finishDeliveries,
  nextDueInMs,
} from '../db/deliveries.ts'
import { isAboutData } from '../db/insert-changes.ts'
import { OrganizationBusy } from '../db/organization-queue.ts'
import type { DeliverSummary, DeliverWork } from '../workflows/deliver-state.ts'
import type { Dependencies } from './dependencies.ts'
import { storeTranslations } from './store-translations.ts'

/** How long a turn starts new batches. */
const TURN_MS = 5_000
const DELIVERIES_AT_ONCE = 50
/** Bodies of one batch. They are parsed, which takes some times as much memory. */
const BYTES_AT_ONCE = 16 * 1024 * 1024
/** Deliveries of a deleted integration that are removed in one transaction. */
const PURGED_AT_ONCE = 200
/** After this many attempts, a delivery has failed. */
const MAX_ATTEMPTS = 10
const MAX_PAUSE_SECONDS = 600
/** Before the next turn, if this one found nothing to translate. */
const MIN_PAUSE_MS = 1_000

/**
 * One turn of an organization: translates due deliveries until none is left or the time is up, then
 * removes those of deleted integrations. Each
 * batch is one transaction, which locks its deliveries, stores what they become, and marks them. So
 * each delivery is translated exactly once, regardless of where a worker is killed.
 *
 * A batch that fails is repeated one delivery at a time: a delivery that cannot be stored fails
 * alone.
 *
 * @throws the signal's reason when aborted; Postgres' errors if none of the deliveries is the cause
 */
export async function translateDeliveries(
  deps: Dependencies,
  { organizationId }: DeliverWork,
  signal: AbortSignal,
): Promise<DeliverSummary> {
  const { db, clock = Date.now, deliveriesAtOnce = DELIVERIES_AT_ONCE } = deps
  const deadline = clock() + TURN_MS
  const summary: DeliverSummary = { translated: 0, ignored: 0, failed: 0, nextInMs: 0 }
  const count = (outcomes: ReadonlyMap<string, DeliveryOutcome>) => {
    for (const { state } of outcomes.values()) if (state !== 'received') summary[state]++
  }
  const purgeSome = () =>
    asOrganization(db, organizationId, (trx) => purgeDeletedIntegration(trx, PURGED_AT_ONCE))
  // Also while deliveries are always due.
  await purgeSome()
  while (clock() < deadline) {
    signal.throwIfAborted()
    let claimed: ClaimedDelivery[] = []
    try {
      const outcomes = await asOrganization(db, organizationId, async (trx) => {
        claimed = await claimDeliveries(trx, { limit: deliveriesAtOnce, maxBytes: BYTES_AT_ONCE })
        return translate(trx, organizationId, claimed)
      })
      count(outcomes)
    } catch (error) {
      if (claimed.length === 0) throw error
      for (const { id } of claimed) {
        signal.throwIfAborted()
        count(await translateAlone(deps, organizationId, id))
      }
    }
    if (claimed.length === 0) {
      if (await purgeSome()) continue
      const dueInMs = await asOrganization(db, organizationId, (trx) => nextDueInMs(trx))
      // One that is due now is locked by another worker, perhaps one that was lost.
      summary.nextInMs = dueInMs === null ? null : Math.max(dueInMs, MIN_PAUSE_MS)
      return summary
    }
  }
  return summary
}

async function translate(
  trx: Trx,
  organizationId: string,
  claimed: readonly ClaimedDelivery[],
): Promise<Map<string, DeliveryOutcome>> {
  const outcomes = await storeTranslations(trx, organizationId, claimed)
  await finishDeliveries(trx, outcomes)
  return outcomes
}

/**
 * Translates one delivery in its own transaction. If that fails because of the delivery, the reason
 * is recorded.
 *
 * @throws OrganizationBusy; Postgres' errors if it is unavailable
 */
async function translateAlone(
  { db }: Dependencies,
  organizationId: string,
  id: string,
): Promise<Map<string, DeliveryOutcome>> {
  let attempts = 0
  try {
    return await asOrganization(db, organizationId, async (trx) => {
      const claimed = await claimDeliveries(trx, { limit: 1, maxBytes: 0, only: id })
      attempts = (claimed[0]?.attempts ?? 0) + 1
      return translate(trx, organizationId, claimed)
    })
  } catch (error) {
    if (isDatabaseUnavailable(error) || error instanceof OrganizationBusy) throw error
    const outcomes = new Map([[id, failureOf(error, attempts)]])
    await asOrganization(db, organizationId, (trx) => finishDeliveries(trx, outcomes))
    return outcomes
  }
}

/** Postgres' messages about data may contain parts of the delivery, so they are not stored. */
function failureOf(error: unknown, attempts: number): DeliveryOutcome {
  const { code, name = 'Error' } = (error ?? {}) as Partial<Error & { code: string }>
  if (isAboutData(error)) {
    return { state: 'failed', reason: `Postgres does not accept its content (${code}).` }
  }
  const reason = `Could not be stored: ${code ?? name}.`
  if (attempts >= MAX_ATTEMPTS)
    return { state: 'failed', reason: `${reason} Tried ${attempts} times.` }
  return {
    state: 'received',
    reason,
    retryInSeconds: Math.min(2 ** attempts, MAX_PAUSE_SECONDS),
  }
}

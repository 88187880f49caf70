import { sql } from 'kysely'
import { spoken } from '../changes/text.ts'
import type { DeliveryResult, DeliveryState } from '../integrations/integration.ts'
import type { Database, Trx } from './database.ts'
import type { DeliveryRow } from './schema/integrations.ts'

/** `reason` of the table. A reason may quote the delivery. */
const MAX_REASON_LENGTH = 2_000

/** A delivery with a valid signature that has just arrived. */
export interface NewDelivery {
  integrationId: string
  /** The sender's ID of the delivery, at most 200 characters. */
  deliveryId: string
  event: string | null
  /** With names in lower case; those that matter, without credentials. */
  headers: Record<string, string>
  body: Buffer
  isTest: boolean
  /** When the sender tried to deliver it, if Cairn has missed it and fetched it later. */
  missedAt?: Date | undefined
}

/** A delivery as the log lists it. */
export type ListedDelivery = Omit<DeliveryRow, 'body' | 'headers'> & { bytes: number }

/** A delivery with the beginning of its body. `bytes` is the size of the whole body. */
export type ShownDelivery = ListedDelivery & Pick<DeliveryRow, 'body' | 'headers'>

/**
 * Stores deliveries in the order of their arrival. One that is stored already stays as it is.
 *
 * @returns the integrations that exist: a delivery of another one is not stored
 */
export async function insertDeliveries(
  trx: Trx,
  organizationId: string,
  deliveries: readonly NewDelivery[],
): Promise<Set<string>> {
  const real = deliveries
    .filter(({ isTest, missedAt }) => !isTest && missedAt === undefined)
    .map(({ integrationId }) => integrationId)
  // Locks the integrations first, so that none is deleted meanwhile; also the order of the locks.
  const rows = await trx
    .updateTable('integrations')
    .set({
      // A test shows that Cairn can receive, not that the sender delivers. Nor does a missed one.
      last_delivery_at: sql`CASE WHEN id = ANY (${real}::uuid[]) THEN now() ELSE last_delivery_at END`,
    })
    .where('id', 'in', [...new Set(deliveries.map(({ integrationId }) => integrationId))])
    .returning('id')
    .execute()
  const existing = new Set(rows.map(({ id }) => id))
  const stored = deliveries.filter(({ integrationId }) => existing.has(integrationId))
  if (stored.length === 0) return existing
  await trx
    .insertInto('deliveries')
    .values(
      stored.map((delivery) => ({
        organization_id: organizationId,
        integration_id: delivery.integrationId,
        delivery_id: delivery.deliveryId,
        event: delivery.event,
        headers: JSON.stringify(delivery.headers),
        body: delivery.body,
        is_test: delivery.isTest,
        ...(delivery.missedAt && {
          received_at: sql<Date>`least(${delivery.missedAt}::timestamptz, now())`,
          recovered_at: sql<Date>`now()`,
        }),
      })),
    )
    .onConflict((conflict) => conflict.columns(['integration_id', 'delivery_id']).doNothing())
    .execute()
  return existing
}

const listed = [
  'id',
  'organization_id',
  'integration_id',
  'delivery_id',
  'event',
  'received_at',
  'state',
  'reason',
  'result',
  'attempts',
  'due_at',
  'done_at',
  'is_test',
  'recovered_at',
] as const

/**
 * One page of an integration's deliveries, newest first.
 *
 * @param page.before the ID of the previous page's last delivery
 */
export async function listDeliveries(
  trx: Trx,
  integrationId: string,
  page: { limit: number; before?: string | undefined; state?: DeliveryState | undefined },
): Promise<{ items: ListedDelivery[]; hasMore: boolean }> {
  const { limit, before, state } = page
  const rows = await trx
    .selectFrom('deliveries')
    .select(listed)
    .select(sql<number>`octet_length(body)`.as('bytes'))
    .where('integration_id', '=', integrationId)
    .$if(before !== undefined, (query) => query.where('id', '<', before!))
    .$if(state !== undefined, (query) => query.where('state', '=', state!))
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  return { items: rows.slice(0, limit), hasMore: rows.length > limit }
}

/**
 * One delivery with the beginning of its body; undefined if the integration has none with this ID.
 *
 * @param options.maxBytes of the body. The cut may be within a character
 */
export function findDelivery(
  trx: Trx,
  integrationId: string,
  id: string,
  { maxBytes }: { maxBytes: number },
): Promise<ShownDelivery | undefined> {
  return trx
    .selectFrom('deliveries')
    .select(listed)
    .select([
      'headers',
      sql<Buffer>`substring(body FROM 1 FOR ${maxBytes})`.as('body'),
      sql<number>`octet_length(body)`.as('bytes'),
    ])
    .where('integration_id', '=', integrationId)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** The size of a delivery's body; undefined if the integration has none with this ID. */
export function findDeliverySize(
  trx: Trx,
  integrationId: string,
  id: string,
): Promise<{ bytes: number } | undefined> {
  return trx
    .selectFrom('deliveries')
    .select(sql<number>`octet_length(body)`.as('bytes'))
    .where('integration_id', '=', integrationId)
    .where('id', '=', id)
    .executeTakeFirst()
}

/**
 * Makes a delivery due again. Translating it again changes nothing that is stored already.
 *
 * @returns whether it exists
 */
export async function replayDelivery(
  trx: Trx,
  integrationId: string,
  id: string,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('deliveries')
    .set({ state: 'received', due_at: sql`now()`, reason: null, attempts: 0, done_at: null })
    .where('integration_id', '=', integrationId)
    .where('id', '=', id)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/**
 * The organizations with deliveries that have been due for some time.
 *
 * @param system the pool of the role `cairn_system`, which sees every organization
 */
export async function organizationsWithDue(
  system: Database,
  { olderThanMs }: { olderThanMs: number },
): Promise<string[]> {
  const rows = await system
    .selectFrom('deliveries')
    .select('organization_id')
    .distinct()
    .where('due_at', '<=', sql<Date>`now() - make_interval(secs => ${olderThanMs / 1000})`)
    .execute()
  return rows.map(({ organization_id }) => organization_id)
}

/** A claimed delivery, with what its translation depends on. */
export type ClaimedDelivery = Pick<
  DeliveryRow,
  | 'id'
  | 'integration_id'
  | 'delivery_id'
  | 'event'
  | 'headers'
  | 'body'
  | 'received_at'
  | 'attempts'
  | 'is_test'
>

/**
 * Locks some due deliveries until the transaction ends. The integrations of the organization take
 * turns, and of each, the oldest are first: a burst of one does not delay another. Deliveries that
 * another transaction has locked are skipped.
 *
 * @param options.maxBytes of bodies, except that one delivery is always returned
 */
export async function claimDeliveries(
  trx: Trx,
  options: { limit: number; maxBytes: number; only?: string | undefined },
): Promise<ClaimedDelivery[]> {
  const { only } = options
  const { rows: found } = await sql<{ id: string; bytes: number }>`
    SELECT d.id, d.bytes
    FROM integrations i
    CROSS JOIN LATERAL (
      SELECT id, due_at, octet_length(body) AS bytes FROM deliveries
      WHERE integration_id = i.id AND due_at <= now()
        AND ${only === undefined ? sql`true` : sql`id = ${only}`}
      ORDER BY due_at, id LIMIT ${options.limit}
      FOR UPDATE SKIP LOCKED
    ) AS d
    ORDER BY row_number() OVER (PARTITION BY i.id ORDER BY d.due_at, d.id), d.due_at, d.id
    LIMIT ${options.limit}
  `.execute(trx)
  const ids: string[] = []
  let total = 0
  for (const { id, bytes } of found) {
    // A smaller one of another integration may still fit.
    if (ids.length > 0 && total + bytes > options.maxBytes) continue
    total += bytes
    ids.push(id)
  }
  if (ids.length === 0) return []
  return trx
    .selectFrom('deliveries')
    .select([
      'id',
      'integration_id',
      'delivery_id',
      'event',
      'headers',
      'body',
      'received_at',
      'attempts',
      'is_test',
    ])
    .where('id', 'in', ids)
    .orderBy('received_at')
    .orderBy('id')
    .execute()
}

/** What a delivery became. */
export type DeliveryOutcome =
  | { state: 'translated'; result: DeliveryResult }
  | { state: 'ignored' | 'failed'; reason: string }
  /** It stays due, after a pause in seconds. */
  | { state: 'received'; reason: string; retryInSeconds: number }

/** Records what deliveries became, in the transaction that has stored it. */
export async function finishDeliveries(
  trx: Trx,
  outcomes: ReadonlyMap<string, DeliveryOutcome>,
): Promise<void> {
  if (outcomes.size === 0) return
  const rows = [...outcomes].map(([id, outcome]) => ({
    id,
    state: outcome.state,
    reason: 'reason' in outcome ? spoken(outcome.reason, MAX_REASON_LENGTH) : null,
    result: 'result' in outcome ? outcome.result : null,
    retry: 'retryInSeconds' in outcome ? outcome.retryInSeconds : null,
  }))
  await sql`
    UPDATE deliveries d SET
      state = r.state, reason = r.reason, result = r.result, attempts = d.attempts + 1,
      due_at = now() + make_interval(secs => r.retry),
      done_at = CASE WHEN r.retry IS NULL THEN now() END
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
      AS r(id uuid, state text, reason text, result jsonb, retry float)
    WHERE d.id = r.id
  `.execute(trx)
}

/** Milliseconds until the next delivery is due, at least 0; null if there is none. */
export async function nextDueInMs(trx: Trx): Promise<number | null> {
  const row = await trx
    .selectFrom('deliveries')
    .select(sql<number>`extract(epoch FROM due_at - now())::float * 1000`.as('ms'))
    .where('due_at', 'is not', null)
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst()
  return row ? Math.max(0, Math.ceil(row.ms)) : null
}

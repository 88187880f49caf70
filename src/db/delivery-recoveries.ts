import { sql } from 'kysely'
import type { Database, Trx } from './database.ts'
import type { DeliveryRecoveryRow } from './schema/integrations.ts'

/** How missed deliveries of an integration are found, without the token. */
export type RecoveryOverview = Omit<DeliveryRecoveryRow, 'encrypted'>

const OVERVIEW = [
  'integration_id',
  'organization_id',
  'hooks_of',
  'token_set_at',
  'revision',
  'checked_at',
  'checked_through',
  'problem',
  'recovered',
  'due_at',
] as const

/** Of those integrations that have a token, by integration ID. */
export async function listRecoveries(
  trx: Trx,
  integrationIds: readonly string[],
): Promise<Map<string, RecoveryOverview>> {
  if (integrationIds.length === 0) return new Map()
  const rows = await trx
    .selectFrom('delivery_recoveries')
    .select(OVERVIEW)
    .where('integration_id', 'in', [...integrationIds])
    .execute()
  return new Map(rows.map((row) => [row.integration_id, row]))
}

/**
 * Sets whose webhooks are checked, and the token. The next check is due immediately, and compares
 * everything that GitHub still lists. Call it with the integration's row locked.
 *
 * @param fields.encrypted undefined keeps the token
 * @returns false if there is no token yet and none is given: then nothing changes
 */
export async function saveRecovery(
  trx: Trx,
  integration: { id: string; organization_id: string },
  fields: { hooksOf: readonly string[]; encrypted: Buffer | undefined },
): Promise<boolean> {
  const { hooksOf, encrypted } = fields
  const updated = await trx
    .updateTable('delivery_recoveries')
    .set({
      hooks_of: [...hooksOf],
      revision: sql<number>`revision + 1`,
      checked_through: null,
      problem: null,
      due_at: sql<Date>`now()`,
    })
    .$if(encrypted !== undefined, (query) =>
      query.set({ encrypted: encrypted!, token_set_at: sql<Date>`now()` }),
    )
    .where('integration_id', '=', integration.id)
    .executeTakeFirst()
  if (updated.numUpdatedRows > 0n) return true
  if (encrypted === undefined) return false
  await trx
    .insertInto('delivery_recoveries')
    .values({
      integration_id: integration.id,
      organization_id: integration.organization_id,
      encrypted,
      hooks_of: [...hooksOf],
    })
    .execute()
  return true
}

/** @returns whether there was a token */
export async function deleteRecovery(trx: Trx, integrationId: string): Promise<boolean> {
  const { numDeletedRows } = await trx
    .deleteFrom('delivery_recoveries')
    .where('integration_id', '=', integrationId)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

/** Makes the next check due now. @returns whether there is a token */
export async function checkRecoveryNow(trx: Trx, integrationId: string): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('delivery_recoveries')
    .set({ due_at: sql<Date>`now()` })
    .where('integration_id', '=', integrationId)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** A recovery with its encrypted token, as workers read it. */
export function findRecovery(
  trx: Trx,
  integrationId: string,
): Promise<DeliveryRecoveryRow | undefined> {
  return trx
    .selectFrom('delivery_recoveries')
    .selectAll()
    .where('integration_id', '=', integrationId)
    .executeTakeFirst()
}

/**
 * Locks a recovery until the transaction ends, if it was not changed or removed since it was read.
 *
 * @returns whether it still is as it was read
 */
export async function lockRecovery(
  trx: Trx,
  { integration_id, revision }: DeliveryRecoveryRow,
): Promise<boolean> {
  const row = await trx
    .selectFrom('delivery_recoveries')
    .select('integration_id')
    .where('integration_id', '=', integration_id)
    .where('revision', '=', revision)
    .forUpdate()
    .executeTakeFirst()
  return row !== undefined
}

/** Which of these deliveries of an integration are stored. */
export async function storedDeliveryIds(
  trx: Trx,
  integrationId: string,
  deliveryIds: readonly string[],
): Promise<Set<string>> {
  if (deliveryIds.length === 0) return new Set()
  const rows = await trx
    .selectFrom('deliveries')
    .select('delivery_id')
    .where('integration_id', '=', integrationId)
    .where('delivery_id', '=', sql<string>`ANY (${[...deliveryIds]}::text[])`)
    .execute()
  return new Set(rows.map(({ delivery_id }) => delivery_id))
}

/** Call it in the transaction that stores the deliveries. */
export async function countRecovered(
  trx: Trx,
  integrationId: string,
  count: number,
): Promise<void> {
  await trx
    .updateTable('delivery_recoveries')
    .set({ recovered: sql<number>`recovered + ${count}` })
    .where('integration_id', '=', integrationId)
    .execute()
}

/** The result of a check. */
interface CheckResult {
  checkedAt: Date
  /** Undefined: the check was not complete. */
  checkedThrough: Date | undefined
  problem: string | null
  dueAt: Date
}

/** Records a check, unless the recovery was changed or removed meanwhile. */
export async function finishCheck(
  trx: Trx,
  { integration_id, revision }: DeliveryRecoveryRow,
  { checkedAt, checkedThrough, problem, dueAt }: CheckResult,
): Promise<void> {
  await trx
    .updateTable('delivery_recoveries')
    .set({ checked_at: checkedAt, problem, due_at: dueAt })
    .$if(checkedThrough !== undefined, (query) => query.set({ checked_through: checkedThrough! }))
    .where('integration_id', '=', integration_id)
    .where('revision', '=', revision)
    .execute()
}

/** An integration whose missed deliveries are to be found. */
interface RecoveryRef {
  organizationId: string
  integrationId: string
}

/**
 * Recoveries whose check has been due for some time: no workflow acts on them.
 *
 * @param system the pool of the role `cairn_system`, which sees every organization
 */
export async function overdueRecoveries(
  system: Database,
  { olderThanMs }: { olderThanMs: number },
): Promise<RecoveryRef[]> {
  const rows = await system
    .selectFrom('delivery_recoveries')
    .select(['organization_id', 'integration_id'])
    .where('due_at', '<=', sql<Date>`now() - make_interval(secs => ${olderThanMs / 1000})`)
    .orderBy('due_at')
    .limit(1000)
    .execute()
  return rows.map(({ organization_id, integration_id }) => ({
    organizationId: organization_id,
    integrationId: integration_id,
  }))
}

/** Re-encrypts the tokens of one organization that an older key has encrypted. @returns how many */
export async function reencryptTokens(
  trx: Trx,
  reencrypt: (encrypted: Buffer, integrationId: string) => Buffer | undefined,
): Promise<number> {
  const rows = await trx
    .selectFrom('delivery_recoveries')
    .select(['integration_id', 'encrypted'])
    .forUpdate()
    .execute()
  let count = 0
  for (const row of rows) {
    const encrypted = reencrypt(row.encrypted, row.integration_id)
    if (!encrypted) continue
    await trx
      .updateTable('delivery_recoveries')
      .set({ encrypted })
      .where('integration_id', '=', row.integration_id)
      .execute()
    count++
  }
  return count
}

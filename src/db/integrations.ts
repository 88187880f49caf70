import { sql } from 'kysely'
import type { IntegrationKind, IntegrationSettings } from '../integrations/integration.ts'
import type { Database, Trx } from './database.ts'
import { countDeliveries, type DeliveryCounts } from './delivery-counts.ts'
import { listRecoveries, type RecoveryOverview } from './delivery-recoveries.ts'
import { newestRefusals, type RefusalOverview } from './refusals.ts'
import type { IntegrationRow } from './schema/integrations.ts'

/** The maximum number of integrations of an organization. */
const MAX_INTEGRATIONS = 100

export class TooManyIntegrations extends Error {
  override readonly name = 'TooManyIntegrations'
}

/** A secret as it is stored: encrypted, or the hash of a token that is only compared. */
export type EncryptedSecret = { encrypted: Buffer } | { tokenHash: Buffer }

/** When a secret was created, and when it stops to be valid if it has been replaced. */
interface SecretDates {
  created_at: Date
  expires_at: Date | null
}

/** An integration with what its card shows. */
export interface IntegrationOverview extends IntegrationRow {
  /** The valid ones, newest first. */
  secrets: SecretDates[]
  counts: DeliveryCounts
  /** The newest one. */
  lastRefusal: RefusalOverview | null
  /** Null: missed deliveries are not found. */
  recovery: RecoveryOverview | null
}

/** Created before the row, because the row's secret is encrypted for this ID. */
export async function newIntegrationId(trx: Trx): Promise<string> {
  const { rows } = await sql<{ id: string }>`SELECT uuidv7() AS id`.execute(trx)
  return rows[0]!.id
}

/** @throws TooManyIntegrations */
export async function insertIntegration(
  trx: Trx,
  organizationId: string,
  fields: {
    id: string
    kind: IntegrationKind
    name: string
    settings: IntegrationSettings
    secret: EncryptedSecret
  },
): Promise<void> {
  // One at a time, so that the limit is exact.
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`integrations/${organizationId}`}, 0))`.execute(
    trx,
  )
  const { count } = await trx
    .selectFrom('integrations')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  if (count >= MAX_INTEGRATIONS) {
    throw new TooManyIntegrations(`An organization has at most ${MAX_INTEGRATIONS} integrations`)
  }
  const { id, kind, name, settings, secret } = fields
  await trx
    .insertInto('integrations')
    .values({ id, organization_id: organizationId, kind, name, settings: JSON.stringify(settings) })
    .execute()
  await insertSecret(trx, { organizationId, integrationId: id, secret })
}

async function insertSecret(
  trx: Trx,
  fields: { organizationId: string; integrationId: string; secret: EncryptedSecret },
): Promise<void> {
  const { organizationId, integrationId, secret } = fields
  await trx
    .insertInto('integration_secrets')
    .values({
      organization_id: organizationId,
      integration_id: integrationId,
      encrypted: 'encrypted' in secret ? secret.encrypted : null,
      token_hash: 'tokenHash' in secret ? secret.tokenHash : null,
    })
    .execute()
}

/** Locks an integration's row until the transaction ends. Undefined if it does not exist. */
export function lockIntegration(trx: Trx, id: string): Promise<IntegrationRow | undefined> {
  return trx
    .selectFrom('integrations')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
}

/**
 * Replaces the current secret. Call it with the integration's row locked.
 *
 * @param options.oldValidHours how long the replaced secret stays valid; with 0, it ends at once. An
 *   older one that was being replaced ends in any case
 */
export async function replaceSecret(
  trx: Trx,
  integration: IntegrationRow,
  options: { secret: EncryptedSecret; oldValidHours: number },
): Promise<void> {
  const { id, organization_id: organizationId } = integration
  const { secret, oldValidHours } = options
  const old = trx.deleteFrom('integration_secrets').where('integration_id', '=', id)
  if (oldValidHours === 0) await old.execute()
  else {
    await old.where('expires_at', 'is not', null).execute()
    await trx
      .updateTable('integration_secrets')
      .set({ expires_at: sql`now() + make_interval(hours => ${oldValidHours})` })
      .where('integration_id', '=', id)
      .execute()
  }
  await insertSecret(trx, { organizationId, integrationId: id, secret })
}

export async function updateIntegration(
  trx: Trx,
  id: string,
  fields: { name?: string | undefined; settings?: IntegrationSettings | undefined },
): Promise<void> {
  const { name, settings } = fields
  if (name === undefined && settings === undefined) return
  await trx
    .updateTable('integrations')
    .$if(name !== undefined, (query) => query.set({ name: name! }))
    .$if(settings !== undefined, (query) => query.set({ settings: JSON.stringify(settings) }))
    .where('id', '=', id)
    .execute()
}

/**
 * In the order of their creation.
 *
 * @param options.counts of `countDeliveries`, if they were counted before
 */
export async function listIntegrations(
  trx: Trx,
  options: { id?: string; counts?: ReadonlyMap<string, DeliveryCounts> } = {},
): Promise<IntegrationOverview[]> {
  const { id } = options
  const rows = await trx
    .selectFrom('integrations')
    .selectAll()
    .$if(id !== undefined, (query) => query.where('id', '=', id!))
    .orderBy('id')
    .execute()
  if (rows.length === 0) return []
  const ids = rows.map((row) => row.id)
  const secrets = await trx
    .selectFrom('integration_secrets')
    .select(['integration_id', 'created_at', 'expires_at'])
    .where('integration_id', 'in', ids)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', sql<Date>`now()`)]))
    .orderBy('id', 'desc')
    .execute()
  const counts = options.counts ?? (await countDeliveries(trx, ids))
  const refusals = await newestRefusals(trx, ids)
  const recoveries = await listRecoveries(trx, ids)
  return rows.map((row) => ({
    ...row,
    secrets: secrets.filter(({ integration_id }) => integration_id === row.id),
    counts: counts.get(row.id)!,
    lastRefusal: refusals.get(row.id) ?? null,
    recovery: recoveries.get(row.id) ?? null,
  }))
}

export async function findIntegration(
  trx: Trx,
  id: string,
  counts?: ReadonlyMap<string, DeliveryCounts>,
): Promise<IntegrationOverview | undefined> {
  return (await listIntegrations(trx, { id, counts }))[0]
}

/** What the receiver needs to verify a delivery. */
export interface ReceivingIntegration {
  id: string
  organizationId: string
  kind: IntegrationKind
  secrets: EncryptedSecret[]
}

/**
 * Finds an integration by its ID, before its organization is known.
 *
 * @param system the pool of the role `cairn_system`
 */
export async function findReceivingIntegration(
  system: Database,
  id: string,
): Promise<ReceivingIntegration | undefined> {
  const rows = await system
    .selectFrom('integrations as i')
    .leftJoin('integration_secrets as s', (join) =>
      join
        .onRef('s.integration_id', '=', 'i.id')
        .on((eb) =>
          eb.or([eb('s.expires_at', 'is', null), eb('s.expires_at', '>', sql<Date>`now()`)]),
        ),
    )
    .select(['i.id', 'i.organization_id', 'i.kind', 's.encrypted', 's.token_hash'])
    .where('i.id', '=', id)
    .execute()
  const first = rows[0]
  if (!first) return undefined
  return {
    id: first.id,
    organizationId: first.organization_id,
    kind: first.kind,
    secrets: rows.flatMap(({ encrypted, token_hash }): EncryptedSecret[] => {
      if (encrypted) return [{ encrypted }]
      return token_hash ? [{ tokenHash: token_hash }] : []
    }),
  }
}

/** The encrypted current secret of an integration; undefined if it has only a token's hash. */
export async function currentSecret(trx: Trx, id: string): Promise<Buffer | undefined> {
  const row = await trx
    .selectFrom('integration_secrets')
    .select('encrypted')
    .where('integration_id', '=', id)
    .where('expires_at', 'is', null)
    .executeTakeFirst()
  return row?.encrypted ?? undefined
}

/**
 * Re-encrypts the secrets of one organization that an older key has encrypted.
 *
 * @param reencrypt returns undefined if the current key has encrypted it
 * @returns how many were re-encrypted
 */
export async function reencryptSecrets(
  trx: Trx,
  reencrypt: (encrypted: Buffer, integrationId: string) => Buffer | undefined,
): Promise<number> {
  const rows = await trx
    .selectFrom('integration_secrets')
    .select(['id', 'integration_id', 'encrypted'])
    .where('encrypted', 'is not', null)
    .forUpdate()
    .execute()
  let count = 0
  for (const row of rows) {
    const encrypted = reencrypt(row.encrypted!, row.integration_id)
    if (!encrypted) continue
    await trx
      .updateTable('integration_secrets')
      .set({ encrypted })
      .where('id', '=', row.id)
      .execute()
    count++
  }
  return count
}

/** The kind and the settings of integrations, by ID. */
export async function kindsOfIntegrations(
  trx: Trx,
  ids: readonly string[],
): Promise<Map<string, Pick<IntegrationRow, 'kind' | 'settings'>>> {
  if (ids.length === 0) return new Map()
  const rows = await trx
    .selectFrom('integrations')
    .select(['id', 'kind', 'settings'])
    .where('id', 'in', [...new Set(ids)])
    .execute()
  return new Map(rows.map(({ id, kind, settings }) => [id, { kind, settings }]))
}

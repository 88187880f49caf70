import { sql } from 'kysely'
import type { Database, Trx } from './database.ts'

/**
 * Deletes an integration and its secrets. Its deliveries are removed later; its changes stay.
 *
 * @returns whether it existed
 */
export async function deleteIntegration(trx: Trx, id: string): Promise<boolean> {
  const row = await trx
    .deleteFrom('integrations')
    .where('id', '=', id)
    .returning('organization_id')
    .executeTakeFirst()
  if (!row) return false
  await trx
    .insertInto('deleted_integrations')
    .values({ integration_id: id, organization_id: row.organization_id })
    .execute()
  return true
}

/**
 * Removes some deliveries of one deleted integration of the organization, and forgets the
 * integration when none is left. No delivery is added meanwhile: storing one locks the integration,
 * which no longer exists.
 *
 * @param limit the most deliveries to remove; each has a body of up to 25 MiB
 * @returns false if the organization has no deleted integration
 */
export async function purgeDeletedIntegration(trx: Trx, limit: number): Promise<boolean> {
  const deleted = await trx
    .selectFrom('deleted_integrations')
    .select(['integration_id', 'organization_id'])
    .orderBy('deleted_at')
    .limit(1)
    .forUpdate()
    .executeTakeFirst()
  if (!deleted) return false
  const { integration_id, organization_id } = deleted
  const { numDeletedRows } = await trx
    .deleteFrom('deliveries')
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('deliveries')
        .select('id')
        .where('organization_id', '=', organization_id)
        .where('integration_id', '=', integration_id)
        .orderBy('id', 'desc')
        .limit(limit),
    )
    .executeTakeFirst()
  if (numDeletedRows < BigInt(limit)) {
    await trx
      .deleteFrom('deleted_integrations')
      .where('integration_id', '=', integration_id)
      .execute()
  }
  return true
}

/**
 * The organizations with deleted integrations whose deliveries are not removed yet.
 *
 * @param system the pool of the role `cairn_system`, which sees every organization
 */
export async function organizationsWithDeletedIntegrations(system: Database): Promise<string[]> {
  const { rows } = await sql<{ organization_id: string }>`
    SELECT DISTINCT organization_id FROM deleted_integrations
  `.execute(system)
  return rows.map(({ organization_id }) => organization_id)
}

import type { ServiceMapping } from '../incidents/mapping.ts'
import type { Trx } from './database.ts'
import type { ServiceMappingRow } from './schema/incidents.ts'

export const MAX_SERVICE_MAPPINGS = 500

export class TooManyServiceMappings extends Error {
  override readonly name = 'TooManyServiceMappings'
}

/** In the order in which they apply: the first that names an environment decides it. */
export function listServiceMappings(trx: Trx): Promise<ServiceMappingRow[]> {
  return trx
    .selectFrom('service_mappings')
    .selectAll()
    .orderBy('created_at')
    .orderBy('id')
    .execute()
}

export function toMapping(row: ServiceMappingRow): ServiceMapping {
  return {
    source: row.source,
    label: row.label,
    value: row.value,
    environmentId: row.environment_id,
    services: row.services,
  }
}

/**
 * The caller has called `lockIncidents`, so that the limit is exact.
 *
 * @throws TooManyServiceMappings
 * @throws pg error 23505 on `service_mappings_once` if there is one for this source, label and value
 * @throws pg error 23503 on `service_mappings_environment` if the environment does not exist
 */
export async function insertServiceMapping(
  trx: Trx,
  organizationId: string,
  mapping: ServiceMapping,
): Promise<ServiceMappingRow> {
  const existing = await listServiceMappings(trx)
  if (existing.length >= MAX_SERVICE_MAPPINGS) {
    throw new TooManyServiceMappings(
      `The organization has ${MAX_SERVICE_MAPPINGS} service mappings`,
    )
  }
  return trx
    .insertInto('service_mappings')
    .values({
      organization_id: organizationId,
      source: mapping.source,
      label: mapping.label,
      value: mapping.value,
      environment_id: mapping.environmentId,
      services: mapping.services,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/**
 * The caller has called `lockIncidents`: a new mapping of the same value waits for this transaction
 * while it has that lock.
 *
 * @returns the deleted mapping; undefined if it does not exist
 */
export function deleteServiceMapping(trx: Trx, id: string): Promise<ServiceMappingRow | undefined> {
  return trx.deleteFrom('service_mappings').where('id', '=', id).returningAll().executeTakeFirst()
}

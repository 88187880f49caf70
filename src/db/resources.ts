import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { Change } from '../changes/change.ts'
import { resourceIdOfKey } from '../changes/resource-key.ts'
import { indexable } from '../changes/text.ts'
import type { Trx } from './database.ts'

/**
 * The maximum number of resources of one change that filters and facets use; text search uses all.
 */
const MAX_RESOURCES = 100
/** The longest key, in bytes of UTF-8. */
const MAX_KEY_BYTES = 4_096

/** How many resources a purge checks in one transaction. */
const PURGED_AT_ONCE = 500

function keyDigest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/**
 * The name of the lock between imports and purges of resources: an import shares it while it stores
 * changes, so that no purge removes a resource that an uncommitted change refers to. A transaction
 * takes it before all other locks.
 */
const lockName = (organizationId: string) => `resources/${organizationId}`

export async function lockResourcesForImport(trx: Trx, organizationId: string): Promise<void> {
  await sql`
    SELECT pg_advisory_xact_lock_shared(hashtextextended(${lockName(organizationId)}, 0))
  `.execute(trx)
}

/** Imports of the organization wait until the transaction ends. */
export async function lockOutImports(trx: Trx, organizationId: string): Promise<void> {
  await sql`
    SELECT pg_advisory_xact_lock(hashtextextended(${lockName(organizationId)}, 0))
  `.execute(trx)
}

/**
 * Stores the resources of changes that are new in the organization, and adds names and ARNs that
 * were unknown. Reads first and writes only what is missing, so that reading a page again uses no
 * new numbers. Missing ones are inserted in one statement in the order of the keys, so two
 * transactions that add the same resources do not deadlock.
 *
 * The caller has called `lockResourcesForImport`.
 *
 * @returns numbers by key, of the first `MAX_RESOURCES` resources of each change
 */
export async function storeResources(
  trx: Trx,
  organizationId: string,
  changes: readonly Pick<Change, 'source' | 'resources'>[],
): Promise<Map<string, number>> {
  const wanted = new Map<string, ReturnType<typeof toRow>>()
  for (const { source, resources } of changes) {
    for (const resource of resources.slice(0, MAX_RESOURCES)) {
      const row = toRow(source, resource)
      const same = wanted.get(row.key)
      if (same === undefined) wanted.set(row.key, row)
      else {
        same.name ??= row.name
        same.arn ??= row.arn
      }
    }
  }
  if (wanted.size === 0) return new Map()
  const stored = await trx
    .selectFrom('resources')
    .select(['id', 'key', 'name', 'arn'])
    .where('organization_id', '=', organizationId)
    .where('key_digest', 'in', [...wanted.keys()].map(keyDigest))
    .execute()
  const ids = new Map(stored.map(({ key, id }) => [key, id]))
  const known = new Map(stored.map((row) => [row.key, row]))
  const missing = [...wanted.values()].filter(({ key, name, arn }) => {
    const row = known.get(key)
    return !row || (row.name === null && name !== null) || (row.arn === null && arn !== null)
  })
  if (missing.length === 0) return ids
  const rows = missing.map((row) => ({ ...row, key_digest: keyDigest(row.key).toString('hex') }))
  const { rows: written } = await sql<{ id: number; key: string }>`
    INSERT INTO resources (organization_id, key, key_digest, source, account_id, region, type,
      resource_id, name, arn)
    SELECT ${organizationId}, key, decode(key_digest, 'hex'), source, account_id, region, type,
      resource_id, name, arn
    FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(key text, key_digest text,
      source text, account_id text, region text, type text, resource_id text, name text, arn text)
    ORDER BY key_digest
    ON CONFLICT (organization_id, key_digest) DO UPDATE SET
      name = coalesce(resources.name, excluded.name), arn = coalesce(resources.arn, excluded.arn)
    RETURNING id, key
  `.execute(trx)
  for (const { id, key } of written) ids.set(key, id)
  return ids
}

/** Limited and without NUL, even if a source breaks the rules of change.ts. */
function toRow(source: string, resource: Change['resources'][number]) {
  const key = indexable(resource.key, MAX_KEY_BYTES)
  const optional = (text: string | null | undefined) => (text == null ? null : indexable(text))
  return {
    key,
    source: indexable(source),
    account_id: optional(resource.accountId),
    region: optional(resource.region),
    type: indexable(resource.type),
    resource_id: indexable(resourceIdOfKey(key)),
    name: optional(resource.name),
    arn: optional(resource.arn),
  }
}

/** @param ids by key, as `storeResources` returned them */
export function resourceIdsOf(
  { resources }: Pick<Change, 'resources'>,
  ids: ReadonlyMap<string, number>,
): number[] {
  const found = resources
    .slice(0, MAX_RESOURCES)
    .flatMap(({ key }) => ids.get(indexable(key, MAX_KEY_BYTES)) ?? [])
  return [...new Set(found)]
}

/**
 * The numbers of the resources that filter values identify, as a subquery: a canonical key
 * identifies one resource; an ID, a name or an ARN identifies every resource that has it. Each
 * comparison uses an index.
 */
export function resourceIdsNamed(values: readonly string[]) {
  const digests = values.map((value) => `\\x${keyDigest(value).toString('hex')}`)
  return sql<number>`
    SELECT id FROM resources WHERE key_digest = ANY (${digests}::bytea[])
    UNION SELECT id FROM resources WHERE resource_id = ANY (${values}::text[])
    UNION SELECT id FROM resources WHERE name = ANY (${values}::text[])
    UNION SELECT id FROM resources WHERE arn = ANY (${values}::text[])`
}

/**
 * Removes resources of the organization to which no change refers any longer, one batch per call.
 * Imports of the organization wait meanwhile.
 *
 * @param after the last number that was checked; 0 at first
 * @returns the last number that was checked in this call; null when all were checked
 */
export async function purgeSomeResources(
  trx: Trx,
  organizationId: string,
  after: number,
): Promise<number | null> {
  await lockOutImports(trx, organizationId)
  const next = await trx
    .selectFrom('resources')
    .select('id')
    .where('organization_id', '=', organizationId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(PURGED_AT_ONCE)
    .execute()
  if (next.length === 0) return null
  const ids = next.map(({ id }) => id)
  await sql`
    DELETE FROM resources WHERE organization_id = ${organizationId} AND id = ANY (${ids}::int[])
      AND id NOT IN (SELECT used FROM used_resources(${ids}::int[]) AS used)
  `.execute(trx)
  return ids.at(-1)!
}

import { sql } from 'kysely'
import { asOrganization, type Database, type Trx } from './database.ts'
import { hashToken, newToken } from './token.ts'

/** The organization that the first start creates. */
export const DEFAULT_ORGANIZATION = 'default'

export function newApiKey(): string {
  return newToken('')
}

/**
 * Creates the organization if there is none with this name, even if other processes do the same
 * concurrently.
 *
 * @param system pool of the role `cairn_system`
 */
export async function ensureOrganization(
  system: Database,
  name: string,
): Promise<{ id: string; created: boolean }> {
  const made = await system
    .insertInto('organizations')
    .values({ name })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (made) return { id: made.id, created: true }
  return { id: (await findOrganization(system, name))!, created: false }
}

/** The ID of the organization with this name. */
export async function findOrganization(
  system: Database,
  name: string,
): Promise<string | undefined> {
  const row = await system
    .selectFrom('organizations')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirst()
  return row?.id
}

interface NamedKey {
  name: string
  key: string
  /** The email address of the person who creates it. */
  createdBy?: string
}

/** Stores the key's hash and its first characters. The key itself is not in the database. */
function toRow(organizationId: string, { name, key, createdBy }: NamedKey) {
  return {
    organization_id: organizationId,
    name,
    key_hash: hashToken(key),
    created_by: createdBy,
    // For a key that a person chose, a prefix could reveal too much.
    prefix: /^cairn_[\w-]{43}$/.test(key) ? key.slice(0, 12) : null,
  }
}

/** Adds the key if it does not exist yet. */
export async function addApiKey(
  system: Database,
  organizationId: string,
  key: NamedKey,
): Promise<void> {
  await system
    .insertInto('api_keys')
    .values(toRow(organizationId, key))
    .onConflict((conflict) => conflict.column('key_hash').doNothing())
    .execute()
}

const shown = [
  'id',
  'name',
  'prefix',
  'created_by',
  'created_at',
  'last_used_at',
  'revoked_at',
] as const

/** Stores a key that was just created. */
export function insertApiKey(trx: Trx, organizationId: string, key: NamedKey) {
  return trx
    .insertInto('api_keys')
    .values(toRow(organizationId, key))
    .returning(shown)
    .executeTakeFirstOrThrow()
}

/** The keys of the transaction's organization, oldest first, including revoked ones. */
export function listApiKeys(trx: Trx) {
  return trx.selectFrom('api_keys').select(shown).orderBy('created_at').orderBy('id').execute()
}

/**
 * Revokes the key. A key that is already revoked is unchanged. Undefined if the key does not exist.
 */
export function revokeApiKey(trx: Trx, id: string) {
  return trx
    .updateTable('api_keys')
    .set({ revoked_at: sql<Date>`coalesce(revoked_at, now())` })
    .where('id', '=', id)
    .returning(shown)
    .executeTakeFirst()
}

/** Whether the organization has a valid key. */
export async function hasApiKey(system: Database, organizationId: string): Promise<boolean> {
  const row = await system
    .selectFrom('api_keys')
    .select('id')
    .where('organization_id', '=', organizationId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Revokes all other keys with this name, and makes this key valid, even if it was revoked before.
 */
export async function keepOnlyKey(
  database: Database,
  organizationId: string,
  keep: { name: string; key: string },
): Promise<void> {
  await asOrganization(database, organizationId, (trx) =>
    trx
      .updateTable('api_keys')
      .set({
        revoked_at: sql<Date | null>`
          CASE WHEN key_hash = ${hashToken(keep.key)} THEN NULL ELSE coalesce(revoked_at, now()) END`,
      })
      .where('name', '=', keep.name)
      .execute(),
  )
}

/**
 * The organization that a key belongs to; undefined for a key that is unknown or revoked. Records
 * its use at most once an hour, because otherwise each request would be a write.
 */
export async function organizationOfKey(
  system: Database,
  key: string,
): Promise<string | undefined> {
  const row = await system
    .selectFrom('api_keys')
    .select(['id', 'organization_id'])
    .select(sql<boolean>`coalesce(last_used_at < now() - interval '1 hour', true)`.as('unnoted'))
    .where('key_hash', '=', hashToken(key))
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (row?.unnoted) {
    await system
      .updateTable('api_keys')
      .set({ last_used_at: sql<Date>`now()` })
      .where('id', '=', row.id)
      .execute()
  }
  return row?.organization_id
}

import { sql } from 'kysely'
import { MAX_VIEWS, type ViewQuery } from '../changes/saved-views.ts'
import type { Trx } from './database.ts'

export interface ViewRow {
  id: string
  /** Null: created with an API key, or by a user who has been removed. */
  userId: string | null
  name: string
  query: ViewQuery
  shared: boolean
  createdAt: Date
}

interface ViewFields {
  name: string
  query: ViewQuery
  shared: boolean
}

export class TooManyViews extends Error {
  override readonly name = 'TooManyViews'
}

const columns = [
  'id',
  'user_id as userId',
  'name',
  'query',
  'shared',
  'created_at as createdAt',
] as const

/**
 * The shared views, and the user's own, by name.
 *
 * @param userId null for an API key
 */
export function listViews(trx: Trx, userId: string | null): Promise<ViewRow[]> {
  return trx
    .selectFrom('saved_views')
    .select(columns)
    .where(({ or, eb }) =>
      userId === null
        ? eb('shared', '=', true)
        : or([eb('shared', '=', true), eb('user_id', '=', userId)]),
    )
    .orderBy('name')
    .orderBy('id')
    .execute()
}

/**
 * The view, if it is visible to the user. Locks it until the transaction ends.
 *
 * @param userId null for an API key
 */
export async function lockView(
  trx: Trx,
  userId: string | null,
  id: string,
): Promise<ViewRow | undefined> {
  const row = await trx
    .selectFrom('saved_views')
    .select(columns)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  const isVisible = row && (row.shared || (userId !== null && row.userId === userId))
  return isVisible ? row : undefined
}

/** @throws TooManyViews */
export async function insertView(
  trx: Trx,
  organizationId: string,
  view: ViewFields & { userId: string | null },
): Promise<ViewRow> {
  // One at a time, so that the limit is exact.
  const lock = `views/${organizationId}`
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${lock}, 0))`.execute(trx)
  const { count } = await trx
    .selectFrom('saved_views')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  if (count >= MAX_VIEWS) throw new TooManyViews(`The organization has ${MAX_VIEWS} saved views`)
  return trx
    .insertInto('saved_views')
    .values({
      organization_id: organizationId,
      user_id: view.userId,
      name: view.name,
      query: JSON.stringify(view.query),
      shared: view.shared,
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
}

/** Changes a view that is locked. Omitted fields keep their values. */
export function updateView(
  trx: Trx,
  view: ViewRow,
  fields: { [Field in keyof ViewFields]?: ViewFields[Field] | undefined },
): Promise<ViewRow> {
  const { name = view.name, query = view.query, shared = view.shared } = fields
  return trx
    .updateTable('saved_views')
    .set({ name, query: JSON.stringify(query), shared })
    .where('id', '=', view.id)
    .returning(columns)
    .executeTakeFirstOrThrow()
}

export async function deleteView(trx: Trx, id: string): Promise<void> {
  await trx.deleteFrom('saved_views').where('id', '=', id).execute()
}

import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { changeIdTime } from './change-id.ts'
import type { Trx } from './database.ts'
import { inOrder } from './environments.ts'

interface ConnectionOfOrganization {
  organization_id: string
  id: string
}

/**
 * Sets the environment of all changes of a connection, past and future; null: none. Writes one row,
 * regardless of the number of changes.
 *
 * @throws pg error 23503 on `environment_links_environment` if the organization has no such
 *   environment
 */
export async function setDefaultEnvironment(
  trx: Trx,
  connection: ConnectionOfOrganization,
  environmentId: string | null,
): Promise<void> {
  if (environmentId === null) {
    await trx
      .deleteFrom('environment_links')
      .where('connection_id', '=', connection.id)
      .where('made_by', '=', 'connection_default')
      .execute()
    return
  }
  await trx
    .insertInto('environment_links')
    .values({
      organization_id: connection.organization_id,
      environment_id: environmentId,
      connection_id: connection.id,
      made_by: 'connection_default',
    })
    .onConflict((conflict) =>
      conflict
        .column('connection_id')
        .where('made_by', '=', 'connection_default')
        .doUpdateSet({ environment_id: environmentId, made_at: sql<Date>`now()` })
        .where('environment_links.environment_id', '<>', environmentId),
    )
    .execute()
}

/** Default environments by connection. Connections without one are absent. */
export async function defaultEnvironments(
  trx: Trx,
  connectionId?: string,
): Promise<Map<string, string>> {
  let query = trx
    .selectFrom('environment_links')
    .select(['connection_id', 'environment_id'])
    .where('made_by', '=', 'connection_default')
  if (connectionId !== undefined) query = query.where('connection_id', '=', connectionId)
  const rows = await query.execute()
  return new Map(rows.map((row) => [row.connection_id, row.environment_id]))
}

/** The fields that determine the environments of a change. */
export interface EnvironmentSubject {
  connectionId: string | null
  /** Absent for all changes of the connection that no rule links. */
  changeId?: string
  /** Of several changes: the sets of `change_environments` that they have; 0: none. */
  setIds?: readonly number[]
}

/**
 * Returns the environments of changes, in list order: those that rules have assigned to the change,
 * or else those of its connection. All code that shows or counts a change's environments uses this
 * function; filters use `inEnvironments`. See docs/decisions/014-environment-links.md and 034.
 * Links of deleted connections remain, because their changes may remain.
 *
 * @param subjects all subjects to look up
 */
export async function environmentsOf(
  trx: Trx,
  subjects: readonly EnvironmentSubject[],
): Promise<(subject: EnvironmentSubject) => string[]> {
  const connections = await defaultsOf(trx, subjects)
  const sets = await environmentSets(trx)
  if (sets.size === 0) {
    return ({ connectionId }) => connections.get(connectionId ?? '') ?? []
  }
  const links = await setIdsOf(
    trx,
    subjects.flatMap(({ changeId }) => changeId ?? []),
  )
  const order = new Map((await inOrder(trx)).map((id, place) => [id, place]))
  const placeOf = (id: string) => order.get(id) ?? order.size
  return ({ connectionId, changeId, setIds }) => {
    const own = setIds ?? [links.get(changeId ?? '') ?? 0]
    const ids = own.flatMap((id) => sets.get(id) ?? connections.get(connectionId ?? '') ?? [])
    return [...new Set(ids)].sort((a, b) => placeOf(a) - placeOf(b))
  }
}

async function defaultsOf(
  trx: Trx,
  subjects: readonly EnvironmentSubject[],
): Promise<Map<string, string[]>> {
  const ids = new Set(subjects.flatMap(({ connectionId }) => connectionId ?? []))
  if (ids.size === 0) return new Map()
  const rows = await trx
    .selectFrom('environment_links as l')
    .innerJoin('environments as e', 'e.id', 'l.environment_id')
    .select(['l.connection_id', sql<string[]>`array_agg(e.id ORDER BY e.position)`.as('ids')])
    .where('l.connection_id', 'in', [...ids])
    .groupBy('l.connection_id')
    .execute()
  return new Map(rows.map(({ connection_id, ids }) => [connection_id, ids]))
}

/** Environment IDs by set; empty if no change has environments of its own. */
async function environmentSets(trx: Trx): Promise<Map<number, string[]>> {
  const rows = await trx.selectFrom('environment_sets').select(['id', 'environment_ids']).execute()
  return new Map(rows.map(({ id, environment_ids }) => [id, environment_ids]))
}

async function setIdsOf(trx: Trx, ids: readonly string[]): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map()
  const rows = await trx
    .selectFrom('change_environments')
    .select(['id', 'set_id'])
    .where(sql<SqlBool>`occurred_at = ANY (${ids.map(changeIdTime)}::timestamptz[])`)
    .where(sql<SqlBool>`id = ANY (${ids}::uuid[])`)
    .execute()
  return new Map(rows.map(({ id, set_id }) => [id, set_id]))
}

/** Whether any change of the organization has environments of its own. */
export async function hasOwnEnvironments(trx: Trx): Promise<boolean> {
  const row = await trx.selectFrom('environment_sets').select('id').limit(1).executeTakeFirst()
  return row !== undefined
}

/** The set of a change of the query: 0 if it has no environments of its own. */
export const setIdOfChange: RawBuilder<number> = sql`coalesce((
  SELECT l.set_id FROM change_environments l
  WHERE l.organization_id = changes.organization_id
    AND l.occurred_at = changes.occurred_at AND l.id = changes.id), 0)`

/**
 * The same as a condition on `changes`. Postgres looks up each list once, and expects half of the
 * changes to match, so the feed is read in the order of its index. Without rules, no link is looked
 * up. If no rule and no connection assigns one of the environments, no change is read.
 */
export function inEnvironments(environmentIds: string[]): RawBuilder<SqlBool> {
  const connectionsWith = sql`SELECT l.connection_id FROM environment_links l
    WHERE l.environment_id::text = ANY (${environmentIds}::text[])`
  return sql`((EXISTS (${setsWith(environmentIds)}) OR EXISTS (${connectionsWith})) AND coalesce(
      CASE WHEN EXISTS (SELECT FROM environment_sets) THEN (
        SELECT l.set_id = ANY (ARRAY(${setsWith(environmentIds)})) FROM change_environments l
        WHERE l.organization_id = changes.organization_id
          AND l.occurred_at = changes.occurred_at AND l.id = changes.id
          AND l.set_id = ANY (ARRAY(SELECT id FROM environment_sets))) END,
      changes.connection_id IN (${connectionsWith})))`
}

/** The numbers of the sets that contain one of the environments, as a subquery. */
export function setsWith(environmentIds: readonly string[]): RawBuilder<number> {
  return sql`SELECT id FROM environment_sets
    WHERE environment_ids::text[] && ${environmentIds}::text[]`
}

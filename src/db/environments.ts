import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { fold } from '../changes/environment-rules.ts'
import { type EnvironmentColor, environmentColors } from '../changes/environments.ts'
import { changeIdTime } from './change-id.ts'
import { environmentNamed, removeFromRules } from './change-rules.ts'
import type { Trx } from './database.ts'
import { lockOutImports } from './resources.ts'
import type { EnvironmentRow } from './schema.ts'

/** Each change contains all of its environments, so their number is limited. */
export const MAX_ENVIRONMENTS = 100

export class TooManyEnvironments extends Error {
  override readonly name = 'TooManyEnvironments'
}

/** An environment, with the number of connections that use it as their default. */
export interface CountedEnvironment extends EnvironmentRow {
  connections: number
  /** The IDs of the environments that it depends on, in list order. */
  dependsOn: string[]
}

/** In list order. Connections whose deletion is complete are not counted. */
export function listEnvironments(trx: Trx): Promise<CountedEnvironment[]> {
  return withCounts(trx).orderBy('position').execute()
}

export function findEnvironment(trx: Trx, id: string): Promise<CountedEnvironment | undefined> {
  return withCounts(trx).where('environments.id', '=', id).executeTakeFirst()
}

function withCounts(trx: Trx) {
  return trx
    .selectFrom('environments')
    .selectAll()
    .select((eb) =>
      eb
        .selectFrom('environment_links as l')
        .innerJoin('connections as c', 'c.id', 'l.connection_id')
        .select(sql<number>`count(*)`.as('count'))
        .whereRef('l.environment_id', '=', 'environments.id')
        .where('l.made_by', '=', 'connection_default')
        .where('c.ended_at', 'is', null)
        .$asScalar()
        .$notNull()
        .as('connections'),
    )
    .select(
      sql<string[]>`ARRAY(
        SELECT d.depends_on FROM environment_dependencies d
        JOIN environments e ON e.id = d.depends_on
        WHERE d.environment_id = environments.id ORDER BY e.position)`.as('dependsOn'),
    )
}

/** What each environment depends on, by ID. Environments that depend on none are absent. */
export async function dependenciesOf(trx: Trx): Promise<Map<string, string[]>> {
  const rows = await trx
    .selectFrom('environment_dependencies')
    .select(['environment_id', 'depends_on'])
    .orderBy('depends_on')
    .execute()
  const grouped = Map.groupBy(rows, ({ environment_id }) => environment_id)
  return new Map([...grouped].map(([id, own]) => [id, own.map(({ depends_on }) => depends_on)]))
}

async function addDependencies(
  trx: Trx,
  organizationId: string,
  dependencies: { id: string; dependsOn: readonly string[] },
): Promise<void> {
  const { id, dependsOn } = dependencies
  if (dependsOn.length === 0) return
  const rows = [...new Set(dependsOn)].map((depends_on) => ({
    organization_id: organizationId,
    environment_id: id,
    depends_on,
  }))
  await trx.insertInto('environment_dependencies').values(rows).execute()
}

/**
 * Creates an environment at the end of the list. Without a color, it gets the least used one.
 *
 * @throws TooManyEnvironments
 * @throws pg error 23503 on `environment_dependencies_depends_on` if the organization has no such
 *   environment
 * @throws pg error 23505 on `environments_name` if another one has this name, ignoring case
 */
export async function insertEnvironment(
  trx: Trx,
  organizationId: string,
  wanted: { name: string; color?: EnvironmentColor; dependsOn?: readonly string[] },
): Promise<CountedEnvironment> {
  await lockOutImports(trx, organizationId)
  await lockOrder(trx, organizationId)
  const taken = await trx.selectFrom('environments').select('color').execute()
  if (taken.length >= MAX_ENVIRONMENTS) {
    throw new TooManyEnvironments(`The organization has ${MAX_ENVIRONMENTS} environments`)
  }
  const row = await trx
    .insertInto('environments')
    .values({
      organization_id: organizationId,
      name: wanted.name,
      color: wanted.color ?? leastUsed(taken.map(({ color }) => color)),
      position: taken.length,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const { dependsOn = [] } = wanted
  await addDependencies(trx, organizationId, { id: row.id, dependsOn })
  await environmentNamed(trx, organizationId)
  return (await findEnvironment(trx, row.id))!
}

function leastUsed(taken: EnvironmentColor[]): EnvironmentColor {
  const uses = (color: EnvironmentColor) => taken.filter((each) => each === color).length
  return environmentColors.reduce((best, color) => (uses(color) < uses(best) ? color : best))
}

/**
 * Changes the fields that are set. Positions start at 0; past the end means the end, and the others
 * move. Returns undefined if the environment does not exist.
 *
 * @throws pg error 23505 on `environments_name` if another one has this name, ignoring case
 * @throws pg error 23503 on `environment_dependencies_depends_on` if the organization has no such
 *   environment; 23514 on `environment_dependencies_other` if it is the environment itself
 */
export async function updateEnvironment(
  trx: Trx,
  organizationId: string,
  id: string,
  wanted: {
    name?: string
    color?: EnvironmentColor
    position?: number
    dependsOn?: readonly string[]
  },
): Promise<CountedEnvironment | undefined> {
  const { position, dependsOn, ...looks } = wanted
  if (looks.name !== undefined) await lockOutImports(trx, organizationId)
  // First, because a transaction with the order lock waits for rows, so it must not be awaited
  // while a row is locked.
  if (position !== undefined) {
    await lockOrder(trx, organizationId)
    const ids = await inOrder(trx)
    if (!ids.includes(id)) return undefined
    const others = ids.filter((other) => other !== id)
    await renumber(trx, others.toSpliced(position, 0, id))
  }
  if (Object.values(looks).some((value) => value !== undefined)) {
    await trx.updateTable('environments').set(looks).where('id', '=', id).execute()
    if (looks.name !== undefined) await environmentNamed(trx, organizationId)
  }
  if (dependsOn !== undefined && (await findEnvironment(trx, id))) {
    await trx.deleteFrom('environment_dependencies').where('environment_id', '=', id).execute()
    await addDependencies(trx, organizationId, { id, dependsOn })
  }
  return findEnvironment(trx, id)
}

/**
 * Deletes an environment and all its links. The changes stay.
 *
 * @returns the deleted environment; undefined if it does not exist
 */
export async function deleteEnvironment(
  trx: Trx,
  organizationId: string,
  id: string,
): Promise<CountedEnvironment | undefined> {
  await lockOutImports(trx, organizationId)
  await lockOrder(trx, organizationId)
  const row = await findEnvironment(trx, id)
  if (!row) return undefined
  await trx.deleteFrom('environments').where('id', '=', id).execute()
  await removeFromRules(trx, organizationId, id)
  await renumber(trx, await inOrder(trx))
  return row
}

/**
 * Creating, moving and deleting depend on all positions, so only one transaction does this at a
 * time.
 */
async function lockOrder(trx: Trx, organizationId: string): Promise<void> {
  const key = `environments/${organizationId}`
  await sql`SELECT pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(trx)
}

async function inOrder(trx: Trx): Promise<string[]> {
  const rows = await trx.selectFrom('environments').select('id').orderBy('position').execute()
  return rows.map(({ id }) => id)
}

async function renumber(trx: Trx, ids: string[]): Promise<void> {
  await sql`
    UPDATE environments e SET position = o.place - 1
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS o (id, place)
    WHERE e.id = o.id AND e.position <> o.place - 1
  `.execute(trx)
}

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

/** IDs in place of names, ignoring case. Other values are returned unchanged. */
export async function environmentIds(trx: Trx, values: readonly string[]): Promise<string[]> {
  const rows = await trx.selectFrom('environments').select(['id', 'name']).execute()
  const byName = new Map(rows.map(({ id, name }) => [fold(name), id]))
  return [...new Set(values.map((value) => byName.get(fold(value)) ?? value))]
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
  const links = await setsOfChanges(
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

async function setsOfChanges(trx: Trx, ids: readonly string[]): Promise<Map<string, number>> {
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
 * up.
 */
export function inEnvironments(environmentIds: string[]): RawBuilder<SqlBool> {
  return sql`coalesce(
      CASE WHEN EXISTS (SELECT FROM environment_sets) THEN (
        SELECT l.set_id = ANY (ARRAY(${setsWith(environmentIds)})) FROM change_environments l
        WHERE l.organization_id = changes.organization_id
          AND l.occurred_at = changes.occurred_at AND l.id = changes.id
          AND l.set_id = ANY (ARRAY(SELECT id FROM environment_sets))) END,
      changes.connection_id IN (
        SELECT l.connection_id FROM environment_links l
        WHERE l.environment_id::text = ANY (${environmentIds}::text[])))`
}

/** The numbers of the sets that contain one of the environments, as a subquery. */
export function setsWith(environmentIds: readonly string[]): RawBuilder<number> {
  return sql`SELECT id FROM environment_sets
    WHERE environment_ids::text[] && ${environmentIds}::text[]`
}

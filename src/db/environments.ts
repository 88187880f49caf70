import { sql } from 'kysely'
import { fold } from '../changes/environment-rules.ts'
import { type EnvironmentColor, environmentColors } from '../changes/environments.ts'
import { environmentNamed, removeFromRules } from './change-rules.ts'
import type { Trx } from './database.ts'
import { lockOutImports } from './resources.ts'
import type { EnvironmentRow } from './schema/environments.ts'

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

export async function inOrder(trx: Trx): Promise<string[]> {
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

/** IDs in place of names, ignoring case. Other values are returned in lower case, as IDs are stored. */
export async function environmentIds(trx: Trx, values: readonly string[]): Promise<string[]> {
  const rows = await trx.selectFrom('environments').select(['id', 'name']).execute()
  const byName = new Map(rows.map(({ id, name }) => [fold(name), id]))
  return [...new Set(values.map((value) => byName.get(fold(value)) ?? value.toLowerCase()))]
}

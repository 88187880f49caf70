import { expressionBuilder, type RawBuilder, sql } from 'kysely'
import { actorLabels } from '../changes/actor-label.ts'
import { type FacetField, facetFields, filterOf } from '../changes/filters.ts'
import { resourceLabels } from '../changes/resource-key.ts'
import type { ChangeFilters, TimeRange } from './change-filters.ts'
import { matching, oneOf } from './changes.ts'
import { countNewestFirst } from './count-newest-first.ts'
import type { Trx } from './database.ts'
import { environmentsOf, hasOwnEnvironments } from './environment-links.ts'
import type { Schema } from './schema.ts'

/** The facets that are counted by a column of `facet_groups`. */
type GroupField = Exclude<FacetField, 'environment' | 'resource'>
const isGroupField = (field: FacetField): field is GroupField =>
  field !== 'environment' && field !== 'resource'
const groupFields = facetFields.filter(isGroupField)

export interface Facet {
  value: string
  count: number
  /** The display name, if it differs from the value. */
  label?: string
}

interface Facets {
  fields: Record<FacetField, Facet[]>
  /** Among the changes that match all other filters: the number of routine and of other changes. */
  noise: { hidden: number; shown: number }
  total: number
  /** Older changes of the time range are not counted. */
  countedFrom: Date
}

const MAX_VALUES = 20
/**
 * For some hundred thousand different resources; the default of 4 MB is sufficient for twenty
 * thousand.
 */
export const FACETS_WORK_MEM = '64MB'
/**
 * Resources of one piece of the time range: a value that is frequent overall may be rare in each
 * piece.
 */
const MAX_RESOURCES_PER_PIECE = 1_000

interface FacetRow {
  /** Null: the total. */
  field: GroupField | 'noise' | 'resource' | null
  /** For a resource, its number in `resources`. */
  value: string
  /** The number of changes that match all filters except the one on this field. */
  count: number
  /** The same for the filter on environments. */
  by_environment: number
}

/**
 * The most frequent values of each field among the matching changes, with their counts. A filter on
 * a field does not narrow the counts of that field, so that the other values remain visible.
 */
export async function facets(trx: Trx, filters: ChangeFilters & TimeRange): Promise<Facets> {
  await sql`SET LOCAL work_mem = ${sql.lit(FACETS_WORK_MEM)}`.execute(trx)
  const hasOwn = await hasOwnEnvironments(trx)
  const { parts, countedFrom } = await countNewestFirst(trx, filters, async (piece) => {
    const isWhole = piece.from <= filters.from && piece.to >= filters.to
    const most = isWhole ? MAX_VALUES : MAX_RESOURCES_PER_PIECE
    const asked = { ...filters, ...piece }
    const { rows } = await facetsQuery(asked, most).execute(trx)
    const linked = hasOwn ? await linkedQuery(trx, asked).execute() : []
    if (filters.noise === undefined) return { rows, linked, opposite: 0 }
    const { count } = await oppositeNoiseQuery(trx, asked).executeTakeFirstOrThrow()
    return { rows, linked, opposite: count }
  })
  const rows = sumOf(parts.map((part) => part.rows))
  const byField = Map.groupBy(rows, ({ field }) => field)
  const list = (found: readonly Facet[] = []): Facet[] =>
    found
      .filter(({ value, count }) => value !== '' && count > 0)
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      .slice(0, MAX_VALUES)
      .map(({ value, count }) => ({ value, count }))
  const fields = {} as Facets['fields']
  for (const field of groupFields) fields[field] = list(byField.get(field))
  fields.actor = await namedActors(trx, fields.actor)
  fields.resource = await namedResources(trx, list(byField.get('resource')))
  fields.environment = list(
    await countEnvironments(trx, {
      connections: byField.get('connection') ?? [],
      linked: parts.flatMap(({ linked }) => linked),
    }),
  )

  const total = byField.get(null)?.[0]?.count ?? 0
  const routine = byField.get('noise')?.find(({ value }) => value === 'true')?.count ?? 0
  if (filters.noise === undefined)
    return { fields, noise: { hidden: routine, shown: total - routine }, total, countedFrom }
  const count = parts.reduce((sum, { opposite }) => sum + opposite, 0)
  const noise = filters.noise ? { hidden: total, shown: count } : { hidden: count, shown: total }
  return { fields, noise, total, countedFrom }
}

/** Changes of a connection that have environments of their own, by their set. */
interface LinkedRow {
  connection_id: string | null
  set_id: number
  count: number
}

/** Counts the changes that have environments of their own, regardless of the filter on these. */
function linkedQuery(trx: Trx, filters: ChangeFilters & TimeRange) {
  const { environment: _own, ...include } = filters.include
  return trx
    .selectFrom('changes')
    .innerJoin(
      // With other names, because filters refer to the columns of changes.
      (eb) =>
        eb
          .selectFrom('change_environments as l')
          .innerJoin('environment_sets as s', 's.id', 'l.set_id')
          .select(['l.occurred_at as linked_at', 'l.id as linked_id', 'l.set_id'])
          .where('l.occurred_at', '>=', filters.from)
          .where('l.occurred_at', '<', filters.to)
          .as('l'),
      (join) =>
        join
          .onRef('l.linked_at', '=', 'changes.occurred_at')
          .onRef('l.linked_id', '=', 'changes.id'),
    )
    .select(['changes.connection_id', 'l.set_id', sql<number>`count(*)`.as('count')])
    .where(matching({ ...filters, include }))
    .groupBy(['changes.connection_id', 'l.set_id'])
}

/** All changes of a connection belong to its environments, except for those that rules link. */
async function countEnvironments(
  trx: Trx,
  counted: { connections: readonly FacetRow[]; linked: readonly LinkedRow[] },
): Promise<Facet[]> {
  const subjects = [
    ...counted.connections.map(({ value, by_environment }) => ({
      count: by_environment,
      subject: { connectionId: value === '' ? null : value, setIds: [0] },
    })),
    // Moved from the environments of the connection to their own.
    ...counted.linked.flatMap(({ connection_id: connectionId, set_id, count }) => [
      { count: -count, subject: { connectionId, setIds: [0] } },
      { count, subject: { connectionId, setIds: [set_id] } },
    ]),
  ]
  const environmentsOfSubject = await environmentsOf(
    trx,
    subjects.map(({ subject }) => subject),
  )
  const counts = new Map<string, number>()
  for (const { subject, count } of subjects)
    for (const id of environmentsOfSubject(subject)) counts.set(id, (counts.get(id) ?? 0) + count)
  return [...counts].map(([value, count]) => ({ value, count }))
}

/** Actors by their IDs, with their names. */
async function namedActors(trx: Trx, found: readonly Facet[]): Promise<Facet[]> {
  if (found.length === 0) return []
  const { rows } = await sql<{ id: string; name: string; accountIds: string[] }>`
    SELECT actor_id AS id, max(actor) AS name,
      coalesce(array_agg(DISTINCT account_id) FILTER (WHERE account_id IS NOT NULL), '{}')
        AS "accountIds"
    FROM facet_groups WHERE actor_id = ANY (${found.map(({ value }) => value)}::text[])
    GROUP BY actor_id
  `.execute(trx)
  const labels = actorLabels(rows)
  const byId = new Map(rows.map(({ id }, nth) => [id, labels[nth]]))
  return found.map((facet) => {
    const label = byId.get(facet.value)
    return label === undefined || label === facet.value ? facet : { ...facet, label }
  })
}

/** Resources by their keys, with their short names. @param found by number */
async function namedResources(trx: Trx, found: readonly Facet[]): Promise<Facet[]> {
  if (found.length === 0) return []
  const rows = await trx
    .selectFrom('resources')
    .select(['id', 'key', 'resource_id', 'type', 'account_id', 'region'])
    .where(
      'id',
      'in',
      found.map(({ value }) => Number(value)),
    )
    .execute()
  const labels = resourceLabels(rows)
  const byId = new Map(rows.map(({ id, key }, nth) => [`${id}`, { key, label: labels[nth]! }]))
  return found
    .flatMap(({ value, count }) => {
      const resource = byId.get(value)
      return resource ? [{ value: resource.key, count, label: resource.label }] : []
    })
    .sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1))
}

/** Combines the rows of several pieces of the time range, as if they were one piece. */
function sumOf(pieces: FacetRow[][]): FacetRow[] {
  if (pieces.length === 1) return pieces[0]!
  const sums = new Map<string, FacetRow>()
  for (const row of pieces.flat()) {
    const key = JSON.stringify([row.field, row.value])
    const sum = sums.get(key)
    if (!sum) sums.set(key, { ...row })
    else {
      sum.count += row.count
      sum.by_environment += row.by_environment
    }
  }
  return [...sums.values()]
}

/** The number of changes that only the noise filter excludes. */
export function oppositeNoiseQuery(trx: Trx, filters: ChangeFilters & TimeRange) {
  return trx
    .selectFrom('changes')
    .select(sql<number>`count(*)`.as('count'))
    .where(matching({ ...filters, noise: !filters.noise }))
}

/**
 * Counts all facets: changes by combination of values, then the values of each combination; and
 * changes by resource. A change that only the filter on one field excludes is counted for that
 * field.
 *
 * If the index has all columns of the filters, each part scans the index: three scans take less
 * time than storing the result of one scan and reading it again. With other filters, rows are read,
 * once.
 */
export function facetsQuery(
  filters: ChangeFilters & TimeRange,
  maxResources = MAX_VALUES,
): RawBuilder<FacetRow> {
  const eb = expressionBuilder<Schema, 'changes'>()
  // Filters on fields that are not facets narrow all counts.
  const include = { ...filters.include }
  for (const field of facetFields) delete include[field]
  const always = matching({ ...filters, include })
  const asked = facetFields.flatMap((field) => {
    const values = filters.include[field]
    return values ? [{ field, fails: sql`((${oneOf(eb, field, values)}) IS NOT TRUE)` }] : []
  })
  const fails = asked.map((each) => sql`${each.fails}::int`)
  const atMostOne = asked.length > 1 ? sql`AND ${sql.join(fails, sql` + `)} <= 1` : sql``
  const missed = sql`CASE ${sql.join(
    asked.map((each) => sql`WHEN ${each.fails} THEN ${sql.lit(each.field)}`),
    sql` `,
  )} END`
  // Fields without a filter need no column here, which makes grouping faster.
  const isAsked = asked.length > 0
  const group = isAsked ? sql`, missed` : sql``
  const countFor = (field: FacetField | undefined) => {
    if (!isAsked) return sql`sum(n)`
    const own = asked.some((each) => each.field === field)
      ? sql`OR missed = ${sql.lit(field)}`
      : sql``
    return sql`coalesce(sum(n) FILTER (WHERE missed IS NULL ${own}), 0)`
  }
  const ofResource = asked.some(({ field }) => field === 'resource')
    ? sql`OR missed = 'resource'`
    : sql``
  const resourceCount = isAsked
    ? sql`count(*) FILTER (WHERE missed IS NULL ${ofResource})`
    : sql`count(*)`
  const isInIndex = canCountInIndex(filters)
  const parts = [
    ...groupFields.map((field) => ({ field, column: sql.ref(`g.${filterOf(field).column}`) })),
    { field: 'noise' as const, column: sql.ref('g.is_noise') },
  ]
  const columns = parts.map(({ column }) => column)
  const ofThis = (choose: (part: (typeof parts)[number]) => RawBuilder<unknown>) =>
    sql.join(
      parts.map((part) => sql`WHEN grouping(${part.column}) = 0 THEN ${choose(part)}`),
      sql` `,
    )
  return sql<FacetRow>`
    WITH scanned AS ${isInIndex ? sql`NOT MATERIALIZED` : sql`MATERIALIZED`} (
      SELECT facet_key, first_resource_id, other_resource_ids ${isAsked ? sql`, ${missed} AS missed` : sql``}
      FROM changes WHERE ${always(eb)} ${atMostOne}
    )
    SELECT CASE ${ofThis(({ field }) => sql.lit(field))} END AS field,
      CASE ${ofThis(({ column }) => sql`coalesce(${column}::text, '')`)} END AS value,
      (CASE ${ofThis(({ field }) => countFor(field === 'noise' ? undefined : field))}
        ELSE ${countFor(undefined)} END)::int8 AS count,
      ${countFor('environment')}::int8 AS by_environment
    FROM (SELECT facet_key, count(*)::int4 AS n ${group} FROM scanned GROUP BY facet_key ${group}) AS grouped
    JOIN facet_groups AS g ON g.key = grouped.facet_key
    GROUP BY GROUPING SETS (${sql.join(columns)}, ())
    UNION ALL (
      SELECT 'resource', named.resource::text, ${resourceCount}::int8 AS count, 0
      FROM (
        SELECT first_resource_id AS resource ${group} FROM scanned WHERE first_resource_id IS NOT NULL
        UNION ALL
        SELECT unnest(other_resource_ids) ${group} FROM scanned WHERE other_resource_ids IS NOT NULL
      ) AS named
      GROUP BY named.resource
      ORDER BY count DESC, named.resource
      LIMIT ${maxResources}
    )
  `
}

/**
 * Whether `changes_facets` contains the columns of all filters, except the time range and noise.
 */
function canCountInIndex({ q, found, include, exclude }: ChangeFilters): boolean {
  const isFiltered = [...Object.values(include), ...Object.values(exclude)].some(
    (values) => values !== undefined,
  )
  return q === undefined && found === undefined && !isFiltered
}

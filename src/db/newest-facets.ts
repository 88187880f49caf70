import { expressionBuilder, type RawBuilder, sql } from 'kysely'
import { filterOf, type NewestFacetField, newestFacetFields } from '../changes/filters.ts'
import type { ChangeFilters, TimeRange } from './change-filters.ts'
import { matching } from './changes.ts'
import type { Trx } from './database.ts'
import type { Facet } from './facets.ts'
import type { Schema } from './schema.ts'

/** The number of changes that are counted: their rows take some 20 ms to read. */
export const NEWEST = 2_000
const MAX_VALUES = 20

interface NewestFacets {
  fields: Record<NewestFacetField, Facet[]>
  /** The number of counted changes that match all filters. */
  counted: number
  /** Whether more changes match than are counted. */
  partial: boolean
}

/**
 * Counts the values of the fields that no index has, among the newest changes that match. A field
 * with a filter is counted without its own filter.
 */
export async function newestFacets(
  trx: Trx,
  filters: ChangeFilters & TimeRange,
): Promise<NewestFacets> {
  const isFiltered = (field: NewestFacetField) => filters.include[field] !== undefined
  const plain = newestFacetFields.filter((field) => !isFiltered(field))
  const rows = [...(await countQuery(filters, plain).execute(trx)).rows]
  const counted = rows.find(({ field }) => field === null)?.count ?? 0
  for (const field of newestFacetFields.filter(isFiltered)) {
    const include = { ...filters.include, [field]: undefined }
    const own = await countQuery({ ...filters, include }, [field]).execute(trx)
    rows.push(...own.rows.filter((row) => row.field === field))
  }
  const fields = Object.fromEntries(
    newestFacetFields.map((field) => [field, mostFrequent(rows, field)]),
  ) as Record<NewestFacetField, Facet[]>
  return { fields, counted: Math.min(counted, NEWEST), partial: counted > NEWEST }
}

interface CountRow {
  /** Null: the number of changes, of which one more than the limit is read. */
  field: NewestFacetField | null
  value: string
  count: number
}

function countQuery(
  filters: ChangeFilters & TimeRange,
  fields: readonly NewestFacetField[],
): RawBuilder<CountRow> {
  const eb = expressionBuilder<Schema, 'changes'>()
  const parts = fields.map(
    (field) => sql`
      UNION ALL
      SELECT ${sql.lit(field)}, value, count(*)::int8
      FROM counted, LATERAL (${valuesOf(field)}) AS one (value)
      WHERE value IS NOT NULL
      GROUP BY value`,
  )
  return sql<CountRow>`
    WITH newest AS MATERIALIZED (
      SELECT read_only, detail, envelope, row_number() OVER (ORDER BY occurred_at DESC, id DESC) AS place FROM (
        SELECT occurred_at, id, read_only, detail, envelope FROM changes
        WHERE ${matching(filters)(eb)}
        ORDER BY occurred_at DESC, id DESC
        LIMIT ${NEWEST + 1}
      ) AS listed
    ), counted AS (SELECT * FROM newest WHERE place <= ${NEWEST})
    SELECT NULL AS field, NULL AS value, count(*)::int8 AS count FROM newest
    ${sql.join(parts, sql` `)}`
}

/** The different values of a field in a row of `counted`. */
function valuesOf(field: NewestFacetField): RawBuilder<unknown> {
  const { compare, column, path = [] } = filterOf(field)
  const stored = sql.ref(`counted.${column}`)
  if (compare !== 'list') {
    return compare === 'detail'
      ? sql`SELECT ${stored} #>> ${[...path]}::text[]`
      : sql`SELECT ${stored}::text`
  }
  const [list, ...inItem] = path
  const items = sql`${stored} -> ${list!}::text`
  return sql`
    SELECT DISTINCT item #>> ${inItem}::text[]
    FROM jsonb_array_elements(CASE jsonb_typeof(${items}) WHEN 'array' THEN ${items} END) AS item`
}

function mostFrequent(rows: readonly CountRow[], field: NewestFacetField): Facet[] {
  return rows
    .filter((row) => row.field === field)
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, MAX_VALUES)
    .map(({ value, count }) => ({ value, count }))
}

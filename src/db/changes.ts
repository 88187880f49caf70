import { createHash } from 'node:crypto'
import { type ExpressionBuilder, type RawBuilder, type SqlBool, sql } from 'kysely'
import { type FilterField, filterFields, filterOf } from '../changes/filters.ts'
import type { ChangeFilters } from './change-filters.ts'
import { changeIdTime } from './change-id.ts'
import type { Trx } from './database.ts'
import { inEnvironments } from './environment-links.ts'
import { resourceIdsNamed } from './resources.ts'
import type { ChangeRow } from './schema/changes.ts'
import type { Schema } from './schema.ts'
import { containing } from './search.ts'

interface ChangePage {
  items: ChangeRow[]
  nextCursor: string | null
}

/** The cursor belongs to other filters, or is invalid. */
export class InvalidCursor extends Error {
  override readonly name = 'InvalidCursor'
}

export interface PageRequest {
  limit: number
  /** `nextCursor` of the previous page. */
  cursor?: string
  /** By time; default `desc`, newest first. */
  order?: Order
}

type Order = 'desc' | 'asc'

/**
 * Returns one page of the feed. The cursor is a position in the feed's order, in which rows never
 * move: a change that existed when the first page was read appears on exactly one page.
 *
 * @throws InvalidCursor
 */
export async function listChanges(
  trx: Trx,
  filters: ChangeFilters,
  page: PageRequest,
): Promise<ChangePage> {
  const rows = await pageQuery(trx, filters, page).execute()
  const items = rows.slice(0, page.limit)
  const last = rows.length > page.limit ? items.at(-1) : undefined
  return { items, nextCursor: last ? writeCursor(last, filters, page.order) : null }
}

/** Reads one row more than the page has, to determine whether there is another page. */
export function pageQuery(trx: Trx, filters: ChangeFilters, page: PageRequest) {
  const { order = 'desc' } = page
  const beyond = order === 'desc' ? '<' : '>'
  let query = trx.selectFrom('changes').selectAll().where(matching(filters))
  if (page.cursor !== undefined) {
    const { occurredAt, id } = readCursor(page.cursor, filters, order)
    query = query
      // Equivalent to the row comparison, but lets Postgres exclude partitions from the plan.
      .where('occurred_at', `${beyond}=`, occurredAt)
      .where(
        sql<SqlBool>`(occurred_at, id) ${sql.raw(beyond)} (${occurredAt}::timestamptz, ${id}::uuid)`,
      )
  }
  return query
    .orderBy('occurred_at', order)
    .orderBy('id', order)
    .limit(page.limit + 1)
}

/** The filters as a condition on `changes`. */
export function matching(filters: ChangeFilters) {
  return (eb: ExpressionBuilder<Schema, 'changes'>) => {
    const conditions = []
    if (filters.from) conditions.push(eb('occurred_at', '>=', filters.from))
    if (filters.to) conditions.push(eb('occurred_at', '<', filters.to))
    if (filters.q !== undefined) {
      const pattern = containing(filters.q)
      conditions.push(
        // As CASE, so that the planner expects half of the rows to match: rare values are found
        // through `found` instead. If it expected few matches, it would sort the whole feed for one
        // page.
        sql<SqlBool>`CASE WHEN searched_text(summary, changes.actor, action, resources)
          ILIKE ${pattern} THEN true ELSE false END`,
      )
    }
    if (filters.found) conditions.push(matchesIds(filters.found))
    if (filters.noise === false) conditions.push(eb('noise', 'is', null))
    if (filters.noise === true) conditions.push(eb('noise', 'is not', null))
    for (const field of filterFields) {
      const wanted = filters.include[field]
      const unwanted = filters.exclude[field]
      if (wanted) conditions.push(oneOf(eb, field, wanted))
      // A change without a value is not excluded.
      if (unwanted) conditions.push(sql<SqlBool>`(${oneOf(eb, field, unwanted)}) IS NOT TRUE`)
    }
    return eb.and(conditions)
  }
}

/**
 * With their times, because the index is ordered by time and Postgres can then exclude partitions.
 */
function matchesIds(ids: string[]) {
  const times = ids.map(changeIdTime)
  const sorted = times.map(Number).sort((a, b) => a - b)
  const first = new Date(sorted[0] ?? 0)
  const last = new Date(sorted.at(-1) ?? 0)
  return sql<SqlBool>`occurred_at BETWEEN ${first} AND ${last} AND (occurred_at, changes.id) IN (
    SELECT * FROM unnest(${times}::timestamptz[], ${ids}::uuid[]))`
}

/** A condition on `changes` for a field's values; null or false if the change has no value. */
export function oneOf(
  eb: ExpressionBuilder<Schema, 'changes'>,
  field: FilterField,
  values: string[],
) {
  const { compare, column, path = [] } = filterOf(field)
  switch (compare) {
    case 'text':
      return eb(column as 'source', 'in', values)
    case 'id':
      return sql<SqlBool>`${sql.ref(`changes.${column}`)}::text = ANY (${values}::text[])`
    case 'detail':
      return sql<SqlBool>`${sql.ref(`changes.${column}`)} #>> ${path}::text[] = ANY (${values}::text[])`
    case 'list': {
      const [list, ...inItem] = path
      const examples = values.map((value) =>
        JSON.stringify({
          [list!]: [inItem.reduceRight<unknown>((item, name) => ({ [name]: item }), value)],
        }),
      )
      return sql<SqlBool>`${sql.ref(`changes.${column}`)} @> ANY (${examples}::jsonb[])`
    }
    case 'special':
      return special[field as keyof typeof special](values)
  }
}

/** The conditions of the filters that refer to other tables. */
const special: Record<
  'resource' | 'environment' | 'changeSet',
  (values: string[]) => RawBuilder<SqlBool>
> = {
  resource: (values) => sql`changes.resource_ids && ARRAY(${resourceIdsNamed(values)})`,
  environment: inEnvironments,
  // A set that was merged into another one is found under either ID. Both mean the whole set.
  changeSet: (values) => sql`change_set_id = ANY (ARRAY(
      SELECT part.id FROM change_sets named
      JOIN change_sets part ON part.organization_id = named.organization_id
        AND (part.id = coalesce(named.absorbed_into, named.id)
          OR part.absorbed_into = coalesce(named.absorbed_into, named.id))
      WHERE named.id::text = ANY (${values}::text[])))`,
}

/** One change without its record; undefined if the organization has no such change. */
export async function findChange(trx: Trx, id: string): Promise<ChangeRow | undefined> {
  return trx
    .selectFrom('changes')
    .selectAll()
    .where('occurred_at', '=', changeIdTime(id))
    .where('id', '=', id)
    .executeTakeFirst()
}

interface StoredRecord {
  /** Of its JSON text. */
  bytes: number
  /** Parsed; null if it is larger than requested. */
  record: unknown
}

/**
 * The original record of a change; undefined if there is none. That of a webhook is the whole
 * delivery, up to 25 MiB, and parsing it blocks the event loop.
 *
 * @param options.maxBytes a larger record is not read. Postgres only decompresses it, because
 *   `pg_column_size()` would return the compressed size
 */
export async function findRecord(
  trx: Trx,
  { organization_id, occurred_at, id }: Pick<ChangeRow, 'organization_id' | 'occurred_at' | 'id'>,
  { maxBytes }: { maxBytes: number },
): Promise<StoredRecord | undefined> {
  // Without OFFSET 0, the size would be computed for each reference.
  const { rows } = await sql<StoredRecord>`
    SELECT size.bytes, CASE WHEN size.bytes <= ${maxBytes} THEN r.record END AS record
    FROM change_records r
    CROSS JOIN LATERAL (SELECT octet_length(r.record::text) AS bytes OFFSET 0) AS size
    WHERE r.organization_id = ${organization_id} AND r.occurred_at = ${occurred_at} AND r.id = ${id}
  `.execute(trx)
  return rows[0]
}

/**
 * A cursor is only valid for the filters and the order that it was created with. Its time is in
 * milliseconds.
 */
function filtersHash(filters: ChangeFilters, order: Order): string {
  const { from, to, q, noise, include, exclude } = filters
  // The order of filters and of their values does not matter.
  const values = filterFields.flatMap((field) => [include[field], exclude[field]])
  const said = [order, from, to, q, noise, ...values.map((each) => each && [...each].sort())]
  return createHash('sha256').update(JSON.stringify(said)).digest('base64url').slice(0, 12)
}

export function writeCursor(
  row: Pick<ChangeRow, 'occurred_at' | 'id'>,
  filters: ChangeFilters,
  order: Order = 'desc',
): string {
  const place = [row.occurred_at.getTime(), row.id, filtersHash(filters, order)]
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** @throws InvalidCursor */
export function readCursor(
  cursor: string,
  filters: ChangeFilters,
  order: Order = 'desc',
): { occurredAt: Date; id: string } {
  try {
    const [time, id, hash] = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)
    // The ID contains the time as well, so in a valid cursor the two are equal.
    if (isUuid && time === changeIdTime(id).getTime() && hash === filtersHash(filters, order)) {
      return { occurredAt: new Date(time), id }
    }
  } catch {
    // Not a cursor at all: the same error.
  }
  throw new InvalidCursor('The cursor does not match these filters')
}

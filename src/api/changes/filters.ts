import { z } from 'zod'
import {
  type Exclusion,
  exclusion,
  type FilterField,
  filterFields,
  filterOf,
  OTHER_FILTERS,
  YES_NO,
} from '../../changes/filters.ts'
import type { ChangeFilters } from '../../db/change-filters.ts'
import { InvalidCursor } from '../../db/changes.ts'
import type { Trx } from '../../db/database.ts'
import { environmentIds } from '../../db/environments.ts'
import { searchLimit } from '../../db/search.ts'
import { listSources } from '../../sources/index.ts'
import { pageLimit } from '../paging.ts'
import { Problem } from '../problems.ts'
import { storableText, text } from '../text.ts'
import { timeInput } from '../time.ts'

function valuesSchema(field: FilterField) {
  const { meaning, values, multi, maxLength = 2048 } = filterOf(field)
  const value = values ? z.enum(values) : storableText(maxLength)
  const error = `Each value must be ${meaning}.${multi ? ' At most 100 values.' : ''}`
  return z
    .union(multi ? [value, z.array(value).max(100)] : [value], { error })
    .transform((given): string[] => [given].flat())
    .optional()
}

const fieldSchemas = Object.fromEntries(
  filterFields.flatMap((field) => {
    const { meaning, multi, negatable, needsTimeRange } = filterOf(field)
    const required = needsTimeRange ? '. Requires `from` and `to`' : ''
    const repeated = `${required}${multi ? '. May be repeated' : ''}`
    const included = valuesSchema(field).meta({
      description: `Include only these values: ${meaning}${repeated}.`,
    })
    if (!negatable) return [[field, included]]
    const excluded = valuesSchema(field).meta({
      description: `Exclude these values (\`${exclusion(field)}=…\`): ${meaning}${repeated}.`,
    })
    return [
      [field, included],
      [exclusion(field), excluded],
    ]
  }),
) as Record<FilterField | Exclusion, ReturnType<typeof valuesSchema>>

const meaningOf = Object.fromEntries(
  OTHER_FILTERS.map(({ name, meaning }) => [name, { description: meaning }]),
) as Record<(typeof OTHER_FILTERS)[number]['name'], { description: string }>

export const filtersSchema = z.strictObject({
  from: timeInput.optional().meta(meaningOf.from),
  to: timeInput.optional().meta(meaningOf.to),
  q: text(500).min(1).optional().meta(meaningOf.q),
  noise: z.enum(YES_NO).optional().meta(meaningOf.noise),
  ...fieldSchemas,
})

export const querySchema = filtersSchema.extend({
  limit: pageLimit('The maximum number of items on a page.'),
  cursor: z.string().max(1000).optional().meta({
    description: '`nextCursor` of the previous page. Requires the same filters.',
  }),
})

/** @throws Problem 422 in place of `InvalidCursor` */
export function refuseCursor(error: unknown): never {
  if (!(error instanceof InvalidCursor)) throw error
  const detail = `${error.message}. Start again without a cursor.`
  throw new Problem(422, `?cursor: ${detail}`, { errors: [{ pointer: '?cursor', detail }] })
}

/** @throws Problem 422 for a filter that would read all changes */
export function requireTimeRange({ include, exclude, from, to }: ChangeFilters): void {
  if (from && to) return
  const field = filterFields.find(
    (name) => filterOf(name).needsTimeRange && (include[name] ?? exclude[name]),
  )
  if (!field) return
  const detail = 'Set `from` and `to` as well. This filter reads all changes in the time range.'
  throw new Problem(422, `?${field}: ${detail}`, { errors: [{ pointer: `?${field}`, detail }] })
}

/** @throws Problem 422 for a search that would cost too much */
function refuseCostlySearch(filters: ChangeFilters): void {
  const limit = filters.q === undefined ? undefined : searchLimit(filters.q, filters, new Date())
  if (limit) throw new Problem(422, `?q: ${limit}`, { errors: [{ pointer: '?q', detail: limit }] })
}

/**
 * The filters of a request, with the IDs of environments in place of their names.
 *
 * @throws Problem 422 for a search that would cost too much
 */
export async function readFilters(
  trx: Trx,
  query: z.output<typeof filtersSchema>,
): Promise<ChangeFilters> {
  const filters = toFilters(query)
  for (const side of [filters.include, filters.exclude])
    if (side.environment) side.environment = await environmentIds(trx, side.environment)
  return filters
}

/** @throws Problem 422 for a search that would cost too much */
function toFilters(query: z.output<typeof filtersSchema>): ChangeFilters {
  const filters: ChangeFilters = { include: {}, exclude: {} }
  if (query.from) filters.from = new Date(query.from)
  if (query.to) filters.to = new Date(query.to)
  if (query.q) filters.q = query.q
  if (query.noise) filters.noise = query.noise === 'true'
  for (const field of filterFields) {
    const included = query[field]
    const excluded = query[exclusion(field) as Exclusion]
    if (included) filters.include[field] = included
    if (excluded) filters.exclude[field] = excluded
  }
  for (const side of [filters.include, filters.exclude]) {
    if (side.resource) side.resource = withKeys(side.resource)
    for (const field of ['connection', 'changeSet'] as const)
      if (side[field]) side[field] = side[field].map((id) => id.toLowerCase())
  }
  refuseCostlySearch(filters)
  return filters
}

/** Adds the keys of resources that are named in a source's own notation, such as an ARN. */
function withKeys(resources: string[]): string[] {
  const keys = resources.flatMap((text) =>
    listSources().flatMap((source) => source.resourceKey?.(text) ?? []),
  )
  return [...new Set([...resources, ...keys])]
}

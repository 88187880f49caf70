import { z } from 'zod'
import { OUTCOMES } from '../changes/change.ts'
import { headline } from '../changes/change-sets.ts'
import {
  type Exclusion,
  exclusion,
  type FilterField,
  filterFields,
  filterOf,
  OTHER_FILTERS,
  YES_NO,
} from '../changes/filters.ts'
import type { ChangeFilters } from '../db/change-filters.ts'
import { type ListedSet, listChangeSets, presentSetIds } from '../db/change-sets.ts'
import { findChange, InvalidCursor, listChanges } from '../db/changes.ts'
import { environmentsOfConnections } from '../db/connection-environments.ts'
import { completeRange, importedRanges } from '../db/coverage.ts'
import { readOrganization, type Trx } from '../db/database.ts'
import { type EnvironmentSubject, environmentIds, environmentsOf } from '../db/environments.ts'
import { type EarlierChange, listEarlierChanges } from '../db/resource-history.ts'
import type { ChangeRow } from '../db/schema.ts'
import { searchLimit, withSearch } from '../db/search.ts'
import { findSource, listSources } from '../sources/index.ts'
import type { HistoricChange } from '../sources/source.ts'
import type { ApiContext, App } from './context.ts'
import { found, jsonResponse, Problem, problems } from './problems.ts'
import { storableText, text } from './text.ts'

export const time = z.iso
  .datetime({ offset: true, error: 'Use RFC 3339, for example 2026-03-01T12:00:00Z.' })
  // With an offset, the time in UTC can have a year of five digits.
  .refine((value) => !(new Date(value).getTime() >= Date.UTC(10_000)), {
    error: 'The time must be before the year 10000.',
  })

/** Defined by each source. Changes of a source that is no longer registered can have any shape. */
const detailSchema = z.union([
  ...listSources().map((source) => source.detailSchema),
  z.looseObject({ source: z.string() }),
])

export const changeSchema = z
  .object({
    id: z.uuid(),
    source: z.string(),
    sourceId: z.string().meta({ description: 'The ID in the source, such as an event ID.' }),
    occurredAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable().meta({
      description: 'Set only for changes that take time, once their end is known.',
    }),
    importedAt: z.iso.datetime(),
    summary: z.string().meta({
      description: 'The change in one sentence. Contains untrusted text from the source.',
    }),
    subject: z.string().optional().meta({
      description: 'The first words of `summary`, when they name the actor.',
    }),
    actor: z.looseObject({ kind: z.string(), name: z.string(), id: z.string() }).meta({
      description:
        '`id` is the same for one identity in all its sessions; `name` is the display name.',
    }),
    tool: z.looseObject({
      name: z.string(),
      title: z.string(),
      label: z.string(),
      run: z.string().optional().meta({ description: 'The ID of the run in the tool.' }),
    }),
    service: z.string(),
    action: z.string(),
    resources: z.array(
      z.looseObject({
        type: z.string(),
        id: z.string(),
        accountId: z.string().nullable(),
        region: z.string().nullable(),
        key: z.string().meta({ description: 'Identifies the resource in every change.' }),
      }),
    ),
    outcome: z.enum(OUTCOMES),
    region: z.string().nullable(),
    accountId: z.string().nullable(),
    environments: z
      .array(z.uuid())
      .meta({ description: 'IDs of its environments, in list order.' }),
    changeSetId: z.string().nullable(),
    noise: z.string().nullable().meta({
      description:
        'The name of the rule that marks the change as routine. Null if it is not routine.',
    }),
    readOnly: z.boolean().meta({
      description: 'True if the source reports that nothing was changed.',
    }),
    risks: z.array(z.string()),
    publicAccess: z.string().optional(),
    links: z.array(z.object({ label: z.string(), url: z.string() })),
    connectionId: z.uuid().nullable(),
    detail: detailSchema.meta({
      description: 'The fields of the source. `source` determines the schema.',
    }),
  })
  .meta({
    id: 'Change',
    examples: listSources().flatMap(({ example }) => example ?? []),
  })

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
  from: time.optional().meta(meaningOf.from),
  to: time.optional().meta(meaningOf.to),
  q: text(500).min(1).optional().meta(meaningOf.q),
  noise: z.enum(YES_NO).optional().meta(meaningOf.noise),
  ...fieldSchemas,
})

const querySchema = filtersSchema.extend({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(500)
    .default(50)
    .meta({ description: 'The maximum number of items on a page.' }),
  cursor: z.string().max(1000).optional().meta({
    description: '`nextCursor` of the previous page. Requires the same filters.',
  }),
})

/** How complete a response is, across the connections that match its filters. */
export const completenessSchema = {
  completeThrough: z.iso.datetime().nullable().meta({
    description:
      'The feed is up to date as of this time, across all matching connections that have started to import. Null while one of their active regions has imported nothing. Earlier gaps are possible, except after `completeFrom`.',
  }),
  completeFrom: z.iso.datetime().nullable().meta({
    description:
      'From this time to `completeThrough`, all active regions of the matching connections are imported without a gap. Null if no such time exists.',
  }),
}

const pageSchema = z
  .object({
    items: z.array(changeSchema),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'The cursor of the next page. Null on the last page.' }),
    ...completenessSchema,
  })
  .meta({ id: 'ChangePage' })

const changeWithRecordSchema = changeSchema
  .extend({ record: z.unknown().meta({ description: 'The original record from the source.' }) })
  .meta({ id: 'ChangeWithRecord' })

const changeSetSchema = z
  .object({
    id: z.uuid().meta({ description: 'The ID stays the same when changes join the set.' }),
    headline: z.string().meta({ description: 'The change set in one sentence.' }),
    subject: z.string().meta({ description: 'The first words of `headline`: the actor.' }),
    from: z.iso.datetime().meta({ description: 'When the first change occurred.' }),
    to: z.iso.datetime().meta({ description: 'When the last change occurred.' }),
    changes: z.int().meta({ description: 'The number of changes that match the filters.' }),
    failures: z.int().meta({ description: 'The number of changes that failed or were denied.' }),
    denied: z.int().meta({ description: 'The number of `failures` that were denied.' }),
    actors: z.array(z.string()),
    tools: z.array(z.string()),
    services: z.array(z.string()),
    accounts: z.array(z.string()).meta({ description: 'The IDs of the accounts.' }),
    regions: z.array(z.string()),
    environments: changeSchema.shape.environments,
    publicAccess: z.array(z.string()).meta({ description: 'What was made public.' }),
    risks: changeSchema.shape.risks,
    only: changeSchema.nullable().meta({
      description: 'The change, if only one matches the filters.',
    }),
  })
  .meta({
    id: 'ChangeSet',
    examples: [
      {
        id: '019cae21-a3d0-8d54-8ed0-4d5e1ce6ee63',
        headline:
          'acme/shop (GitHub Actions), with Terraform 1.9.5, changed 14 things in rds and ec2',
        subject: 'acme/shop (GitHub Actions)',
        from: '2026-03-02T12:01:14.000Z',
        to: '2026-03-02T12:04:02.000Z',
        changes: 14,
        failures: 0,
        denied: 0,
        actors: ['acme/shop (GitHub Actions)'],
        tools: ['Terraform 1.9.5'],
        services: ['rds', 'ec2'],
        accounts: ['123456789012'],
        regions: ['eu-west-1'],
        environments: [],
        publicAccess: [],
        risks: ['data', 'network'],
        only: null,
      },
    ],
  })

const changeSetPageSchema = z
  .object({
    items: z.array(changeSetSchema),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'The cursor of the next page. Null on the last page.' }),
    ...completenessSchema,
  })
  .meta({ id: 'ChangeSetPage' })

function toChangeSet({ id, from, to, parts, only }: ListedSet, environments: EnvironmentsOf) {
  const counted = (some: ListedSet['parts']) => some.reduce((sum, { count }) => sum + count, 0)
  const different = (names: (string | null)[]) => [
    ...new Set(names.filter((name) => name !== null)),
  ]
  return {
    id,
    headline: headline(parts),
    subject: parts[0]?.actor.name ?? '',
    from: from.toISOString(),
    to: to.toISOString(),
    changes: counted(parts),
    failures: counted(parts.filter(({ outcome }) => outcome !== 'succeeded')),
    denied: counted(parts.filter(({ outcome }) => outcome === 'denied')),
    actors: different(parts.map(({ actor }) => actor.name)),
    tools: different(parts.map(({ tool }) => tool.label)),
    services: different(parts.map(({ service }) => service)),
    accounts: different(parts.map(({ accountId }) => accountId)),
    regions: different(parts.map(({ region }) => region)),
    environments: different(parts.flatMap(environments)),
    publicAccess: different(parts.map(({ publicAccess }) => publicAccess)),
    risks: different(parts.flatMap(({ risks }) => risks)),
    only: only ? toChange(only, new Map([[only.change_set_id ?? '', id]]), environments) : null,
  }
}

type EnvironmentsOf = (subject: EnvironmentSubject) => string[]

export const subjectOf = ({ connection_id, id }: ChangeRow): EnvironmentSubject => ({
  connectionId: connection_id,
  changeId: id,
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
  for (const side of [filters.include, filters.exclude])
    if (side.resource) side.resource = withKeys(side.resource)
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

const tags = ['changes']

/** The feed. */
export function changeRoutes(app: App, { database }: ApiContext): void {
  app.get(
    '/changes',
    {
      schema: {
        tags,
        operationId: 'listChanges',
        summary: 'List changes',
        description:
          'Changes that exist when the first page is read appear on exactly one page. Changes imported later may or may not appear.',
        querystring: querySchema.extend({
          order: z
            .enum(['desc', 'asc'])
            .default('desc')
            .meta({ description: 'The order by time: `desc` returns the newest first.' }),
        }),
        response: {
          200: jsonResponse('A page of changes.', pageSchema),
          ...problems(401, 422, 503, 504),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => {
        const { limit, cursor, order, ...query } = request.query
        const filters = await readFilters(trx, query)
        requireTimeRange(filters)
        const found = await withSearch(trx, filters)
        const page = await listChanges(trx, found, { limit, cursor, order }).catch(refuseCursor)
        const sets = await presentSetIds(
          trx,
          page.items.map((row) => row.change_set_id),
        )
        const environments = await environmentsOf(trx, page.items.map(subjectOf))
        return {
          items: page.items.map((row) => toChange(row, sets, environments)),
          nextCursor: page.nextCursor,
          ...(await readImportedRange(trx, filters)),
        }
      }),
  )

  app.get(
    '/change-sets',
    {
      schema: {
        tags,
        operationId: 'listChangeSets',
        summary: 'List change sets',
        description:
          'A change set groups the changes of one operation, such as a Terraform apply, a console session or a CI run. Newest first. Filters apply to changes: a set is listed if at least one of its changes matches. Sets keep their ID and position when late changes join them.',
        querystring: querySchema,
        response: {
          200: jsonResponse('A page of change sets.', changeSetPageSchema),
          ...problems(401, 422, 503, 504),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => {
        const { limit, cursor, ...query } = request.query
        const filters = await readFilters(trx, query)
        requireTimeRange(filters)
        const found = await withSearch(trx, filters)
        const page = await listChangeSets(trx, found, { limit, cursor }).catch(refuseCursor)
        const environments = await environmentsOf(
          trx,
          page.items.flatMap(({ parts }) => parts),
        )
        return {
          items: page.items.map((set) => toChangeSet(set, environments)),
          nextCursor: page.nextCursor,
          ...(await readImportedRange(trx, filters)),
        }
      }),
  )

  app.get(
    '/changes/:id',
    {
      schema: {
        tags,
        operationId: 'getChange',
        summary: 'Get a change',
        description: 'Includes the original record from the source.',
        params: z.object({ id: z.string().meta({ description: 'The change ID.' }) }),
        response: {
          200: jsonResponse('The change.', changeWithRecordSchema),
          ...problems(401, 404, 503),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => {
        const row = await found('change', request.params.id, (id) => findChange(trx, id))
        const change = await presentChange(trx, row)
        const source = findSource(row.source)
        const detail = source?.withHistory
          ? source.withHistory(
              toHistoric(row),
              (await listEarlierChanges(trx, row)).map(toHistoric),
            )
          : change.detail
        const more = source?.readRecord?.(row.record)
        return { ...change, detail: { ...detail, ...more }, record: row.record }
      }),
  )
}

const toHistoric = ({ action, occurred_at, envelope, detail }: EarlierChange): HistoricChange => ({
  action,
  occurredAt: occurred_at,
  resources: envelope.resources,
  detail,
})

/** Between which times nothing is missing, across the connections that match the filters. */
export async function readImportedRange(
  trx: Trx,
  { include, exclude }: ChangeFilters,
): Promise<{ completeFrom: string | null; completeThrough: string | null }> {
  const ranges = [...(await importedRanges(trx))]
  const areas =
    include.environment || exclude.environment
      ? await environmentsOfConnections(
          trx,
          ranges.map(([id]) => id),
        )
      : undefined
  const asked = ranges
    .filter(([id]) => !include.connection || include.connection.includes(id))
    .filter(([id]) => !exclude.connection?.includes(id))
    .filter(([id]) => !include.environment || areas?.mayHave(id, include.environment))
    .filter(([id]) => !exclude.environment || areas?.mayLack(id, exclude.environment))
  const { from, through } = completeRange(asked.map(([, imported]) => imported))
  return {
    completeFrom: from?.toISOString() ?? null,
    completeThrough: through?.toISOString() ?? null,
  }
}

/** A page of changes in the API's format. */
export async function presentChanges(trx: Trx, rows: readonly ChangeRow[]) {
  const sets = await presentSetIds(
    trx,
    rows.map((row) => row.change_set_id),
  )
  const environments = await environmentsOf(trx, rows.map(subjectOf))
  return rows.map((row) => toChange(row, sets, environments))
}

/** One change in the API's format. */
export async function presentChange(trx: Trx, row: ChangeRow) {
  const sets = await presentSetIds(trx, [row.change_set_id])
  return toChange(row, sets, await environmentsOf(trx, [subjectOf(row)]))
}

export function toChange(row: ChangeRow, sets: Map<string, string>, environments: EnvironmentsOf) {
  const { actor, tool, resources, risks, publicAccess, subject, links } = row.envelope
  return {
    id: row.id,
    source: row.source,
    sourceId: row.source_id,
    occurredAt: row.occurred_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    importedAt: row.imported_at.toISOString(),
    summary: row.summary,
    subject,
    actor: { ...actor },
    tool: { ...tool },
    service: row.service,
    action: row.action,
    resources: resources.map((resource) => ({ ...resource })),
    outcome: row.outcome,
    region: row.region,
    accountId: row.account_id,
    environments: environments(subjectOf(row)),
    changeSetId: row.change_set_id && (sets.get(row.change_set_id) ?? row.change_set_id),
    noise: row.noise,
    readOnly: row.read_only,
    risks,
    publicAccess,
    links,
    connectionId: row.connection_id,
    detail: { ...row.detail },
  }
}

import { z } from 'zod'
import { facetFields, newestFacetFields } from '../changes/filters.ts'
import type { ChangeFilters, TimeRange } from '../db/change-filters.ts'
import { readOrganization, type Trx } from '../db/database.ts'
import { type Facet, facets } from '../db/facets.ts'
import { histogram } from '../db/histogram.ts'
import { NEWEST, newestFacets } from '../db/newest-facets.ts'
import { withSearch } from '../db/search.ts'
import { readImportedRange } from './changes/completeness.ts'
import { filtersSchema, readFilters } from './changes/filters.ts'
import { completenessSchema } from './changes/schema.ts'
import type { ApiContext, App } from './context.ts'
import { jsonResponse, Problem, problems } from './problems.ts'

const DEFAULT_HOURS = 24
const window = `\`to\` defaults to now, and \`from\` to ${DEFAULT_HOURS} hours before \`to\`.`

const countedRangeSchema = {
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  partial: z.boolean().meta({
    description:
      'True: counting the whole time range took too long, so the counts cover `countedFrom` to `to` only.',
  }),
  countedFrom: z.iso.datetime().meta({
    description: 'The start of what is counted: `from`, unless `partial` is true.',
  }),
}

const histogramSchema = z
  .object({
    ...countedRangeSchema,
    bucketSeconds: z.int(),
    buckets: z
      .array(
        z.object({
          from: z.iso.datetime(),
          total: z.int(),
          failed: z
            .int()
            .meta({ description: 'The number of changes that failed or were denied.' }),
        }),
      )
      .meta({
        description:
          'Contiguous buckets, including empty ones, aligned to whole seconds, minutes, hours, days or weeks in UTC. The first and the last bucket can extend past the time range but count only changes in it.',
      }),
    total: z.int(),
    ...completenessSchema,
  })
  .meta({
    id: 'Histogram',
    examples: [
      {
        from: '2026-03-02T11:30:00.000Z',
        to: '2026-03-02T12:30:00.000Z',
        partial: false,
        countedFrom: '2026-03-02T11:30:00.000Z',
        bucketSeconds: 1800,
        buckets: [
          { from: '2026-03-02T11:30:00.000Z', total: 12, failed: 0 },
          { from: '2026-03-02T12:00:00.000Z', total: 41, failed: 3 },
        ],
        total: 53,
        completeThrough: '2026-03-02T12:21:00.000Z',
        completeFrom: '2026-02-23T12:00:00.000Z',
      },
    ],
  })

const facetSchema = z.object({
  value: z.string().meta({ description: 'The value to filter by.' }),
  count: z.int(),
  label: z
    .string()
    .optional()
    .meta({ description: 'The display name, if it differs from `value`.' }),
})

const facetsSchema = z
  .object({
    ...countedRangeSchema,
    fields: z.object(
      Object.fromEntries(facetFields.map((field) => [field, z.array(facetSchema)])) as Record<
        (typeof facetFields)[number],
        z.ZodArray<typeof facetSchema>
      >,
    ),
    noise: z.object({ hidden: z.int(), shown: z.int() }).meta({
      description: 'The number of routine and other changes, regardless of the `noise` filter.',
    }),
    total: z.int().meta({ description: 'The number of changes that match all filters.' }),
  })
  .meta({
    id: 'Facets',
    examples: [
      {
        from: '2026-03-01T12:30:00.000Z',
        to: '2026-03-02T12:30:00.000Z',
        partial: false,
        countedFrom: '2026-03-01T12:30:00.000Z',
        fields: {
          ...Object.fromEntries(facetFields.map((field) => [field, []])),
          service: [
            { value: 'ec2', count: 40 },
            { value: 'rds', count: 2 },
          ],
          connection: [
            { value: '019b2d5e-8c1a-7f00-9a3e-4f6d2c7b8a90', count: 42, label: 'Production' },
          ],
        },
        noise: { hidden: 310, shown: 42 },
        total: 42,
      },
    ],
  })

const newestFacetsSchema = z
  .object({
    fields: z.object(
      Object.fromEntries(newestFacetFields.map((field) => [field, z.array(facetSchema)])) as Record<
        (typeof newestFacetFields)[number],
        z.ZodArray<typeof facetSchema>
      >,
    ),
    counted: z.int().meta({ description: 'The number of changes that match all filters.' }),
    partial: z.boolean().meta({
      description: `True: more changes match than the newest ${NEWEST} that are counted.`,
    }),
  })
  .meta({
    id: 'NewestFacets',
    examples: [
      {
        fields: {
          ...Object.fromEntries(newestFacetFields.map((field) => [field, []])),
          sourceIp: [{ value: '198.51.100.7', count: 12 }],
        },
        counted: 42,
        partial: false,
      },
    ],
  })

const tags = ['changes']

/** The routes for what the feed page shows around the changes: histogram and facets. */
export function feedRoutes(app: App, { database }: ApiContext): void {
  app.get(
    '/changes/histogram',
    {
      schema: {
        tags,
        operationId: 'getHistogram',
        summary: 'Get the change histogram',
        description: `Accepts the same filters as the feed. ${window} Bucket lengths range from one second to weeks.`,
        querystring: filtersSchema.extend({
          buckets: z.coerce
            .number()
            .int()
            .min(1)
            .max(200)
            .default(60)
            .meta({ description: 'The maximum number of buckets.' }),
        }),
        response: {
          200: jsonResponse('The histogram.', histogramSchema),
          ...problems(401, 422, 503, 504),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => {
        const { buckets: most, ...query } = request.query
        const filters = inWindow(await readFilters(trx, query))
        const counted = await histogram(trx, await searched(trx, filters), most)
        return {
          ...written(filters, counted),
          bucketSeconds: counted.bucketSeconds,
          total: counted.total,
          buckets: counted.buckets.map(({ from, ...counts }) => ({
            from: from.toISOString(),
            ...counts,
          })),
          ...(await readImportedRange(trx, filters)),
        }
      }),
  )

  app.get(
    '/changes/facets',
    {
      schema: {
        tags,
        operationId: 'getFacets',
        summary: 'Get facets',
        description: `Accepts the same filters as the feed. ${window} Returns up to 20 values per field, the most frequent first. A filter on a field does not affect the counts of that field: \`service=ec2\` still returns other services. An actor that a filter names is always returned, with count 0 if no other change has it. Only the first 100 resources of a change are counted.`,
        querystring: filtersSchema,
        response: {
          200: jsonResponse('The facets.', facetsSchema),
          ...problems(401, 422, 503, 504),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => {
        const filters = inWindow(await readFilters(trx, request.query))
        // Not narrowed by resource and environment: other values of these are counted as well.
        const { include } = filters
        const found = await searched(trx, {
          ...filters,
          include: { ...include, resource: undefined, environment: undefined },
        })
        const { fields, noise, total, countedFrom } = await facets(trx, { ...found, include })
        const names = await trx.selectFrom('connections').select(['id', 'name']).execute()
        const environments = await trx.selectFrom('environments').select(['id', 'name']).execute()
        return {
          ...written(filters, { countedFrom }),
          noise,
          total,
          fields: {
            ...fields,
            actor: await withFilteredActors(trx, fields.actor, filters),
            connection: labeled(fields.connection, names),
            environment: labeled(fields.environment, environments),
          },
        }
      }),
  )

  app.get(
    '/changes/newest-facets',
    {
      schema: {
        tags,
        operationId: 'getNewestFacets',
        summary: 'Get facets of the newest changes',
        description: `For fields that are not in an index. Accepts the same filters as the feed. ${window} Counts the newest ${NEWEST} matching changes, and returns up to 20 values per field, the most frequent first. A filter on a field does not affect the counts of that field.`,
        querystring: filtersSchema,
        response: {
          200: jsonResponse('The facets.', newestFacetsSchema),
          ...problems(401, 422, 503, 504),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => {
        const filters = inWindow(await readFilters(trx, request.query))
        return newestFacets(trx, await searched(trx, filters))
      }),
  )
}

/**
 * Adds the actors that a filter names and that have no counted change. A client shows their names,
 * and the filter contains only their IDs.
 */
async function withFilteredActors(
  trx: Trx,
  listed: readonly Facet[],
  { include, exclude }: ChangeFilters,
): Promise<Facet[]> {
  const ids = new Set([...(include.actor ?? []), ...(exclude.actor ?? [])])
  for (const { value } of listed) ids.delete(value)
  if (ids.size === 0) return [...listed]
  const named = await trx
    .selectFrom('facet_groups')
    .select(['actor_id', (eb) => eb.fn.max('actor').as('name')])
    .where('actor_id', 'in', [...ids])
    .groupBy('actor_id')
    .orderBy('actor_id')
    .execute()
  return [
    ...listed,
    ...named.map(({ actor_id, name }) => ({ value: actor_id, count: 0, label: name })),
  ]
}

type Windowed = ChangeFilters & TimeRange

async function searched(...[trx, filters]: Parameters<typeof withSearch>): Promise<Windowed> {
  return (await withSearch(trx, filters)) as Windowed
}

/** @throws Problem 422 if the time range is empty */
function inWindow(filters: ChangeFilters): Windowed {
  const to = filters.to ?? new Date()
  const asked = filters.from ?? new Date(to.getTime() - DEFAULT_HOURS * 3_600_000)
  // No change can be older: IDs cannot represent earlier times.
  const from = new Date(Math.max(0, asked.getTime()))
  if (from < to) return { ...filters, from, to }
  const detail = filters.to
    ? '`from` must be before `to`.'
    : '`from` is in the future. Set `to` as well.'
  throw new Problem(422, `?from: ${detail}`, { errors: [{ pointer: '?from', detail }] })
}

function written({ from, to }: TimeRange, { countedFrom }: { countedFrom: Date }) {
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    partial: countedFrom > from,
    countedFrom: countedFrom.toISOString(),
  }
}

function labeled(found: Facet[], named: { id: string; name: string }[]) {
  const names = new Map(named.map(({ id, name }) => [id, name]))
  return found.map((facet) => ({ ...facet, label: names.get(facet.value) }))
}

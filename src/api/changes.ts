import { z } from 'zod'
import {
  type ChangeFilters,
  type FilterField,
  filterFields,
  findChange,
  InvalidCursor,
  listChanges,
} from '../db/changes.ts'
import { liveEdges } from '../db/coverage.ts'
import { asOrganization } from '../db/database.ts'
import type { ChangeRow } from '../db/schema.ts'
import type { ApiContext, App } from './context.ts'
import { notFound, Problem, problemSchema } from './problems.ts'

const time = z.iso.datetime({ offset: true })

const changeSchema = z
  .object({
    id: z.uuid(),
    source: z.string(),
    sourceId: z.string().meta({ description: 'For CloudTrail the event id.' }),
    occurredAt: z.iso.datetime(),
    importedAt: z.iso.datetime(),
    summary: z.string().meta({ description: 'One sentence. Texts hold what strangers wrote.' }),
    actor: z.looseObject({ kind: z.string(), name: z.string(), id: z.string() }),
    tool: z.looseObject({ name: z.string(), label: z.string() }),
    service: z.string(),
    action: z.string(),
    resources: z.array(z.looseObject({ type: z.string(), id: z.string() })),
    outcome: z.enum(['succeeded', 'failed', 'denied']),
    error: z.looseObject({ code: z.string() }).optional(),
    region: z.string().nullable(),
    accountId: z.string().nullable(),
    environments: z.array(z.string()),
    changeSetId: z.string().nullable(),
    noise: z.string().nullable().meta({ description: 'Why it is routine; null when it is not.' }),
    edits: z.array(z.looseObject({ field: z.string() })),
    aspects: z.array(z.string()),
    opensToWorld: z.string().optional(),
    links: z.array(z.object({ label: z.string(), url: z.string() })),
    connectionId: z.uuid().nullable(),
  })
  .meta({ id: 'Change' })

const many = z
  .union([z.string().max(2048), z.array(z.string().max(2048)).max(100)])
  .transform((value) => [value].flat())
  .optional()

const fieldSchemas = Object.fromEntries(
  filterFields.flatMap((field) => [
    [field, many.meta({ description: 'One of these; may be repeated.' })],
    [`${field}!`, many.meta({ description: 'None of these: `name!=value`; may be repeated.' })],
  ]),
) as Record<FilterField | `${FilterField}!`, typeof many>

const filtersSchema = z.strictObject({
  from: time.optional().meta({ description: 'Occurred at this time or later.' }),
  to: time.optional().meta({ description: 'Occurred before this time.' }),
  q: z.string().min(1).max(500).optional().meta({ description: 'A part of the summary.' }),
  noise: z.enum(['true', 'false']).optional().meta({
    description: '`false` leaves out what is routine, `true` shows nothing else.',
  }),
  ...fieldSchemas,
})

const pageSchema = filtersSchema.extend({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(1000).optional(),
})

function toFilters(query: z.output<typeof filtersSchema>): ChangeFilters {
  const filters: ChangeFilters = { include: {}, exclude: {} }
  if (query.from) filters.from = new Date(query.from)
  if (query.to) filters.to = new Date(query.to)
  if (query.q) filters.q = query.q
  if (query.noise) filters.noise = query.noise === 'true'
  for (const field of filterFields) {
    const included = query[field]
    const excluded = query[`${field}!`]
    if (included) filters.include[field] = included
    if (excluded) filters.exclude[field] = excluded
  }
  return filters
}

const problems = { '4xx': problemSchema, '5xx': problemSchema }
const tags = ['changes']

/** The feed. */
export function changeRoutes(app: App, { api }: ApiContext): void {
  app.get(
    '/changes',
    {
      schema: {
        tags,
        summary: 'The feed, newest first',
        description:
          'Every change that was there when the first page was read is on exactly one page; what arrives meanwhile may or may not be.',
        querystring: pageSchema,
        response: {
          200: z.object({
            items: z.array(changeSchema),
            nextCursor: z.string().nullable(),
            completeThrough: z.iso.datetime().nullable().meta({
              description: 'The earliest live edge of the connections that are asked for.',
            }),
          }),
          ...problems,
        },
      },
    },
    (request) =>
      asOrganization(api, request.organizationId, async (trx) => {
        const { limit, cursor, ...query } = request.query
        const filters = toFilters(query)
        const page = await listChanges(trx, filters, { limit, cursor }).catch((error) => {
          if (!(error instanceof InvalidCursor)) throw error
          throw new Problem(422, `${error.message}. Begin again without it.`, {
            errors: [{ pointer: '?cursor', detail: error.message }],
          })
        })
        const edges = await liveEdges(trx)
        const asked = filters.include.connection
        const times = [...edges].filter(([id]) => !asked || asked.includes(id)).map(([, at]) => at)
        const earliest = times.length > 0 ? Math.min(...times.map((at) => at.getTime())) : null
        return {
          items: page.items.map(toChange),
          nextCursor: page.nextCursor,
          completeThrough: earliest === null ? null : new Date(earliest).toISOString(),
        }
      }),
  )

  app.get(
    '/changes/:id',
    {
      schema: {
        tags,
        summary: 'One change, with its record',
        params: z.object({ id: z.string() }),
        response: { 200: changeSchema.extend({ record: z.unknown() }), ...problems },
      },
    },
    (request) =>
      asOrganization(api, request.organizationId, async (trx) => {
        const { id } = request.params
        const row = z.uuid().safeParse(id).success ? await findChange(trx, id) : undefined
        if (!row) throw notFound('change')
        return { ...toChange(row), record: row.record }
      }),
  )
}

function toChange(row: ChangeRow) {
  const { actor, tool, resources, edits, aspects, opensToWorld, error, links } = row.detail
  return {
    id: row.id,
    source: row.source,
    sourceId: row.source_id,
    occurredAt: row.occurred_at.toISOString(),
    importedAt: row.imported_at.toISOString(),
    summary: row.summary,
    actor: { ...actor },
    tool: { ...tool },
    service: row.service,
    action: row.action,
    resources: resources.map((resource) => ({ ...resource })),
    outcome: row.outcome,
    error: error && { ...error },
    region: row.region,
    accountId: row.account_id,
    environments: [],
    changeSetId: row.change_set_id,
    noise: row.noise,
    edits: edits.map((edit) => ({ ...edit })),
    aspects,
    opensToWorld,
    links,
    connectionId: row.connection_id,
  }
}

import { z } from 'zod'
import { presentSetIds } from '../../db/change-sets.ts'
import { findChange, listChanges } from '../../db/changes.ts'
import { readOrganization } from '../../db/database.ts'
import { environmentsOf } from '../../db/environment-links.ts'
import { listChangeSets } from '../../db/list-change-sets.ts'
import { type EarlierChange, listEarlierChanges } from '../../db/resource-history.ts'
import { withSearch } from '../../db/search.ts'
import { findSource } from '../../sources/index.ts'
import type { HistoricChange } from '../../sources/source.ts'
import type { ApiContext, App } from '../context.ts'
import { found, jsonResponse, problems } from '../problems.ts'
import { readImportedRange } from './completeness.ts'
import { querySchema, readFilters, refuseCursor, requireTimeRange } from './filters.ts'
import { createRecordReader } from './record.ts'
import { changeSetPageSchema, changeWithRecordSchema, pageSchema } from './schema.ts'
import { presentChange, subjectOf, toChange, toChangeSet } from './serialize.ts'

const tags = ['changes']

/** The feed. */
export function changeRoutes(app: App, { database, recordBudget }: ApiContext): void {
  const readRecord = createRecordReader(recordBudget)

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
        description:
          'Includes the original record from the source. The total size of records above 256 KiB that an organization can read in a minute is limited.',
        params: z.object({ id: z.string().meta({ description: 'The change ID.' }) }),
        response: {
          200: jsonResponse('The change.', changeWithRecordSchema),
          ...problems(401, 404, 429, 503),
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
        const record = await readRecord(trx, row)
        const more = source?.readRecord?.(record)
        return { ...change, detail: { ...detail, ...more }, record }
      }),
  )
}

const toHistoric = ({ action, occurred_at, envelope, detail }: EarlierChange): HistoricChange => ({
  action,
  occurredAt: occurred_at,
  resources: envelope.resources,
  detail,
})

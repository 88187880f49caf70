import { Readable } from 'node:stream'
import { z } from 'zod'
import { csvLine } from '../changes/csv.ts'
import { listChanges } from '../db/changes.ts'
import { type ReadScope, readOrganization } from '../db/database.ts'
import { withSearch } from '../db/search.ts'
import { isStillAuthorized, watchAuthorization } from './authenticate.ts'
import { readImportedRange } from './changes/completeness.ts'
import { filtersSchema, readFilters, requireTimeRange } from './changes/filters.ts'
import { presentChanges } from './changes/serialize.ts'
import type { ApiContext, App } from './context.ts'
import { createExportLimit } from './open-exports.ts'
import { Problem, problems } from './problems.ts'

/** Each page is a transaction of its own, within the limit for statements. */
const PAGE = 500

const COLUMNS = [
  'occurredAt',
  'endedAt',
  'source',
  'summary',
  'actor',
  'tool',
  'service',
  'action',
  'outcome',
  'accountId',
  'region',
  'resources',
  'environments',
  'risks',
  'id',
] as const

const exportSchema = filtersSchema.extend({
  format: z.enum(['csv', 'ndjson']).meta({ description: 'The format of the file.' }),
})

type Presented = Awaited<ReturnType<typeof presentChanges>>[number]

/** The feed as a file. */
export function exportRoutes(app: App, context: ApiContext): void {
  const { database } = context
  const countUntilEnd = createExportLimit()
  app.get(
    '/changes/export',
    {
      schema: {
        tags: ['changes'],
        operationId: 'exportChanges',
        summary: 'Export changes',
        description:
          'Returns all changes that match, newest first, up to the time of the request. The first line contains the filters and the completeness at the start of the export: in CSV as a comment, in NDJSON as `{"export": …}`. The last line of NDJSON is `{"end": …}` with the number of changes; without it, the export was interrupted. It is interrupted within a minute after its API key is revoked or its session ends. An organization can have 4 open exports in each API process. Values that a spreadsheet would run as a formula start with an apostrophe in CSV.',
        querystring: exportSchema,
        response: {
          200: {
            description: 'The changes.',
            content: {
              'text/csv': { schema: z.string() },
              'application/x-ndjson': { schema: z.string() },
            },
          },
          ...problems(401, 422, 429, 503, 504),
        },
      },
    },
    async (request, reply) => {
      const { format, ...query } = request.query
      const { organizationId, disconnected } = request
      const reader: ReadScope = { organizationId, disconnected }
      let stream: Readable | undefined
      countUntilEnd(request, reply, () => {
        stopWatching()
        stream?.destroy()
      })
      // For a client that does not read, and so never requests the next page.
      const stopWatching = watchAuthorization(context, request, () => request.raw.socket.destroy())
      const exportedAt = new Date()
      // Changes that happen later would shift nothing, but the file would have no defined end.
      const { to = exportedAt.toISOString() } = query
      const head = await readOrganization(database, reader, async (trx) => {
        const filters = await readFilters(trx, { ...query, to })
        requireTimeRange(filters)
        return readImportedRange(trx, filters)
      })
      const page = (cursor?: string) =>
        readOrganization(database, reader, async (trx) => {
          const filters = await readFilters(trx, { ...query, to })
          const found = await withSearch(trx, filters)
          const { items, nextCursor } = await listChanges(trx, found, {
            limit: PAGE,
            ...(cursor !== undefined && { cursor }),
          })
          return { items: await presentChanges(trx, items), nextCursor }
        })
      // The first page before the response starts: its errors are still problems.
      const first = await page()
      const next = async (cursor: string) => {
        if (await isStillAuthorized(context, request)) return page(cursor)
        throw new Problem(401, 'The API key was revoked, or the session ended.')
      }
      const described = { exportedAt: exportedAt.toISOString(), filters: { ...query, to }, ...head }
      const write = format === 'csv' ? csv : ndjson
      const name = `cairn-changes-${exportedAt.toISOString().replaceAll(/[:.]/g, '-')}.${format}`
      reply
        .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson')
        .header('content-disposition', `attachment; filename="${name}"`)
      stream = Readable.from(write(described, pagesFrom(first, next)))
      return reply.send(stream as never)
    },
  )
}

interface ExportPage {
  items: Presented[]
  nextCursor: string | null
}

async function* pagesFrom(
  first: ExportPage,
  next: (cursor: string) => Promise<ExportPage>,
): AsyncGenerator<Presented[]> {
  let page = first
  yield page.items
  while (page.nextCursor !== null) {
    page = await next(page.nextCursor)
    yield page.items
  }
}

async function* csv(head: object, pages: AsyncIterable<Presented[]>): AsyncGenerator<string> {
  yield csvLine([`# ${JSON.stringify({ export: head })}`])
  yield csvLine(COLUMNS)
  for await (const items of pages) {
    yield items.map((change) => csvLine(COLUMNS.map((column) => cell(change, column)))).join('')
  }
}

function cell(change: Presented, column: (typeof COLUMNS)[number]): string {
  if (column === 'actor') return change.actor.name
  if (column === 'tool') return change.tool.label
  if (column === 'resources') return change.resources.map(({ id }) => id).join(' ')
  const value = change[column]
  return Array.isArray(value) ? value.join(' ') : (value ?? '')
}

async function* ndjson(head: object, pages: AsyncIterable<Presented[]>): AsyncGenerator<string> {
  yield `${JSON.stringify({ export: head })}\n`
  let count = 0
  for await (const items of pages) {
    count += items.length
    yield items.map((change) => `${JSON.stringify(change)}\n`).join('')
  }
  yield `${JSON.stringify({ end: { changes: count } })}\n`
}

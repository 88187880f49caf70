import { z } from 'zod'
import { unparsedReasons } from '../../changes/unparsed-reasons.ts'
import { findUnparsed, type ListedUnparsedRecord, listUnparsed } from '../../db/unparsed-records.ts'
import type { ApiContext, App } from '../context.ts'
import { readIdCursor, writeIdCursor } from '../id-cursor.ts'
import { pageCursor, pageLimit } from '../paging.ts'
import { found, jsonResponse, problems } from '../problems.ts'
import { time } from '../time.ts'
import { connectionParams, readConnection } from './find.ts'
import { file } from './setup.ts'

const recordSchema = z.object({
  id: z.uuid(),
  eventId: z.string().nullable().meta({
    description: 'The event ID that LookupEvents returned. Null if it returned none.',
  }),
  eventName: z.string().nullable(),
  eventSource: z.string().nullable(),
  eventTime: time.nullable(),
  username: z.string().nullable(),
  region: z.string().nullable().meta({ description: 'The region that returned the event.' }),
  reason: z.enum(unparsedReasons).meta({ description: 'Why the event is not a change.' }),
  seenAt: time.meta({ description: 'When Cairn first read the event.' }),
})

const pageSchema = z
  .object({
    items: z.array(recordSchema),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'The cursor of the next page. Null on the last page.' }),
    total: z.int().meta({ description: 'The number of unparsed records on all pages.' }),
  })
  .meta({
    id: 'UnparsedRecordPage',
    examples: [
      {
        items: [
          {
            id: '019b2d63-11d2-7c10-8a57-6e0f4b2c9d31',
            eventId: '8f4f7d8c-2f0e-4f0b-9d0e-3c5b8a7e6d21',
            eventName: 'RunInstances',
            eventSource: 'ec2.amazonaws.com',
            eventTime: '2026-03-02T12:01:07.000Z',
            username: 'ada',
            region: 'eu-west-1',
            reason: 'not_an_object',
            seenAt: '2026-03-02T12:04:10.512Z',
          },
        ],
        nextCursor: null,
        total: 1,
      },
    ],
  })

const recordParams = connectionParams.extend({
  recordId: z.string().meta({ description: "The unparsed record's ID." }),
})

const tags = ['connections']

/** The routes for events that LookupEvents returned and that could not become changes. */
export function unparsedRecordRoutes(app: App, { database }: ApiContext): void {
  app.get(
    '/connections/:id/unparsed-records',
    {
      schema: {
        tags,
        operationId: 'listUnparsedRecords',
        summary: 'List unparsed records, newest first',
        description:
          'Lists the events that LookupEvents returned and that could not become changes. Each event is listed once. A record is removed when a later read of the event succeeds.',
        params: connectionParams,
        querystring: z.strictObject({
          limit: pageLimit('The maximum number of records per page.'),
          cursor: pageCursor(),
        }),
        response: {
          200: jsonResponse('A page of unparsed records.', pageSchema),
          ...problems(401, 404, 422, 503),
        },
      },
    },
    (request) =>
      readConnection(database, request, async (trx, row) => {
        const { limit, cursor } = request.query
        const before = cursor === undefined ? undefined : readIdCursor(cursor)
        const { items, hasMore, total } = await listUnparsed(trx, row.id, { limit, before })
        const last = hasMore ? items.at(-1) : undefined
        return {
          items: items.map(toRecord),
          nextCursor: last ? writeIdCursor(last.id) : null,
          total,
        }
      }),
  )

  app.get(
    '/connections/:id/unparsed-records/:recordId',
    {
      schema: {
        tags,
        operationId: 'downloadUnparsedRecord',
        summary: 'Download an unparsed record',
        description:
          'Returns the whole entry that LookupEvents returned for the event, as JSON text. `CloudTrailEvent` in it is the record that could not be read.',
        params: recordParams,
        response: {
          200: file('The entry.', 'text/plain'),
          ...problems(401, 404, 503),
        },
      },
    },
    async (request, reply) => {
      const record = await readConnection(database, request, (trx, row) =>
        found('unparsed record', request.params.recordId, (id) => findUnparsed(trx, row.id, id)),
      )
      // Untrusted content: browsers must download it and never render it.
      return reply
        .type('text/plain; charset=utf-8')
        .header('content-disposition', `attachment; filename="unparsed-${record.id}.txt"`)
        .send(record.raw)
    },
  )
}

function toRecord(row: ListedUnparsedRecord): z.input<typeof recordSchema> {
  return {
    id: row.id,
    eventId: row.event_id,
    eventName: row.event_name,
    eventSource: row.event_source,
    eventTime: row.event_time?.toISOString() ?? null,
    username: row.username,
    region: row.region,
    reason: row.reason,
    seenAt: row.seen_at.toISOString(),
  }
}

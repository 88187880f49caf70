import { z } from 'zod'
import type { ApiContext, App } from '../context.ts'
import { jsonResponse, problems } from '../problems.ts'
import { time } from '../time.ts'
import { connectionParams, readLiveRef } from './find.ts'
import { limitPending } from './limit-pending.ts'

const importSchema = z
  .object({
    startedAt: time,
    finishedAt: time,
    regions: z.int(),
    imported: z.int(),
    requests: z.int(),
    throttled: z.int(),
    completeThrough: time.nullable(),
    lagSeconds: z.int().nullable(),
    gapSeconds: z.int(),
    status: z.string(),
    statusReason: z.string().nullable(),
    failing: z.array(z.object({ region: z.string(), error: z.string() })),
    nextPollAt: time,
  })
  .meta({
    id: 'ImportSummary',
    examples: [
      {
        startedAt: '2026-03-02T12:23:08.000Z',
        finishedAt: '2026-03-02T12:23:10.000Z',
        regions: 17,
        imported: 3,
        requests: 19,
        throttled: 0,
        completeThrough: '2026-03-02T12:03:00.000Z',
        lagSeconds: 10,
        gapSeconds: 0,
        status: 'current',
        statusReason: null,
        failing: [],
        nextPollAt: '2026-03-02T12:24:10.000Z',
      },
    ],
  })

/** The route that imports immediately, in addition to the workflow's cycles. */
export function importRoutes(app: App, { database, workflows }: ApiContext): void {
  const runLimited = limitPending('imports')
  app.post(
    '/connections/:id/import',
    {
      schema: {
        tags: ['connections'],
        operationId: 'importNow',
        summary: 'Import now',
        description: 'Imports from all active regions once and waits for the result.',
        params: connectionParams,
        response: {
          200: jsonResponse('The result of the import.', importSchema),
          ...problems(401, 404, 409, 503, 504),
        },
      },
    },
    async (request) => {
      const ref = await readLiveRef(database, request)
      return runLimited(ref.organizationId, () => workflows.importNow(ref))
    },
  )
}

import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { fromBinary, readCloudEvent } from '../../sources/deploy/cloudevents.ts'
import type { Report } from '../../sources/deploy/detail.ts'
import { readJson } from '../bodies/read.ts'
import type { ApiContext, App } from '../context.ts'
import { jsonResponse, Problem, problems } from '../problems.ts'
import { acceptReport, refuseReportTimes } from './store.ts'

const MAX_BATCH = 100

const receivedSchema = z
  .object({
    changes: z.array(
      z.object({ id: z.uuid(), created: z.boolean(), warnings: z.array(z.string()) }),
    ),
    ignored: z.array(z.object({ index: z.int(), reason: z.string() })).meta({
      description: 'Events that report no change, by their index in a batch.',
    }),
  })
  .meta({
    id: 'ReceivedEvents',
    examples: [
      {
        changes: [{ id: '019cae21-a3d0-8c07-a51e-2b7f90d4c6e3', created: true, warnings: [] }],
        ignored: [],
      },
    ],
  })

/** CloudEvents over HTTP, in structured, batched and binary mode. */
export function cloudEventRoutes(app: App, { database }: ApiContext): void {
  app.register(async (scope) => {
    const routes = scope as App
    routes.addContentTypeParser(
      ['application/cloudevents+json', 'application/cloudevents-batch+json'],
      readJson,
    )
    routes.post(
      '/cloudevents',
      {
        schema: {
          tags: ['receivers'],
          operationId: 'receiveCloudEvents',
          summary: 'Receive CloudEvents',
          description:
            'CloudEvents 1.0 over HTTP: structured (`application/cloudevents+json`), batched (`application/cloudevents-batch+json`, at most 100 events) or binary (`ce-` headers, JSON data). CDEvents about services, environments, pipeline runs and merged changes are supported. The data of other events can contain the fields of `POST /changes`. An event that is sent again is stored once.',
          response: {
            202: jsonResponse('The stored changes.', receivedSchema),
            ...problems(401, 422, 503),
          },
        },
      },
      async (request, reply) => {
        const now = new Date()
        const { reports, ignored } = readEvents(request, now)
        const changes = []
        for (const { report, record } of reports) {
          const options = { now, record }
          const stored = await acceptReport(database, request.organizationId, report, options)
          const { created, warnings } = stored
          changes.push({ id: stored.change.id, created, warnings })
        }
        return reply.code(202).send({ changes, ignored })
      },
    )
  })
}

/** @throws Problem 422 if one of the events is not valid: then none of them is stored */
function readEvents(request: FastifyRequest, now: Date) {
  const isBatch = /^application\/cloudevents-batch\+json/i.test(
    request.headers['content-type'] ?? '',
  )
  const binary = fromBinary(request.headers, request.body)
  const events = isBatch && Array.isArray(request.body) ? request.body : [binary ?? request.body]
  if (events.length > MAX_BATCH) {
    throw new Problem(422, `A batch can contain at most ${MAX_BATCH} events.`)
  }
  const reports: { report: Report; record: unknown }[] = []
  const ignored: { index: number; reason: string }[] = []
  for (const [index, event] of events.entries()) {
    const reading = readCloudEvent(event)
    if ('errors' in reading) {
      const pointer = isBatch ? `/${index}` : ''
      const errors = reading.errors.map((detail) => ({ pointer, detail }))
      throw new Problem(422, `The event is not valid. ${reading.errors.join(' ')}`, { errors })
    }
    if ('ignored' in reading) {
      ignored.push({ index, reason: reading.ignored })
      continue
    }
    refuseReportTimes(reading.report, now)
    reports.push({ report: reading.report, record: event })
  }
  return { reports, ignored }
}

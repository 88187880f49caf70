import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ReportReading } from '../../sources/deploy/foreign.ts'
import { readPagerDutyChange } from '../../sources/deploy/pagerduty.ts'
import type { FindOrganization } from '../authenticate.ts'
import { parseJson, readBody } from '../bodies/read.ts'
import type { ApiContext, App } from '../context.ts'
import { jsonResponse, Problem } from '../problems.ts'
import { recordRefusals } from '../refusals.ts'
import { findRoutingKeys } from './routing-keys.ts'
import { acceptReport } from './store.ts'

/** PagerDuty's own limit. */
const BODY_LIMIT_BYTES = 512 * 1024

const pagerDutyAnswer = z.object({
  status: z.string(),
  message: z.string(),
  errors: z.array(z.string()).optional(),
})

/**
 * Receivers for systems that cannot send an `Authorization` header, and for clients of GitHub's
 * deployment API. Their paths, bodies and responses are those of the systems that they replace.
 */
export function receiverRoutes(
  app: App,
  { database }: ApiContext,
  findOrganization: FindOrganization,
): void {
  // The body of a refused report may not have been read (413). Then only a key in the headers
  // identifies the organization. After 401, that key is known to be wrong.
  recordRefusals(app, database, async (request, status) => {
    const key = receiverKey(request)
    const isExcluded = status === 401 || status === 429
    const organizationId =
      request.organizationId ||
      (key !== undefined && !isExcluded && (await findOrganization(request.ip, key)))
    return organizationId ? { organizationId, integrationId: null } : undefined
  })
  const store = async (organizationId: string, reading: ReportReading, record: unknown) => {
    if (!('report' in reading)) return
    const options = { now: new Date(), record }
    await acceptReport(database, organizationId, reading.report, options)
  }

  const findSender = async (address: string, keys: readonly string[]) => {
    for (const key of keys) {
      const organizationId = await findOrganization(address, key)
      if (organizationId) return { key, organizationId }
    }
    return undefined
  }

  app.register(async (scope) => {
    const routes = scope as App
    // The key is in the body, so the body is only parsed when a key in it has been found.
    routes.removeContentTypeParser('application/json')
    routes.addContentTypeParser('application/json', readBody)
    routes.post(
      '/v2/change/enqueue',
      {
        bodyLimit: BODY_LIMIT_BYTES,
        schema: {
          tags: ['receivers'],
          security: [],
          operationId: 'receivePagerDutyChangeEvent',
          summary: 'Receive a PagerDuty change event',
          description:
            'Compatible with `POST https://events.pagerduty.com/v2/change/enqueue`. `routing_key` is an API key of Cairn. `custom_details` can contain `environment`, `service`, `version`, `author` and `repository`.',
          querystring: z.looseObject({}),
          response: {
            202: jsonResponse('The change is stored.', pagerDutyAnswer),
            400: jsonResponse('The event is not valid.', pagerDutyAnswer),
          },
        },
      },
      async (request, reply) => {
        const invalid = (errors: string[]) =>
          reply.code(400).send({
            status: 'invalid event',
            message: 'Event object is invalid',
            errors,
          })
        const wrongKey = () => invalid(["'routing_key' must be a valid API key of Cairn"])
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
        const sender = await findSender(request.ip, findRoutingKeys(body.toString()))
        if (!sender) return wrongKey()
        request.organizationId = sender.organizationId
        const { routing_key: key, ...event } = (parseJson(request, body) ?? {}) as Record<
          string,
          unknown
        >
        // Another field of this name may contain a valid key as well.
        const own = typeof key === 'string' ? [key] : []
        const owner = key === sender.key ? sender : await findSender(request.ip, own)
        if (!owner) return wrongKey()
        const { organizationId } = owner
        request.organizationId = organizationId
        const reading = readPagerDutyChange(event)
        if ('errors' in reading) return invalid(reading.errors)
        try {
          await store(organizationId, reading, event)
        } catch (error) {
          if (error instanceof Problem && error.status === 422) return invalid([error.message])
          throw error
        }
        return reply.code(202).send({ status: 'success', message: 'Change event processed' })
      },
    )
  })
}

/** The key of a request to a receiver that accepts GitHub's spelling, `token KEY`, as well. */
export function receiverKey({ headers }: FastifyRequest): string | undefined {
  return /^(?:Bearer|token) +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
}

import { z } from 'zod'
import { asOrganization, readOrganization, violates } from '../db/database.ts'
import { lockIncidents, remapAlerts } from '../db/incidents.ts'
import type { ServiceMappingRow } from '../db/schema/incidents.ts'
import {
  deleteServiceMapping,
  insertServiceMapping,
  listServiceMappings,
  MAX_SERVICE_MAPPINGS,
  TooManyServiceMappings,
} from '../db/service-mappings.ts'
import { ALERT_SOURCES } from '../incidents/incident.ts'
import type { ApiContext, App } from './context.ts'
import { idInput } from './ids.ts'
import { found, jsonResponse, Problem, problems } from './problems.ts'
import { text } from './text.ts'

const tags = ['incidents']
const source = z.enum(ALERT_SOURCES).nullable()

const mappingSchema = z
  .object({
    id: z.uuid(),
    source: source.meta({ description: 'The alert source. Null: every source.' }),
    label: z.string().nullable().meta({
      description: 'The label whose value is compared. Null: the ID or name of a service.',
    }),
    value: z.string().meta({ description: 'A pattern with `*`. Ignores case.' }),
    environmentId: z.uuid().nullable(),
    services: z.array(z.string()),
    createdAt: z.iso.datetime(),
  })
  .meta({
    id: 'ServiceMapping',
    examples: [
      {
        id: '019cae21-a3d0-7d54-8ed0-4d5e1ce6ee71',
        source: 'pagerduty',
        label: null,
        value: 'Checkout API',
        environmentId: '019b2d41-17c6-7a52-8f60-3b9d2e1c4a75',
        services: ['checkout'],
        createdAt: '2026-03-02T08:58:31.204Z',
      },
    ],
  })

const createSchema = z
  .strictObject({
    source: source.default(null),
    label: text(300).trim().min(1).nullable().default(null),
    value: text(300).trim().min(1),
    environmentId: idInput().nullable().default(null),
    services: z.array(text(200).trim().min(1)).max(50).default([]),
  })
  .refine((value) => value.environmentId !== null || value.services.length > 0, {
    error: 'Set `environmentId`, `services`, or both.',
    path: ['environmentId'],
  })
  .meta({
    id: 'NewServiceMapping',
    examples: [{ source: 'alertmanager', label: 'namespace', value: 'shop-*', services: ['shop'] }],
  })

/** Which environment and services the alerts of a service or label are about. */
export function serviceMappingRoutes(app: App, { database }: ApiContext): void {
  app.get(
    '/service-mappings',
    {
      schema: {
        tags,
        operationId: 'listServiceMappings',
        summary: 'List service mappings',
        description: `In the order in which they apply: the first that matches and has an environment decides it. An organization has at most ${MAX_SERVICE_MAPPINGS} mappings. Without one, a label such as \`env\`, or an environment's name in the service's name, decides.`,
        response: {
          200: jsonResponse('The mappings.', z.object({ items: z.array(mappingSchema) })),
          ...problems(401, 503),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => ({
        items: (await listServiceMappings(trx)).map(toResponse),
      })),
  )

  app.post(
    '/service-mappings',
    {
      schema: {
        tags,
        operationId: 'createServiceMapping',
        summary: 'Create a service mapping',
        description: 'Applies to new alerts, and to those of the last 90 days.',
        body: createSchema,
        response: {
          201: jsonResponse('The mapping.', mappingSchema),
          ...problems(401, 409, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const { organizationId, body } = request
      const row = await asOrganization(database, organizationId, async (trx) => {
        await lockIncidents(trx, organizationId)
        const inserted = await insertServiceMapping(trx, organizationId, body)
        await remapAlerts(trx, organizationId)
        return inserted
      }).catch(refuseMapping)
      reply.code(201)
      return toResponse(row)
    },
  )

  app.delete(
    '/service-mappings/:id',
    {
      schema: {
        tags,
        operationId: 'deleteServiceMapping',
        summary: 'Delete a service mapping',
        description: 'Its alerts of the last 90 days are mapped again.',
        params: z.object({ id: z.string().meta({ description: 'The mapping ID.' }) }),
        response: {
          200: jsonResponse('The deleted mapping.', mappingSchema),
          ...problems(401, 404, 503),
        },
      },
    },
    async (request) => {
      const { organizationId, params } = request
      const row = await asOrganization(database, organizationId, (trx) =>
        found('service mapping', params.id, async (id) => {
          await lockIncidents(trx, organizationId)
          const deleted = await deleteServiceMapping(trx, id)
          if (deleted) await remapAlerts(trx, organizationId)
          return deleted
        }),
      )
      return toResponse(row)
    },
  )
}

/** @throws Problem 409 or 422; otherwise the error itself */
function refuseMapping(error: unknown): never {
  if (error instanceof TooManyServiceMappings) {
    throw new Problem(409, `${error.message}, which is the limit. Delete one first.`)
  }
  if (violates(error, '23505', 'service_mappings_once')) {
    throw new Problem(409, 'A mapping of this source, label and value exists. Delete it first.')
  }
  if (violates(error, '23503', 'service_mappings_environment')) {
    const detail = 'No such environment.'
    throw new Problem(422, `The request is not valid. /environmentId: ${detail}`, {
      errors: [{ pointer: '/environmentId', detail }],
    })
  }
  throw error
}

function toResponse(row: ServiceMappingRow) {
  return {
    id: row.id,
    source: row.source,
    label: row.label,
    value: row.value,
    environmentId: row.environment_id,
    services: row.services,
    createdAt: row.created_at.toISOString(),
  }
}

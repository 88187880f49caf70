import { z } from 'zod'
import { asOrganization, readOrganization } from '../../db/database.ts'
import { findIncident, listAlerts, listIncidents } from '../../db/find-incidents.ts'
import {
  createIncident,
  type IncidentFields,
  mergeIncidents,
  splitIncident,
  updateIncident,
} from '../../db/incident-edits.ts'
import type { IncidentRow } from '../../db/schema/incidents.ts'
import { listVerdicts } from '../../db/verdicts.ts'
import { INCIDENT_STATES, MAX_LISTED_ALERTS } from '../../incidents/incident.ts'
import type { ApiContext, App } from '../context.ts'
import { idInput } from '../ids.ts'
import { found, jsonResponse, problems } from '../problems.ts'
import { storableText } from '../text.ts'
import { readIncidentCursor, writeIncidentCursor } from './cursor.ts'
import { createImportAll } from './import-all-now.ts'
import { params, refuseField, refuseIncident, tags, withIncident } from './requests.ts'
import {
  createIncidentSchema,
  incidentId,
  incidentSchema,
  incidentWithAlertsSchema,
  patchIncidentSchema,
} from './schema.ts'
import { toAlert, toIncident, toVerdict } from './serialize.ts'

/** How far a clock may be ahead of the server's. */
const CLOCK_SKEW_MS = 5 * 60_000

const mergeSchema = z
  .strictObject({ incidents: z.array(idInput()).min(1).max(100) })
  .meta({ id: 'IncidentMerge', examples: [{ incidents: [incidentId] }] })

const splitSchema = z
  .strictObject({ alerts: z.array(idInput()).min(1).max(100) })
  .meta({ id: 'IncidentSplit', examples: [{ alerts: [incidentId] }] })

/** Incidents. What changed before them is in `answer-routes.ts`. */
export function incidentRoutes(app: App, context: ApiContext): void {
  const { database } = context
  const importAll = createImportAll(context, app.log)

  app.get(
    '/incidents',
    {
      schema: {
        tags,
        operationId: 'listIncidents',
        summary: 'List incidents',
        description:
          'Sorted by the time of the notice, newest first. Excludes incidents that were merged into others.',
        querystring: z.strictObject({
          state: z
            .union([z.enum(INCIDENT_STATES), z.array(z.enum(INCIDENT_STATES)).max(3)])
            .transform((given) => [given].flat())
            .optional()
            .meta({ description: 'Only incidents in these states. May be repeated.' }),
          environment: z
            .union([storableText(100), z.array(storableText(100)).max(100)])
            .transform((given) => [given].flat().map((id) => id.toLowerCase()))
            .optional()
            .meta({ description: 'Only incidents of these environment IDs. May be repeated.' }),
          limit: z.coerce.number().int().min(1).max(200).default(50).meta({
            description: 'The maximum number of items on a page.',
          }),
          cursor: z.string().max(1000).optional().meta({
            description: '`nextCursor` of the previous page.',
          }),
        }),
        response: {
          200: jsonResponse(
            'A page of incidents.',
            z.object({ items: z.array(incidentSchema), nextCursor: z.string().nullable() }),
          ),
          ...problems(401, 422, 503),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => {
        const { state, environment, limit, cursor } = request.query
        const after = cursor === undefined ? undefined : readIncidentCursor(cursor)
        const filters = { states: state, environmentIds: environment }
        const page = await listIncidents(trx, filters, { limit, after })
        const nextCursor = page.next && writeIncidentCursor(page.next)
        return { items: page.items.map(toIncident), nextCursor }
      }),
  )

  app.post(
    '/incidents',
    {
      schema: {
        tags,
        operationId: 'createIncident',
        summary: 'Create an incident',
        description:
          'Starts an import from all connections, so that the newest changes arrive soon. Does not wait for the imports. A repeated request with the same `idempotencyKey` creates nothing and returns the incident as it is.',
        body: createIncidentSchema,
        response: {
          200: jsonResponse('The incident that an earlier request created.', incidentSchema),
          201: jsonResponse('The new incident.', incidentSchema),
          ...problems(401, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const { organizationId, body, user } = request
      const now = new Date()
      const { noticedAt, startedAt = null, startedAfter = null, environmentId = null } = body
      const fields: IncidentFields = {
        title: body.title,
        noticedAt: noticedAt === undefined ? now : new Date(noticedAt),
        startedAt: toDate(startedAt),
        startedAfter: toDate(startedAfter),
        environmentId,
        services: [...new Set(body.services)],
        state: body.state,
      }
      refuseIncidentTimes(fields, now)
      const by = { email: user?.email ?? null, now, idempotencyKey: body.idempotencyKey ?? null }
      const { row, created } = await asOrganization(database, organizationId, (trx) =>
        createIncident(trx, organizationId, fields, by),
      ).catch(refuseIncident)
      if (created) {
        importAll(organizationId)
        reply.code(201).header('location', `/api/v1/incidents/${row.id}`)
      }
      return toIncident(row)
    },
  )

  app.get(
    '/incidents/:id',
    {
      schema: {
        tags,
        operationId: 'getIncident',
        summary: 'Get an incident',
        description: `Includes its newest ${MAX_LISTED_ALERTS} alerts, and the verdicts on changes.`,
        params,
        response: {
          200: jsonResponse('The incident.', incidentWithAlertsSchema),
          ...problems(401, 404, 503),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => {
        const row = await found('incident', request.params.id, (id) => findIncident(trx, id))
        const alerts = await listAlerts(trx, row.id)
        const verdicts = await listVerdicts(trx, row.id)
        return {
          ...toIncident(row),
          alerts: alerts.map(toAlert),
          verdicts: verdicts.map(toVerdict),
        }
      }),
  )

  app.patch(
    '/incidents/:id',
    {
      schema: {
        tags,
        operationId: 'updateIncident',
        summary: 'Update an incident',
        description:
          'Omitted fields keep their values. Later alerts do not change the fields that you set, except the state, which applies until an alert source reports a new one.',
        params,
        body: patchIncidentSchema,
        response: {
          200: jsonResponse('The incident.', incidentSchema),
          ...problems(401, 404, 422, 503),
        },
      },
    },
    async (request) => {
      const { organizationId, body } = request
      const now = new Date()
      const fields: Partial<IncidentFields> = {
        ...(body.title !== undefined && { title: body.title }),
        ...(body.noticedAt !== undefined && { noticedAt: new Date(body.noticedAt) }),
        ...(body.startedAt !== undefined && { startedAt: toDate(body.startedAt) }),
        ...(body.startedAfter !== undefined && { startedAfter: toDate(body.startedAfter) }),
        ...(body.environmentId !== undefined && { environmentId: body.environmentId }),
        ...(body.services !== undefined && { services: [...new Set(body.services)] }),
        ...(body.state !== undefined && { state: body.state }),
      }
      const check = (row: IncidentRow) =>
        refuseIncidentTimes(
          {
            noticedAt: row.noticed_at,
            startedAt: row.started_at,
            startedAfter: row.started_after,
          },
          now,
        )
      const row = await withIncident(database, request, (trx, id) =>
        updateIncident(trx, organizationId, id, fields, { now, check }),
      )
      return toIncident(row)
    },
  )

  app.post(
    '/incidents/:id/merge',
    {
      schema: {
        tags,
        operationId: 'mergeIncidents',
        summary: 'Merge incidents',
        description:
          'Moves the alerts and verdicts of other incidents into this one. The others keep their IDs and refer to this one.',
        params,
        body: mergeSchema,
        response: {
          200: jsonResponse('The incident.', incidentSchema),
          ...problems(401, 404, 422, 503),
        },
      },
    },
    async (request) => {
      const { organizationId, body } = request
      const row = await withIncident(database, request, (trx, id) =>
        mergeIncidents(trx, organizationId, id, body.incidents),
      )
      return toIncident(row)
    },
  )

  app.post(
    '/incidents/:id/split',
    {
      schema: {
        tags,
        operationId: 'splitIncident',
        summary: 'Split an incident',
        description: 'Moves alerts into a new incident. At least one alert stays.',
        params,
        body: splitSchema,
        response: {
          201: jsonResponse('The new incident.', incidentSchema),
          ...problems(401, 404, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const { organizationId, body } = request
      const row = await withIncident(database, request, (trx, id) =>
        splitIncident(trx, organizationId, id, body.alerts),
      )
      reply.code(201).header('location', `/api/v1/incidents/${row.id}`)
      return toIncident(row)
    },
  )
}

const toDate = (value: string | null) => (value === null ? null : new Date(value))

/** @throws Problem 422 if the times contradict each other */
function refuseIncidentTimes(
  times: Pick<IncidentFields, 'noticedAt' | 'startedAt' | 'startedAfter'>,
  now: Date,
): void {
  const { noticedAt, startedAt, startedAfter } = times
  if (noticedAt.getTime() > now.getTime() + CLOCK_SKEW_MS) {
    refuseField('/noticedAt', 'Must not be in the future.')
  }
  if (noticedAt.getTime() < 0) refuseField('/noticedAt', 'Must be after 1970.')
  if (startedAt && startedAt > noticedAt) {
    refuseField('/startedAt', 'Must not be after `noticedAt`.')
  }
  if (startedAfter && startedAfter > (startedAt ?? noticedAt)) {
    refuseField('/startedAfter', 'Must not be after `startedAt` or `noticedAt`.')
  }
}

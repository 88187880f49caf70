import { z } from 'zod'
import { findChange } from '../../db/changes.ts'
import { readOrganization } from '../../db/database.ts'
import { findEnvironment } from '../../db/environments.ts'
import { findIncident, listAlerts } from '../../db/find-incidents.ts'
import { lockIncident } from '../../db/incident-edits.ts'
import { listVerdicts, setVerdict } from '../../db/verdicts.ts'
import { CHANGE_VERDICTS } from '../../incidents/incident.ts'
import type { ApiContext, App } from '../context.ts'
import { found, jsonResponse, problems } from '../problems.ts'
import { readAnswer } from './answer.ts'
import { params, refuseField, tags, withIncident } from './requests.ts'
import {
  answerSchema,
  incidentWithAlertsSchema,
  previewQuerySchema,
  timelineQuerySchema,
} from './schema.ts'
import { toAlert, toIncident, toRanked, toVerdict } from './serialize.ts'

const newVerdictSchema = z
  .strictObject({ verdict: z.enum(CHANGE_VERDICTS).nullable() })
  .meta({ id: 'NewVerdict', examples: [{ verdict: 'caused' }, { verdict: null }] })

/** What changed before an incident, and what people decided about it. */
export function incidentAnswerRoutes(app: App, { database }: ApiContext): void {
  app.get(
    '/incidents/preview',
    {
      schema: {
        tags,
        operationId: 'previewIncident',
        summary: 'Rank changes without an incident',
        description: 'Returns what changed before a time. Does not store an incident.',
        querystring: previewQuerySchema,
        response: {
          200: jsonResponse('The answer.', answerSchema),
          ...problems(401, 422, 503, 504),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => {
        const { at, environment, service = [], title = '', ...query } = request.query
        if (environment !== undefined && !(await findEnvironment(trx, environment))) {
          refuseField('?environment', 'No such environment.')
        }
        const incident = {
          title,
          noticedAt: new Date(at),
          startedAt: null,
          startedAfter: null,
          environmentId: environment ?? null,
          services: service,
        }
        const { organizationId } = request
        return readAnswer(trx, { organizationId, incident, query, now: new Date() })
      }),
  )

  app.get(
    '/incidents/:id/changes',
    {
      schema: {
        tags,
        operationId: 'getIncidentChanges',
        summary: 'Get the changes of an incident',
        description:
          'Returns the ranked suspects, the responses, whether the changes are complete, and a page of the timeline, newest first.',
        params,
        querystring: timelineQuerySchema,
        response: {
          200: jsonResponse('The answer.', answerSchema),
          ...problems(401, 404, 422, 503, 504),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => {
        const { organizationId, query } = request
        const row = await found('incident', request.params.id, (id) => findIncident(trx, id))
        const incident = toRanked(row)
        return readAnswer(trx, { organizationId, incident, query, now: new Date() })
      }),
  )

  app.put(
    '/incidents/:id/verdicts/:changeId',
    {
      schema: {
        tags,
        operationId: 'setVerdict',
        summary: 'Set the verdict on a change',
        description: 'Replaces an earlier verdict on the change. Null withdraws it.',
        params: params.extend({
          changeId: z.string().meta({ description: 'The change ID.' }),
        }),
        body: newVerdictSchema,
        response: {
          200: jsonResponse('The incident with its verdicts.', incidentWithAlertsSchema),
          ...problems(401, 404, 422, 503),
        },
      },
    },
    async (request) => {
      const { organizationId, user, body } = request
      return withIncident(database, request, async (trx, id) => {
        const row = await lockIncident(trx, organizationId, id)
        if (!row) return undefined
        const change = await found('change', request.params.changeId, (changeId) =>
          findChange(trx, changeId),
        )
        const subject = { incidentId: id, changeId: change.id }
        const decision = { verdict: body.verdict, by: user?.email ?? null }
        await setVerdict(trx, organizationId, subject, decision)
        const alerts = await listAlerts(trx, id)
        const verdicts = await listVerdicts(trx, id)
        return {
          ...toIncident(row),
          alerts: alerts.map(toAlert),
          verdicts: verdicts.map(toVerdict),
        }
      })
    },
  )
}

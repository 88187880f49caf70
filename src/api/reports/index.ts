import { z } from 'zod'
import { MAX_LINKS } from '../../changes/links.ts'
import { bodySchema, toReport } from '../../sources/deploy/body.ts'
import { deploy } from '../../sources/deploy/source.ts'
import { changeSchema } from '../changes/schema.ts'
import type { ApiContext, App } from '../context.ts'
import { jsonResponse, problems } from '../problems.ts'
import { recordRefusals } from '../refusals.ts'
import { cloudEventRoutes } from './cloudevents.ts'
import { acceptReport } from './store.ts'

const acceptedSchema = changeSchema
  .extend({
    warnings: z.array(z.string()).meta({
      description: 'What was stored differently from the report, such as unknown environments.',
    }),
  })
  .meta({ id: 'AcceptedChange', examples: [{ ...deploy.example, warnings: [] }] })

/** Changes that pipelines report. */
export function reportRoutes(app: App, context: ApiContext): void {
  const { database } = context
  app.register(async (scope) => {
    const routes = scope as App
    recordRefusals(routes, database, async ({ organizationId }) =>
      organizationId ? { organizationId, integrationId: null } : undefined,
    )
    cloudEventRoutes(routes, context)
    routes.post(
      '/changes',
      {
        schema: {
          tags: ['changes'],
          operationId: 'reportChange',
          summary: 'Report a change',
          description: `For pipelines and other programs. The first report with an \`idempotencyKey\` creates the change. Later reports with the same key set \`endsAt\`, \`outcome\`, \`description\` and \`environments\`, and add \`links\`, of which a change keeps the newest ${MAX_LINKS}; other fields keep their values.`,
          body: bodySchema,
          response: {
            200: jsonResponse(
              'The change that an earlier report created, updated.',
              acceptedSchema,
            ),
            201: jsonResponse('The new change.', acceptedSchema),
            ...problems(401, 422, 503),
          },
        },
      },
      async (request, reply) => {
        const report = toReport(request.body)
        const { change, created, warnings } = await acceptReport(
          database,
          request.organizationId,
          report,
          { now: new Date(), record: request.body },
        )
        if (created) reply.header('location', `/api/v1/changes/${change.id}`)
        return reply.code(created ? 201 : 200).send({ ...change, warnings })
      },
    )
  })
}

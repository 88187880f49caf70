import { z } from 'zod'
import { liveEdges } from '../../db/complete-range.ts'
import {
  insertConnection,
  isReopenedByPurge,
  listConnections,
  markDeleted,
} from '../../db/connections.ts'
import { asOrganization, readOrganization } from '../../db/database.ts'
import { defaultEnvironments, setDefaultEnvironment } from '../../db/environment-links.ts'
import type { ApiContext, App } from '../context.ts'
import { refuseAbsentEnvironment } from '../environments.ts'
import { newExternalId } from '../external-id.ts'
import { found, jsonResponse, problems } from '../problems.ts'
import { beingDeleted, connectionParams, readConnection, withConnection } from './find.ts'
import { requireConnectionQuota } from './quota.ts'
import {
  connectionSchema,
  createConnectionSchema,
  deletedConnectionSchema,
  patchConnectionSchema,
} from './schema.ts'
import { cleanUp, readShown, toConnection } from './serialize.ts'
import { signalChange } from './signal.ts'
import { difference, refuseOwnRole, updateConnection } from './update.ts'

const tags = ['connections']

/** The routes of connections. The API changes their desired state; the workflow brings it about. */
export function connectionRoutes(app: App, context: ApiContext): void {
  const { database, workflows, principal, maxConnections } = context

  app.post(
    '/connections',
    {
      schema: {
        tags,
        operationId: 'createConnection',
        summary: 'Create a connection',
        description:
          'Cairn generates the external ID. Imports start after you set `roleArn` and the role is verified.',
        body: createConnectionSchema,
        response: {
          201: jsonResponse('The created connection.', connectionSchema),
          ...problems(401, 409, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const { organizationId, body } = request
      const row = await asOrganization(database, organizationId, async (trx) => {
        await requireConnectionQuota(trx, organizationId, { adding: 1, most: maxConnections })
        return insertConnection(trx, { ...body, organizationId, externalId: newExternalId() })
      }).catch(refuseAbsentEnvironment)
      await signalChange(context, row)
      reply.code(201).header('location', `/api/v1/connections/${row.id}`)
      return toConnection(row, workflows, { environmentId: body.environmentId })
    },
  )

  app.get(
    '/connections',
    {
      schema: {
        tags,
        operationId: 'listConnections',
        summary: 'List connections',
        description: 'Oldest first. Includes connections whose deletion is in progress.',
        querystring: z.strictObject({}),
        response: {
          200: jsonResponse('The connections.', z.object({ items: z.array(connectionSchema) })),
          ...problems(401, 503),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => {
        const rows = await listConnections(trx)
        const edges = await liveEdges(trx)
        const environments = await defaultEnvironments(trx)
        return {
          items: rows.map((row) =>
            toConnection(row, workflows, {
              environmentId: environments.get(row.id),
              completeThrough: edges.get(row.id),
            }),
          ),
        }
      }),
  )

  app.get(
    '/connections/:id',
    {
      schema: {
        tags,
        operationId: 'getConnection',
        summary: 'Get a connection',
        description: 'Returns its settings, status and import progress.',
        params: connectionParams,
        response: {
          200: jsonResponse('The connection.', connectionSchema),
          ...problems(401, 404, 503),
        },
      },
    },
    (request) => readConnection(database, request, (trx, row) => readShown(trx, row, workflows)),
  )

  app.patch(
    '/connections/:id',
    {
      schema: {
        tags,
        operationId: 'updateConnection',
        summary: 'Update a connection',
        description: 'Omitted fields keep their values. A new role is verified immediately.',
        params: connectionParams,
        body: patchConnectionSchema,
        response: {
          200: jsonResponse('The updated connection.', connectionSchema),
          ...problems(401, 404, 409, 422, 503),
        },
      },
    },
    async (request) => {
      if (request.body.roleArn) refuseOwnRole(request.body.roleArn, await principal())
      const { environmentId, ...settings } = request.body
      const { row, answer, differs } = await withConnection(
        database,
        request,
        async (trx, row) => {
          if (row.deleted_at) throw beingDeleted()
          const wanted = difference(row, settings)
          const differs = Object.keys(wanted).length > 0
          const after = differs ? await updateConnection(trx, row, wanted) : row
          // Does not affect the workflow: the same events are imported.
          if (environmentId !== undefined) await setDefaultEnvironment(trx, row, environmentId)
          return { row: after, answer: await readShown(trx, after, workflows), differs }
        },
        { lock: true },
      ).catch(refuseAbsentEnvironment)
      if (differs) await signalChange(context, row)
      return answer
    },
  )

  app.delete(
    '/connections/:id',
    {
      schema: {
        tags,
        operationId: 'deleteConnection',
        summary: 'Delete a connection',
        description:
          'Stops imports. Imported changes are kept unless `purge=true`. Does not delete the role in AWS.',
        params: connectionParams,
        querystring: z.strictObject({
          purge: z
            .enum(['true', 'false'])
            .default('false')
            .meta({ description: 'Whether to delete imported changes.' }),
        }),
        response: {
          202: jsonResponse(
            'Deletion started. It completes when the running import ends.',
            deletedConnectionSchema,
          ),
          ...problems(401, 404, 409, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const purge = request.query.purge === 'true'
      const { row, environmentId } = await asOrganization(
        database,
        request.organizationId,
        async (trx) => {
          const row = await found('connection', request.params.id, async (id) => {
            // Its workflow runs again until its changes are deleted.
            if (purge && (await isReopenedByPurge(trx, id))) {
              const what = 'Deleting the changes of another one'
              const quota = { adding: 1, most: maxConnections, what }
              await requireConnectionQuota(trx, request.organizationId, quota)
            }
            return markDeleted(trx, id, { purge })
          })
          return { row, environmentId: (await defaultEnvironments(trx, row.id)).get(row.id) }
        },
      )
      await signalChange(context, row)
      reply.code(202)
      return { ...toConnection(row, workflows, { environmentId }), cleanUp: cleanUp(row) }
    },
  )
}

import { z } from 'zod'
import { environmentColors } from '../changes/environments.ts'
import { asOrganization, readOrganization, type Trx, violates } from '../db/database.ts'
import {
  type CountedEnvironment,
  deleteEnvironment,
  findEnvironment,
  insertEnvironment,
  listEnvironments,
  MAX_ENVIRONMENTS,
  TooManyEnvironments,
  updateEnvironment,
} from '../db/environments.ts'
import type { ApiContext, App } from './context.ts'
import { idInput } from './ids.ts'
import { found, jsonResponse, Problem, problems } from './problems.ts'
import { text } from './text.ts'

const example = {
  id: '019b2d41-17c6-7a52-8f60-3b9d2e1c4a75',
  name: 'Production',
  color: 'red' as const,
  position: 0,
  createdAt: '2026-03-02T08:58:31.204Z',
  connections: 2,
  dependsOn: [],
}

const environmentSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    color: z.enum(environmentColors),
    position: z.int().meta({ description: 'The position in the list, starting at 0.' }),
    createdAt: z.iso.datetime(),
    connections: z
      .int()
      .meta({ description: 'The number of connections that use it as their default environment.' }),
    dependsOn: z.array(z.uuid()).meta({
      description:
        'IDs of the environments that it depends on, such as shared networks, DNS or identity. Their changes are candidates in its incidents.',
    }),
  })
  .meta({ id: 'Environment', examples: [example] })

const settings = {
  name: text(60).trim().min(1).meta({
    description: 'For example `Production`. Unique in the organization, ignoring case.',
  }),
  color: z.enum(environmentColors).meta({ description: 'The color.' }),
  dependsOn: z
    .array(idInput())
    .max(MAX_ENVIRONMENTS)
    .meta({ description: 'IDs of the environments that it depends on. Replaces the list.' }),
}

const createSchema = z
  .strictObject({
    name: settings.name,
    color: settings.color
      .optional()
      .meta({ description: 'The color. Default: the least used color.' }),
    dependsOn: settings.dependsOn.optional(),
  })
  .meta({
    id: 'NewEnvironment',
    examples: [{ name: 'Staging' }, { name: 'Production', color: 'red' }],
  })

const patchSchema = z
  .strictObject({
    ...settings,
    position: z
      .int()
      .min(0)
      .max(MAX_ENVIRONMENTS - 1)
      .meta({
        description:
          'The new position, starting at 0. Values past the end move the environment to the end.',
      }),
  })
  .partial()
  .meta({
    id: 'EnvironmentSettings',
    examples: [{ position: 0 }, { name: 'Production (EU)', color: 'orange' }],
  })

const params = z.object({ id: z.string().meta({ description: 'The environment ID.' }) })

const tags = ['environments']

/** The routes for environments and their order. The routes of connections link them to changes. */
export function environmentRoutes(app: App, { database }: ApiContext): void {
  /**
   * Changes the environment of the request.
   *
   * @throws Problem 404, also for an environment of another organization
   */
  const withId = async (
    request: { organizationId: string; params: { id: string } },
    work: (trx: Trx, id: string) => Promise<CountedEnvironment | undefined>,
  ) => {
    const row = await found('environment', request.params.id, (id) =>
      asOrganization(database, request.organizationId, (trx) => work(trx, id)),
    )
    return toEnvironment(row)
  }

  app.get(
    '/environments',
    {
      schema: {
        tags,
        operationId: 'listEnvironments',
        summary: 'List environments',
        description: `In list order. An organization has at most ${MAX_ENVIRONMENTS} environments.`,
        querystring: z.strictObject({}),
        response: {
          200: jsonResponse('The environments.', z.object({ items: z.array(environmentSchema) })),
          ...problems(401, 503),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => ({
        items: (await listEnvironments(trx)).map(toEnvironment),
      })),
  )

  app.post(
    '/environments',
    {
      schema: {
        tags,
        operationId: 'createEnvironment',
        summary: 'Create an environment',
        description: 'Adds the environment to the end of the list.',
        body: createSchema,
        response: {
          201: jsonResponse('The environment.', environmentSchema),
          ...problems(401, 409, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const { organizationId, body } = request
      const row = await asOrganization(database, organizationId, (trx) =>
        insertEnvironment(trx, organizationId, body),
      ).catch((error) => refuseEnvironment(error, body.name))
      reply.code(201).header('location', `/api/v1/environments/${row.id}`)
      return toEnvironment(row)
    },
  )

  app.get(
    '/environments/:id',
    {
      schema: {
        tags,
        operationId: 'getEnvironment',
        summary: 'Get an environment',
        description: 'Includes the number of its connections.',
        params,
        response: {
          200: jsonResponse('The environment.', environmentSchema),
          ...problems(401, 404, 503),
        },
      },
    },
    async (request) => {
      const row = await found('environment', request.params.id, (id) =>
        readOrganization(database, request, (trx) => findEnvironment(trx, id)),
      )
      return toEnvironment(row)
    },
  )

  app.patch(
    '/environments/:id',
    {
      schema: {
        tags,
        operationId: 'updateEnvironment',
        summary: 'Update an environment',
        description: 'Omitted fields keep their values. Moving an environment shifts the others.',
        params,
        body: patchSchema,
        response: {
          200: jsonResponse('The updated environment.', environmentSchema),
          ...problems(401, 404, 409, 422, 503),
        },
      },
    },
    (request) =>
      withId(request, (trx, id) =>
        updateEnvironment(trx, request.organizationId, id, request.body),
      ).catch((error) => refuseEnvironment(error, request.body.name)),
  )

  app.delete(
    '/environments/:id',
    {
      schema: {
        tags,
        operationId: 'deleteEnvironment',
        summary: 'Delete an environment',
        description: 'Connections and changes are kept, without an environment.',
        params,
        response: {
          200: jsonResponse(
            'The deleted environment, with the number of affected connections.',
            environmentSchema,
          ),
          ...problems(401, 404, 503),
        },
      },
    },
    (request) => withId(request, (trx, id) => deleteEnvironment(trx, request.organizationId, id)),
  )
}

/** @throws Problem 422 */
function refuseDependency(detail: string): never {
  throw new Problem(422, `The request is not valid. /dependsOn: ${detail}`, {
    errors: [{ pointer: '/dependsOn', detail }],
  })
}

/**
 * @throws Problem 409 if an environment's name is taken or the limit is reached; 422 if a
 *   dependency does not exist; otherwise the error itself
 */
function refuseEnvironment(error: unknown, name: string | undefined): never {
  if (error instanceof TooManyEnvironments) {
    throw new Problem(409, `${error.message}, which is the limit. Delete one first.`)
  }
  if (violates(error, '23503', 'environment_dependencies_depends_on'))
    refuseDependency('No such environment.')
  if (violates(error, '23514', 'environment_dependencies_other'))
    refuseDependency('An environment cannot depend on itself.')
  if (!violates(error, '23505', 'environments_name')) throw error
  const detail = `An environment named "${name}" already exists. Names are not case-sensitive. Use that environment, or choose a different name.`
  throw new Problem(409, detail, { errors: [{ pointer: '/name', detail }] })
}

/**
 * Translates an error from setting a connection's default environment. Postgres checks the ID, so
 * an environment that is deleted at the same moment is detected too.
 *
 * @throws Problem 422, also for an environment of another organization; otherwise the error itself
 */
export function refuseAbsentEnvironment(error: unknown): never {
  if (!violates(error, '23503', 'environment_links_environment')) throw error
  const detail = 'No such environment.'
  throw new Problem(422, `The request is not valid. /environmentId: ${detail}`, {
    errors: [{ pointer: '/environmentId', detail }],
  })
}

function toEnvironment(row: CountedEnvironment) {
  return {
    id: row.id,
    name: row.name,
    color: row.color,
    position: row.position,
    createdAt: row.created_at.toISOString(),
    connections: row.connections,
    dependsOn: row.dependsOn,
  }
}

import { randomInt } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { asOrganization } from '../../db/database.ts'
import { updateReport } from '../../db/reports.ts'
import { DEPLOY } from '../../sources/deploy/detail.ts'
import {
  deploymentSchema,
  readDeploymentStatus,
  readReportedDeployment,
  statusSchema,
} from '../../sources/deploy/github.ts'
import type { FindOrganization } from '../authenticate.ts'
import type { ApiContext, App } from '../context.ts'
import { publicUrlOf } from '../origin.ts'
import { jsonResponse } from '../problems.ts'
import { receiverKey } from './receivers.ts'
import { acceptReport } from './store.ts'

/** `/api/v3` is the base path of GitHub Enterprise Server, which clients can be configured with. */
const PREFIXES = [
  { prefix: '', suffix: '' },
  { prefix: '/api/v3', suffix: 'Enterprise' },
]
/** JavaScript clients read IDs as numbers, which are exact below 2^53. */
const ID_LIMIT = 2 ** 47

const part = z.string().regex(/^[\w.-]{1,100}$/)
const params = z.object({
  owner: part.meta({ description: 'The owner of the repository.' }),
  repo: part.meta({ description: 'The name of the repository.' }),
})
const statusParams = params.extend({
  deploymentId: z
    .string()
    .regex(/^\d{1,15}$/)
    .meta({ description: 'The ID of the deployment.' }),
})

const created = z.looseObject({ id: z.int(), url: z.string() })
const refused = z.object({ message: z.string(), errors: z.array(z.unknown()).optional() })
const responses = {
  201: jsonResponse('Created.', created),
  401: jsonResponse('No valid API key.', refused),
  404: jsonResponse('Not found.', refused),
  422: jsonResponse('The request is not valid.', refused),
}

/** GitHub's deployment API, so that a tool that reports to GitHub can report to Cairn. */
export function githubDeploymentRoutes(
  app: App,
  { database, publicUrl }: ApiContext,
  findOrganization: FindOrganization,
): void {
  /** Runs before the body is read. */
  const authenticate = async (request: FastifyRequest, reply: FastifyReply) => {
    const key = receiverKey(request)
    const organizationId = key === undefined ? undefined : await findOrganization(request.ip, key)
    if (!organizationId) return reply.code(401).send({ message: 'Bad credentials' })
    request.organizationId = organizationId
  }
  for (const { prefix, suffix } of PREFIXES) {
    const base = `${prefix}/repos/:owner/:repo/deployments`
    const addressOf = (request: FastifyRequest, { owner, repo }: z.output<typeof params>) =>
      `${publicUrlOf(request, publicUrl)}${prefix}/repos/${owner}/${repo}`
    app.post(
      base,
      {
        onRequest: authenticate,
        schema: {
          tags: ['receivers'],
          security: [{ key: [] }],
          operationId: `createGithubDeployment${suffix}`,
          summary: 'Create a deployment',
          description:
            "Compatible with GitHub's *Create a deployment*. The token is an API key of Cairn.",
          params,
          querystring: z.looseObject({}),
          response: responses,
        },
      },
      async (request, reply) => {
        const { organizationId } = request
        const parsed = deploymentSchema.safeParse(request.body)
        if (!parsed.success) return validationFailed(reply, 'Deployment', parsed.error)
        const id = randomInt(1, ID_LIMIT)
        const now = new Date()
        const report = readReportedDeployment(request.params, id, parsed.data)
        await acceptReport(database, organizationId, report, { now, record: request.body })
        const repository = addressOf(request, request.params)
        const url = `${repository}/deployments/${id}`
        return reply.code(201).send({
          ...parsed.data,
          id,
          url,
          payload: parsed.data.payload ?? {},
          original_environment: parsed.data.environment,
          created_at: now.toISOString(),
          updated_at: now.toISOString(),
          statuses_url: `${url}/statuses`,
          repository_url: repository,
        })
      },
    )
    app.post(
      `${base}/:deploymentId/statuses`,
      {
        onRequest: authenticate,
        schema: {
          tags: ['receivers'],
          security: [{ key: [] }],
          operationId: `createGithubDeploymentStatus${suffix}`,
          summary: 'Create a deployment status',
          description:
            "Compatible with GitHub's *Create a deployment status*. `success`, `failure` and `error` end the change; `log_url` and `environment_url` become links.",
          params: statusParams,
          querystring: z.looseObject({}),
          response: responses,
        },
      },
      async (request, reply) => {
        const { organizationId } = request
        const parsed = statusSchema.safeParse(request.body)
        if (!parsed.success) return validationFailed(reply, 'DeploymentStatus', parsed.error)
        const now = new Date()
        const deploymentId = Number(request.params.deploymentId)
        const status = readDeploymentStatus(request.params, deploymentId, parsed.data, now)
        const identity = { source: DEPLOY, sourceId: status.idempotencyKey }
        const row = await asOrganization(database, organizationId, (trx) =>
          updateReport(trx, organizationId, identity, status),
        )
        if (!row) return reply.code(404).send({ message: 'Not Found' })
        const repository = addressOf(request, request.params)
        const deployment = `${repository}/deployments/${deploymentId}`
        const id = randomInt(1, ID_LIMIT)
        return reply.code(201).send({
          ...parsed.data,
          id,
          url: `${deployment}/statuses/${id}`,
          created_at: now.toISOString(),
          updated_at: now.toISOString(),
          deployment_url: deployment,
          repository_url: repository,
        })
      },
    )
  }
}

function validationFailed(reply: FastifyReply, resource: string, error: z.ZodError) {
  return reply.code(422).send({
    message: 'Validation Failed',
    errors: error.issues.slice(0, 20).map(({ path, message }) => ({
      resource,
      field: path.map(String).join('.'),
      code: 'invalid',
      message,
    })),
  })
}

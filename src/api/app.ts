import swagger from '@fastify/swagger'
import Fastify, { type FastifyError, type FastifyServerOptions, type HTTPMethods } from 'fastify'
import {
  hasZodFastifySchemaValidationErrors,
  isResponseSerializationError,
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { z } from 'zod'
import { organizationOfKey } from '../db/organizations.ts'
import { TemporalUnavailable, UpdateRefused, UpdateTimedOut } from '../temporal.ts'
import { changeRoutes } from './changes.ts'
import { connectionRoutes } from './connections.ts'
import type { ApiContext, App } from './context.ts'
import { refuseExternalId } from './external-id.ts'
import { notFound, Problem, type ProblemError } from './problems.ts'

const BODY_LIMIT_BYTES = 1024 * 1024
const METHODS: HTTPMethods[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Error codes of Postgres and of the network that mean: not now. */
const AWAY = /^(08...|53...|57P0[1-3]|ECONNREFUSED|ECONNRESET|ENOTFOUND|ETIMEDOUT|EPIPE)$/

/** Builds the HTTP API. Nothing listens yet. */
export async function createApp(
  context: ApiContext,
  options: { logger: FastifyServerOptions['loggerInstance'] },
): Promise<App> {
  const app = Fastify({
    loggerInstance: options.logger,
    bodyLimit: BODY_LIMIT_BYTES,
    // A request's log line tells its path; headers can hold keys and stay out.
    disableRequestLogging: true,
    genReqId: () => crypto.randomUUID(),
    routerOptions: { maxParamLength: 500 },
    return503OnClosing: true,
  }).withTypeProvider<ZodTypeProvider>()

  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = toProblem(error)
    if (problem.status >= 500)
      request.log.error({ err: error, reqId: request.id }, 'Request failed')
    return reply
      .code(problem.status)
      .headers(problem.headers)
      .type('application/problem+json')
      .send(JSON.stringify(problem.toBody(`urn:uuid:${request.id}`)))
  })
  app.setNotFoundHandler(() => {
    throw notFound('page')
  })
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({
      'x-content-type-options': 'nosniff',
      'cache-control': reply.getHeader('cache-control') ?? 'no-store',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'content-security-policy':
        reply.getHeader('content-security-policy') ?? "default-src 'none'; frame-ancestors 'none'",
    })
  })

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Cairn',
        version: '1',
        description:
          'A change feed for AWS. Errors are RFC 9457 problem details, times RFC 3339 UTC.',
      },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  })

  app.get(
    '/healthz',
    {
      schema: {
        description: 'Whether the process is alive.',
        security: [],
        response: { 200: z.object({ status: z.literal('alive') }) },
      },
    },
    () => ({ status: 'alive' as const }),
  )
  app.get(
    '/readyz',
    {
      schema: {
        description: 'Whether requests can be served. Temporal may be away: what needs it says so.',
        security: [],
        response: { 200: z.object({ status: z.literal('ready'), temporal: z.string() }) },
      },
    },
    async () => {
      await context.system.selectFrom('organizations').select('id').limit(1).execute()
      const temporal = await context.workflows.ping()
      return { status: 'ready' as const, temporal: temporal.ok ? 'reachable' : temporal.reason }
    },
  )
  app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger())

  await app.register(
    async (routes) => {
      routes.decorateRequest('organizationId', '')
      routes.addHook('onRequest', async (request) => {
        request.organizationId = await authenticate(context, request.headers.authorization)
      })
      routes.addHook('preValidation', async (request) => {
        refuseExternalId(request.query, '?')
        refuseExternalId(request.body)
      })
      const methods = new Map<string, Set<string>>()
      routes.addHook('onRoute', ({ url, method }) => {
        const known = methods.get(url) ?? new Set()
        for (const each of [method].flat()) known.add(each)
        methods.set(url, known)
      })
      connectionRoutes(routes as App, context)
      changeRoutes(routes as App, context)
      for (const [url, known] of [...methods]) {
        const others = METHODS.filter((method) => !known.has(method))
        const allow = [...known].join(', ')
        routes.route({
          method: others,
          url: url.replace(/^\/api\/v1/, ''),
          schema: { hide: true },
          handler: () => {
            throw new Problem(405, `Only ${allow} can be used here.`, { headers: { allow } })
          },
        })
      }
      routes.setNotFoundHandler(() => {
        throw notFound('resource')
      })
    },
    { prefix: '/api/v1' },
  )
  return app as unknown as App
}

/** @throws Problem 401 */
async function authenticate({ system }: ApiContext, header: string | undefined): Promise<string> {
  const headers = { 'www-authenticate': 'Bearer' }
  const key = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1]
  if (!key) {
    throw new Problem(401, 'An API key is needed: send it as "Authorization: Bearer KEY".', {
      headers,
    })
  }
  const organizationId = await organizationOfKey(system, key)
  if (!organizationId)
    throw new Problem(401, 'This API key is unknown or was revoked.', { headers })
  return organizationId
}

function toProblem(error: FastifyError): Problem {
  if (error instanceof Problem) return error
  if (hasZodFastifySchemaValidationErrors(error)) {
    const where = error.validationContext === 'body' ? '' : '?'
    const errors = error.validation.map(
      ({ instancePath, message, params }): ProblemError => ({
        pointer: pointerOf(where, instancePath, params?.issue),
        detail: message ?? 'is not valid',
      }),
    )
    const summary = errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; ')
    return new Problem(422, `The request is not valid. ${summary}`, { errors })
  }
  if (error instanceof TemporalUnavailable) {
    return new Problem(503, `${error.message}. Try again in a moment.`, {
      headers: { 'retry-after': '5' },
      cause: error,
    })
  }
  if (error instanceof UpdateRefused) return new Problem(409, error.message, { cause: error })
  if (error instanceof UpdateTimedOut) {
    const detail = `${error.message}. It may still be under way: look again in a moment.`
    return new Problem(504, detail, { cause: error })
  }
  const code = (error as { code?: unknown }).code
  if (typeof code === 'string' && AWAY.test(code)) {
    const headers = { 'retry-after': '5' }
    return new Problem(503, 'The database does not answer. Try again in a moment.', { headers })
  }
  const { statusCode } = error
  if (statusCode && statusCode >= 400 && statusCode < 500 && !isResponseSerializationError(error)) {
    return new Problem(statusCode, error.message)
  }
  return new Problem(
    500,
    'Cairn failed at this. The log tells more under the id of this request.',
    {
      cause: error,
    },
  )
}

/** An unknown name is at its own place, not at that of the object that has it. */
function pointerOf(where: string, instancePath: string, issue: unknown): string {
  const { keys } = (issue ?? {}) as { keys?: string[] }
  const path = keys?.length ? `${instancePath}/${keys[0]}` : instancePath
  return where === '?' ? `?${path.replace(/^\//, '')}` : path || '/'
}

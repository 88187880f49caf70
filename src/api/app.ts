import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, {
  type FastifyError,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
} from 'fastify'
import {
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { z } from 'zod'
import { apiKeyRoutes } from './api-keys.ts'
import { authRoutes } from './auth/index.ts'
import { createAuthentication, createFindOrganization } from './authenticate.ts'
import { createByteBudget } from './bodies/budget.ts'
import { createBodyMemory } from './bodies/memory.ts'
import { countBodies, readJson } from './bodies/read.ts'
import { changeRoutes } from './changes/routes.ts'
import { allConnectionRoutes } from './connections/index.ts'
import type { ApiContext, App } from './context.ts'
import { environmentRuleRoutes } from './environment-rules/routes.ts'
import { environmentRoutes } from './environments.ts'
import { ClientDisconnected, toProblem } from './errors.ts'
import { eventRoutes } from './events.ts'
import { exportRoutes } from './export.ts'
import { refuseExternalIdInQuery } from './external-id.ts'
import { feedRoutes } from './feed.ts'
import { healthRoutes } from './health.ts'
import { incidentAnswerRoutes } from './incidents/answer-routes.ts'
import { backtestRoutes } from './incidents/backtest.ts'
import { incidentRoutes } from './incidents/routes.ts'
import { allIntegrationRoutes } from './integrations/index.ts'
import { webhookRoutes } from './integrations/receiver.ts'
import { invitationRoutes } from './invitations.ts'
import { meRoutes } from './me.ts'
import { memberRoutes } from './members.ts'
import { noiseRuleRoutes } from './noise-rules.ts'
import { describeApi } from './openapi.ts'
import { principalRoutes } from './principal.ts'
import { notFound, Problem, problems } from './problems.ts'
import { limitRate } from './rate-limit.ts'
import { githubDeploymentRoutes } from './reports/github.ts'
import { reportRoutes } from './reports/index.ts'
import { receiverRoutes } from './reports/receivers.ts'
import { rereadRoutes } from './reread.ts'
import { serviceMappingRoutes } from './service-mappings.ts'
import { useValidationMessages } from './validation-messages.ts'
import { viewRoutes } from './views.ts'

/**
 * The resources under `/api/v1`. To add one, export such a function from a new file and list it
 * here.
 */
const resources = [
  allConnectionRoutes,
  changeRoutes,
  exportRoutes,
  feedRoutes,
  viewRoutes,
  eventRoutes,
  meRoutes,
  principalRoutes,
  rereadRoutes,
  memberRoutes,
  invitationRoutes,
  apiKeyRoutes,
  environmentRoutes,
  reportRoutes,
  incidentRoutes,
  incidentAnswerRoutes,
  backtestRoutes,
  serviceMappingRoutes,
  environmentRuleRoutes,
  noiseRuleRoutes,
  allIntegrationRoutes,
]

/** Limit for a body that is read before the sender is authenticated. */
const PUBLIC_BODY_LIMIT_BYTES = 16 * 1024
/** Limit for the JSON of an organization, in each process. Checking 1 MiB takes up to 0.3 s. */
const JSON_BYTES_PER_MINUTE = 64 * 1024 * 1024
/** Limit for a body that is sent with a key or a session. */
const BODY_LIMIT_BYTES = 1024 * 1024

const DEFAULT_TIMEOUTS_MS = {
  /** Until the headers have arrived. */
  headers: 10_000,
  /** Until the whole request has arrived, including its body. Does not limit the response. */
  request: 30_000,
  /** Without a byte in either direction. Longer than any request waits for a workflow. */
  silence: 180_000,
  /** How often Node checks for requests that exceed these limits. */
  checks: 5_000,
}

const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}

/** Builds the HTTP API. Does not listen yet. */
export async function createApp(
  context: ApiContext,
  options: {
    logger: FastifyServerOptions['loggerInstance']
    /** Addresses and CIDR ranges whose `X-Forwarded-*` headers are trusted. */
    trustedProxies?: string[] | undefined
    /** Adds routes outside the API: the web app. */
    others?: (app: App) => Promise<void>
    timeoutsMs?: typeof DEFAULT_TIMEOUTS_MS
  },
): Promise<App> {
  useValidationMessages()
  const { timeoutsMs = DEFAULT_TIMEOUTS_MS } = options
  const app = Fastify({
    loggerInstance: options.logger,
    // For all routes except those below that authenticate the sender first.
    bodyLimit: PUBLIC_BODY_LIMIT_BYTES,
    requestTimeout: timeoutsMs.request,
    connectionTimeout: timeoutsMs.silence,
    http: {
      headersTimeout: timeoutsMs.headers,
      connectionsCheckingInterval: timeoutsMs.checks,
      // Node's own response would be empty.
      requireHostHeader: false,
    },
    trustProxy: options.trustedProxies ?? false,
    // Replaced by the hook below, which logs only the path: query and headers may contain secrets.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => crypto.randomUUID(),
    routerOptions: { maxParamLength: 500 },
    // While the server shuts down, requests on open connections are still answered.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply),
    clientErrorHandler: answerUnreadable,
  }).withTypeProvider<ZodTypeProvider>()

  // Only scopes that parse bodies read them. An unknown path is answered before its body is read.
  app.removeAllContentTypeParsers()
  countBodies(app as unknown as App, {
    memory: context.bodyMemory ?? createBodyMemory(),
    budget:
      context.jsonBudget ??
      createByteBudget({ maxBytesPerMinute: JSON_BYTES_PER_MINUTE, what: 'The request bodies' }),
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(sendProblem)
  app.server.on('checkExpectation', answerExpectation)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...securityHeaders, 'x-request-id': request.id })
    const { headers, httpVersion } = request.raw
    // RFC 9112, section 3.2.
    if (headers.host === undefined && httpVersion === '1.1') {
      throw new Problem(400, 'The Host header is missing.')
    }
  })
  app.addHook('onResponse', async (request, reply) => {
    const level = request.url.startsWith('/api/') ? 'info' : 'debug'
    request.log[level](
      {
        method: request.method,
        path: pathOf(request),
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      'Answered',
    )
  })

  const methodsOf = recordMethods(app as App)
  await describeApi(app as unknown as App)
  const absent = (request: FastifyRequest) => {
    const allow = methodsOf(pathOf(request)).join(', ')
    if (allow === '') throw notFound('page')
    throw new Problem(405, `Method not allowed. Use ${allow}.`, { headers: { allow } })
  }
  healthRoutes(app as App, context)
  const findOrganization = createFindOrganization(context.system)

  await app.register(
    async (scope) => {
      const routes = scope as App
      validateStrictly(routes)
      const authenticate = createAuthentication(context, findOrganization)
      routes.decorateRequest('organizationId', '')
      routes.decorateRequest('disconnected', null as unknown as AbortSignal)
      routes.decorateRequest('user', null)
      routes.decorateRequest('role', null)
      routes.addHook('onRequest', async (request, reply) => {
        request.disconnected = disconnectionOf(reply)
        await authenticate(request, reply)
      })
      // Bodies are read after the hook above has authenticated the sender.
      routes.addHook('onRoute', (route) => {
        route.bodyLimit ??= BODY_LIMIT_BYTES
      })
      routes.addHook('preValidation', async (request) => refuseExternalIdInQuery(request.query))
      for (const addRoutes of resources) addRoutes(routes, context)
      // Set in this scope as well, so that an unknown path also requires authentication.
      routes.setNotFoundHandler(absent)
    },
    { prefix: '/api/v1' },
  )
  await app.register(async (scope) => {
    const routes = scope as App
    acceptJsonOnly(routes)
    routes.decorateRequest('organizationId', '')
    await limitRate(routes)
    receiverRoutes(routes, context, findOrganization)
    githubDeploymentRoutes(routes, context, findOrganization)
  })
  await app.register((scope) => webhookRoutes(scope as App, context), { prefix: '/webhooks' })
  await options.others?.(app as unknown as App)
  await app.register(
    async (scope) => {
      const routes = scope as App
      validateStrictly(routes)
      await limitRate(routes)
      authRoutes(routes, context)
    },
    { prefix: '/api' },
  )
  app.setNotFoundHandler(absent)
  return app as unknown as App
}

/** Accepts only JSON bodies, and rejects parameters that a route does not declare. */
function validateStrictly(routes: App): void {
  acceptJsonOnly(routes)
  // Without a schema, Fastify would ignore unknown parameters.
  routes.addHook('onRoute', (route) => {
    route.schema ??= {}
    route.schema.querystring ??= z.strictObject({})
    // A request with a session cookie may change data only if it has the same origin.
    const writes = [route.method].flat().some((method) => !/^(GET|HEAD|OPTIONS)$/.test(method))
    route.schema.response = {
      ...problems(429),
      ...(writes && problems(403)),
      ...(route.schema.response as object),
    }
  })
}

function acceptJsonOnly(routes: App): void {
  routes.addContentTypeParser('application/json', readJson)
}

/** Records the routes that are added to `app`. Returns a function from a path to its methods. */
function recordMethods(app: App): (path: string) => string[] {
  const methodsOf = new Map<string, { pattern: RegExp; methods: Set<string> }>()
  app.addHook('onRoute', ({ url, method }) => {
    // Route URLs contain only letters, slashes, dots and parameter names.
    const pattern = new RegExp(`^${url.replaceAll('.', '\\.').replaceAll(/:\w+/g, '[^/]+')}$`)
    const known = methodsOf.get(url) ?? { pattern, methods: new Set() }
    for (const each of [method].flat()) known.methods.add(each)
    methodsOf.set(url, known)
  })
  return (path) =>
    [...methodsOf.values()].flatMap(({ pattern, methods }) =>
      pattern.test(path) ? [...methods] : [],
    )
}

/** A signal that aborts if the client disconnects before the response is written. */
function disconnectionOf({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort(new ClientDisconnected())
  })
  return controller.signal
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0]!
}

function sendProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const problem = toProblem(error)
  if (error instanceof ClientDisconnected) request.log.debug('The client disconnected')
  else if (problem.status >= 500)
    request.log.error({ err: problem.cause ?? error }, 'Request failed')
  return reply
    .code(problem.status)
    .headers({ ...securityHeaders, 'x-request-id': request.id, ...problem.headers })
    .type('application/problem+json')
    .send(JSON.stringify(problem.toBody(`urn:uuid:${request.id}`)))
}

const unreadable: Record<string, [status: number, detail: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
}

/** Responds to a request with an `Expect` header other than `100-continue`, which Node handles. */
function answerExpectation(request: IncomingMessage, response: ServerResponse): void {
  const detail = 'No expectation except 100-continue can be met. Omit the Expect header.'
  const id = crypto.randomUUID()
  const body = JSON.stringify(new Problem(417, detail).toBody(`urn:uuid:${id}`))
  response.writeHead(417, {
    ...securityHeaders,
    'x-request-id': id,
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    // The body of the request is not read.
    connection: 'close',
  })
  response.end(body)
  request.resume()
}

/**
 * Responds to input that is not HTTP, arrives too slowly, or has too large headers. No request
 * object exists for it.
 */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return
  const [status, detail] = unreadable[error.code ?? ''] ?? [400, 'This is not an HTTP request.']
  const problem = new Problem(status, detail).toBody(`urn:uuid:${crypto.randomUUID()}`)
  const body = JSON.stringify(problem)
  socket.end(
    `HTTP/1.1 ${status} ${problem.title}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

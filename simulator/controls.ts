/** The simulator's methods as plain HTTP: JSON in and out, under `/_simulator`. */

import { z } from 'zod'
import { AwsError, ControlError } from './errors.ts'
import { settingsSchema } from './settings.ts'
import type { Simulator } from './types.ts'

interface ControlRequest {
  method: string
  /** Path and query. */
  url: string
  body: Buffer
}

type Route = (simulator: Simulator, input: unknown) => unknown

/** A route: what it takes (the body, or the query of a GET or DELETE), and what it does with it. */
function route<T>(schema: z.ZodType<T>, run: (simulator: Simulator, input: T) => unknown): Route {
  return (simulator, input) => run(simulator, schema.parse(input))
}

const nothing = z.strictObject({})
const accountId = z.string().regex(/^\d{12}$/, 'an account ID has 12 digits')
const policy = z.union([z.string(), z.record(z.string(), z.unknown())])
const policies = z.array(policy)
const time = z.iso.datetime({ offset: true })

const role = z.strictObject({
  arn: z.string(),
  trustPolicy: policy,
  policies: policies.optional(),
  maxSessionDuration: z.number().int().optional(),
  propagatingUntil: time.optional(),
})

const principal = z.strictObject({
  arn: z.string(),
  policies: policies.optional(),
  sessionName: z.string().optional(),
  durationSeconds: z.number().positive().optional(),
})

const stackName = z.strictObject({
  stackName: z.string().optional(),
  accountId: accountId.optional(),
  region: z.string().optional(),
})

const stack = stackName.extend({
  template: z.string(),
  parameters: z.record(z.string(), z.string()).optional(),
  capabilities: z.array(z.string()).optional(),
})

const trail = z.strictObject({
  name: z.string(),
  homeRegion: z.string(),
  multiRegion: z.boolean().optional(),
  logging: z.boolean().optional(),
})

const events = z.strictObject({
  records: z.array(z.record(z.string(), z.unknown())),
  accountId: accountId.optional(),
  deliveryDelaySeconds: z.number().optional(),
  deliverAt: time.optional(),
  envelope: z
    .strictObject({
      EventId: z.string(),
      EventName: z.string(),
      ReadOnly: z.string(),
      AccessKeyId: z.string(),
      EventTime: z.number(),
      EventSource: z.string(),
      Username: z.string(),
      Resources: z.array(
        z.strictObject({ ResourceType: z.string(), ResourceName: z.string() }).partial(),
      ),
      CloudTrailEvent: z.string(),
    })
    .partial()
    .optional(),
  allowDuplicateIds: z.boolean().optional(),
})

const fault = z.strictObject({
  service: z.enum(['sts', 'cloudtrail', 'iam', 'cloudformation']).optional(),
  operation: z.string().optional(),
  region: z.string().optional(),
  accountId: accountId.optional(),
  times: z.number().int().positive().optional(),
  every: z.number().int().positive().optional(),
  effect: z.enum(['error', 'drop', 'hang', 'delay', 'unordered', 'undated', 'answer']),
  code: z.string().optional(),
  message: z.string().optional(),
  status: z.number().int().min(200).max(599).optional(),
  delayMs: z.number().nonnegative().optional(),
  body: z.string().optional(),
})

/** A query string's values are texts: `regions` lists names with commas, `deliveredOnly` is `true` or `false`. */
const eventQuery = z.strictObject({
  accountId: accountId.optional(),
  regions: z
    .string()
    .transform((names) => names.split(','))
    .optional(),
  selection: z.enum(['changes', 'all']).optional(),
  from: time.optional(),
  to: time.optional(),
  deliveredOnly: z.stringbool().optional(),
})

const routes: Record<string, Route> = {
  'GET /': route(nothing, (simulator) => ({
    url: simulator.url,
    accountId: simulator.accountId,
    vendorPrincipalArn: simulator.vendor.principalArn,
    now: new Date(simulator.now()).toISOString(),
    settings: simulator.settings(),
  })),
  'GET /help': route(nothing, () => Object.keys(routes)),
  'GET /env': route(nothing, (simulator) => simulator.env),
  'GET /administrator': route(
    z.strictObject({ accountId: accountId.optional() }),
    (simulator, input) => {
      const { AWS_ENDPOINT_URL, AWS_REGION } = simulator.env
      const { accessKeyId, secretAccessKey } = simulator.administrator(input.accountId)
      return {
        AWS_ENDPOINT_URL,
        AWS_REGION,
        // Read by version 1 of the AWS CLI.
        AWS_DEFAULT_REGION: AWS_REGION,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
        // A session token that is still set in the shell would invalidate the key.
        AWS_SESSION_TOKEN: '',
      }
    },
  ),
  'POST /stacks': route(stack, (simulator, input) => simulator.createStack(input)),
  'DELETE /stacks': route(stackName, (simulator, input) => simulator.deleteStack(input)),
  'GET /roles': route(nothing, (simulator) => simulator.roles()),
  'PUT /roles': route(role, (simulator, input) => simulator.putRole(input)),
  'DELETE /roles': route(z.strictObject({ arn: z.string() }), (simulator, { arn }) => {
    if (!simulator.deleteRole(arn)) throw new ControlError(`There is no role ${arn}`)
  }),
  'POST /principals': route(principal, (simulator, input) => simulator.createPrincipal(input)),
  'PUT /policies': route(z.strictObject({ arn: z.string(), policies }), (simulator, input) =>
    simulator.setPolicies(input.arn, input.policies),
  ),
  'PUT /service-control-policies': route(
    z.strictObject({ policies, accountId: accountId.optional() }),
    (simulator, input) => simulator.setServiceControlPolicies(input.policies, input.accountId),
  ),
  'PUT /denied-regions': route(
    z.strictObject({ regions: z.array(z.string()), accountId: accountId.optional() }),
    (simulator, input) => simulator.denyLookupEvents(input.regions, input.accountId),
  ),
  'PUT /regions': route(
    z.strictObject({
      enable: z.array(z.string()).optional(),
      disable: z.array(z.string()).optional(),
      accountId: accountId.optional(),
    }),
    (simulator, input) => {
      for (const region of input.enable ?? []) simulator.enableRegion(region, input.accountId)
      for (const region of input.disable ?? []) simulator.disableRegion(region, input.accountId)
    },
  ),
  'PUT /trails': route(
    z.strictObject({ trails: z.array(trail), accountId: accountId.optional() }),
    (simulator, input) => simulator.setTrails(input.trails, input.accountId),
  ),
  'POST /events': route(events, (simulator, { records, ...options }) =>
    simulator.addEvents(records, options),
  ),
  'POST /records': route(
    z.strictObject({ file: z.string(), accountId: accountId.optional() }),
    (simulator, input) => simulator.playRecords(input.file, input.accountId),
  ),
  'POST /faults': route(fault, (simulator, input) => simulator.failNext(input)),
  'DELETE /faults': route(nothing, (simulator) => simulator.clearFaults()),
  'PATCH /settings': route(settingsSchema, (simulator, input) => {
    simulator.configure(input)
    return simulator.settings()
  }),
  'GET /ledger/events': route(eventQuery, (simulator, query) => {
    const ids = simulator.ledger.eventIds(query)
    return { count: ids.length, ids }
  }),
  'GET /ledger/count': route(eventQuery, (simulator, query) => ({
    count: simulator.ledger.count(query),
  })),
  'GET /ledger/regions': route(
    z.strictObject({ accountId: accountId.optional() }),
    (simulator, query) => simulator.ledger.regions(query.accountId),
  ),
  'GET /ledger/credentials': route(nothing, (simulator) => simulator.ledger.credentials()),
  'GET /ledger/requests': route(
    z.strictObject({
      service: z.string().optional(),
      operation: z.string().optional(),
      region: z.string().optional(),
    }),
    (simulator, query) => simulator.ledger.requests(query),
  ),
}

/** Answers one request: 200 with the result, 400 or 404 with `{error}`. */
export async function control(
  simulator: Simulator,
  { method, url, body }: ControlRequest,
): Promise<{ status: number; result: unknown }> {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  const name = `${method} ${pathname.slice('/_simulator'.length).replace(/\/$/, '') || '/'}`
  if (!Object.hasOwn(routes, name)) {
    return {
      status: 404,
      result: { error: `No ${name}. GET /help lists what there is` },
    }
  }
  try {
    const hasBody = method !== 'GET' && method !== 'DELETE'
    const input: unknown = hasBody
      ? JSON.parse(body.toString() || '{}')
      : Object.fromEntries(searchParams)
    return { status: 200, result: (await routes[name]!(simulator, input)) ?? {} }
  } catch (error) {
    if (error instanceof z.ZodError) {
      return { status: 400, result: { error: z.prettifyError(error) } }
    }
    const isTheirs =
      error instanceof ControlError || error instanceof AwsError || error instanceof SyntaxError
    if (!isTheirs) throw error
    return { status: 400, result: { error: error.message } }
  }
}

import { z } from 'zod'
import { parseRoleArn } from '../aws/role-arn.ts'
import {
  type DesiredState,
  findConnection,
  insertConnection,
  listConnections,
  markDeleted,
  updateDesiredState,
} from '../db/connections.ts'
import { liveEdges, type RegionCoverage, regionCoverage } from '../db/coverage.ts'
import { asOrganization, type Trx } from '../db/database.ts'
import type { ConnectionRow, ConnectionStatus, SecondsRange } from '../db/schema.ts'
import type { ApiContext, App } from './context.ts'
import { newExternalId } from './external-id.ts'
import { notFound, Problem, problemSchema } from './problems.ts'

const time = z.iso.datetime()

const connectionSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    externalId: z.string().meta({ description: "Made by Cairn; part of the role's trust policy." }),
    roleArn: z.string().nullable(),
    accountId: z.string().nullable(),
    partition: z.string().nullable(),
    status: z.enum([
      'awaiting_role',
      'verifying',
      'waiting_for_aws',
      'importing',
      'current',
      'behind',
      'action_needed',
      'paused',
      'deleting',
    ]),
    statusReason: z.string().nullable(),
    since: time.meta({ description: 'Since when it has this status.' }),
    environmentId: z.uuid().nullable(),
    selection: z.enum(['changes', 'all']),
    lookbackDays: z.int(),
    pollIntervalSeconds: z.int(),
    completeThrough: time.nullable().meta({
      description:
        'The live edge over all active regions: every event up to here is imported, but for the gaps that coverage names. Null while a region has nothing settled.',
    }),
    nextPollAt: time.nullable(),
    createdAt: time,
  })
  .meta({ id: 'Connection' })

const settings = {
  name: z.string().trim().min(1).max(200),
  environmentId: z
    .null({ error: 'There is no such environment' })
    .meta({ description: 'The default environment of its changes.' }),
  lookbackDays: z.int().min(1).max(90).meta({ description: 'CloudTrail keeps 90 days.' }),
  pollIntervalSeconds: z.int().min(30).max(3600),
  selection: z
    .enum(['changes', 'all'])
    .meta({ description: 'Only events that change something, or reads as well.' }),
}

const createSchema = z.strictObject({
  name: settings.name,
  environmentId: settings.environmentId.optional(),
  lookbackDays: settings.lookbackDays.default(7),
  pollIntervalSeconds: settings.pollIntervalSeconds.default(60),
  selection: settings.selection.default('changes'),
})

const roleArnSchema = z
  .string()
  .max(2048)
  .transform((text, context) => {
    const role = parseRoleArn(text)
    if ('problem' in role) {
      context.addIssue(role.problem)
      return z.NEVER
    }
    return role
  })

const patchSchema = z
  .strictObject({
    ...settings,
    roleArn: z.union([roleArnSchema, z.null()]).meta({
      description: "The ARN of the role that trusts Cairn. Null takes the connection's role away.",
    }),
    paused: z.boolean(),
  })
  .partial()

const checkSchema = z.object({
  id: z.enum([
    'arn_format',
    'account_unused',
    'assume_with_id',
    'refused_without_id',
    'refused_wrong_id',
    'identity',
    'lookup_events',
    'trails',
  ]),
  region: z.string().optional(),
  state: z.enum(['passed', 'failed', 'waiting', 'skipped']),
  saw: z.string(),
  means: z.string(),
  remedy: z.string().nullable(),
})

const verificationSchema = z
  .object({
    state: z.enum(['passed', 'failed', 'waiting']).nullable().meta({
      description: 'Null: not verified yet, or not since the role was changed.',
    }),
    verifiedAt: time.nullable(),
    checks: z.array(checkSchema),
  })
  .meta({ id: 'Verification' })

const rangeSchema = z.tuple([time, time])

const coverageSchema = z
  .object({
    regions: z.array(
      z.object({
        region: z.string(),
        state: z.enum(['active', 'denied', 'not_enabled']),
        completeThrough: time.nullable(),
        settled: z
          .array(rangeSchema)
          .meta({ description: 'Half-open [from, to) in whole seconds.' }),
        gaps: z.array(rangeSchema).meta({ description: 'Wanted and not imported yet.' }),
        lost: z.array(rangeSchema).meta({ description: 'Not imported, and gone from CloudTrail.' }),
        setAside: z.array(rangeSchema).meta({
          description:
            'Gaps passed over: these seconds could not be read whole after several tries.',
        }),
        backfill: z.object({ percent: z.int(), etaSeconds: z.int().nullable() }),
        events: z.int(),
        requests: z.int(),
        throttled: z.int(),
        lateEvents: z.int(),
        lastError: z.string().nullable(),
        nextPollAt: time,
      }),
    ),
  })
  .meta({ id: 'Coverage' })

const importSchema = z
  .object({
    startedAt: time,
    finishedAt: time,
    regions: z.int(),
    imported: z.int(),
    requests: z.int(),
    throttled: z.int(),
    completeThrough: time.nullable(),
    lagSeconds: z.int().nullable(),
    gapSeconds: z.int(),
    status: z.string(),
    statusReason: z.string().nullable(),
    failing: z.array(z.object({ region: z.string(), error: z.string() })),
    nextPollAt: time,
  })
  .meta({ id: 'ImportSummary' })

const params = z.object({ id: z.string() })
const problems = { '4xx': problemSchema, '5xx': problemSchema }
const tags = ['connections']

/** Connections: their desired state is what the API changes, and the workflow brings it about. */
export function connectionRoutes(app: App, { api, workflows }: ApiContext): void {
  /** Runs `work` with the connection, or answers 404 alike for absent and for somebody else's. */
  const withConnection = <T>(
    request: { organizationId: string; params: { id: string } },
    work: (trx: Trx, row: ConnectionRow) => Promise<T>,
  ): Promise<T> =>
    asOrganization(api, request.organizationId, async (trx) => {
      const { id } = request.params
      const row = z.uuid().safeParse(id).success ? await findConnection(trx, id) : undefined
      if (!row) throw notFound('connection')
      return work(trx, row)
    })

  const changed = (row: ConnectionRow) =>
    workflows.changed({ organizationId: row.organization_id, connectionId: row.id })

  app.post(
    '/connections',
    {
      schema: {
        tags,
        summary: 'Make a connection',
        description:
          'Its external ID is made by Cairn. Nothing is asked of AWS before it has a role.',
        body: createSchema,
        response: { 201: connectionSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { organizationId, body } = request
      const row = await asOrganization(api, organizationId, (trx) =>
        insertConnection(trx, { ...body, organizationId, externalId: newExternalId() }),
      )
      await changed(row)
      reply.code(201).header('location', `/api/v1/connections/${row.id}`)
      return toConnection(row, undefined)
    },
  )

  app.get(
    '/connections',
    {
      schema: {
        tags,
        summary: 'All connections, oldest first',
        querystring: z.strictObject({}),
        response: { 200: z.object({ items: z.array(connectionSchema) }), ...problems },
      },
    },
    (request) =>
      asOrganization(api, request.organizationId, async (trx) => {
        const rows = await listConnections(trx)
        const edges = await liveEdges(trx)
        return { items: rows.map((row) => toConnection(row, edges.get(row.id))) }
      }),
  )

  app.get(
    '/connections/:id',
    {
      schema: {
        tags,
        summary: 'One connection',
        params,
        response: { 200: connectionSchema, ...problems },
      },
    },
    (request) =>
      withConnection(request, async (trx, row) =>
        toConnection(row, (await liveEdges(trx, row.id)).get(row.id)),
      ),
  )

  app.patch(
    '/connections/:id',
    {
      schema: {
        tags,
        summary: 'Change what is wanted of a connection',
        description: 'Another role is verified at once. What is left out stays as it is.',
        params,
        body: patchSchema,
        response: { 200: connectionSchema, ...problems },
      },
    },
    async (request) => {
      const { row, edge, differs } = await withConnection(request, async (trx, row) => {
        if (row.deleted_at) throw new Problem(409, 'This connection is being deleted.')
        const wanted = difference(row, request.body)
        const differs = Object.keys(wanted).length > 0
        const after = differs ? await update(trx, row, wanted) : row
        return { row: after, edge: (await liveEdges(trx, row.id)).get(row.id), differs }
      })
      if (differs) await changed(row)
      return toConnection(row, edge)
    },
  )

  app.delete(
    '/connections/:id',
    {
      schema: {
        tags,
        summary: 'Delete a connection',
        description:
          'Imports end; what was imported stays until retention removes it, or goes with `purge=true`. The role in AWS is yours to remove.',
        params,
        querystring: z.strictObject({ purge: z.enum(['true', 'false']).default('false') }),
        response: { 202: connectionSchema, ...problems },
      },
    },
    async (request, reply) => {
      const row = await withConnection(request, (trx, { id }) =>
        markDeleted(trx, id, { purge: request.query.purge === 'true' }),
      )
      if (!row) throw notFound('connection')
      await changed(row)
      reply.code(202)
      return toConnection(row, undefined)
    },
  )

  app.get(
    '/connections/:id/verification',
    {
      schema: {
        tags,
        summary: 'What was proven of the role',
        params,
        response: { 200: verificationSchema, ...problems },
      },
    },
    (request) => withConnection(request, verification),
  )

  app.post(
    '/connections/:id/verify',
    {
      schema: {
        tags,
        summary: 'Verify the role now',
        params,
        response: { 200: verificationSchema, ...problems },
      },
    },
    async (request) => {
      const { id: connectionId } = await withConnection(request, async (_trx, row) => row)
      await workflows.verifyNow({ organizationId: request.organizationId, connectionId })
      return withConnection(request, verification)
    },
  )

  app.get(
    '/connections/:id/coverage',
    {
      schema: {
        tags,
        summary: 'What is imported, by region',
        params,
        response: { 200: coverageSchema, ...problems },
      },
    },
    (request) =>
      withConnection(request, async (trx, row) => {
        const regions = await regionCoverage(trx, row, new Date())
        return { regions: regions.map(toCoverage) }
      }),
  )

  app.post(
    '/connections/:id/import',
    {
      schema: {
        tags,
        summary: 'Import now, in every region',
        params,
        response: { 200: importSchema, ...problems },
      },
    },
    async (request) => {
      const { id: connectionId } = await withConnection(request, async (_trx, row) => row)
      return workflows.importNow({ organizationId: request.organizationId, connectionId })
    },
  )
}

/** What of the request is not so already. */
function difference(row: ConnectionRow, body: z.output<typeof patchSchema>): DesiredState {
  const wanted: DesiredState = {}
  if (body.name !== undefined && body.name !== row.name) wanted.name = body.name
  if (body.paused !== undefined && body.paused !== row.paused) wanted.paused = body.paused
  if (body.selection && body.selection !== row.selection) wanted.selection = body.selection
  if (body.lookbackDays && body.lookbackDays !== row.lookback_days) {
    wanted.lookbackDays = body.lookbackDays
  }
  if (body.pollIntervalSeconds && body.pollIntervalSeconds !== row.poll_interval_seconds) {
    wanted.pollIntervalSeconds = body.pollIntervalSeconds
  }
  if (body.roleArn !== undefined && (body.roleArn?.arn ?? null) !== row.role_arn) {
    wanted.role = body.roleArn
  }
  return wanted
}

/** @throws Problem 409 when another connection has the account */
async function update(trx: Trx, row: ConnectionRow, wanted: DesiredState): Promise<ConnectionRow> {
  if (wanted.role) {
    const other = await trx
      .selectFrom('connections')
      .select('name')
      .where('account_id', '=', wanted.role.accountId)
      .where('id', '<>', row.id)
      .where('deleted_at', 'is', null)
      .executeTakeFirst()
    if (other) throw accountInUse(wanted.role.accountId, `"${other.name}"`)
  }
  try {
    const updated = await updateDesiredState(trx, row.id, wanted)
    if (!updated) throw new Problem(409, 'This connection is being deleted.')
    return updated
  } catch (error) {
    const { code, constraint } = error as { code?: string; constraint?: string }
    if (code === '23505' && constraint === 'connections_one_per_account') {
      throw accountInUse(wanted.role!.accountId, 'another one')
    }
    throw error
  }
}

function accountInUse(accountId: string, name: string): Problem {
  const detail = `Account ${accountId} is connected already, by the connection ${name}. Use that one, or delete it first.`
  return new Problem(409, detail, { errors: [{ pointer: '/roleArn', detail }] })
}

async function verification(trx: Trx, connection: ConnectionRow) {
  const row = await trx
    .selectFrom('verifications')
    .selectAll()
    .where('connection_id', '=', connection.id)
    .executeTakeFirst()
  if (!row || row.role_arn !== connection.role_arn) {
    return { state: null, verifiedAt: null, checks: [] }
  }
  return { state: row.state, verifiedAt: row.verified_at.toISOString(), checks: row.checks }
}

/** What people have asked for shows at once, whether or not the workflow has seen it. */
function shownStatus(row: ConnectionRow): {
  status: ConnectionStatus
  statusReason: string | null
} {
  if (row.deleted_at) return { status: 'deleting', statusReason: null }
  if (!row.role_arn) return { status: 'awaiting_role', statusReason: null }
  if (row.paused) return { status: 'paused', statusReason: null }
  if (row.status === 'awaiting_role') return { status: 'verifying', statusReason: null }
  if (row.status === 'paused') return { status: 'importing', statusReason: null }
  return { status: row.status, statusReason: row.status_reason }
}

function toConnection(row: ConnectionRow, completeThrough: Date | undefined) {
  return {
    id: row.id,
    name: row.name,
    externalId: row.external_id,
    roleArn: row.role_arn,
    accountId: row.account_id,
    partition: row.partition,
    ...shownStatus(row),
    since: row.status_since.toISOString(),
    environmentId: null,
    selection: row.selection,
    lookbackDays: row.lookback_days,
    pollIntervalSeconds: row.poll_interval_seconds,
    completeThrough: completeThrough?.toISOString() ?? null,
    nextPollAt: row.next_poll_at?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
  }
}

function toRange([from, to]: SecondsRange): [string, string] {
  return [new Date(from * 1000).toISOString(), new Date(to * 1000).toISOString()]
}

function toCoverage(region: RegionCoverage) {
  return {
    ...region,
    completeThrough: region.completeThrough?.toISOString() ?? null,
    settled: region.settled.map(toRange),
    gaps: region.gaps.map(toRange),
    lost: region.lost.map(toRange),
    setAside: region.setAside.map(toRange),
    nextPollAt: region.nextPollAt.toISOString(),
  }
}

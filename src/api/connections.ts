import { z } from 'zod'
import { snippetsFor } from '../aws/documents/remedies.ts'
import { removal } from '../aws/documents/role.ts'
import { quoted } from '../aws/documents/shell.ts'
import { partitionOf } from '../aws/regions.ts'
import { parseRoleArn } from '../aws/role-arn.ts'
import {
  connectedAccounts,
  type DesiredState,
  insertConnection,
  listConnections,
  markDeleted,
  updateDesiredState,
} from '../db/connections.ts'
import { liveEdges, type RegionCoverage, regionCoverage } from '../db/coverage.ts'
import { asOrganization, type Trx, violates } from '../db/database.ts'
import { defaultEnvironments, setDefaultEnvironment } from '../db/environments.ts'
import type { Principal } from '../db/principals.ts'
import type { ConnectionRow, ConnectionStatus, SecondsRange } from '../db/schema.ts'
import type { Workflows } from '../temporal.ts'
import type { ConnectionRef } from '../workflows/state.ts'
import type { ApiContext, App } from './context.ts'
import { refuseAbsentEnvironment } from './environments.ts'
import { newExternalId } from './external-id.ts'
import { beingDeleted, connectionParams, withConnection } from './find-connection.ts'
import { answer, notFound, Problem, problems } from './problems.ts'
import { text } from './text.ts'

const time = z.iso.datetime()

const example = {
  id: '019b2d5e-8c1a-7f00-9a3e-4f6d2c7b8a90',
  name: 'production',
  externalId: 'cairn-Kq7mWz3RtYb9XcVnPd5sJh2G',
  roleArn: 'arn:aws:iam::123456789012:role/cairn',
  accountId: '123456789012',
  partition: 'aws',
  status: 'current',
  statusReason: null,
  since: '2026-03-02T09:20:41.000Z',
  environmentId: null,
  selection: 'changes',
  lookbackDays: 7,
  pollIntervalSeconds: 60,
  completeThrough: '2026-03-02T12:03:00.000Z',
  nextPollAt: '2026-03-02T12:24:10.000Z',
  workflowUrl:
    'http://127.0.0.1:8233/namespaces/default/workflows/connection-019b2d5e-8c1a-7f00-9a3e-4f6d2c7b8a90',
  createdAt: '2026-03-02T09:12:07.311Z',
}

export const connectionSchema = z
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
    workflowUrl: z
      .url()
      .nullable()
      .meta({ description: "Its workflow's page in Temporal's UI, when that is known." }),
    createdAt: time,
  })
  .meta({
    id: 'Connection',
    examples: [example],
  })

const deletedConnectionSchema = connectionSchema
  .extend({
    cleanUp: z
      .object({
        means: z.string(),
        ways: z.array(
          z.object({
            way: z.enum(['terraform', 'cloudFormation', 'cli']),
            title: z.string(),
            command: z.string(),
          }),
        ),
      })
      .nullable()
      .meta({ description: 'What is left to remove in AWS; null when there was no role.' }),
  })
  .meta({
    id: 'DeletedConnection',
    examples: [{ ...example, status: 'deleting', cleanUp: null }],
  })

export const settings = {
  name: text(200).trim().min(1).meta({ description: 'For people: `production`, `shop staging`.' }),
  environmentId: z
    .uuid({ error: 'There is no such environment.' })
    .nullable()
    .meta({ description: 'All its changes belong to it, those that are there already as well.' }),
  lookbackDays: z.int().min(1).max(90).meta({ description: 'CloudTrail keeps 90 days.' }),
  pollIntervalSeconds: z.int().min(30).max(3600),
  selection: z
    .enum(['changes', 'all'])
    .meta({ description: 'Only events that change something, or reads as well.' }),
}

const createSchema = z
  .strictObject({
    name: settings.name,
    environmentId: settings.environmentId.optional(),
    lookbackDays: settings.lookbackDays.default(7),
    pollIntervalSeconds: settings.pollIntervalSeconds.default(60),
    selection: settings.selection.default('changes'),
  })
  .meta({
    id: 'NewConnection',
    examples: [{ name: 'production' }, { name: 'sandbox', lookbackDays: 90, selection: 'all' }],
  })

const roleArnSchema = z
  .string()
  .max(2048)
  .superRefine((text, context) => {
    const role = parseRoleArn(text)
    if ('problem' in role) context.addIssue(role.problem)
  })
  .nullable()

const patchSchema = z
  .strictObject({
    ...settings,
    roleArn: roleArnSchema.meta({
      description: "The ARN of the role that trusts Cairn. Null takes the connection's role away.",
    }),
    paused: z.boolean().meta({
      description: 'Imports stop; what is missed meanwhile is a gap that is filled later.',
    }),
  })
  .partial()
  .meta({
    id: 'ConnectionSettings',
    examples: [
      { roleArn: 'arn:aws:iam::123456789012:role/cairn' },
      { paused: true },
      { name: 'production (eu)', lookbackDays: 30 },
      { environmentId: '019b2d41-17c6-7a52-8f60-3b9d2e1c4a75' },
    ],
  })

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
  snippets: z
    .array(z.object({ title: z.string(), language: z.enum(['json', 'bash']), text: z.string() }))
    .meta({ description: 'What mends it, to paste.' }),
})

const verificationSchema = z
  .object({
    state: z.enum(['passed', 'failed', 'waiting', 'running']).nullable().meta({
      description:
        'Null: not verified yet, or not since the role was changed. While one runs, `checks` has what it found so far; those that are to come are waiting.',
    }),
    verifiedAt: time.nullable().meta({ description: 'When the last verification ended.' }),
    checks: z.array(checkSchema),
    notProvable: z
      .array(
        z.object({
          id: z.enum(['who_else']),
          means: z.string(),
          command: z.string().meta({
            description: 'What it prints can be sent to `trust-review`, which judges it.',
          }),
        }),
      )
      .meta({ description: 'What nobody can see from outside the account.' }),
  })
  .meta({
    id: 'Verification',
    examples: [
      {
        state: 'failed',
        verifiedAt: '2026-03-02T09:15:30.120Z',
        checks: [
          {
            id: 'refused_without_id',
            state: 'failed',
            saw: 'AWS let Cairn assume the role without the external ID.',
            means: 'Anybody whom AWS takes for Cairn could reach this account.',
            remedy: 'Add the condition on sts:ExternalId to the trust policy of the role.',
            snippets: [{ title: "The role's trust policy, whole", language: 'json', text: '{…}' }],
          },
        ],
        notProvable: [],
      },
    ],
  })

const rangeSchema = z.tuple([time, time])

const coverageSchema = z
  .object({
    regions: z.array(
      z.object({
        region: z.string(),
        state: z.enum(['active', 'denied', 'not_enabled']),
        completeThrough: time.nullable().meta({
          description: 'The live edge: imported up to here, but for what is listed beside it.',
        }),
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
  .meta({
    id: 'Coverage',
    examples: [
      {
        regions: [
          {
            region: 'eu-west-1',
            state: 'active',
            completeThrough: '2026-03-02T12:03:00.000Z',
            settled: [['2026-02-23T09:12:07.000Z', '2026-03-02T12:03:00.000Z']],
            gaps: [],
            lost: [],
            setAside: [],
            backfill: { percent: 100, etaSeconds: 0 },
            events: 574,
            requests: 31,
            throttled: 0,
            lateEvents: 2,
            lastError: null,
            nextPollAt: '2026-03-02T12:24:10.000Z',
          },
        ],
      },
    ],
  })

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
  .meta({
    id: 'ImportSummary',
    examples: [
      {
        startedAt: '2026-03-02T12:23:08.000Z',
        finishedAt: '2026-03-02T12:23:10.000Z',
        regions: 17,
        imported: 3,
        requests: 19,
        throttled: 0,
        completeThrough: '2026-03-02T12:03:00.000Z',
        lagSeconds: 10,
        gapSeconds: 0,
        status: 'current',
        statusReason: null,
        failing: [],
        nextPollAt: '2026-03-02T12:24:10.000Z',
      },
    ],
  })

const tags = ['connections']

/** Connections: their desired state is what the API changes, and the workflow brings it about. */
export function connectionRoutes(app: App, { api, workflows, principal }: ApiContext): void {
  const workingConnection = (request: { organizationId: string; params: { id: string } }) =>
    withConnection(api, request, async (_trx, row): Promise<ConnectionRef> => {
      if (row.deleted_at) throw beingDeleted()
      return { organizationId: row.organization_id, connectionId: row.id }
    })

  const shownVerification = async (request: Parameters<typeof workingConnection>[0]) => {
    const { arn } = await principal()
    return withConnection(api, request, (trx, row) => verification(trx, row, arn))
  }

  const changed = (row: ConnectionRow) =>
    workflows.changed({ organizationId: row.organization_id, connectionId: row.id })

  app.post(
    '/connections',
    {
      schema: {
        tags,
        operationId: 'createConnection',
        summary: 'Make a connection',
        description:
          'Its external ID is made by Cairn. Nothing is asked of AWS before it has a role.',
        body: createSchema,
        response: {
          201: answer('The connection, with its external ID.', connectionSchema),
          ...problems(401, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const { organizationId, body } = request
      const row = await asOrganization(api, organizationId, (trx) =>
        insertConnection(trx, { ...body, organizationId, externalId: newExternalId() }),
      ).catch(refuseAbsentEnvironment)
      await changed(row)
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
        summary: 'All connections, oldest first',
        description: 'Those that are being deleted are in it until that is done.',
        querystring: z.strictObject({}),
        response: {
          200: answer('The connections.', z.object({ items: z.array(connectionSchema) })),
          ...problems(401, 503),
        },
      },
    },
    (request) =>
      asOrganization(api, request.organizationId, async (trx) => {
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
        summary: 'One connection',
        description: 'Its status and how far its imports are.',
        params: connectionParams,
        response: { 200: answer('The connection.', connectionSchema), ...problems(401, 404, 503) },
      },
    },
    (request) => withConnection(api, request, (trx, row) => shown(trx, row, workflows)),
  )

  app.patch(
    '/connections/:id',
    {
      schema: {
        tags,
        operationId: 'updateConnection',
        summary: 'Change what is wanted of a connection',
        description: 'Another role is verified at once. What is left out stays as it is.',
        params: connectionParams,
        body: patchSchema,
        response: {
          200: answer('The connection as it is wanted now.', connectionSchema),
          ...problems(401, 404, 409, 422, 503),
        },
      },
    },
    async (request) => {
      if (request.body.roleArn) refuseOwnRole(request.body.roleArn, await principal())
      const { environmentId, ...settings } = request.body
      const { row, answer, differs } = await withConnection(api, request, async (trx, row) => {
        if (row.deleted_at) throw beingDeleted()
        const wanted = difference(row, settings)
        const differs = Object.keys(wanted).length > 0
        const after = differs ? await update(trx, row, wanted) : row
        // Not the workflow's concern: what is imported is the same.
        if (environmentId !== undefined) await setDefaultEnvironment(trx, row, environmentId)
        return { row: after, answer: await shown(trx, after, workflows), differs }
      }).catch(refuseAbsentEnvironment)
      if (differs) await changed(row)
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
          'Imports end; what was imported stays, or goes with `purge=true`. The role in AWS is yours to remove.',
        params: connectionParams,
        querystring: z.strictObject({
          purge: z
            .enum(['true', 'false'])
            .default('false')
            .meta({ description: 'Whether what was imported is removed as well.' }),
        }),
        response: {
          202: answer(
            'Taken up: it is gone when its running import has ended.',
            deletedConnectionSchema,
          ),
          ...problems(401, 404, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const { row, environmentId } = await withConnection(api, request, async (trx, { id }) => ({
        row: await markDeleted(trx, id, { purge: request.query.purge === 'true' }),
        environmentId: (await defaultEnvironments(trx, id)).get(id),
      }))
      if (!row) throw notFound('connection')
      await changed(row)
      reply.code(202)
      return { ...toConnection(row, workflows, { environmentId }), cleanUp: cleanUp(row) }
    },
  )

  app.get(
    '/connections/:id/verification',
    {
      schema: {
        tags,
        operationId: 'getVerification',
        summary: 'What was proven of the role',
        description:
          'The checklist of the last verification, with what was seen and what mends it.',
        params: connectionParams,
        response: { 200: answer('The checklist.', verificationSchema), ...problems(401, 404, 503) },
      },
    },
    (request) => shownVerification(request),
  )

  app.post(
    '/connections/:id/verify',
    {
      schema: {
        tags,
        operationId: 'verifyConnection',
        summary: 'Verify the role now',
        description: 'Waits for the answer. A verification that fails is an answer, not an error.',
        params: connectionParams,
        response: {
          200: answer('The checklist of this verification.', verificationSchema),
          ...problems(401, 404, 409, 503, 504),
        },
      },
    },
    async (request) => {
      await workflows.verifyNow(await workingConnection(request))
      return shownVerification(request)
    },
  )

  app.get(
    '/connections/:id/coverage',
    {
      schema: {
        tags,
        operationId: 'getCoverage',
        summary: 'What is imported, by region',
        description: 'The seconds that are imported, still missing, or gone from CloudTrail.',
        params: connectionParams,
        response: {
          200: answer('The ledger, by region.', coverageSchema),
          ...problems(401, 404, 503),
        },
      },
    },
    (request) =>
      withConnection(api, request, async (trx, row) => {
        const regions = await regionCoverage(trx, row, new Date())
        return { regions: regions.map(toCoverage) }
      }),
  )

  app.post(
    '/connections/:id/import',
    {
      schema: {
        tags,
        operationId: 'importNow',
        summary: 'Import now, in every region',
        description: 'Waits for one cycle over all regions, the quiet ones included.',
        params: connectionParams,
        response: {
          200: answer('What the cycle did.', importSchema),
          ...problems(401, 404, 409, 503, 504),
        },
      },
    },
    async (request) => {
      return workflows.importNow(await workingConnection(request))
    },
  )
}

/** What of the request is not so already. */
function difference(
  row: ConnectionRow,
  body: Omit<z.output<typeof patchSchema>, 'environmentId'>,
): DesiredState {
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
  if (body.roleArn === null && row.role_arn !== null) wanted.role = null
  if (body.roleArn) {
    const role = parseRoleArn(body.roleArn)
    if (!('problem' in role) && role.arn !== row.role_arn) wanted.role = role
  }
  return wanted
}

/**
 * What can be told of an ARN without asking AWS.
 *
 * @throws Problem 422 for Cairn's own role, and for a role that Cairn can never reach
 */
export function refuseOwnRole(roleArn: string, principal: Principal, pointer = '/roleArn'): void {
  const role = parseRoleArn(roleArn)
  if ('problem' in role) return
  const detail =
    role.arn === principal.arn
      ? 'This is the role that Cairn itself runs as. What is needed is the role in the account that is to be read, which trusts this one.'
      : principal.partition !== null && role.partition !== principal.partition
        ? `This role is in the partition ${role.partition}, and Cairn runs in ${principal.partition}: AWS lets nobody cross. Run a Cairn in ${role.partition} for it.`
        : undefined
  if (detail) throw new Problem(422, detail, { errors: [{ pointer, detail }] })
}

/** @throws Problem 409 when another connection has the account */
async function update(trx: Trx, row: ConnectionRow, wanted: DesiredState): Promise<ConnectionRow> {
  const { role } = wanted
  if (role) {
    const [other] = (await connectedAccounts(trx, [role.accountId])).filter(
      ({ id }) => id !== row.id,
    )
    if (other) throw accountsInUse([{ ...other, pointer: '/roleArn' }])
  }
  const updated = await updateDesiredState(trx, row.id, wanted).catch((error) => {
    throw isAccountTaken(error)
      ? accountsInUse([{ account_id: role!.accountId, pointer: '/roleArn' }])
      : error
  })
  if (!updated) throw beingDeleted()
  return updated
}

/** Whether Postgres refused a second connection to an account: somebody else was faster. */
export function isAccountTaken(error: unknown): boolean {
  return violates(error, '23505', 'connections_one_per_account')
}

export function accountsInUse(
  accounts: { account_id: string | null; name?: string; pointer: string }[],
): Problem {
  const errors = accounts.map(({ account_id, name, pointer }) => {
    const which = name === undefined ? 'another one' : `"${name}"`
    const detail = `Account ${account_id} is connected already, by the connection ${which}. Use that one, or delete it first.`
    return { pointer, detail }
  })
  return new Problem(
    409,
    errors
      .map(({ detail }) => detail)
      .slice(0, 3)
      .join(' '),
    { errors },
  )
}

/** A verification that has not been heard of for longer was cut short; its next try begins anew. */
const RUNNING_WITHIN_MS = 3 * 60_000

async function verification(trx: Trx, connection: ConnectionRow, principalArn: string | null) {
  const row = await trx
    .selectFrom('verifications')
    .selectAll()
    .where('connection_id', '=', connection.id)
    .executeTakeFirst()
  if (!row || row.role_arn !== connection.role_arn) {
    return { state: null, verifiedAt: null, checks: [], notProvable: [] }
  }
  const parsed = parseRoleArn(row.role_arn)
  const role = 'problem' in parsed ? null : parsed
  const design = role &&
    principalArn !== null && { ...role, principalArn, externalId: connection.external_id }
  const isRunning =
    row.progress !== null && Date.now() - row.progress_at!.getTime() < RUNNING_WITHIN_MS
  const checks = isRunning ? row.progress! : (row.checks ?? [])
  return {
    state: isRunning ? ('running' as const) : row.state,
    verifiedAt: row.verified_at?.toISOString() ?? null,
    checks: checks.map((check) => ({ ...check, snippets: snippetsFor(check, design || null) })),
    notProvable: role ? [whoElse(role.name)] : [],
  }
}

/** The one thing that matters and that no probe can show. */
function whoElse(roleName: string) {
  return {
    id: 'who_else' as const,
    means:
      'Whom else the role trusts cannot be seen from here: Cairn may not read the role, and AWS tells nobody else. Paste what this command prints, and Cairn says who gets in.',
    command: `aws iam get-role --role-name ${quoted(roleName)}`,
  }
}

/**
 * What people have asked for shows at once, whether or not the workflow has seen it; the rest is
 * what the workflow has reported.
 */
function shownStatus(row: ConnectionRow): {
  status: ConnectionStatus
  statusReason: string | null
  since: string
} {
  const asked = askedStatus(row)
  if (asked === null || asked === row.status) {
    const { status, status_reason: statusReason, status_since } = row
    return { status, statusReason, since: status_since.toISOString() }
  }
  return { status: asked, statusReason: null, since: row.version_at.toISOString() }
}

/** The status that follows from what was asked for; null when it is for the workflow to tell. */
function askedStatus(row: ConnectionRow): ConnectionStatus | null {
  if (row.deleted_at) return 'deleting'
  if (!row.role_arn) return 'awaiting_role'
  if (row.paused) return 'paused'
  const unseen = row.version > row.seen_version
  const newRole = unseen && (row.role_arn_set_at ?? 0) > (row.reported_at ?? 0)
  if (newRole || row.status === 'awaiting_role') return 'verifying'
  return row.status === 'paused' ? 'importing' : null
}

type WorkflowPages = Pick<Workflows, 'uiUrl'>

async function shown(trx: Trx, row: ConnectionRow, workflows: WorkflowPages) {
  const edges = await liveEdges(trx, row.id)
  const environments = await defaultEnvironments(trx, row.id)
  return toConnection(row, workflows, {
    environmentId: environments.get(row.id),
    completeThrough: edges.get(row.id),
  })
}

/** What is kept beside its row is null when it is left out. */
export function toConnection(
  row: ConnectionRow,
  workflows: WorkflowPages,
  beside: { environmentId?: string | null; completeThrough?: Date | null } = {},
) {
  return {
    id: row.id,
    name: row.name,
    externalId: row.external_id,
    roleArn: row.role_arn,
    accountId: row.account_id,
    partition: row.partition,
    ...shownStatus(row),
    environmentId: beside.environmentId ?? null,
    selection: row.selection,
    lookbackDays: row.lookback_days,
    pollIntervalSeconds: row.poll_interval_seconds,
    completeThrough: beside.completeThrough?.toISOString() ?? null,
    nextPollAt: row.next_poll_at?.toISOString() ?? null,
    workflowUrl: workflows.uiUrl({ organizationId: row.organization_id, connectionId: row.id }),
    createdAt: row.created_at.toISOString(),
  }
}

/** What stays in the account: a role that nobody needs any more. */
function cleanUp(row: ConnectionRow) {
  const role = row.role_arn === null ? undefined : parseRoleArn(row.role_arn)
  if (!role || 'problem' in role) return null
  return {
    means: `The role ${role.arn} is still in account ${role.accountId}, and still trusts Cairn. Cairn does not use it any more; remove it the way it was made.`,
    ways: removal({ name: role.name, region: partitionOf(role.partition).globalRegion }),
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

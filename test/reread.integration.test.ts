import { Worker } from '@temporalio/worker'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { Dependencies } from '../src/activities/dependencies.ts'
import { finishDeletion } from '../src/activities/finish-deletion.ts'
import { readPage } from '../src/activities/read-page.ts'
import { isAnyOutdated, rereadChanges } from '../src/activities/reread-changes.ts'
import { asOrganization } from '../src/db/database.ts'
import { ensurePartitions, storeEvents } from '../src/db/imports.ts'
import { createLogger } from '../src/log.ts'
import { startRereadStarter } from '../src/reread-starter.ts'
import { registerSource } from '../src/sources/index.ts'
import { readerVersions } from '../src/sources/readers.ts'
import { installTemporalRuntime } from '../src/temporal/runtime.ts'
import { bundleWorkflows } from '../src/temporal/workflow-bundle.ts'
import type { Workflows } from '../src/temporal/workflows.ts'
import type { reread as rereadWorkflow } from '../src/workflows/reread.ts'
import { initialRereadState, type RereadState } from '../src/workflows/reread-state.ts'
import { rereadWorkflowId, taskQueueOf } from '../src/workflows/state.ts'
import { createTestApi, type Tenant, type TestApi } from '../testing/api.ts'
import { aChange, imported } from '../testing/changes.ts'
import { ACCOUNT, call, cloudTrailTime, ssoIdentity } from '../testing/cloudtrail/records.ts'
import { eventually } from '../testing/eventually.ts'
import { blockedOnRows, startClientAndWorkers } from '../testing/workflows/stored-changes.ts'

const logger = pino({ level: 'silent' })
const HOUR_MS = 3_600_000
const WEEK_MS = 7 * 24 * HOUR_MS
/** A Monday at noon. */
const START = Date.parse('2026-03-02T12:00:00Z')
const WINDOW = 'from=2026-03-01T00:00:00Z&to=2026-03-30T00:00:00Z'
const PER_WEEK = 40
const WEEKS = 3

let api: TestApi

beforeAll(async () => {
  installTemporalRuntime(createLogger({ level: 'error' }))
  api = await createTestApi()
  await api.db.transaction().execute((trx) => ensurePartitions(trx, new Date(START - WEEK_MS)))
})
afterAll(() => api.close())

/** Every third one has its resource only in what LookupEvents returned beside the record. */
function event(n: number, time: number) {
  const people = ['ada', 'bob', 'eve']
  const fields = call(
    n % 2 === 0 ? 'lambda' : 's3',
    n % 2 === 0 ? 'UpdateFunctionCode20150331v2' : 'DeleteBucketPolicy',
    n % 2 === 0 ? { functionName: `function-${n % 7}` } : { bucketName: `bucket-${n % 5}` },
    null,
    {
      eventID: `event-${n}`,
      requestID: `request-${n}`,
      eventTime: cloudTrailTime(time),
      userIdentity: ssoIdentity(`${people[n % 3]}@example.com`),
      errorCode: n % 4 === 0 ? 'AccessDenied' : undefined,
    },
  )
  const Resources = [{ ResourceType: 'AWS::EC2::Subnet', ResourceName: `subnet-${n % 4}` }]
  return {
    EventId: `event-${n}`,
    EventTime: new Date(time),
    CloudTrailEvent: JSON.stringify(fields),
    Resources: n % 3 === 0 ? Resources : undefined,
  }
}

async function connect(tenant: Tenant): Promise<string> {
  const { body } = await tenant.request('POST', '/api/v1/connections', { name: 'production' })
  return body.id
}

function store(tenant: Tenant, connectionId: string, events: ReturnType<typeof event>[]) {
  const owner = { organizationId: tenant.id, connectionId, sourceAccount: ACCOUNT }
  return asOrganization(api.db, tenant.id, (trx) =>
    storeEvents(trx, owner, readPage({ events }, [0, 2 ** 40], 'eu-west-1')),
  )
}

/** The rows of `changes` without what differs between organizations, by event. */
async function rows(tenant: Tenant) {
  const found = await api.superuser
    .selectFrom('changes as c')
    .selectAll()
    .select((eb) =>
      eb
        .selectFrom('resources as r')
        .select(sql<string[]>`array_agg(r.key ORDER BY r.key)`.as('keys'))
        .whereRef('r.organization_id', '=', 'c.organization_id')
        .where(sql<boolean>`r.id = ANY (c.resource_ids)`)
        .as('keys'),
    )
    .where('c.organization_id', '=', tenant.id)
    .orderBy('source_id')
    .execute()
  return found
}

type Row = Awaited<ReturnType<typeof rows>>[number]

/** What the reader determines, and the identity within the source. */
function read(row: Row) {
  const { id, organization_id, connection_id, change_set_id, imported_at, ...rest } = row
  const { resource_ids, first_resource_id, other_resource_ids, facet_key, ...shown } = rest
  return shown
}

const identity = ({ id, change_set_id, occurred_at, connection_id }: Row) => ({
  id,
  change_set_id,
  occurred_at,
  connection_id,
})

async function facets(tenant: Tenant) {
  const { body } = await tenant.request('GET', `/api/v1/changes/facets?${WINDOW}`)
  const { connection, ...fields } = body.fields
  return { total: body.total, noise: body.noise, fields }
}

/** As if an older reader had read them: other values in every column, and a lower version. */
async function spoil(tenant: Tenant): Promise<void> {
  await asOrganization(api.superuser, tenant.id, (trx) =>
    sql`
      WITH wrong AS (
        INSERT INTO resources (organization_id, key, key_digest, source, type, resource_id)
        VALUES (${tenant.id}, 'wrong', sha256('wrong'), 'aws.cloudtrail', 'wrong', 'wrong')
        RETURNING id
      )
      UPDATE changes SET reader_version = 0, summary = 'wrong', service = 'wrong',
        action = 'wrong', actor = 'wrong', actor_id = 'wrong', tool = 'wrong',
        outcome = 'succeeded', region = 'wrong', account_id = 'wrong', resources = '{wrong}',
        resource_ids = ARRAY[wrong.id], read_only = true, noise = 'wrong', envelope = '{}',
        detail = '{"source": "aws.cloudtrail"}', ended_at = occurred_at
      FROM wrong WHERE organization_id = ${tenant.id}
    `.execute(trx),
  )
}

async function outdatedByWeek(tenant: Tenant): Promise<number[]> {
  const found = await api.superuser
    .selectFrom('changes')
    .select(['occurred_at'])
    .where('organization_id', '=', tenant.id)
    .where('reader_version', '=', 0)
    .execute()
  return Array.from(
    { length: WEEKS },
    (_, week) =>
      found.filter(
        ({ occurred_at }) => Math.floor((occurred_at.getTime() - START) / WEEK_MS) === week,
      ).length,
  )
}

function result(workflows: Workflows, installation: string): Promise<RereadState> {
  return workflows.client.workflow.getHandle(rereadWorkflowId(installation)).result()
}

test('after an upgrade, all stored records are read again despite killed workers and imports', async () => {
  const [tenant, fresh] = [await api.tenant('upgraded'), await api.tenant('fresh')]
  const connection = await connect(tenant)
  const stored = Array.from({ length: WEEKS * PER_WEEK }, (_, n) =>
    event(n, START + Math.floor(n / PER_WEEK) * WEEK_MS + (n % PER_WEEK) * 60_000),
  )
  await store(tenant, connection, stored)
  const before = await rows(tenant)
  await spoil(tenant)
  expect(await facets(tenant)).toMatchObject({
    fields: { service: [{ value: 'wrong', count: stored.length }] },
  })

  // The worker stops at a change of the second week, because another transaction has locked it.
  const { installation, workflows, worker, workerProcess } = await startClientAndWorkers(api)
  const blocked = Promise.withResolvers<void>()
  const unblock = Promise.withResolvers<void>()
  const blocking = api.superuser.transaction().execute(async (trx) => {
    await trx
      .selectFrom('changes')
      .select('id')
      .where('organization_id', '=', tenant.id)
      .where('source_id', '=', `event-${PER_WEEK + 20}`)
      .forUpdate()
      .execute()
    blocked.resolve()
    await unblock.promise
  })
  await blocked.promise
  const child = workerProcess()
  const starter = startRereadStarter({ db: api.db, workflows, logger })
  onTestFinished(() => starter.stop())
  await eventually(
    () => blockedOnRows(api),
    (count) => count > 0,
  )
  child.kill('SIGKILL')
  unblock.resolve()
  await blocking
  const afterKill = await outdatedByWeek(tenant)
  expect(afterKill[2]).toBe(0)
  expect(afterKill[1]).toBeGreaterThan(0)
  expect(afterKill[0]).toBe(PER_WEEK)

  // Another worker continues. Until it is done, imports store new events and return known ones again.
  worker()
  let isDone = false
  const done = result(workflows, installation).finally(() => {
    isDone = true
  })
  const added: typeof stored = []
  while (!isDone) {
    const n = added.length
    added.push(event(stored.length + n, START + (n % WEEKS) * WEEK_MS + 2 * HOUR_MS + n * 1_000))
    const known = stored.slice(n % stored.length, (n % stored.length) + 3)
    await store(tenant, connection, [...known, ...added.slice(-1)])
  }
  expect(await done).toMatchObject({ pending: [], kept: 0, finished: 1 })

  await store(fresh, await connect(fresh), [...stored, ...added])
  const after = await rows(tenant)
  expect(after).toHaveLength(stored.length + added.length)
  expect(after.map(read)).toEqual((await rows(fresh)).map(read))
  const byEvent = new Map(after.map((row) => [row.source_id, row]))
  expect(before.map(({ source_id }) => identity(byEvent.get(source_id)!))).toEqual(
    before.map(identity),
  )
  expect(await facets(tenant)).toEqual(await facets(fresh))
  expect(await resourceKeys(tenant)).toEqual(await resourceKeys(fresh))
  expect(await isAnyOutdated({ db: api.db })).toBe(false)
})

test('a change whose record can no longer be parsed keeps its values, and is marked', async () => {
  const tenant = await api.tenant('unreadable')
  const connection = await connect(tenant)
  await store(
    tenant,
    connection,
    [0, 1, 2].map((n) => event(n, START + n * 60_000)),
  )
  const before = await rows(tenant)
  await spoil(tenant)
  await asOrganization(api.superuser, tenant.id, async (trx) => {
    await sql`
      UPDATE change_records SET record = '["no event"]' WHERE organization_id = ${tenant.id}
        AND id = ${before[1]!.id}`.execute(trx)
    await sql`
      DELETE FROM change_records WHERE organization_id = ${tenant.id} AND id = ${before[2]!.id}
    `.execute(trx)
  })
  const { installation, workflows, worker } = await startClientAndWorkers(api)
  await workflows.startReread(readerVersions())
  // It runs already: that is no error.
  await workflows.startReread(readerVersions())
  worker()
  expect(await result(workflows, installation)).toMatchObject({ reread: 3, kept: 2, finished: 1 })
  expect(await workflows.rereadProgress()).toBeNull()
  expect(await rows(tenant)).toMatchObject([
    { summary: before[0]!.summary, reader_version: before[0]!.reader_version },
    { summary: 'wrong', reader_version: before[1]!.reader_version },
    { summary: 'wrong', reader_version: before[2]!.reader_version },
  ])
})

test('a run continues as new after its turns, and every run replays', async () => {
  const tenants = [await api.tenant('first'), await api.tenant('second')]
  for (const tenant of tenants) {
    await store(
      tenant,
      await connect(tenant),
      [0, 1, 2].map((n) => event(n, START + n * 60_000)),
    )
    await spoil(tenant)
  }
  const { installation, workflows, worker } = await startClientAndWorkers(api)
  worker()
  const { workflow } = workflows.client
  const work = { installationId: installation, versions: readerVersions() }
  const first = await workflow.start<typeof rereadWorkflow>('reread', {
    workflowId: rereadWorkflowId(installation),
    taskQueue: taskQueueOf(installation),
    args: [initialRereadState(work, { now: new Date(START) }), { turnsPerRun: 1 }],
  })
  expect(await result(workflows, installation)).toMatchObject({ reread: 6, kept: 0, finished: 2 })
  for (const tenant of tenants)
    expect((await rows(tenant)).map((row) => row.reader_version)).not.toContain(0)
  const last = workflow.getHandle(rereadWorkflowId(installation))
  expect((await last.describe()).runId).not.toBe(first.firstExecutionRunId)
  for (const runId of [first.firstExecutionRunId, (await last.describe()).runId]) {
    const history = await workflow.getHandle(rereadWorkflowId(installation), runId).fetchHistory()
    await Worker.runReplayHistory({ workflowBundle: await bundleWorkflows() }, history)
  }
})

test('a concurrent batch, takeover and purge neither deadlock nor lose changes', async () => {
  const tenant = await api.tenant('concurrent')
  const [first, second] = [await connect(tenant), await connect(tenant)]
  const events = Array.from({ length: 90 }, (_, n) => event(n, START + n * 60_000))
  await store(tenant, first, events)
  const before = await rows(tenant)
  await spoil(tenant)
  // On this clock, the turn never ends early.
  const deps = { db: api.db, rereadAtOnce: 5, clock: () => START } as Dependencies
  const { signal } = new AbortController()
  const work = { installationId: 'any', versions: {} }
  const takeOver = async () => {
    for (let n = 0; n < 60; n += 10) await store(tenant, second, events.slice(n, n + 10).reverse())
  }
  const purge = async () => {
    await takeOver()
    await api.superuser
      .updateTable('connections')
      .set({ deleted_at: new Date(START), purge: true })
      .where('id', '=', first)
      .execute()
    await finishDeletion(deps, { organizationId: tenant.id, connectionId: first }, signal)
  }
  const [summary] = await Promise.all([
    rereadChanges(deps, work, { organizationId: tenant.id, signal }),
    purge(),
  ])
  expect(summary.isDone).toBe(true)
  const taken = new Set(events.slice(0, 60).map(({ EventId }) => EventId))
  expect((await rows(tenant)).map((row) => ({ ...read(row), owner: row.connection_id }))).toEqual(
    before
      .filter(({ source_id }) => taken.has(source_id))
      .map((row) => ({ ...read(row), owner: second })),
  )
})

test('a turn continues after a batch whose changes are removed meanwhile', async () => {
  const tenant = await api.tenant('removed')
  await store(
    tenant,
    await connect(tenant),
    [0, 1, 2].map((n) => event(n, START + n * 60_000)),
  )
  await spoil(tenant)
  const isFound = Promise.withResolvers<void>()
  const isReplaced = Promise.withResolvers<void>()
  // To others, a new ID is a change that is removed while another one is stored.
  const replacing = api.superuser.transaction().execute(async (trx) => {
    await sql`UPDATE changes SET id = uuidv7() WHERE organization_id = ${tenant.id}`.execute(trx)
    isReplaced.resolve()
    await isFound.promise
  })
  await isReplaced.promise
  const deps = { db: api.db, clock: () => START } as Dependencies
  const { signal } = new AbortController()
  const turn = rereadChanges(
    deps,
    { installationId: 'any', versions: {} },
    { organizationId: tenant.id, signal },
  )
  await eventually(
    () => blockedOnRows(api),
    (count) => count > 0,
  )
  isFound.resolve()
  await replacing
  expect(await turn).toMatchObject({ reread: 3, isDone: true })
  expect((await rows(tenant)).map((row) => row.reader_version)).not.toContain(0)
})

test('values that Postgres rejects are kept unchanged, and the rest of the batch is read again', async () => {
  const tenant = await api.tenant('not accepted')
  const owner = { organizationId: tenant.id, connectionId: null, sourceAccount: null }
  const changes = Array.from({ length: 7 }, (_, n) =>
    aChange({ source: 'toy', sourceId: `${n}`, occurredAt: new Date(START + n * 1_000) }),
  )
  await asOrganization(api.db, tenant.id, (trx) =>
    storeEvents(trx, owner, { changes: changes.map((change) => imported(change)), unparsed: [] }),
  )
  const unregister = registerSource({
    id: 'toy',
    name: 'Toy',
    detailSchema: z.object({}),
    reader: {
      version: 2,
      reread: ({ sourceId }) => {
        const summary = sourceId === '3' ? 'a NUL: \0' : 'read by version 2'
        return { ...changes[Number(sourceId)]!, summary }
      },
    },
  })
  onTestFinished(() => void unregister())
  const deps = { db: api.db, clock: () => START } as Dependencies
  const { signal } = new AbortController()
  const work = { installationId: 'any', versions: readerVersions() }
  expect(await rereadChanges(deps, work, { organizationId: tenant.id, signal })).toEqual({
    reread: 7,
    kept: 1,
    isDone: true,
  })
  expect(
    (await rows(tenant)).map(({ summary, reader_version }) => [summary, reader_version]),
  ).toEqual(
    changes.map(({ sourceId, summary }) => [sourceId === '3' ? summary : 'read by version 2', 2]),
  )
})

test('a worker with an older reader leaves the work to a newer one, and the progress shows it', async () => {
  const tenant = await api.tenant('older')
  await store(tenant, await connect(tenant), [event(0, START)])
  await spoil(tenant)
  const { workflows, worker } = await startClientAndWorkers(api)
  expect(await workflows.rereadProgress()).toBeNull()
  await workflows.startReread({ 'aws.cloudtrail': 1_000 })
  worker()
  const progress = await eventually(
    () => workflows.rereadProgress(),
    (state) => state !== null,
  )
  expect(progress).toMatchObject({ versions: { 'aws.cloudtrail': 1_000 }, reread: 0 })
  expect(await rows(tenant)).toMatchObject([{ summary: 'wrong', reader_version: 0 }])
})

async function resourceKeys(tenant: Tenant): Promise<string[]> {
  const found = await api.superuser
    .selectFrom('resources')
    .select('key')
    .where('organization_id', '=', tenant.id)
    .orderBy('key')
    .execute()
  return found.map(({ key }) => key)
}

import { Worker } from '@temporalio/worker'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { asOrganization } from '../src/db/database.ts'
import { ensurePartitions, storeEvents } from '../src/db/imports.ts'
import { createLogger } from '../src/log.ts'
import { startRelinkStarter } from '../src/relink-starter.ts'
import { installTemporalRuntime } from '../src/temporal/runtime.ts'
import { bundleWorkflows } from '../src/temporal/workflow-bundle.ts'
import type { relink as relinkWorkflow } from '../src/workflows/relink.ts'
import { initialRelinkState, type RelinkState } from '../src/workflows/relink-state.ts'
import { relinkWorkflowId, taskQueueOf } from '../src/workflows/state.ts'
import { createTestApi, type Tenant, type TestApi } from '../testing/api.ts'
import { aChange, imported } from '../testing/changes.ts'
import { eventually } from '../testing/eventually.ts'
import { blockedOnRows, startClientAndWorkers } from '../testing/workflows/stored-changes.ts'

const logger = pino({ level: 'silent' })
const HOUR_MS = 3_600_000
/** A Monday at noon. */
const START = Date.parse('2026-03-02T12:00:00Z')
const CHANGES = 120

let api: TestApi

beforeAll(async () => {
  installTemporalRuntime(createLogger({ level: 'error' }))
  api = await createTestApi()
  await api.db.transaction().execute((trx) => ensurePartitions(trx, new Date(START - HOUR_MS)))
})
afterAll(() => api.close())

/** Changes alternate between three services. */
const serviceOf = (n: number) => ['rds', 'ec2', 's3'][n % 3]!

function store(tenant: Tenant, numbers: readonly number[]) {
  const owner = { organizationId: tenant.id, connectionId: null, sourceAccount: '1' }
  const changes = numbers.map((n) =>
    imported(
      aChange({
        sourceId: `${n}`,
        service: serviceOf(n),
        occurredAt: new Date(START + (n % CHANGES) * HOUR_MS + n),
      }),
    ),
  )
  return asOrganization(api.db, tenant.id, (trx) =>
    storeEvents(trx, owner, { changes, unparsed: [] }),
  )
}

async function environment(tenant: Tenant, name: string): Promise<string> {
  return (await tenant.request('POST', '/api/v1/environments', { name })).body.id
}

async function save(tenant: Tenant, byService: Record<string, string>): Promise<void> {
  const { version } = (await tenant.request('GET', '/api/v1/environment-rules')).body
  const rules = Object.entries(byService).map(([service, id]) => ({
    match: { service: [service] },
    environments: [id],
  }))
  const body = { version, mode: 'first', rules }
  expect((await tenant.request('PUT', '/api/v1/environment-rules', body)).status).toBe(200)
}

/** The environment of each change by its number; null: none. */
async function links(tenant: Tenant): Promise<Map<number, string | null>> {
  const { rows } = await sql<{ n: number; ids: string[] | null }>`
    SELECT c.source_id::int AS n, s.environment_ids::text[] AS ids FROM changes c
    LEFT JOIN change_environments l USING (organization_id, occurred_at, id)
    LEFT JOIN environment_sets s ON s.id = l.set_id
    WHERE c.organization_id = ${tenant.id}
  `.execute(api.superuser)
  return new Map(rows.map(({ n, ids }) => [n, ids?.join() ?? null]))
}

const progress = async (tenant: Tenant) =>
  (await tenant.request('GET', '/api/v1/environment-rules')).body.relink

test('saved rules reach all stored changes despite killed workers, imports and later rules', async () => {
  const tenant = await api.tenant('relinked')
  const [production, staging] = [
    await environment(tenant, 'production'),
    await environment(tenant, 'staging'),
  ]
  await store(
    tenant,
    Array.from({ length: CHANGES }, (_, n) => n),
  )
  await save(tenant, { rds: production })

  // The worker stops at a change in the middle, because another transaction has locked it.
  const { workflows, worker, workerProcess } = await startClientAndWorkers(api)
  const blocked = Promise.withResolvers<void>()
  const unblock = Promise.withResolvers<void>()
  const blocking = api.superuser.transaction().execute(async (trx) => {
    await sql`
      SELECT id FROM changes WHERE organization_id = ${tenant.id} AND source_id = '60' FOR UPDATE
    `.execute(trx)
    blocked.resolve()
    await unblock.promise
  })
  await blocked.promise
  const child = workerProcess()
  const starter = startRelinkStarter({ db: api.db, workflows, logger })
  onTestFinished(() => starter.stop())
  await eventually(
    () => blockedOnRows(api),
    (count) => count > 0,
  )
  child.kill('SIGKILL')
  unblock.resolve()
  await blocking
  const half = await links(tenant)
  expect(half.get(CHANGES - 3)).toBe(production)
  expect(half.get(0)).toBeNull()
  expect(await progress(tenant)).toMatchObject({ state: 'running', total: CHANGES })

  // Other rules are saved, and another worker continues while imports store new changes.
  await save(tenant, { ec2: staging, s3: production })
  worker()
  let n = CHANGES
  do {
    await store(tenant, [n++])
  } while ((await progress(tenant)).state !== 'done')
  const expected = new Map(
    Array.from({ length: n }, (_, nth) => [
      nth,
      { ec2: staging, s3: production }[serviceOf(nth)] ?? null,
    ]),
  )
  expect(await links(tenant)).toEqual(expected)
  expect(await progress(tenant)).toMatchObject({ state: 'done', percent: 100 })
  await eventually(
    () => workflows.relinkProgress(tenant.id),
    (running) => running === null,
  )
})

test('a run continues as new after its turns, and every run replays', async () => {
  const tenant = await api.tenant('turns')
  const production = await environment(tenant, 'production')
  await store(tenant, [0, 1, 2, 3])
  await save(tenant, { rds: production })
  const { installation, workflows, worker } = await startClientAndWorkers(api)
  const { workflow } = workflows.client
  const work = { installationId: installation, organizationId: tenant.id }
  const workflowId = relinkWorkflowId(installation, tenant.id)
  const first = await workflow.start<typeof relinkWorkflow>('relink', {
    workflowId,
    taskQueue: taskQueueOf(installation),
    args: [initialRelinkState(work, { now: new Date(START) }), { turnsPerRun: 0 }],
  })
  worker()
  // Without a turn, a run would continue as new forever: the test ends it.
  await eventually(
    async () => (await workflow.getHandle(workflowId).describe()).runId,
    (runId) => runId !== first.firstExecutionRunId,
  )
  await workflow.getHandle(workflowId).terminate()
  await workflows.startRelink(tenant.id)
  // It runs already: that is no error.
  await workflows.startRelink(tenant.id)
  const result: RelinkState = await workflow.getHandle(workflowId).result()
  expect(result).toMatchObject({ checked: 4, total: 4, written: 2 })
  expect((await links(tenant)).get(0)).toBe(production)
  for (const runId of [
    first.firstExecutionRunId,
    (await workflow.getHandle(workflowId).describe()).runId,
  ]) {
    const history = await workflow.getHandle(workflowId, runId).fetchHistory()
    await Worker.runReplayHistory({ workflowBundle: await bundleWorkflows() }, history)
  }
})

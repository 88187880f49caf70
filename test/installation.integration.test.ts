import { spawnSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import path from 'node:path'
import { MockActivityEnvironment } from '@temporalio/testing'
import pg from 'pg'
import { pino } from 'pino'
import { afterEach, beforeAll, expect, inject, test, vi } from 'vitest'
import { createActivities } from '../src/activities/index.ts'
import { AwsAccess } from '../src/aws/access.ts'
import { Pacers } from '../src/aws/pacer.ts'
import { insertConnection, markDeleted } from '../src/db/connections.ts'
import { asOrganization, openDatabase } from '../src/db/database.ts'
import { installationId } from '../src/db/installation.ts'
import { ensureOrganization } from '../src/db/organizations.ts'
import { createLogger } from '../src/log.ts'
import { startReconciler } from '../src/reconciler.ts'
import { installTemporalRuntime } from '../src/temporal/runtime.ts'
import type { TemporalTarget } from '../src/temporal/target.ts'
import { startWorker } from '../src/temporal/worker.ts'
import { connectionWorkflowId } from '../src/workflows/state.ts'
import { createTestDatabase } from '../testing/database.ts'
import { createTemporalNamespace } from '../testing/temporal-namespace.ts'
import { createTestWorkflows } from '../testing/workflows/client.ts'

const logger = pino({ level: 'silent' })
const stops: (() => Promise<unknown>)[] = []

beforeAll(() => installTemporalRuntime(createLogger({ level: 'error' })))

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

/** A connection without a role: its workflow reads the row and waits. */
async function createConnection(url: string): Promise<string> {
  const system = openDatabase({ url, role: 'cairn_system', max: 1 })
  const db = openDatabase({ url, max: 1 })
  const { id: organizationId } = await ensureOrganization(system, 'one')
  const { id } = await asOrganization(db, organizationId, async (trx) => {
    const externalId = randomBytes(16).toString('hex')
    const row = await insertConnection(trx, { organizationId, name: 'production', externalId })
    // As if its process was killed before it could signal: the reconciler does it at once.
    await trx.updateTable('connections').set({ signalled_version: 0, signalled_at: null }).execute()
    return row
  })
  await Promise.all([system.destroy(), db.destroy()])
  return id
}

async function seenVersion(url: string, id: string): Promise<number | undefined> {
  const system = openDatabase({ url, role: 'cairn_system', max: 1 })
  const row = await system
    .selectFrom('connections')
    .select('seen_version')
    .where('id', '=', id)
    .executeTakeFirst()
    .finally(() => system.destroy())
  return row?.seen_version
}

/** A worker and a reconciler on a database, as `npm run worker` has them. */
async function run(
  url: string,
  target: TemporalTarget,
): Promise<{ id: string; stop(): Promise<void> }> {
  const db = openDatabase({ url, max: 4 })
  const system = openDatabase({ url, role: 'cairn_system', max: 2 })
  const id = await installationId(db)
  const workflows = createTestWorkflows(target, { installationId: id, logger })
  const activities = createActivities({
    db,
    pacers: new Pacers(),
    aws: new AwsAccess({ credentials: async () => Promise.reject(new Error('no identity')) }),
  })
  const worker = startWorker({ target, installationId: id, activities, logger })
  const reconciler = startReconciler({ db: system, workflows, logger, intervalMs: 100 })
  let stopped = false
  const stop = async () => {
    if (stopped) return
    stopped = true
    await reconciler.stop()
    await worker.stop()
    await Promise.all([workflows.close(), db.destroy(), system.destroy()])
  }
  stops.push(stop)
  await worker.ready
  return { id, stop }
}

/** A copy of a database, as a restored backup is one. */
async function clone(url: string): Promise<string> {
  const name = `clone_${process.pid}_${randomBytes(4).toString('hex')}`
  const administrator = new pg.Client({ connectionString: inject('postgresSuperuserUrl') })
  await administrator.connect()
  stops.push(async () => {
    await administrator.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await administrator.end()
  })
  const original = new URL(url)
  const source = original.pathname.slice(1)
  await administrator.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1',
    [source],
  )
  await administrator.query(`CREATE DATABASE ${name} TEMPLATE ${source} OWNER ${original.username}`)
  original.pathname = `/${name}`
  return original.href
}

function renew(url: string): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.resolve(import.meta.dirname, '../scripts/admin.ts'), 'installation', 'renew'],
    {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: url },
      encoding: 'utf8',
    },
  )
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  return stdout
}

async function workflowStatus(target: TemporalTarget, installation: string, connection: string) {
  const workflows = createTestWorkflows(target, { installationId: installation, logger })
  try {
    const { workflow } = workflows.client
    return (await workflow.getHandle(connectionWorkflowId(installation, connection)).describe())
      .status.name
  } finally {
    await workflows.close()
  }
}

test('a cloned database with a new ID works beside the original in one namespace', async () => {
  const target = await createTemporalNamespace()
  const database = await createTestDatabase()
  stops.push(() => database.drop())
  const shared = await createConnection(database.url)
  const copy = await clone(database.url)
  const output = renew(copy)

  const original = await run(database.url, target)
  const renewed = await run(copy, target)
  expect(renewed.id).not.toBe(original.id)
  expect(output).toContain(renewed.id)
  expect(output).toContain('Connections that get a new workflow: 1.')
  const later = await createConnection(database.url)
  const own = await createConnection(copy)
  for (const [url, id] of [
    [database.url, shared],
    [database.url, later],
    [copy, shared],
    [copy, own],
  ] as const) {
    await vi.waitFor(async () => expect(await seenVersion(url, id)).toBe(1), 240_000)
  }
  // Each has workflows of its own, and none has ended another one's.
  expect(await workflowStatus(target, original.id, shared)).toBe('RUNNING')
  expect(await workflowStatus(target, original.id, later)).toBe('RUNNING')
  expect(await workflowStatus(target, renewed.id, shared)).toBe('RUNNING')
  expect(await workflowStatus(target, renewed.id, own)).toBe('RUNNING')
  await expect(workflowStatus(target, renewed.id, later)).rejects.toThrow(/not found/i)
  await expect(workflowStatus(target, original.id, own)).rejects.toThrow(/not found/i)
})

test('a clone without a new ID does not end workflows of rows that it does not have', async () => {
  const target = await createTemporalNamespace()
  const database = await createTestDatabase()
  stops.push(() => database.drop())
  const copy = await clone(database.url)
  const id = await createConnection(database.url)

  // Only the clone has a worker: it gets all work of the original.
  const clonedWorker = await run(copy, target)
  const workflows = createTestWorkflows(target, { installationId: clonedWorker.id, logger })
  stops.push(() => workflows.close())
  const system = openDatabase({ url: database.url, role: 'cairn_system', max: 1 })
  const { organization_id: organizationId } = await system
    .selectFrom('connections')
    .select('organization_id')
    .executeTakeFirstOrThrow()
    .finally(() => system.destroy())
  await workflows.changed({ organizationId, connectionId: id })
  const handle = workflows.client.workflow.getHandle(connectionWorkflowId(clonedWorker.id, id))
  await vi.waitFor(async () => {
    const { raw } = await handle.describe()
    expect(raw.pendingActivities?.[0]?.lastFailure?.message).toContain('has no connection')
  }, 900_000)
  expect((await handle.describe()).status.name).toBe('RUNNING')

  await clonedWorker.stop()
  await run(database.url, target)
  await vi.waitFor(async () => expect(await seenVersion(database.url, id)).toBe(1), 240_000)
  expect((await handle.describe()).status.name).toBe('RUNNING')
})

test('a worker rejects the work of another installation, and does not change its workflow', async () => {
  const database = await createTestDatabase()
  stops.push(() => database.drop())
  const db = openDatabase({ url: database.url, max: 1 })
  stops.push(() => db.destroy())
  const activities = createActivities({ db, aws: new AwsAccess(), pacers: new Pacers() })
  const id = await createConnection(database.url)
  const work = { installationId: 'another', organizationId: id, connectionId: id }
  for (const refused of [
    activities.readConnection(work),
    activities.verifyRole(work, { failures: 0 }),
    activities.importEvents(work, { force: false }),
    activities.finishDeletion(work),
  ]) {
    await expect(refused).rejects.toMatchObject({ type: 'OtherInstallation', nonRetryable: false })
  }
})

test('a deletion that a database does not have is retried, and a complete one ends', async () => {
  const database = await createTestDatabase()
  stops.push(() => database.drop())
  const db = openDatabase({ url: database.url, max: 1 })
  const system = openDatabase({ url: database.url, role: 'cairn_system', max: 1 })
  stops.push(() => Promise.all([db.destroy(), system.destroy()]))
  const activities = createActivities({ db, aws: new AwsAccess(), pacers: new Pacers() })
  const id = await createConnection(database.url)
  const { organization_id: organizationId } = await system
    .selectFrom('connections')
    .select('organization_id')
    .executeTakeFirstOrThrow()
  const own = await installationId(db)
  const finish = (connectionId: string) =>
    new MockActivityEnvironment().run(activities.finishDeletion, {
      installationId: own,
      organizationId,
      connectionId,
    })
  const missing = randomUUID()
  await expect(finish(missing)).rejects.toMatchObject({
    type: 'ConnectionMissing',
    nonRetryable: false,
    message: expect.stringContaining(`has no connection ${missing}`),
  })
  // The workflow reads the row again, and continues without the deletion.
  await expect(finish(id)).rejects.toMatchObject({ type: 'ConnectionChanged', nonRetryable: true })
  await asOrganization(db, organizationId, (trx) => markDeleted(trx, id, { purge: false }))
  await finish(id)
  // Repeated after the worker was killed before it could report.
  await finish(id)
})

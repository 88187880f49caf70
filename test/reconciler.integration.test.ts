import { randomBytes } from 'node:crypto'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'kysely'
import { pino } from 'pino'
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  test,
  vi,
} from 'vitest'
import { createActivities } from '../src/activities/index.ts'
import { AwsAccess } from '../src/aws/access.ts'
import { Pacers } from '../src/aws/pacer.ts'
import { insertConnection, markDeleted, updateDesiredState } from '../src/db/connections.ts'
import { asOrganization, type Database, openDatabase } from '../src/db/database.ts'
import { installationId } from '../src/db/installation.ts'
import { ensureOrganization } from '../src/db/organizations.ts'
import type { ConnectionRow } from '../src/db/schema/connections.ts'
import { hasToSignal } from '../src/db/signals.ts'
import { startTemporal } from '../src/embedded/temporal.ts'
import { createLogger } from '../src/log.ts'
import { reconcile, startReconciler } from '../src/reconciler.ts'
import { TemporalUnavailable } from '../src/temporal/errors.ts'
import { installTemporalRuntime } from '../src/temporal/runtime.ts'
import type { TemporalTarget } from '../src/temporal/target.ts'
import { startWorker } from '../src/temporal/worker.ts'
import type { Workflows } from '../src/temporal/workflows.ts'
import type { ConnectionRef } from '../src/workflows/state.ts'
import { createTestDatabase, type TestDatabase } from '../testing/database.ts'
import { createGate } from '../testing/gate.ts'
import { quietPort } from '../testing/ports.ts'
import { createTemporalNamespace } from '../testing/temporal-namespace.ts'
import { createTestWorkflows } from '../testing/workflows/client.ts'

const logger = pino({ level: 'silent' })

let database: TestDatabase
/** Owns the tables; what the activities use. */
let db: Database
let system: Database
let superuser: Database
let installation: string

beforeAll(async () => {
  installTemporalRuntime(createLogger({ level: 'error' }))
  database = await createTestDatabase()
  db = openDatabase({ url: database.url })
  system = openDatabase({ url: database.url, role: 'cairn_system' })
  superuser = openDatabase({ url: database.superuserUrl })
  installation = await installationId(db)
})

// A round checks every connection.
beforeEach(() => superuser.deleteFrom('connections').execute())

afterAll(async () => {
  await Promise.all([db?.destroy(), system?.destroy(), superuser?.destroy()])
  await database?.drop()
})

async function createConnection(organization = 'one'): Promise<ConnectionRef> {
  const { id } = await ensureOrganization(system, organization)
  const row = await asOrganization(db, id, (trx) =>
    insertConnection(trx, {
      organizationId: id,
      name: 'production',
      externalId: randomBytes(16).toString('hex'),
    }),
  )
  await unsignalled()
  return { organizationId: id, connectionId: row.id }
}

/** As if the process that had to signal the workflows was killed before it could. */
async function unsignalled(): Promise<void> {
  await superuser
    .updateTable('connections')
    .set({ signalled_version: 0, signalled_at: null, unanswered_signals: 0 })
    .execute()
}

async function manyConnections(organization: string, count: number): Promise<string> {
  const { id } = await ensureOrganization(system, organization)
  await superuser
    .insertInto('connections')
    .values(
      Array.from({ length: count }, (_, index) => ({
        organization_id: id,
        name: `connection ${index}`,
        external_id: randomBytes(16).toString('hex'),
      })),
    )
    .execute()
  return id
}

function rowOf(ref: ConnectionRef): Promise<ConnectionRow> {
  return superuser
    .selectFrom('connections')
    .selectAll()
    .where('id', '=', ref.connectionId)
    .executeTakeFirstOrThrow()
}

/** As if the workflow had seen the row and reported. */
async function report(ref: ConnectionRef, options: { minutesAgo: number }): Promise<void> {
  await superuser
    .updateTable('connections')
    .set({
      seen_version: sql<number>`version`,
      reported_at: sql<Date>`now() - make_interval(mins => ${options.minutesAgo})`,
    })
    .where('id', '=', ref.connectionId)
    .execute()
}

async function giveRole(ref: ConnectionRef, accountId: string): Promise<void> {
  const arn = `arn:aws:iam::${accountId}:role/Cairn`
  await asOrganization(db, ref.organizationId, (trx) =>
    updateDesiredState(trx, ref.connectionId, { role: { arn, accountId, partition: 'aws' } }),
  )
  await unsignalled()
}

/** Records the connections that are signalled. */
function recorder(fail: (ref: ConnectionRef) => boolean = () => false) {
  const signalled: string[] = []
  let most = 0
  let now = 0
  return {
    signalled,
    most: () => most,
    hasHistory: async () => true,
    markHistory: async () => {},
    async changed(ref: ConnectionRef) {
      most = Math.max(most, ++now)
      await new Promise((resolve) => setImmediate(resolve))
      now -= 1
      if (fail(ref)) return false
      signalled.push(ref.connectionId)
      return true
    },
  }
}

describe('a round', () => {
  test('signals workflows of any organization that have not read their row', async () => {
    const mine = await createConnection('one')
    const other = await createConnection('two')
    const seen = await createConnection('one')
    await report(seen, { minutesAgo: 0 })
    const workflows = recorder()
    expect(await reconcile({ db: system, workflows, logger })).toEqual({ signalled: 2 })
    expect(workflows.signalled.sort()).toEqual([mine.connectionId, other.connectionId].sort())
  })

  test('signals workflows that were due and have not reported for three intervals', async () => {
    const idle = await createConnection()
    const silent = await createConnection()
    const busy = await createConnection()
    const paused = await createConnection()
    const deleted = await createConnection()
    await giveRole(silent, '111111111111')
    await giveRole(busy, '222222222222')
    await giveRole(paused, '333333333333')
    await asOrganization(db, paused.organizationId, (trx) =>
      updateDesiredState(trx, paused.connectionId, { paused: true }),
    )
    await asOrganization(db, deleted.organizationId, (trx) =>
      markDeleted(trx, deleted.connectionId, { purge: false }),
    )
    await unsignalled()
    for (const ref of [idle, silent, paused, deleted]) await report(ref, { minutesAgo: 10 })
    await report(busy, { minutesAgo: 2 })
    const workflows = recorder()
    await reconcile({ db: system, workflows, logger })
    expect(workflows.signalled.sort()).toEqual([silent.connectionId, deleted.connectionId].sort())
  })

  test('signals workflows whose due time a wrong clock has moved hours ahead', async () => {
    const silent = await createConnection()
    const waiting = await createConnection()
    await giveRole(silent, '111111111111')
    await giveRole(waiting, '222222222222')
    await report(silent, { minutesAgo: 20 })
    await report(waiting, { minutesAgo: 8 })
    await superuser
      .updateTable('connections')
      .set({ next_poll_at: sql<Date>`reported_at + interval '6 hours'` })
      .where('id', 'in', [silent.connectionId, waiting.connectionId])
      .execute()
    const workflows = recorder()
    await reconcile({ db: system, workflows, logger })
    expect(workflows.signalled).toEqual([silent.connectionId])
  })

  test('is not delayed by one connection, and limits parallel signals', async () => {
    const refs: ConnectionRef[] = []
    for (let i = 0; i < 40; i++) refs.push(await createConnection())
    const bad = refs[3]!.connectionId
    const workflows = recorder(({ connectionId }) => connectionId === bad)
    expect(await reconcile({ db: system, workflows, logger })).toMatchObject({ signalled: 39 })
    expect(new Set(workflows.signalled)).toEqual(
      new Set(refs.map((ref) => ref.connectionId).filter((id) => id !== bad)),
    )
    expect(workflows.most()).toBeLessThanOrEqual(8)
  })

  test('checks Temporal once, not once per connection', async () => {
    for (let i = 0; i < 5; i++) await createConnection()
    const workflows = {
      ...recorder(),
      hasHistory: () => Promise.reject(new TemporalUnavailable('ECONNREFUSED')),
    }
    await expect(reconcile({ db: system, workflows, logger })).rejects.toThrow('ECONNREFUSED')
    expect(workflows.signalled).toEqual([])
  })
})

describe('signals', () => {
  test('are not repeated while one is unread, then less and less often', async () => {
    const ref = await createConnection()
    const workflows = recorder()
    const minutes: number[] = []
    // Three hours without a worker: the row says when the workflow was last signalled.
    for (let minute = 0; minute < 180; minute++) {
      const { signalled } = await reconcile({ db: system, workflows, logger })
      if (signalled > 0) minutes.push(minute)
      await superuser
        .updateTable('connections')
        .set({ signalled_at: sql<Date>`signalled_at - interval '1 minute'` })
        .execute()
    }
    expect(minutes.slice(0, 6)).toEqual([0, 1, 3, 7, 15, 25])
    expect(minutes.length).toBeLessThan(6 + 16)
    const gaps = minutes.slice(1).map((minute, index) => minute - minutes[index]!)
    expect(Math.max(...gaps)).toBeGreaterThanOrEqual(10)
    expect(workflows.signalled).toEqual(minutes.map(() => ref.connectionId))
  })

  test('are combined if many changes happen without a worker', async () => {
    const ref = await createConnection()
    const claimed: boolean[] = []
    for (let i = 0; i < 200; i++) {
      const row = await asOrganization(db, ref.organizationId, (trx) =>
        updateDesiredState(trx, ref.connectionId, { name: `name ${i}` }),
      )
      claimed.push(hasToSignal(row!))
    }
    const row = await asOrganization(db, ref.organizationId, (trx) =>
      markDeleted(trx, ref.connectionId, { purge: false }),
    )
    expect(hasToSignal(row!)).toBe(false)
    expect(claimed.filter((each) => each)).toHaveLength(1)
    const workflows = recorder()
    expect(await reconcile({ db: system, workflows, logger })).toEqual({ signalled: 0 })
  })

  test('are sent for a change that the workflow cannot have read', async () => {
    const ref = await createConnection()
    const change = () =>
      asOrganization(db, ref.organizationId, (trx) =>
        updateDesiredState(trx, ref.connectionId, { paused: true }),
      )
    expect(hasToSignal((await change())!)).toBe(true)
    expect(hasToSignal((await change())!)).toBe(false)
    await report(ref, { minutesAgo: 0 })
    expect(hasToSignal((await change())!)).toBe(true)
  })

  test('are sent in a later round if they failed', async () => {
    const ref = await createConnection()
    const failing = recorder(() => true)
    expect(await reconcile({ db: system, workflows: failing, logger })).toEqual({ signalled: 0 })
    expect(await rowOf(ref)).toMatchObject({ signalled_version: 0, unanswered_signals: 0 })
    await superuser
      .updateTable('connections')
      .set({ signalled_at: sql<Date>`signalled_at - interval '4 seconds'` })
      .execute()
    expect(await reconcile({ db: system, workflows: recorder(), logger })).toEqual({ signalled: 1 })
  })

  test('are each sent by only one of several reconcilers', async () => {
    await manyConnections('one', 900)
    const workflows = recorder()
    const rounds = await Promise.all(
      Array.from({ length: 4 }, () => reconcile({ db: system, workflows, logger })),
    )
    // Rows that another one had locked are left for a later round.
    while ((await reconcile({ db: system, workflows, logger })).signalled > 0);
    expect(rounds.reduce((sum, { signalled }) => sum + signalled, 0)).toBeGreaterThan(0)
    expect(workflows.signalled).toHaveLength(900)
    expect(new Set(workflows.signalled).size).toBe(900)
  })

  test('are sent for organizations in turns, so 5,000 connections of one do not delay another', async () => {
    await manyConnections('large', 5_000)
    const before = await createConnection('small')
    await unsignalled()
    let after: ConnectionRef | undefined
    const workflows = recorder()
    const { changed } = workflows
    // Another one is created while the round is under way.
    workflows.changed = async (ref) => {
      if (workflows.signalled.length >= 1_000 && !after) {
        after = { organizationId: '', connectionId: '' }
        after = await createConnectionUnsignalled('later')
      }
      return changed(ref)
    }
    await reconcile({ db: system, workflows, logger })
    // On a slow machine a round outlasts the first pause, and repeats signals without an answer.
    expect(new Set(workflows.signalled).size).toBe(5_002)
    expect(workflows.signalled.indexOf(before.connectionId)).toBeLessThan(200)
    expect(workflows.signalled.indexOf(after!.connectionId)).toBeLessThan(1_000 + 2 * 200)
  })

  async function createConnectionUnsignalled(organization: string): Promise<ConnectionRef> {
    const organizationId = await manyConnections(organization, 1)
    const { id } = await superuser
      .selectFrom('connections')
      .select('id')
      .where('organization_id', '=', organizationId)
      .executeTakeFirstOrThrow()
    return { organizationId, connectionId: id }
  }

  test('are sent for every connection when Temporal has lost its history', async () => {
    const refs = [await createConnection('one'), await createConnection('two')]
    for (const ref of refs) await report(ref, { minutesAgo: 0 })
    let hasHistory = false
    const workflows = {
      ...recorder(),
      hasHistory: async () => hasHistory,
      markHistory: async () => {
        hasHistory = true
      },
    }
    expect(await reconcile({ db: system, workflows, logger })).toEqual({ signalled: 2 })
    expect(await reconcile({ db: system, workflows, logger })).toEqual({ signalled: 0 })
  })
})

test('logs a failure once, and the recovery once', async () => {
  await createConnection()
  const lines: string[] = []
  let rounds = 0
  const reconciler = startReconciler({
    db: system,
    workflows: {
      changed: async () => true,
      markHistory: async () => {},
      async hasHistory() {
        rounds += 1
        if (rounds < 5) throw new TemporalUnavailable('ECONNREFUSED')
        return true
      },
    },
    logger: pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line).msg) }),
    intervalMs: 10,
  })
  await vi.waitFor(() => expect(rounds).toBeGreaterThan(6), 240_000)
  await reconciler.stop()
  expect(lines.filter((line) => line.includes('Failed to reconcile'))).toHaveLength(1)
  expect(
    lines.filter((line) => line.includes('Connections are being reconciled again')),
  ).toHaveLength(1)
})

describe('with Temporal', () => {
  const stops: (() => Promise<unknown>)[] = []

  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop()
  })

  /** A worker with the real activities; no connection in these tests gets as far as AWS. */
  function work(target: TemporalTarget): void {
    const activities = createActivities({
      db,
      aws: new AwsAccess({ credentials: async () => Promise.reject(new Error('no identity')) }),
      pacers: new Pacers(),
    })
    const worker = startWorker({ target, installationId: installation, activities, logger })
    stops.push(() => worker.stop())
  }

  function talk(target: TemporalTarget): Workflows {
    const workflows = createTestWorkflows(target, { installationId: installation, logger })
    stops.push(() => workflows.close())
    return workflows
  }

  test('a connection that was created while Temporal was unavailable starts once it is back', async () => {
    const gate = await createGate(inject('temporalAddress'))
    stops.push(() => gate.close())
    const own = await createTemporalNamespace()
    const target = { ...own, connection: { address: gate.address } }
    const workflows = talk(target)
    work(target)
    const reconciler = startReconciler({ db: system, workflows, logger, intervalMs: 100 })
    stops.push(() => reconciler.stop())

    const ref = await createConnection()
    expect(await workflows.changed(ref)).toBe(false)
    expect((await rowOf(ref)).seen_version).toBe(0)
    await gate.open()
    await vi.waitFor(async () => expect((await rowOf(ref)).seen_version).toBe(1), 240_000)
    await vi.waitFor(
      async () =>
        expect(await workflows.state(ref)).toMatchObject({
          status: 'awaiting_role',
          settings: { name: 'production', version: 1 },
          searchAttributes: true,
        }),
      240_000,
    )
  })

  test('a connection is not started again once its deletion is complete', async () => {
    const own = await createTemporalNamespace()
    const workflows = talk(own)
    work(own)
    const ref = await createConnection()
    await reconcile({ db: system, workflows, logger })
    await vi.waitFor(async () => expect((await rowOf(ref)).seen_version).toBe(1), 240_000)
    await asOrganization(db, ref.organizationId, (trx) =>
      markDeleted(trx, ref.connectionId, { purge: false }),
    )
    // The API could not signal the workflow: the reconciler does.
    await unsignalled()
    expect(await reconcile({ db: system, workflows, logger })).toMatchObject({ signalled: 1 })
    await vi.waitFor(async () => expect((await rowOf(ref)).ended_at).not.toBeNull(), 240_000)
    expect(await reconcile({ db: system, workflows, logger })).toMatchObject({ signalled: 0 })
  })

  test('all workflows are started again when Temporal has lost their history', async () => {
    const own = await createTemporalNamespace()
    const workflows = talk(own)
    work(own)
    const ref = await createConnection()
    await giveRole(ref, '444444444444')
    await report(ref, { minutesAgo: 10 })
    expect(await workflows.state(ref)).toBeNull()
    await reconcile({ db: system, workflows, logger })
    await vi.waitFor(
      async () => expect((await workflows.state(ref))?.settings?.version).toBe(2),
      240_000,
    )
    const { reported_at } = await rowOf(ref)
    expect(Date.now() - reported_at!.getTime()).toBeLessThan(5 * 60_000)
  })

  test('all workflows continue after Temporal has lost its database', async () => {
    const dataDir = mkdtempSync(path.join(tmpdir(), 'cairn-lost-'))
    stops.push(async () => rmSync(dataDir, { recursive: true, force: true }))
    const silent = { info() {}, warn() {} }
    // Another test must not take the port while the server is stopped.
    const [port, uiPort] = [await quietPort(), await quietPort()]
    const first = await startTemporal({ dataDir, log: silent, port, uiPort })
    const target = { connection: { address: first.address }, namespace: 'default', uiUrl: null }
    let temporal = first
    stops.push(() => temporal.stop())
    const workflows = talk(target)
    work(target)
    const reconciler = startReconciler({ db: system, workflows, logger })
    stops.push(() => reconciler.stop())
    await manyConnections('large', 60)
    await manyConnections('small', 5)
    const unseen = () =>
      system
        .selectFrom('connections')
        .select('id')
        .where((eb) => eb('seen_version', '<', eb.ref('version')))
        .execute()
    await vi.waitFor(async () => expect(await unseen()).toEqual([]), 240_000)

    await temporal.stop()
    // Before the start: a workflow can report sooner than the server is known to be ready.
    const [{ now: stopped }] = (await sql<{ now: Date }>`SELECT now()`.execute(superuser)).rows as [
      { now: Date },
    ]
    for (const file of globSync(path.join(dataDir, 'temporal.db*'))) rmSync(file)
    temporal = await startTemporal({ dataDir, log: silent, port, uiPort })
    expect(temporal.address).toBe(first.address)
    const began = Date.now()
    await vi.waitFor(
      async () => {
        const silentOnes = await system
          .selectFrom('connections')
          .select('id')
          .where('reported_at', '<', stopped)
          .execute()
        expect(silentOnes).toEqual([])
      },
      { timeout: 240_000, interval: 250 },
    )
    const seconds = (Date.now() - began) / 1_000
    console.info(`65 workflows were started again ${seconds.toFixed(1)} s after Temporal was back`)
  }, 900_000)
})

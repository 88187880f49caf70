import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from '@temporalio/client'
import { NativeConnection } from '@temporalio/worker'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { type EmbeddedTemporal, startTemporal } from '../src/embedded/temporal.ts'
import { createLogger } from '../src/log.ts'
import { TemporalUnavailable, UpdateRefused, UpdateTimedOut } from '../src/temporal/errors.ts'
import { installTemporalRuntime } from '../src/temporal/runtime.ts'
import { registerSearchAttributes } from '../src/temporal/search-attributes.ts'
import { type TemporalTarget, temporalFromEnvironment } from '../src/temporal/target.ts'
import { createWorker, startWorker } from '../src/temporal/worker.ts'
import type { Workflows } from '../src/temporal/workflows.ts'
import {
  accountKey,
  nameKey,
  organizationKey,
  statusKey,
} from '../src/workflows/search-attributes.ts'
import {
  type ConnectionRef,
  connectionWorkflowId,
  initialState,
  taskQueueOf,
} from '../src/workflows/state.ts'
import { createGate } from '../testing/gate.ts'
import { createTemporalNamespace } from '../testing/temporal-namespace.ts'
import { createTimeSkippingEnvironment } from '../testing/time-skipping.ts'
import { createTestWorkflows } from '../testing/workflows/client.ts'
import { fakeActivities, iso, roleArn, World } from '../testing/workflows/fakes.ts'

const logger = pino({ level: 'silent' })
const worlds = new Map<string, World>()
const closing: (() => Promise<unknown>)[] = []

let target: TemporalTarget
let workflows: Workflows
const installationId = randomUUID()
const taskQueue = taskQueueOf(installationId)

beforeAll(async () => {
  installTemporalRuntime(createLogger({ level: 'error' }))
  target = await createTemporalNamespace()
  workflows = createTestWorkflows(target, { installationId, logger })
  // At first, a namespace does not list by attributes that were just registered.
  const client = await Connection.connect(target.connection)
  await vi.waitFor(
    async () => expect(await registerSearchAttributes(client, target.namespace)).toBe(true),
    { timeout: 240_000 },
  )
  await client.close()
  const connection = await NativeConnection.connect(target.connection)
  const worker = await createWorker({
    connection,
    namespace: target.namespace,
    taskQueue,
    activities: fakeActivities(worlds, async () => Date.now()),
  })
  const running = worker.run()
  closing.push(async () => {
    worker.shutdown()
    await running
    await connection.close()
    await workflows.close()
  })
})

afterEach(() => {
  // What is left does no harm, but need not poll on beside the other tests.
  for (const world of worlds.values()) world.import = () => ({ nextPollAt: iso(Date.now() + 1e7) })
})

afterAll(async () => {
  for (const close of closing.reverse()) await close()
})

function connectionIn(world: World): ConnectionRef {
  const ref = { organizationId: randomUUID(), connectionId: randomUUID() }
  worlds.set(ref.connectionId, world)
  return ref
}

function handleOf(ref: ConnectionRef) {
  return workflows.client.workflow.getHandle(connectionWorkflowId(installationId, ref.connectionId))
}

async function until(ref: ConnectionRef, status: string): Promise<void> {
  await vi.waitFor(async () => expect((await workflows.state(ref))?.status).toBe(status), {
    timeout: 240_000,
  })
}

describe('a changed row', () => {
  test('starts the workflow, or signals a running one', async () => {
    const world = new World({ roleArn: null, accountId: null })
    const ref = connectionIn(world)
    expect(await workflows.state(ref)).toBeNull()
    expect(await workflows.changed(ref)).toBe(true)
    await until(ref, 'awaiting_role')
    const { runId } = await handleOf(ref).describe()

    world.change({ roleArn, accountId: '123456789012' })
    expect(await workflows.changed(ref)).toBe(true)
    await until(ref, 'current')
    expect((await handleOf(ref).describe()).runId).toBe(runId)
  })

  test('starts the workflow again after an operator has cancelled it', async () => {
    const ref = connectionIn(new World())
    await workflows.changed(ref)
    await until(ref, 'current')
    await handleOf(ref).cancel()
    await handleOf(ref)
      .result()
      .catch(() => {})
    expect(await workflows.changed(ref)).toBe(true)
    await until(ref, 'current')
    expect((await handleOf(ref).describe()).status.name).toBe('RUNNING')
  })
})

describe('search attributes', () => {
  test('contain organization, account and status from the start', async () => {
    const world = new World({ paused: true })
    const ref = connectionIn(world)
    await workflows.changed(ref)
    const description = await handleOf(ref).describe()
    expect(description.typedSearchAttributes.getAll()).toContainEqual({
      key: { name: 'CairnOrganization', type: 'KEYWORD' },
      value: ref.organizationId,
    })
    expect(await description.staticSummary()).toContain(ref.connectionId)
    expect(await description.staticDetails()).toContain('Cancelling')

    await until(ref, 'paused')
    const found = async (query: string) => {
      const ids: string[] = []
      for await (const { workflowId } of workflows.client.workflow.list({ query })) {
        ids.push(workflowId)
      }
      return ids
    }
    const mine = `CairnOrganization = "${ref.organizationId}"`
    const id = connectionWorkflowId(installationId, ref.connectionId)
    await vi.waitFor(
      async () => {
        expect(await found(`${mine} AND CairnStatus = "paused"`)).toEqual([id])
        expect(await found(`${mine} AND CairnAccount = "123456789012"`)).toEqual([id])
      },
      { timeout: 240_000 },
    )
    world.change({ paused: false })
    await workflows.changed(ref)
    await vi.waitFor(
      async () => expect(await found(`${mine} AND CairnStatus = "current"`)).toEqual([id]),
      { timeout: 240_000 },
    )
  })

  test('are shown in the list of workflows, with the current name and account', async () => {
    const world = new World({ paused: true })
    const ref = connectionIn(world)
    const name = 'Shop *production*\n(EU)'
    await workflows.changed({ ...ref, name, accountId: '123456789012' })
    const description = await handleOf(ref).describe()
    expect(await description.staticSummary()).toBe(
      'Imports changes from Shop \\*production\\* (EU) (AWS account 123456789012)',
    )
    const attributes = async () => (await handleOf(ref).describe()).typedSearchAttributes
    const started = await attributes()
    expect(started.get(nameKey)).toBe('Shop *production* (EU)')
    expect(started.get(accountKey)).toBe('123456789012')
    await until(ref, 'paused')
    // The list follows the row's new name, and shows the status.
    world.change({ name: 'Renamed' })
    await workflows.changed(ref)
    await vi.waitFor(async () => expect((await attributes()).get(nameKey)).toBe('Renamed'), {
      timeout: 120_000,
    })
    expect((await attributes()).get(statusKey)).toBe('paused')

    // The reconciler does not know the name, which is set when the workflow has read the row.
    const unnamed = connectionIn(new World({ paused: true, name: 'Read later' }))
    await workflows.changed(unnamed)
    await vi.waitFor(
      async () => {
        const { typedSearchAttributes } = await handleOf(unnamed).describe()
        expect(typedSearchAttributes.get(nameKey)).toBe('Read later')
      },
      { timeout: 120_000 },
    )

    // A name as long as allowed, in characters of four bytes, is within Temporal's limits.
    const long = connectionIn(new World({ paused: true }))
    expect(await workflows.changed({ ...long, name: '\u{1f4a5}'.repeat(100) })).toBe(true)
    const summary = await (await handleOf(long).describe()).staticSummary()
    expect(summary).toMatch(/^Imports changes from \u{1f4a5}+.?…$/u)
  })

  test('are registered if only some of them exist', async () => {
    const namespace = await createTemporalNamespace()
    const connection = await Connection.connect(namespace.connection)
    closing.push(() => connection.close())
    await connection.operatorService.addSearchAttributes({
      namespace: namespace.namespace,
      searchAttributes: { CairnOrganization: 2, CairnAccount: 2, CairnStatus: 2 },
    })
    await vi.waitFor(
      async () =>
        expect(await registerSearchAttributes(connection, namespace.namespace)).toBe(true),
      { timeout: 120_000 },
    )
  })

  test('are kept in the next run, and updated only on changes', async () => {
    const world = new World()
    world.import = ({ now }) => ({ nextPollAt: iso(now) })
    const ref = connectionIn(world)
    const { workflowId, firstExecutionRunId: first } = await workflows.client.workflow.start(
      'connection',
      {
        workflowId: connectionWorkflowId(installationId, ref.connectionId),
        taskQueue,
        args: [
          initialState(ref, { installationId, searchAttributes: true, now: new Date() }),
          { cyclesPerRun: 3 },
        ],
      },
    )
    await vi.waitFor(async () => expect((await handleOf(ref).describe()).runId).not.toBe(first), {
      timeout: 240_000,
      interval: 100,
    })
    const { typedSearchAttributes: carried } = await handleOf(ref).describe()
    expect(carried.get(organizationKey)).toBe(ref.organizationId)
    expect(carried.get(accountKey)).toBe('123456789012')
    expect(carried.get(statusKey)).toBe('current')

    await vi.waitFor(() => expect(world.of('importEvents').length).toBeGreaterThan(4), 240_000)
    const upserts = async (runId?: string) => {
      const handle = workflows.client.workflow.getHandle(workflowId, runId)
      const { events } = await handle.fetchHistory()
      return events!.filter((event) => event.upsertWorkflowSearchAttributesEventAttributes).length
    }
    // Before the row was read; when it was, and while it was verified; importing; current.
    expect(await upserts(first)).toBeLessThanOrEqual(4)
    expect(await upserts()).toBe(0)
  })

  test('are omitted where they cannot be registered', async () => {
    const environment = await createTimeSkippingEnvironment()
    const elsewhere = createTestWorkflows(
      { connection: { address: environment.address }, namespace: 'default', uiUrl: null },
      { installationId, logger },
    )
    try {
      const ref = connectionIn(new World())
      expect(await elsewhere.changed(ref)).toBe(true)
      const handle = elsewhere.client.workflow.getHandle(
        connectionWorkflowId(installationId, ref.connectionId),
      )
      const { events } = await handle.fetchHistory()
      const started = events![0]!.workflowExecutionStartedEventAttributes!
      expect(started.searchAttributes?.indexedFields ?? {}).toEqual({})
      const state = JSON.parse(Buffer.from(started.input!.payloads![0]!.data!).toString())
      expect(state).toMatchObject({ ...ref, searchAttributes: false })
    } finally {
      await elsewhere.close()
      await environment.teardown()
    }
  })

  test('belong to a workflow whose page has a known URL', () => {
    const ref = { organizationId: 'o', connectionId: 'c' }
    expect(workflows.uiUrl(ref)).toBe(
      `${inject('temporalUiUrl')}/namespaces/${target.namespace}/workflows/cairn-${installationId}-connection-c`,
    )
    expect(
      createTestWorkflows({ ...target, uiUrl: null }, { installationId, logger }).uiUrl(ref),
    ).toBeNull()
  })
})

describe('a workflow update', () => {
  test('is answered, and starts the workflow if necessary', async () => {
    const ref = connectionIn(new World())
    expect(await workflows.verifyNow(ref)).toMatchObject({ state: 'passed', roleArn })
    expect(await workflows.importNow(ref)).toMatchObject({ imported: 3, regions: 17 })
  })

  test('is rejected with an explanation', async () => {
    const ref = connectionIn(new World({ paused: true }))
    // Before the row was read, and after.
    for (let i = 0; i < 2; i++) {
      const error = await workflows.importNow(ref).catch((error) => error)
      expect(error).toBeInstanceOf(UpdateRefused)
      expect(error.message).toBe('The connection is paused. Resume it first.')
    }
  })

  test('times out, and is executed nevertheless', async () => {
    const world = new World()
    const ref = connectionIn(world)
    expect(await workflows.changed(ref)).toBe(true)
    await until(ref, 'current')
    const finish = Promise.withResolvers<void>()
    world.verify = async () => {
      await finish.promise
      return {}
    }
    const error = await workflows.verifyNow(ref, { timeoutMs: 1500 }).catch((error) => error)
    expect(error).toBeInstanceOf(UpdateTimedOut)
    expect(error.message).toBe('No response within 1.5 s')
    finish.resolve()
    await vi.waitFor(
      () => expect(world.of('verifyRole').map(({ outcome }) => outcome)).toEqual(['done', 'done']),
      { timeout: 240_000 },
    )
  })
})

describe('many changes', () => {
  test('lose no signal at the boundary of two runs', async () => {
    const world = new World({ paused: true })
    const ref = connectionIn(world)
    const { firstExecutionRunId: first } = await workflows.client.workflow.start('connection', {
      workflowId: connectionWorkflowId(installationId, ref.connectionId),
      taskQueue,
      args: [
        initialState(ref, { installationId, searchAttributes: false, now: new Date() }),
        { signalsPerRun: 3 },
      ],
    })
    // Each wave ends in the last version of the row, wherever its signals met a boundary.
    for (let wave = 1; wave <= 25; wave++) {
      await Promise.all(
        Array.from({ length: 1 + (wave % 7) }, async () => {
          world.change({ name: `name ${world.row!.version}` })
          await workflows.changed(ref)
        }),
      )
      await vi.waitFor(
        async () =>
          expect((await workflows.state(ref))?.settings?.version).toBe(world.row!.version),
        { timeout: 240_000 },
      )
    }
    expect((await handleOf(ref).describe()).runId).not.toBe(first)
    expect(world.story).toEqual([])
  })
})

describe('a workflow with as many signals as Temporal accepts', () => {
  const limit = 12
  let directory: string
  let temporal: EmbeddedTemporal
  let own: Workflows

  beforeAll(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'cairn-signals-'))
    temporal = await startTemporal({
      dataDir: directory,
      log: { info() {}, warn() {} },
      dynamicConfig: { 'history.maximumSignalsPerExecution': `${limit}` },
    })
    const { address } = temporal
    own = createTestWorkflows(
      { connection: { address }, namespace: 'default', uiUrl: null },
      { installationId, logger },
    )
  })

  afterAll(async () => {
    await own?.close()
    await temporal?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  const runOf = async (ref: ConnectionRef) =>
    (
      await own.client.workflow
        .getHandle(connectionWorkflowId(installationId, ref.connectionId))
        .describe()
    ).runId

  test('is replaced by a run that reads the row, by several concurrent senders', async () => {
    const ref = connectionIn(new World())
    // Without a worker, nothing makes room.
    expect(await own.changed(ref)).toBe(true)
    const first = await runOf(ref)
    for (let i = 1; i < limit; i++) expect(await own.changed(ref)).toBe(true)
    expect(await runOf(ref)).toBe(first)

    const sent = await Promise.all(Array.from({ length: 4 }, () => own.changed(ref)))
    expect(sent).toEqual([true, true, true, true])
    const second = await runOf(ref)
    expect(second).not.toBe(first)
    // Replaced once: what the four sent is in one run.
    const { events } = await own.client.workflow
      .getHandle(connectionWorkflowId(installationId, ref.connectionId), second)
      .fetchHistory()
    const signals = events!.filter((event) => event.workflowExecutionSignaledEventAttributes)
    expect(signals.length).toBeGreaterThanOrEqual(4)
  })

  test('is the only one that is terminated, and other errors leave the workflow running', async () => {
    const ref = connectionIn(new World())
    expect(await own.changed(ref)).toBe(true)
    const before = await runOf(ref)
    const { workflow } = own.client
    const refusals = [
      'namespace rate limit exceeded',
      'exceeded workflow execution limit for updates',
    ]
    for (const details of refusals) {
      const spy = vi
        .spyOn(workflow, 'signalWithStart')
        .mockRejectedValueOnce(
          Object.assign(new Error(details), { code: 8, details, metadata: {} }),
        )
      expect(await own.changed(ref)).toBe(false)
      spy.mockRestore()
    }
    expect(await runOf(ref)).toBe(before)
  })
})

describe('while Temporal is unavailable', () => {
  test('only updates fail, and everything works again once it is back', async () => {
    const gate = await createGate(inject('temporalAddress'))
    const through = createTestWorkflows(
      { ...target, connection: { address: gate.address } },
      { installationId, logger },
    )
    const ref = connectionIn(new World())
    try {
      for (let i = 0; i < 2; i++) {
        expect(await through.changed(ref)).toBe(false)
        expect(await through.ping()).toMatchObject({
          ok: false,
          reason: expect.stringContaining('ECONNREFUSED'),
        })
        await expect(through.verifyNow(ref)).rejects.toBeInstanceOf(TemporalUnavailable)
        await expect(through.importNow(ref)).rejects.toBeInstanceOf(TemporalUnavailable)
        await expect(through.state(ref)).rejects.toBeInstanceOf(TemporalUnavailable)

        await gate.open()
        await vi.waitFor(async () => expect(await through.ping()).toEqual({ ok: true }), 240_000)
        expect(await through.changed(ref)).toBe(true)
        await until(ref, 'current')
        await gate.close()
      }
    } finally {
      await through.close()
      await gate.close()
    }
  })

  test('a call that waits for its next attempt ends when the connection is closed', async () => {
    const uncaught: Error[] = []
    const onUncaught = (error: Error) => uncaught.push(error)
    process.on('uncaughtException', onUncaught)
    const ref = connectionIn(new World())
    try {
      for (const waitedMs of [1, 30, 100]) {
        const absent = { ...target, connection: { address: '127.0.0.1:1' } }
        const own = createTestWorkflows(absent, { installationId, logger })
        const call = own.importNow(ref).catch((error) => error)
        await sleep(waitedMs)
        await own.close()
        expect(await call).toBeInstanceOf(TemporalUnavailable)
      }
      // Longer than the pause before any further attempt.
      await sleep(1_000)
    } finally {
      process.off('uncaughtException', onUncaught)
    }
    expect(uncaught).toEqual([])
  })

  test('a worker waits and retries', async () => {
    const gate = await createGate(inject('temporalAddress'))
    const own = await createTemporalNamespace()
    const world = new World()
    const worker = startWorker({
      target: { ...own, connection: { address: gate.address } },
      installationId,
      activities: fakeActivities(worlds, async () => Date.now()),
      logger,
    })
    const ownWorkflows = createTestWorkflows(own, { installationId, logger })
    let isReady = false
    worker.ready.then(() => {
      isReady = true
    })
    try {
      const ref = connectionIn(world)
      await ownWorkflows.changed(ref)
      await sleep(200)
      expect(isReady).toBe(false)
      await gate.open()
      await worker.ready
      await vi.waitFor(() => expect(world.story).toEqual(['verifyRole', 'importEvents']), 240_000)

      await gate.close()
      const another = new World()
      const anotherRef = connectionIn(another)
      await ownWorkflows.changed(anotherRef)
      await sleep(500)
      expect(another.calls).toEqual([])
      await gate.open()
      await vi.waitFor(() => expect(another.story).toEqual(['verifyRole', 'importEvents']), 240_000)
    } finally {
      await worker.stop()
      await ownWorkflows.close()
      await gate.close()
    }
  })

  test('a worker can be stopped', async () => {
    const gate = await createGate(inject('temporalAddress'))
    const worker = startWorker({
      target: { ...target, connection: { address: gate.address } },
      installationId,
      activities: fakeActivities(worlds, async () => Date.now()),
      logger,
    })
    await worker.stop()
    await worker.ready
  })
})

describe("Temporal's environment variables", () => {
  test('select the embedded server if none is set', () => {
    expect(temporalFromEnvironment({})).toBeNull()
    expect(temporalFromEnvironment({ TEMPORAL_ADDRESS: '', PATH: '/bin' })).toBeNull()
  })

  test('set an address and a namespace', () => {
    expect(
      temporalFromEnvironment({ TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'cairn' }),
    ).toMatchObject({ connection: { address: 'temporal:7233' }, namespace: 'cairn', uiUrl: null })
    expect(temporalFromEnvironment({ TEMPORAL_ADDRESS: 'temporal:7233' })?.namespace).toBe(
      'default',
    )
  })

  test("enable TLS with an API key, and set the UI's address, for Temporal Cloud", () => {
    expect(
      temporalFromEnvironment({
        TEMPORAL_ADDRESS: 'eu-west-1.aws.api.temporal.io:7233',
        TEMPORAL_NAMESPACE: 'cairn.a1b2c',
        TEMPORAL_API_KEY: 'a key',
      }),
    ).toMatchObject({
      connection: { tls: true, apiKey: 'a key' },
      namespace: 'cairn.a1b2c',
      uiUrl: 'https://cloud.temporal.io',
    })
  })

  test('are an error if a certificate cannot be read', () => {
    expect(() =>
      temporalFromEnvironment({
        TEMPORAL_ADDRESS: 'temporal:7233',
        TEMPORAL_TLS_CLIENT_CERT_PATH: '/nowhere/cert.pem',
        TEMPORAL_TLS_CLIENT_KEY_PATH: '/nowhere/key.pem',
      }),
    ).toThrow(/cert\.pem/)
  })
})

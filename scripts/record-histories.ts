import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ApplicationFailure } from '@temporalio/common'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { startTemporal } from '../src/embedded/temporal.ts'
import { iso, roleArn, roleRefused, untilCancelled, World } from '../testing/workflows/fakes.ts'
import { Harness, type Run } from '../testing/workflows/harness.ts'
import { recordReread, rereadStories } from '../testing/workflows/reread-histories.ts'

// Records a history of each state that a workflow can be in, for
// test/workflows/replay.integration.test.ts, which describes when to record.
//
//   node scripts/record-histories.ts [--again | --missing]
//
// --missing records only those of states that have none yet, before the version's release.

const root = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
const directory = path.join(root, 'test', 'histories', version)

/** A cycle every two seconds: what is recorded is real, timers included. */
function busy(row: ConstructorParameters<typeof World>[0] = {}): World {
  const world = new World(row)
  world.import = ({ now }) => ({ nextPollAt: iso(now + 2000) })
  return world
}

function cycles(world: World): number {
  return world.of('importEvents').filter(({ outcome }) => outcome === 'done').length
}

const isImporting = (_: unknown, world: World) => world.of('importEvents').length > 0

/** Each leaves its workflow in the state that its history is to end with. */
const stories: Record<string, (start: Harness['start']) => Promise<Run>> = {
  async 'awaiting-role'(start) {
    const run = await start(new World({ roleArn: null, accountId: null }))
    await run.until(({ settings }) => settings !== null)
    return run
  },

  async verifying(start) {
    const world = new World({ roleArn: null, accountId: null })
    world.verify = ({ signal }) => untilCancelled(signal)
    const run = await start(world)
    await run.change({ roleArn, accountId: '123456789012' })
    await run.until(() => world.of('verifyRole').length > 0)
    return run
  },

  async 'waiting-for-aws-then-current'(start) {
    const world = busy()
    world.verify = ({ now }) => {
      if (world.of('verifyRole').length > 2) return {}
      return { state: 'waiting', reason: 'AWS does not know it', nextAttemptAt: iso(now + 1000) }
    }
    const run = await start(world)
    await run.until(() => cycles(world) > 2)
    return run
  },

  async 'action-needed'(start) {
    const world = new World()
    world.verify = ({ now }) => ({ state: 'failed', nextAttemptAt: iso(now + 1000) })
    const run = await start(world)
    await run.until(({ verification }) => verification?.failures === 3)
    return run
  },

  async 'fixed-by-verify-now'(start) {
    const world = busy()
    world.verify = () => ({ state: 'failed' })
    const run = await start(world)
    await run.until(({ status }) => status === 'action_needed')
    await run.importNow().catch(() => {})
    world.verify = () => ({})
    await run.verifyNow()
    await run.until(() => cycles(world) > 1)
    return run
  },

  async importing(start) {
    const world = new World()
    world.import = ({ signal }) => untilCancelled(signal)
    const run = await start(world)
    await run.until(isImporting)
    // The row is read during the import, which continues.
    await run.changed()
    await run.until(() => world.of('readConnection').length > 1)
    return run
  },

  async 'behind-with-a-failing-region'(start) {
    const world = new World()
    world.import = ({ now }) => ({
      status: 'behind',
      statusReason: 'eu-west-3: ThrottlingException: Rate exceeded',
      failing: [{ region: 'eu-west-3', error: 'ThrottlingException: Rate exceeded' }],
      nextPollAt: iso(now + 2000),
    })
    const run = await start(world)
    await run.until(() => cycles(world) > 2)
    return run
  },

  async 'import-now'(start) {
    const run = await start(new World())
    await run.until(({ status }) => status === 'current')
    await Promise.all([run.importNow(), run.importNow()])
    await run.until(() => cycles(run.world) > 1)
    return run
  },

  async 'paused-in-an-import-then-resumed'(start) {
    const world = new World()
    world.import = ({ signal }) => untilCancelled(signal)
    const run = await start(world)
    await run.until(isImporting)
    await run.change({ paused: true })
    await run.until(({ status }) => status === 'paused')
    world.import = ({ now }) => ({ nextPollAt: iso(now + 2000) })
    await run.change({ paused: false })
    await run.until(() => cycles(world) > 1)
    return run
  },

  async 'renamed-then-another-role'(start) {
    const run = await start(busy())
    await run.until(() => cycles(run.world) > 0)
    await run.change({ name: 'renamed' })
    await run.until(() => cycles(run.world) > 2)
    const another = 'arn:aws:iam::123456789012:role/another'
    await run.change({ roleArn: another })
    await run.until(({ verification }) => verification?.roleArn === another)
    await run.until(({ status }) => status === 'current')
    return run
  },

  async 'role-refused-then-fixed'(start) {
    const world = busy()
    const run = await start(world)
    await run.until(() => cycles(world) > 0)
    world.import = () => {
      throw roleRefused()
    }
    world.verify = ({ now }) => ({ state: 'failed', nextAttemptAt: iso(now + 1000) })
    await run.until(({ status }) => status === 'action_needed')
    world.verify = () => ({})
    world.import = ({ now }) => ({ nextPollAt: iso(now + 2000) })
    const before = cycles(world)
    await run.until(() => cycles(world) > before)
    return run
  },

  async 'backing-off'(start) {
    const world = new World()
    world.import = () => {
      // Once for Temporal to retry, then for good.
      if (world.of('importEvents').length === 1) throw new Error('connect ECONNREFUSED')
      throw ApplicationFailure.nonRetryable('column "x" does not exist')
    }
    const run = await start(world)
    await run.until(({ failures }) => failures > 0)
    return run
  },

  async 'continued-as-new'(start) {
    const run = await start(busy(), { cyclesPerRun: 4 })
    const first = (await run.handle.describe()).runId
    await run.until(() => cycles(run.world) > 6)
    return run.inRun(first)
  },

  async 'continued-from-another-run'(start) {
    const run = await start(busy(), { cyclesPerRun: 4 })
    await run.until(() => cycles(run.world) > 5)
    return run
  },

  async 'renewed-before-a-wait'(start) {
    const run = await start(new World(), { signalsPerRun: 4 })
    const first = (await run.handle.describe()).runId
    await run.until(({ status }) => status === 'current')
    // The next cycle is due in a minute: the next run waits for what is left of it.
    while ((await run.handle.describe()).runId === first) await run.changed()
    return run.inRun(first)
  },

  async 'renewed-while-paused'(start) {
    const run = await start(new World({ paused: true }), { signalsPerRun: 4 })
    for (let i = 0; i < 10; i++) {
      await run.change({ name: `name ${i}` })
      await run.until(({ settings }) => settings?.name === `name ${i}`)
    }
    return run
  },

  async deleted(start) {
    const world = new World()
    world.import = ({ signal }) => untilCancelled(signal)
    const run = await start(world)
    await run.until(isImporting)
    await run.change({ deleted: true })
    await run.handle.result()
    return run
  },

  async cancelled(start) {
    const run = await start(busy())
    await run.until(() => cycles(run.world) > 0)
    await run.handle.cancel()
    await run.handle.result().catch(() => {})
    return run
  },
}

/** Removes what identifies the machine that recorded it. Replay ignores these values. */
function withoutTraces(key: string, value: unknown): unknown {
  if (key === 'stackTrace') return ''
  return typeof value === 'string' ? value.replace(`${process.pid}@${hostname()}`, 'worker') : value
}

async function main(): Promise<void> {
  const changed = execFileSync('git', ['status', '--porcelain', '--', 'src/workflows'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (changed) {
    throw new Error(
      `Histories can only be recorded from committed code. Uncommitted changes:\n${changed}`,
    )
  }
  const isMissing = process.argv.includes('--missing')
  if (existsSync(directory) && !isMissing && !process.argv.includes('--again')) {
    throw new Error(
      `Version ${version} already has histories. Before its release, --again replaces them, and --missing adds to them.`,
    )
  }

  const dataDir = mkdtempSync(path.join(tmpdir(), 'cairn-histories-'))
  const temporal = await startTemporal({ dataDir, log: console })
  const env = await TestWorkflowEnvironment.createFromExistingServer({ address: temporal.address })
  const harness = await Harness.create(env)
  try {
    if (!isMissing) rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
    const fileOf = (name: string) => path.join(directory, `${name}.json`)
    const write = (name: string, recorded: Parameters<typeof historyToJSON>[0]) => {
      const history = JSON.parse(historyToJSON(recorded), withoutTraces)
      writeFileSync(fileOf(name), `${JSON.stringify(history)}\n`)
      console.log(`${name}: ${history.events.length} events`)
    }
    for (const [name, story] of Object.entries(rereadStories)) {
      if (!existsSync(fileOf(name))) write(name, await recordReread(env, story))
    }
    for (const [name, record] of Object.entries(stories)) {
      if (existsSync(fileOf(name))) continue
      const run = await record((world, options) =>
        harness.start(world, { searchAttributes: true, ...options }),
      )
      write(name, await run.handle.fetchHistory())
      run.world.import = () => ({})
      run.world.verify = () => ({})
      await run.end()
    }
  } finally {
    await harness.end()
    await temporal.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

await main()

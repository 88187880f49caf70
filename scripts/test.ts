/**
 * Runs all checks, each under its heading, and ends with one line that counts them. With
 * arguments, only the tests that they select: `npm test -- test/changes`.
 */
import { spawn } from 'node:child_process'
import { styleText } from 'node:util'
import { findBinaries } from '../src/embedded/postgres-binaries.ts'
import { serverUser } from '../src/embedded/postgres-home.ts'
import { ensureTemporal } from '../src/embedded/temporal.ts'
import { pythonTool, pythonTools } from '../test/support/python.ts'
import { ensureTimeSkippingServer } from '../test/support/time-skipping.ts'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
const problems: string[] = []
let stopped: NodeJS.Signals | undefined
let stopRunning = (_signal: NodeJS.Signals): unknown => undefined

heedSignals()

// Some tools colour whatever runs in CI, which makes logs unreadable.
if (!process.stdout.isTTY) process.env.NO_COLOR = '1'

if (process.argv.length === 2) {
  heading('Set-up')
  await prepare('PostgreSQL', () => findBinaries(serverUser(), console))
  await prepare('Temporal server', () => ensureTemporal(console))
  await prepare('Time-skipping test server', () => ensureTimeSkippingServer(console))
  for (const name of pythonTools) await prepare(`Python: ${name}`, () => pythonTool(name))
  await check('Lint and format', 'biome', ['check', '--error-on-warnings', '.'])
  await check('Types', 'tsc', ['-p', '.'])
  await check('Types of the web app', 'tsc', ['-p', 'web'])
}
await runTests()

console.log()
for (const problem of problems) console.log(styleText('red', `✗ ${problem}`))
if (stopped) console.log(`Stopped by ${stopped}: not everything was run.`)
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`)
process.exitCode = counts.failed > 0 || stopped ? 1 : 0

/** The first signal ends what runs now and passes over the rest; the second ends this process. */
function heedSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.removeAllListeners(signal)
    process.on(signal, () => {
      if (stopped) process.exit(1)
      stopped = signal
      stopRunning(signal)
    })
  }
}

function heading(text: string): void {
  console.log(styleText('bold', `\n── ${text} ${'─'.repeat(Math.max(0, 70 - text.length))}`))
}

/** Fetches what tests need before their time limits run. What cannot be had is a failure. */
async function prepare(name: string, fetch: () => Promise<unknown>): Promise<void> {
  if (stopped) return
  try {
    await fetch()
    console.log(`${name}: there`)
  } catch (error) {
    console.log(`${name}: ${(error as Error).message}`)
    fail(name)
  }
}

async function check(name: string, command: string, args: string[]): Promise<void> {
  if (stopped) return
  heading(name)
  if ((await run(command, args)) === 0) counts.passed++
  else fail(name)
}

async function runTests(): Promise<void> {
  if (stopped) return
  heading('Tests')
  try {
    const { propertySeed } = await import('../test/support/property-seed.ts')
    console.log(`Property tests: PROPERTY_SEED=${propertySeed}`)
  } catch (error) {
    console.log((error as Error).message)
    return fail('PROPERTY_SEED')
  }
  const { createVitest, parseCLI } = await import('vitest/node')
  const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)])
  const before = counts.failed
  const vitest = await createVitest('test', { ...options, watch: false })
  // Vitest's own answer to a signal is to exit on the spot: its servers would be left to others.
  heedSignals()
  stopRunning = () => vitest.cancelCurrentRun('keyboard-input')
  try {
    await vitest.start(filter)
  } catch (error) {
    // The servers that the tests share cannot be started, say. That no file matches is said already.
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'VITEST_FILES_NOT_FOUND') vitest.logger.printError(error, { fullStack: true })
    process.exitCode = 1
  } finally {
    await vitest.close()
  }
  const reasons: string[] = []
  for (const file of vitest.state.getTestModules()) {
    for (const test of file.children.allTests()) {
      const result = test.result()
      if (result.state === 'skipped')
        reasons.push(`${test.fullName}: ${result.note ?? 'no reason'}`)
      counts[result.state === 'pending' ? 'failed' : result.state]++
    }
    // A file or a hook that fails leaves no test that could.
    if (!file.ok() && ![...file.children.allTests('failed')].length) fail(file.relativeModuleId)
  }
  for (const reason of reasons) console.log(`Skipped: ${reason}`)
  const unhandled = vitest.state.getUnhandledErrors().length
  if (unhandled > 0) fail(`${unhandled} errors outside of the tests`)
  if (process.exitCode && counts.failed === before) fail('Tests: not all of them could be run')
}

function fail(problem: string): void {
  counts.failed++
  problems.push(problem)
}

/** Runs one of the packages' commands, in sight. Resolves with its exit code. */
function run(command: string, args: string[]): Promise<number | string> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit' })
    stopRunning = (signal) => child.kill(signal)
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code, signal) => resolve(code ?? signal ?? 1))
  })
}

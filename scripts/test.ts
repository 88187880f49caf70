/**
 * Runs all checks, each under its heading, and prints a line with their count at the end. With
 * arguments, runs only the tests that they select: `npm test -- test/changes`. With
 * `--project=unit`, `integration` or `e2e` as the only argument, runs that part of the tests.
 */
import { spawn } from 'node:child_process'
import { styleText } from 'node:util'
import { findBinaries } from '../src/embedded/postgres-binaries.ts'
import { serverUser } from '../src/embedded/postgres-home.ts'
import { ensureTemporal } from '../src/embedded/temporal.ts'
import { ensureChromium } from '../testing/chromium.ts'
import { pythonTool, pythonTools } from '../testing/python.ts'
import { ensureTimeSkippingServer } from '../testing/time-skipping.ts'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
const problems: string[] = []
let stopped: NodeJS.Signals | undefined
/** Ends the current check. Between checks, and while tools are installed, ends this process. */
let stopRunning: (signal: NodeJS.Signals) => unknown = exitStopped

handleSignals()

// Some tools always color their output in CI, which makes logs unreadable.
if (!process.stdout.isTTY) process.env.NO_COLOR = '1'

const selection = process.argv.slice(2)
const project = /^--project=(unit|integration|e2e)$/.exec(selection[0] ?? '')?.[1]
const isWholeProject = project !== undefined && selection.length === 1

if (selection.length === 0 || (isWholeProject && project !== 'unit')) {
  heading('Setup')
  await prepare('PostgreSQL', () => findBinaries(serverUser(), console))
  await prepare('Temporal server', () => ensureTemporal(console))
  await prepare('Time-skipping test server', () => ensureTimeSkippingServer(console))
  await prepare('Chromium', () => ensureChromium(console))
  for (const name of pythonTools) await prepare(`Python: ${name}`, () => pythonTool(name))
}
if (selection.length === 0) {
  await check('Lint and format', 'biome', ['check', '--error-on-warnings', '.'])
  await check('Types', 'tsc', ['-p', '.'])
  await check('Types of the web app', 'tsc', ['-p', 'web'])
}
await runTests()

console.log()
for (const problem of problems) console.log(styleText('red', `✗ ${problem}`))
if (stopped) console.log(`Stopped by ${stopped} before everything had run.`)
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`)
process.exitCode = counts.failed > 0 || stopped ? 1 : 0

/** Programs that an installation has started end with this process, and the next run repeats it. */
function exitStopped(signal: NodeJS.Signals): never {
  console.log(`Stopped by ${signal} before everything had run.`)
  process.exit(1)
}

/** The first signal stops the current check and skips the rest; the second ends this process. */
function handleSignals(): void {
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

/** Installs what tests need before their time limits start. An error counts as a failed check. */
async function prepare(name: string, fetch: () => Promise<unknown>): Promise<void> {
  try {
    await fetch()
    console.log(`${name}: ready`)
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
    const { propertySeed } = await import('../testing/property-seed.ts')
    console.log(`Property tests: PROPERTY_SEED=${propertySeed}`)
  } catch (error) {
    console.log((error as Error).message)
    return fail('PROPERTY_SEED')
  }
  const { createVitest, parseCLI } = await import('vitest/node')
  const { filter, options } = parseCLI(['vitest', 'run', ...selection])
  const before = counts.failed
  const vitest = await createVitest('test', { ...options, watch: false })
  // Vitest's own signal handler exits immediately and would leave the servers running.
  handleSignals()
  stopRunning = () => vitest.cancelCurrentRun('keyboard-input')
  try {
    await vitest.start(filter)
  } catch (error) {
    // For example, a server that the tests share does not start. Vitest has already reported missing files.
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
      if (result.state === 'skipped') {
        const reason = result.note ?? (file.ok() ? 'no reason given' : 'an error above')
        reasons.push(`${test.fullName}: ${reason}`)
      }
      counts[result.state === 'pending' ? 'failed' : result.state]++
    }
    // A file or hook can fail without a failing test.
    if (!file.ok() && ![...file.children.allTests('failed')].length) fail(file.relativeModuleId)
  }
  for (const reason of reasons) console.log(`Skipped: ${reason}`)
  const unhandled = vitest.state.getUnhandledErrors().length
  if (unhandled > 0) fail(`${unhandled} errors outside the tests`)
  if (process.exitCode && counts.failed === before) fail('Tests: some could not run')
}

function fail(problem: string): void {
  counts.failed++
  problems.push(problem)
}

/** Runs a command of a package and shows its output. Resolves with its exit code. */
function run(command: string, args: string[]): Promise<number | string> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit' })
    stopRunning = (signal) => child.kill(signal)
    const end = (result: number | string) => {
      stopRunning = exitStopped
      resolve(result)
    }
    child.on('error', (error) => end(error.message))
    child.on('close', (code, signal) => end(code ?? signal ?? 1))
  })
}

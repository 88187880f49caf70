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

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopped = signal
    stopRunning(signal)
  })
}

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
}
await runTests()

console.log()
for (const problem of problems) console.log(styleText('red', `✗ ${problem}`))
if (stopped) console.log(`Stopped by ${stopped}: not everything was run.`)
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`)
process.exitCode = counts.failed > 0 || stopped ? 1 : 0

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
  const { parseCLI, startVitest } = await import('vitest/node')
  const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)])
  const vitest = await startVitest('test', filter, { ...options, watch: false })
  stopRunning = () => vitest.cancelCurrentRun('keyboard-input')
  const before = counts.failed
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
  await vitest.close()
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

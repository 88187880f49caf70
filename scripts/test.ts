/**
 * Runs all checks, each under its heading, and ends with one line that counts them. With
 * arguments, only the tests that they select: `npm test -- test/changes`.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { styleText } from 'node:util'
import { findBinaries } from '../src/embedded/postgres-binaries.ts'
import { serverUser } from '../src/embedded/postgres-home.ts'
import { ensureTemporal } from '../src/embedded/temporal.ts'
import { pythonTool, pythonTools } from '../test/support/python.ts'
import { ensureTimeSkippingServer } from '../test/support/time-skipping.ts'

const RESULTS = '.cache/test-results.json'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
const problems: string[] = []
let stopped: NodeJS.Signals | undefined
let running: ReturnType<typeof spawn> | undefined

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    stopped = signal
    running?.kill(signal)
  })
}

const filters = process.argv.slice(2)
if (filters.length === 0) {
  heading('Set-up')
  await prepare('PostgreSQL', () => findBinaries(serverUser(), console))
  await prepare('Temporal server', () => ensureTemporal(console))
  await prepare('Time-skipping test server', () => ensureTimeSkippingServer(console))
  for (const name of pythonTools) await prepare(`Python: ${name}`, () => pythonTool(name))
  await check('Lint and format', 'biome', ['ci', '--error-on-warnings', '.'])
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
  mkdirSync('.cache', { recursive: true })
  rmSync(RESULTS, { force: true })
  const code = await run('vitest', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${RESULTS}`,
    ...filters,
  ])
  const before = counts.failed
  try {
    const results = JSON.parse(readFileSync(RESULTS, 'utf8'))
    counts.passed += results.numPassedTests
    counts.failed += results.numFailedTests
    counts.skipped += results.numPendingTests + results.numTodoTests
    // A file that cannot even be loaded has no tests that could fail.
    for (const file of results.testResults) {
      if (file.status === 'failed' && file.assertionResults.length === 0) fail(file.name)
    }
  } catch {
    fail('Tests: they did not run to their end')
  }
  if (code !== 0 && counts.failed === before) fail(`Tests: vitest ended with ${code}`)
}

function fail(problem: string): void {
  counts.failed++
  problems.push(problem)
}

/** Runs one of the packages' commands, in sight. Resolves with its exit code. */
function run(command: string, args: string[]): Promise<number | string> {
  return new Promise((resolve) => {
    // Some of them colour whatever runs in CI, which makes logs unreadable.
    const env = process.stdout.isTTY ? process.env : { ...process.env, NO_COLOR: '1' }
    running = spawn(command, args, { stdio: 'inherit', env })
    running.on('error', (error) => resolve(error.message))
    running.on('close', (code, signal) => resolve(code ?? signal ?? 1))
  })
}

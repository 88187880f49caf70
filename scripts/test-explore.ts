/**
 * Runs the property tests with random seeds: `npm run test:explore [-- ROUNDS [TEST …]]`. Prints
 * each seed. `PROPERTY_SEED=N npm test -- TEST` repeats a round.
 */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const usage = `Usage: npm run test:explore [-- ROUNDS [TEST …]]

  ROUNDS    how many seeds to try (default 1)
  TEST …    files or folders (default: every file that has a property test)`

const root = fileURLToPath(new URL('..', import.meta.url))
const [rounds = '1', ...filters] = process.argv.slice(2)
if (rounds === '--help' || rounds === '-h') {
  console.log(usage)
  process.exit()
}
if (!/^[1-9]\d{0,3}$/.test(rounds)) {
  console.error(usage)
  process.exit(1)
}
const tests =
  filters.length > 0
    ? filters
    : globSync('test/**/*.test.ts', { cwd: root })
        .filter((file) => /from 'fast-check'/.test(readFileSync(path.join(root, file), 'utf8')))
        .sort()

const failed: number[] = []
for (let round = 1; round <= Number(rounds); round++) {
  const seed = randomInt(2 ** 31)
  console.log(`Round ${round} of ${rounds}: PROPERTY_SEED=${seed}`)
  const result = await runTests(seed)
  if (result === 'stopped') process.exit(1)
  if (result === 'failed') failed.push(seed)
}
console.log(
  failed.length > 0
    ? `Failed with: ${failed.map((seed) => `PROPERTY_SEED=${seed}`).join(', ')}`
    : `Passed with ${rounds} random seeds.`,
)
process.exitCode = failed.length > 0 ? 1 : 0

function runTests(seed: number): Promise<'passed' | 'failed' | 'stopped'> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(root, 'scripts/test.ts'), ...tests], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, PROPERTY_SEED: `${seed}` },
    })
    let stopped = false
    const pass = (signal: NodeJS.Signals) => {
      stopped = true
      child.kill(signal)
    }
    process.on('SIGINT', pass).on('SIGTERM', pass)
    child.on('close', (code) => {
      process.off('SIGINT', pass).off('SIGTERM', pass)
      const result = code === 0 ? 'passed' : 'failed'
      resolve(stopped ? 'stopped' : result)
    })
  })
}

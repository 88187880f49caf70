import { chmodSync, createReadStream, globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { type Command, runCommand, Stopped } from '../src/command.ts'
import { openDatabase } from '../src/db/database.ts'
import { migrate } from '../src/db/migrate.ts'
import { removePostgres, startPostgres } from '../src/embedded/postgres.ts'
import { StartError } from '../src/failures.ts'
import { type ScenarioResult, summarizeResults } from '../testing/outages/result.ts'
import { type Databases, runScenario } from '../testing/outages/run.ts'
import { InvalidScenario, parseScenario, type Scenario } from '../testing/outages/scenario.ts'

const usage = `Usage: npm run outages [-- --scenarios FILE]

  --scenarios FILE  JSON lines, one scenario a line; repeatable (default: bench/outages/*.jsonl)

Imports each outage scenario into an organization of its own, ranks its incident, and prints one JSON
line a scenario and a summary. The format of scenarios is in bench/outages/README.md.`

const quiet = { info() {}, warn: console.warn }

async function main(command: Command): Promise<void> {
  const { values } = parseArgs({
    options: {
      scenarios: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return console.log(usage)
  // npm runs its scripts in the project's directory.
  const here = process.env.INIT_CWD ?? process.cwd()
  const files =
    values.scenarios?.map((file) => path.resolve(here, file)) ??
    globSync(path.join(import.meta.dirname, '../bench/outages/*.jsonl')).sort()
  if (files.length === 0) throw new StartError('There are no scenarios in bench/outages')
  const signal = command.stopInOrder()
  const dataDir = mkdtempSync(path.join(tmpdir(), 'cairn-outages-'))
  // So that the user that PostgreSQL runs as, when we are root, gets to its directory.
  chmodSync(dataDir, 0o711)
  try {
    const postgres = await startPostgres({ dataDir, log: quiet, fast: true })
    try {
      await migrate(postgres.url)
      const db = openDatabase({ url: postgres.url })
      const system = openDatabase({ url: postgres.url, role: 'cairn_system' })
      try {
        await runFiles({ db, system }, files, signal)
      } finally {
        await Promise.all([db.destroy(), system.destroy()])
      }
    } finally {
      await postgres.stop()
    }
  } finally {
    await removePostgres(dataDir, quiet)
    rmSync(dataDir, { recursive: true, force: true })
  }
  if (signal.aborted) throw new Stopped(signal.reason, `Stopped by ${signal.reason}`)
}

async function runFiles(databases: Databases, files: readonly string[], signal: AbortSignal) {
  const results: { scenario: Scenario; result: ScenarioResult; hasCulprit: boolean }[] = []
  let count = 0
  for (const file of files) {
    let number = 0
    for await (const line of createInterface({
      input: createReadStream(file),
      crlfDelay: Infinity,
    })) {
      number++
      if (signal.aborted) return
      if (line.trim() === '') continue
      const place = `${path.basename(file)}:${number}`
      try {
        const scenario = parseScenario(line, place)
        for (const result of await runScenario(databases, scenario, `${++count} ${scenario.id}`)) {
          results.push({ scenario, result, hasCulprit: scenario.culprits.length > 0 })
          console.log(JSON.stringify(result))
        }
      } catch (error) {
        if (!(error instanceof InvalidScenario)) throw error
        const message = error.message.startsWith(place)
          ? error.message
          : `${place}: ${error.message}`
        throw new StartError(message)
      }
    }
  }
  console.log(JSON.stringify(summarizeResults(results)))
}

runCommand(main)

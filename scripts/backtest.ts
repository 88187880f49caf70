import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { runCommand } from '../src/command.ts'
import { loadConfig } from '../src/config.ts'
import { backtestIncident } from '../src/db/backtest.ts'
import { asOrganization, type Database, openDatabase } from '../src/db/database.ts'
import { findOrganization } from '../src/db/organizations.ts'
import { organizationIds } from '../src/db/outdated-changes.ts'
import { findRunningPostgres } from '../src/embedded/postgres.ts'
import { StartError } from '../src/failures.ts'
import {
  type BacktestResult,
  MODELLED_DELAY_MINUTES,
  summarizeBacktest,
} from '../src/incidents/backtest.ts'
import {
  InvalidPastIncidents,
  MAX_DAYS,
  type PastIncident,
  parsePastIncidents,
  selectRecent,
} from '../src/incidents/past-incidents.ts'

const usage = `Usage: npm run backtest -- FILE [--organization NAME]

  FILE                 past incidents: CSV or JSON lines with time,environment,title,cause?, or an
                       export of PagerDuty incidents (JSON or CSV). cause is a part of the change's
                       summary, its sourceId, or its ID
  --organization NAME  needed if the installation has several

Ranks past incidents of up to ${MAX_DAYS} days on the imported changes of a running Cairn, at the alert
and 15 minutes later. Only changes that Cairn had received at that time count. An event that an AWS
connection imported from the time before its first read counts as received ${MODELLED_DELAY_MINUTES} minutes after it occurred,
CloudTrail's average. Prints one line of JSON per incident, and a summary.`

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { organization: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  })
  const [file] = positionals
  if (values.help || file === undefined) return console.log(usage)
  const now = new Date()
  const { recent, older, future } = readIncidents(
    path.resolve(process.env.INIT_CWD ?? process.cwd(), file),
    now,
  )
  const config = loadConfig(process.env)
  const url = config.databaseUrl ?? (await findRunningPostgres(config.dataDir))
  if (url === undefined)
    throw new StartError('Cairn does not run here. Start it, or set DATABASE_URL.')
  const db = openDatabase({ url })
  try {
    const organizationId = await organizationOf(db, url, values.organization)
    const results = await run(db, organizationId, recent, now)
    const skipped = { olderThan90Days: older, inTheFuture: future }
    console.log(JSON.stringify({ ...summarizeBacktest(results), skipped }))
  } finally {
    await db.destroy()
  }
}

function readIncidents(file: string, now: Date) {
  try {
    return selectRecent(parsePastIncidents(readFileSync(file, 'utf8')), now)
  } catch (error) {
    if (error instanceof InvalidPastIncidents) throw new StartError(`${file}: ${error.message}`)
    throw new StartError(`Cannot read ${file}: ${(error as Error).message}`)
  }
}

async function organizationOf(db: Database, url: string, name: string | undefined) {
  if (name === undefined) {
    const [id, ...others] = await organizationIds(db)
    if (id === undefined) throw new StartError('There is no organization yet.')
    if (others.length > 0)
      throw new StartError('There are several organizations: set --organization.')
    return id
  }
  const system = openDatabase({ url, role: 'cairn_system' })
  const id = await findOrganization(system, name).finally(() => system.destroy())
  if (!id) throw new StartError(`Organization "${name}" does not exist.`)
  return id
}

async function run(
  db: Database,
  organizationId: string,
  incidents: readonly PastIncident[],
  now: Date,
): Promise<BacktestResult[]> {
  const results: BacktestResult[] = []
  for (const past of incidents) {
    const result = await asOrganization(db, organizationId, (trx) =>
      backtestIncident(trx, organizationId, past, now),
    )
    console.log(JSON.stringify(result))
    results.push(result)
  }
  return results
}

runCommand(main)

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { runCommand } from '../src/command.ts'
import { loadConfig } from '../src/config.ts'
import { asOrganization, type Database, openDatabase, type Trx } from '../src/db/database.ts'
import { listEnvironments } from '../src/db/environments.ts'
import { loadCandidates } from '../src/db/incident-answer.ts'
import { findOrganization } from '../src/db/organizations.ts'
import { organizationIds } from '../src/db/outdated-changes.ts'
import { findRunningPostgres } from '../src/embedded/postgres.ts'
import { StartError } from '../src/failures.ts'
import { rank } from '../src/incidents/ranking/rank.ts'
import { type PastIncident, parsePastIncidents } from '../testing/outages/past-incidents.ts'
import { InvalidScenario } from '../testing/outages/scenario.ts'

const usage = `Usage: npm run backtest -- FILE [--organization NAME]

  FILE                 past incidents: CSV or JSON lines with time,environment,title,cause?, or an
                       export of PagerDuty incidents (JSON). cause is a part of the change's summary
                       or its sourceId
  --organization NAME  needed if the installation has several

Ranks past incidents on the imported changes of a running Cairn, at the alert and 15 minutes later.`

const LATER_MS = 15 * 60_000

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { organization: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  })
  const [file] = positionals
  if (values.help || file === undefined) return console.log(usage)
  const incidents = readIncidents(path.resolve(process.env.INIT_CWD ?? process.cwd(), file))
  const config = loadConfig(process.env)
  const url = config.databaseUrl ?? (await findRunningPostgres(config.dataDir))
  if (url === undefined)
    throw new StartError('Cairn does not run here. Start it, or set DATABASE_URL.')
  const db = openDatabase({ url })
  try {
    const organizationId = await organizationOf(db, url, values.organization)
    await run(db, organizationId, incidents)
  } finally {
    await db.destroy()
  }
}

function readIncidents(file: string): PastIncident[] {
  try {
    return parsePastIncidents(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof InvalidScenario) throw new StartError(`${file}: ${error.message}`)
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

async function run(db: Database, organizationId: string, incidents: readonly PastIncident[]) {
  const ranks: (number | null)[] = []
  const newestRanks: (number | null)[] = []
  let abstentions = 0
  for (const past of incidents) {
    const line = await asOrganization(db, organizationId, (trx) => test(trx, organizationId, past))
    if (line.later === 'none') abstentions++
    if (past.cause !== null) {
      ranks.push(line.causeRank)
      newestRanks.push(line.newestFirstRank)
    }
    console.log(JSON.stringify(line))
  }
  const first = (list: readonly (number | null)[]) => list.filter((each) => each === 1).length
  console.log(
    JSON.stringify({
      ...{ incidents: incidents.length, abstentions, withCause: ranks.length },
      ...{ causeFirst: first(ranks), newestFirst: first(newestRanks) },
    }),
  )
}

async function test(trx: Trx, organizationId: string, past: PastIncident) {
  const environments = await listEnvironments(trx)
  const environment = environments.find(({ name }) => name === past.environment)
  const incident = {
    ...{ title: past.title, noticedAt: past.time, startedAt: null, startedAfter: null },
    ...{ environmentId: environment?.id ?? null, services: past.services },
  }
  const answerAt = async (now: Date) => {
    const { candidates, context, searched } = await loadCandidates(trx, organizationId, incident, {
      now,
    })
    return { ...rank(incident, candidates, context), candidates, searched }
  }
  const atAlert = await answerAt(past.time)
  const later = await answerAt(new Date(past.time.getTime() + LATER_MS))
  const isCause = ({ summary, sourceId }: { summary: string; sourceId: string }) =>
    past.cause !== null &&
    (sourceId === past.cause || summary.toLowerCase().includes(past.cause.toLowerCase()))
  const place = (items: readonly { summary: string; sourceId: string }[]) => {
    const index = items.findIndex(isCause)
    return index < 0 ? null : index + 1
  }
  const newest = later.candidates
    .filter(({ occurredAt, noise }) => occurredAt <= past.time && noise === null)
    .filter(
      ({ environmentIds }) => environment === undefined || environmentIds.includes(environment.id),
    )
    .toSorted((a, b) => b.occurredAt.getTime() - a.occurredAt.getTime())
  const { oldest } = await trx
    .selectFrom('changes')
    .select((eb) => eb.fn.min('occurred_at').as('oldest'))
    .executeTakeFirstOrThrow()
  return {
    ...{ time: past.time.toISOString(), title: past.title },
    ...{ atAlert: atAlert.sentence, after15Minutes: later.sentence, later: later.answer },
    candidates: later.searched.candidates,
    // Without changes from the whole window, an abstention says nothing.
    isWindowImported: oldest !== null && oldest <= later.searched.from,
    ...(past.cause !== null && { isCauseImported: later.candidates.some(isCause) }),
    ...{ causeRank: place(later.suspects), newestFirstRank: place(newest) },
  }
}

runCommand(main)

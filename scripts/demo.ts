import {
  closeSync,
  constants,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { generateHistory, startLiveActivity } from '../simulator/generate.ts'
import { type Simulator, startSimulator } from '../simulator/index.ts'
import type { App } from '../src/api/context.ts'
import { Problem } from '../src/api/problems.ts'
import { aborted, type Command, runCommand, Stopped } from '../src/command.ts'
import { ConfigError, loadConfig } from '../src/config.ts'
import { SETTLING_SECONDS } from '../src/connections/status.ts'
import { claimDataDir } from '../src/embedded/data-dir.ts'
import { removePostgres } from '../src/embedded/postgres.ts'
import { stopLeftBehindTemporal } from '../src/embedded/temporal.ts'
import { createLogger } from '../src/log.ts'
import type { Cairn } from '../src/process/cairn.ts'
import { Api } from './api.ts'
import { createEnvironments, type DemoStory, prepareStory, sendStory } from './demo-story.ts'

const usage = `Usage: npm run demo -- [options]

  --records FILE          play recorded CloudTrail records (JSON lines, gzip or plain)
  --all-events            import all events, not only changes
  --tps N                 requests a second per region that the simulated AWS allows
  --exit-when-imported    exit when everything wanted at the start is imported, and print a result
  --write-ids FILE        with --exit-when-imported: write the imported event IDs, one per line
  --template FILE         create the account's role from this CloudFormation template instead of
                          Cairn's own, to see what the verification finds`

const ACCOUNT = '111122223333'
/** Not connected at start. */
const SECOND_ACCOUNT = '444455556666'
const LOOKBACK_DAYS = 7
const POLL_MS = 1_000
const DAY_MS = 24 * 3_600_000
/** The story of the demo's incident is read first. Then another one happens live. */
const LIVE_STORY_AFTER_MS = 10 * 60_000

interface Options {
  records?: string
  selection: 'changes' | 'all'
  tps: number | null | undefined
  exitWhenImported: boolean
  writeIds?: string
  template?: string
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      records: { type: 'string' },
      'all-events': { type: 'boolean', default: false },
      tps: { type: 'string' },
      'exit-when-imported': { type: 'boolean', default: false },
      'write-ids': { type: 'string' },
      template: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) {
    console.log(usage)
    process.exit()
  }
  const tps = values.tps === undefined ? undefined : Number(values.tps)
  if (tps !== undefined && !(tps > 0 && tps < Number.POSITIVE_INFINITY))
    throw new ConfigError('--tps must be a number greater than 0')
  const writeIds = values['write-ids']
  if (writeIds !== undefined) {
    if (!values['exit-when-imported'])
      throw new ConfigError('--write-ids needs --exit-when-imported')
    // Fails now, not after the import, if the file cannot be written. Does not wait for a pipe's reader.
    closeSync(openSync(writeIds, constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK))
  }
  return {
    records: values.records,
    selection: values['all-events'] ? 'all' : 'changes',
    // Recorded events are played to be imported, not to show the quota.
    tps: tps ?? (values.records ? null : undefined),
    exitWhenImported: values['exit-when-imported'],
    writeIds,
    template: values.template === undefined ? undefined : readTemplate(values.template),
  }
}

function readTemplate(file: string): string {
  if (!statSync(file).isFile()) throw new ConfigError(`--template ${file} is not a regular file`)
  return readFileSync(file, 'utf8')
}

interface Connection {
  id: string
  externalId: string
  status: string
  statusReason: string | null
  createdAt: string
  completeThrough: string | null
  workflowUrl: string | null
}

interface Setup {
  principal: { state: string; saw: string; remedy: string | null }
  cloudFormation: { download: { url: string }; parameters: Record<string, string> } | null
}

interface Coverage {
  regions: {
    region: string
    state: string
    gaps: [string, string][]
    setAside: [string, string][]
    backfill: { percent: number }
    events: number
    requests: number
    throttled: number
  }[]
}

async function main(command: Command): Promise<void> {
  const options = readOptions()
  // An invalid environment is reported before anything starts.
  loadConfig(process.env)
  const started = Date.now()
  const simulator = await startSimulator({
    accountIds: isStage(options) ? [ACCOUNT, SECOND_ACCOUNT] : [ACCOUNT],
    tps: options.tps,
    // Played records are the whole account, so only they are counted at the end.
    recordsCalls: options.records === undefined,
  })
  const played = await fill(simulator, options)
  // Recorded events are the whole account.
  const story = options.records === undefined ? prepareStory(simulator, ACCOUNT) : undefined
  if (options.records && simulator.ledger.count() === 0)
    throw new ConfigError(`${options.records} contains no records`)
  say(
    `The simulated AWS account ${simulator.accountId} has ${simulator.ledger.count({ accountId: ACCOUNT })} events${played}.`,
  )

  // The demo uses the simulator and its own data, regardless of the environment.
  for (const name of Object.keys(process.env)) {
    if (/^(AWS_|DATABASE_|TEMPORAL_)/.test(name)) delete process.env[name]
  }
  Object.assign(process.env, simulator.env)
  process.env.CAIRN_PRINCIPAL_ARN = simulator.vendor.principalArn
  const given = loadConfig(process.env)
  const config = { ...given, dataDir: path.join(given.dataDir, 'demo') }
  const logger = createLogger({ level: 'warn' })
  // Each demo starts with empty data, because event times move with the clock. The claim protects
  // the data of a demo that is still running.
  const claim = claimDataDir(config.dataDir)
  await stopLeftBehindTemporal(config.dataDir, logger)
  await removePostgres(config.dataDir, logger)
  rmSync(config.dataDir, { recursive: true, force: true })
  claim.release()

  say('Starting Cairn with its own PostgreSQL and Temporal …')
  let api: Api | undefined
  // Loaded only now: it takes a second, and a wrong option is to end the command before.
  const { startCairn } = await import('../src/process/cairn.ts')
  const cairn = await startCairn(config, {
    env: process.env,
    logger,
    demoSession: true,
    others: async (app) => stackRoute(app, simulator, () => api!),
  })
  const signal = command.stopInOrder()
  api = new Api(cairn, signal)
  const live = isStage(options)
    ? [
        startLiveActivity(simulator, {
          seed: 1,
          story: true,
          storyAfterMs: LIVE_STORY_AFTER_MS,
        }),
        startLiveActivity(simulator, { seed: 2, accountId: SECOND_ACCOUNT }),
      ]
    : []
  try {
    const failed = cairn.failed.then((error) => {
      throw error
    })
    const shown = show({ cairn, api, simulator, options, story, started, signal }).catch(
      (error) => {
        // Its pending requests reject when it is stopped.
        if (!signal.aborted) throw error
      },
    )
    await Promise.race([shown, aborted(signal), failed])
  } finally {
    for (const each of live) each.stop()
    say('Stopping …')
    await cairn.stop()
    await simulator.close()
  }
  if (signal.aborted && options.exitWhenImported)
    throw new Stopped(signal.reason, `Stopped by ${signal.reason} before everything was imported`)
}

/**
 * Whether someone watches the demo. Then the accounts continue to produce events, and there is a
 * second account. An import of continuing events would never be complete.
 */
function isStage(options: Options): boolean {
  return !options.records && !options.exitWhenImported
}

async function fill(simulator: Simulator, options: Options): Promise<string> {
  if (options.records) {
    const { oldest, newest } = await simulator.playRecords(options.records)
    return oldest ? `, recorded, shifted to ${oldest} – ${newest}` : ''
  }
  const now = simulator.now()
  const from = new Date(now - LOOKBACK_DAYS * DAY_MS)
  const accountIds = isStage(options) ? [ACCOUNT, SECOND_ACCOUNT] : [ACCOUNT]
  for (const [index, accountId] of accountIds.entries()) {
    const history = generateHistory({ seed: index + 1, accountId, from, to: new Date(now) })
    simulator.addEvents(history, { accountId })
  }
  return ''
}

interface Show {
  cairn: Cairn
  api: Api
  simulator: Simulator
  options: Options
  story: DemoStory | undefined
  /** Unix time in milliseconds. */
  started: number
  signal: AbortSignal
}

/** Connects the account as a team would, then shows what happens until it is stopped. */
async function show({ cairn, api, simulator, options, story, started, signal }: Show) {
  const environmentId = story && (await createEnvironments(api))
  const connection = await api.request<Connection>('POST', '/connections', {
    name: 'Demo account',
    lookbackDays: LOOKBACK_DAYS,
    selection: options.selection,
    environmentId,
  })
  say(`Created a connection. Its external ID, generated by Cairn: ${connection.externalId}`)
  const roleArn = await createStack(api, simulator, connection, options.template)
  await api.request('PATCH', `/connections/${connection.id}`, { roleArn })
  say(`Set the ARN of the role on the connection: ${roleArn}`)
  if (isStage(options)) {
    say(
      `Account ${SECOND_ACCOUNT} is not connected yet. Connect it yourself: Integrations → AWS → Connect account.`,
    )
  }
  say('')
  say(`  Open          ${cairn.url}   (signs you in)`)
  say(`  API           ${cairn.url}/api/v1   (key: ${cairn.apiKey})`)
  say(`  OpenAPI       ${cairn.url}/api/openapi.json`)
  say(`  Temporal UI   ${connection.workflowUrl}`)
  if (story && environmentId) {
    const incidentId = await sendStory(api, story, environmentId)
    say(
      `  Incident      ${cairn.url}/incidents/${incidentId}   (from PagerDuty: what changed before?)`,
    )
  }
  say('')

  const wantedUntil = Date.parse(connection.createdAt) - SETTLING_SECONDS * 1000
  const tail = new Tail(api)
  let before = ''
  while (!signal.aborted) {
    const [now, { regions }] = await Promise.all([
      api.request<Connection>('GET', `/connections/${connection.id}`),
      api.request<Coverage>('GET', `/connections/${connection.id}/coverage`),
    ])
    const line = describe(now, regions)
    if (line !== before) say(line)
    before = line
    if (options.exitWhenImported && isImported(now, regions, wantedUntil)) {
      await conclude(api, simulator, options, connection.id, started)
      return
    }
    if (options.exitWhenImported && now.status === 'action_needed') {
      throw new Error(`The import cannot continue: ${now.statusReason}`)
    }
    if (!options.exitWhenImported && now.status === 'current') await tail.show()
    await sleep(POLL_MS, undefined, { signal }).catch(() => {})
  }
}

interface Change {
  id: string
  occurredAt: string
  summary: string
}

/** Prints the newest changes of the feed, each once, as they arrive. */
class Tail {
  readonly #api: Api
  readonly #seen = new Set<string>()

  constructor(api: Api) {
    this.#api = api
  }

  async show(): Promise<void> {
    const first = this.#seen.size === 0
    const { items } = await this.#api.request<{ items: Change[] }>(
      'GET',
      '/changes?noise=false&limit=100',
    )
    const fresh = items.filter(({ id }) => !this.#seen.has(id)).reverse()
    for (const { id } of fresh) this.#seen.add(id)
    if (first) say('\nRecent and new changes:')
    for (const { occurredAt, summary } of first ? fresh.slice(-15) : fresh) {
      say(`  ${occurredAt.slice(11, 19)}  ${summary}`)
    }
  }
}

/**
 * `POST /api/demo/stacks {connectionId}`: does what the second account's owner would do in the AWS
 * console. Called by a button that only the demo's pages have.
 */
function stackRoute(app: App, simulator: Simulator, api: () => Api): void {
  const body = z.strictObject({ connectionId: z.uuid() })
  app.post('/api/demo/stacks', { schema: { hide: true, body } }, async (request) => {
    const route = `/connections/${request.body.connectionId}`
    const { accountId } = await api().request<{ accountId: string | null }>('GET', route)
    try {
      const { cloudFormation } = await api().request<Setup>('GET', `${route}/setup`)
      const { outputs } = await simulator.createStack({
        template: await api().text(cloudFormation!.download.url),
        accountId: accountId ?? SECOND_ACCOUNT,
      })
      return { accountId: accountId ?? SECOND_ACCOUNT, roleArn: outputs.RoleArn }
    } catch (error) {
      throw new Problem(409, (error as Error).message)
    }
  })
}

/**
 * Does what the account's owner would do: creates the stack from the template that Cairn serves, or
 * from another one, and returns the role ARN from its outputs. The simulated CloudFormation reads
 * the template's own bytes.
 */
async function createStack(
  api: Api,
  simulator: Simulator,
  connection: Connection,
  template: string | undefined,
): Promise<string> {
  const { cloudFormation } = await api.ready<Setup>(
    `/connections/${connection.id}/setup`,
    ({ principal }) => principal.state === 'certain',
  )
  const { outputs } = await simulator.createStack({
    template: template ?? (await api.text(cloudFormation!.download.url)),
    // Cairn's template has parameters that are already filled in.
    parameters: template === undefined ? {} : cloudFormation!.parameters,
  })
  say("Created the stack in the account from the connection's CloudFormation template.")
  return outputs.RoleArn!
}

function describe(connection: Connection, regions: Coverage['regions']): string {
  const active = regions.filter(({ state }) => state === 'active')
  const total = (of: 'events' | 'requests') => active.reduce((sum, r) => sum + r[of], 0)
  const percent = active.length
    ? Math.floor(active.reduce((sum, r) => sum + r.backfill.percent, 0) / active.length)
    : 0
  const through = connection.completeThrough
    ? `, up to date as of ${connection.completeThrough.slice(11, 16)} UTC`
    : ''
  const why = connection.statusReason ? ` (${connection.statusReason})` : ''
  if (active.length === 0) return `${connection.status}${why}`
  return (
    `${connection.status}${why}: ${total('events')} changes from ${active.length} regions, ` +
    `${percent} % of the lookback${through}`
  )
}

/** Whether everything wanted when the demo started is settled or set aside. */
function isImported(
  connection: Connection,
  regions: Coverage['regions'],
  wantedUntil: number,
): boolean {
  const active = regions.filter(({ state }) => state === 'active')
  if (active.length === 0 || connection.completeThrough === null) return false
  return active.every(({ gaps, setAside }) =>
    gaps.every(
      ([from, to]) =>
        Date.parse(from) >= wantedUntil || setAside.some(([a, b]) => a <= from && to <= b),
    ),
  )
}

/** Counts the imported events through the API, and compares them with the account's. */
async function conclude(
  api: Api,
  simulator: Simulator,
  options: Options,
  connectionId: string,
  started: number,
): Promise<void> {
  const ids: string[] = []
  let cursor = ''
  do {
    const page = await api.request<{ items: { sourceId: string }[]; nextCursor: string | null }>(
      'GET',
      `/changes?limit=500&connection=${connectionId}${cursor}`,
    )
    ids.push(...page.items.map(({ sourceId }) => sourceId))
    cursor = page.nextCursor === null ? '' : `&cursor=${page.nextCursor}`
  } while (cursor)
  const imported = new Set(ids)
  const wanted = simulator.ledger.eventIds({ selection: options.selection })
  const verdict = {
    held: simulator.ledger.count(),
    wanted: wanted.length,
    imported: imported.size,
    missing: wanted.filter((id) => !imported.has(id)).length,
    duplicate: ids.length - imported.size,
    seconds: Math.round((Date.now() - started) / 100) / 10,
  }
  if (options.writeIds)
    writeFileSync(options.writeIds, [...imported].sort().join('\n').concat('\n'))
  console.log(JSON.stringify(verdict))
  if (verdict.missing > 0 || verdict.duplicate > 0) process.exitCode = 1
}

function say(line: string): void {
  console.log(line)
}

runCommand(main)

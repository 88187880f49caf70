import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type CompiledQuery, sql } from 'kysely'
import { pino } from 'pino'
import { createApp } from '../src/api/app.ts'
import type { ApiContext } from '../src/api/context.ts'
import { openApiDatabases } from '../src/api/databases.ts'
import { aborted, type Command, runCommand, Stopped } from '../src/command.ts'
import type { ChangeFilters } from '../src/db/change-filters.ts'
import { pageQuery } from '../src/db/changes.ts'
import { insertConnection } from '../src/db/connections.ts'
import { asOrganization, type Database, openDatabase, type Trx } from '../src/db/database.ts'
import { FACETS_WORK_MEM, facetsQuery, oppositeNoiseQuery } from '../src/db/facets.ts'
import { bucketsFor, histogramQuery } from '../src/db/histogram.ts'
import { migrate } from '../src/db/migrate.ts'
import { addApiKey, ensureOrganization, newApiKey } from '../src/db/organizations.ts'
import { type EmbeddedPostgres, removePostgres, startPostgres } from '../src/embedded/postgres.ts'
import { StartError } from '../src/failures.ts'
import { generateChanges, withIndexesAfter } from '../testing/generate-changes.ts'
import { type Interaction, measureInteractions } from './bench-interactions.ts'
import { measureReader, type ReaderMeasurement } from './bench-reader.ts'

const usage = `Usage: npm run bench [-- OPTIONS]

  --rows N      number of changes to generate (default 10000000)
  --json FILE   writes the results as JSON
  --keep DIR    keeps the database there, and reuses the database of an earlier run
  --reader      measures only how fast records are read, without a database
  --interactions
                measures only how fast the feed's page reacts with 500 rows, in Chromium

Measures how fast records are read, then the feed on generated changes, in SQL as the API's role and
over HTTP, and how much one organization slows down another. Exits with 1 when a target is missed.`

/** Set by `main` before anything is measured. */
let options: {
  rows: string
  json?: string
  keep?: string
  reader: boolean
  interactions: boolean
}
let rows: number
/** Ten million in what CloudTrail keeps; fewer rows fill less time, as densely. */
let spanDays: number
let postgres: EmbeddedPostgres

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** As one change was measured to take with its indexes, and room to build them in. */
const BYTES_A_ROW = 3_200
const SQL_ROUNDS = 21
const HTTP_REQUESTS = 200
const HTTP_AT_ONCE = 2
const SEARCHES_AT_ONCE = 20
const FAIRNESS_REQUESTS = 120
const FAIRNESS_ROUNDS = 3

interface Ratio {
  what: string
  window: string
  ms: number
  base: string
  baseMs: number
  ratio: number
  target: number
}
interface Timing {
  what: string
  p50: number
  p99: number
  /** The most that the 99th percentile may be, in milliseconds. */
  target?: number
}
/** Opening an incident, at a million changes. */
const INCIDENT_TARGET = 1_000

/** What one organization notices of another one that sends costly searches. */
interface Fairness {
  /** 99th percentiles of the neighbor's requests, in milliseconds. */
  idleP99: number
  attackedP99: number
  ratio: number
  target: number
  /** Of the neighbor's requests under the attack; its target is none. */
  failed: number
  /** How the searches were answered, by status. */
  searches: Record<string, number>
}

async function main(command: Command): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '10000000' },
      json: { type: 'string' },
      keep: { type: 'string' },
      reader: { type: 'boolean', default: false },
      interactions: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return console.log(usage)
  options = values
  rows = Number(options.rows)
  if (!Number.isInteger(rows) || rows < 1000)
    throw new StartError('--rows takes a whole number, 1000 at least')
  spanDays = Math.max(8, Math.round((90 * rows) / 10_000_000))
  // A file that cannot be written is an error now, not after the measurements.
  if (options.json !== undefined) closeSync(openSync(options.json, 'a'))
  const signal = command.stopInOrder()

  if (options.interactions) {
    const interactions = await measureInteractions()
    printInteractions(interactions)
    if (options.json) writeFileSync(options.json, `${JSON.stringify({ interactions }, null, 2)}\n`)
    process.exitCode = interactions.every(({ p75, target }) => p75 < target) ? 0 : 1
    return
  }
  const reading = measureReader()
  const isFast = reading.perSecond >= reading.target
  print('Reading records as `npm run explain` does, on one core', [
    {
      'records/s': String(Math.round(reading.perSecond)),
      target: `≥ ${reading.target}`,
      met: isFast ? 'yes' : 'MISSED',
      'changing calls with a resource': `${(100 * reading.withResource).toFixed(1)} %`,
    },
  ])
  if (options.reader) {
    if (options.json) writeFileSync(options.json, `${JSON.stringify({ reading }, null, 2)}\n`)
    process.exitCode = isFast ? 0 : 1
    return
  }

  const directory = options.keep
    ? path.resolve(options.keep)
    : mkdtempSync(path.join(tmpdir(), 'cairn-bench-'))
  try {
    mkdirSync(directory, { recursive: true })
    // So that the user that PostgreSQL runs as, when we are root, gets to its directory.
    chmodSync(directory, 0o711)
    const isNew = !existsSync(path.join(directory, 'postgres.json'))
    const { bavail, bsize } = statfsSync(directory)
    if (isNew && bavail * bsize < rows * BYTES_A_ROW) {
      throw new StartError(
        `${rows} rows take about ${Math.ceil((rows * BYTES_A_ROW) / 1e9)} GB, and ${directory} has ${Math.floor((bavail * bsize) / 1e9)} GB left. Set fewer --rows, or TMPDIR.`,
      )
    }
    postgres = await startPostgres({ dataDir: directory, log: quiet(), fast: true })
    try {
      // What still runs when it is stopped loses its database.
      const measuring = measure(reading).catch((error) => {
        if (!signal.aborted) throw error
        return false
      })
      const met = await Promise.race([measuring, aborted(signal)])
      process.exitCode = met && isFast ? 0 : 1
    } finally {
      await postgres.stop()
    }
  } finally {
    if (!options.keep) {
      await removePostgres(directory, quiet())
      rmSync(directory, { recursive: true, force: true })
    }
  }
  if (signal.aborted) throw new Stopped(signal.reason, `Stopped by ${signal.reason}`)
}

function printInteractions(interactions: readonly Interaction[]): void {
  print(
    'Interaction to next paint in the feed with 500 rows, in Chromium',
    interactions.map(({ what, times, p50, p75, max, target }) => ({
      what,
      times: String(times),
      p50: `${p50} ms`,
      p75: `${p75} ms`,
      max: `${max} ms`,
      target: `p75 < ${target} ms`,
      met: p75 < target ? 'yes' : 'MISSED',
    })),
  )
}

function quiet() {
  return { info() {}, warn: console.warn }
}

/** @returns whether all targets were met */
async function measure(reading: ReaderMeasurement): Promise<boolean> {
  const superuser = openDatabase({ url: postgres.superuserUrl })
  const owner = openDatabase({ url: postgres.url })
  const api = openDatabase({ url: postgres.url, role: 'cairn_api' })
  const system = openDatabase({ url: postgres.url, role: 'cairn_system' })
  const logger = pino({ level: 'silent' })
  const key = newApiKey()
  const neighborKey = newApiKey()
  try {
    await migrate(postgres.url)
    const organizationId = await fill(superuser, owner, system)
    await addApiKey(system, organizationId, { name: 'bench', key })
    const { id: neighbor } = await ensureOrganization(system, 'neighbor')
    await addApiKey(system, neighbor, { name: 'bench', key: neighborKey })
    const {
      rows: [newest],
    } = await sql<{ at: Date; bytes: number; count: number }>`
      SELECT (SELECT max(occurred_at) FROM changes) AS at,
        (SELECT sum(pg_total_relation_size(inhrelid))::int8 FROM pg_inherits
          WHERE inhparent = 'changes'::regclass) AS bytes,
        (SELECT count(*) FROM changes) AS count
    `.execute(superuser)
    const to = new Date(newest!.at.getTime() + 1000)
    console.log(
      `${newest!.count} changes over ${spanDays} days, ${Math.round(newest!.bytes / newest!.count)} bytes each with indexes`,
    )

    const ratios = await asOrganization(api, organizationId, (trx) => measureSql(trx, to))
    print(
      'In SQL, as the API\u2019s role: medians',
      ratios.map(({ what, window, ms, base, baseMs, ratio, target }) => ({
        what,
        window,
        ms: ms.toFixed(2),
        of: base,
        'of ms': baseMs.toFixed(2),
        ratio: ratio.toFixed(1),
        target: `≤ ${target}`,
        met: ratio <= target ? 'yes' : 'MISSED',
      })),
    )

    const pools = openApiDatabases({ url: postgres.url, maxQueries: 2 })
    const context = {
      ...pools,
      notifications: { subscribe: () => () => {}, close: async () => {} },
    }
    const app = await createApp(context as unknown as ApiContext, { logger })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const timings = await measureHttp(url, key, to)
    const fairness = await measureFairness(url, { attacker: key, neighbor: neighborKey }, to)
    await app.close()
    await Promise.all(Object.values(pools).map((pool) => pool.destroy()))
    print(
      `Over HTTP, ${HTTP_REQUESTS} requests, ${HTTP_AT_ONCE} at once: milliseconds`,
      timings.map(({ what, p50, p99, target }) => ({
        what,
        p50: p50.toFixed(1),
        p99: p99.toFixed(1),
        ...(target !== undefined && {
          target: `p99 ≤ ${target}`,
          met: p99 <= target ? 'yes' : 'MISSED',
        }),
      })),
    )
    const isFair = fairness.ratio <= fairness.target && fairness.failed === 0
    print(
      `An organization's requests while another one sends ${SEARCHES_AT_ONCE} costly searches`,
      [
        {
          'idle p99': fairness.idleP99.toFixed(1),
          p99: fairness.attackedP99.toFixed(1),
          ratio: fairness.ratio.toFixed(1),
          target: `≤ ${fairness.target}`,
          failed: String(fairness.failed),
          searches: Object.entries(fairness.searches)
            .map(([status, count]) => `${count} × ${status}`)
            .join(', '),
          met: isFair ? 'yes' : 'MISSED',
        },
      ],
    )
    if (options.json)
      writeFileSync(
        options.json,
        `${JSON.stringify({ reading, rows: newest!.count, bytes: newest!.bytes, ratios, timings, fairness }, null, 2)}\n`,
      )
    const isInTime = timings.every(({ p99, target }) => target === undefined || p99 <= target)
    return isFair && isInTime && ratios.every(({ ratio, target }) => ratio <= target)
  } finally {
    await Promise.all([superuser, owner, api, system].map((pool) => pool.destroy()))
  }
}

/** Two organizations, nine tenths for the first one, unless they are there. @returns its id */
async function fill(superuser: Database, owner: Database, system: Database): Promise<string> {
  const to = new Date(Math.floor(Date.now() / 1000) * 1000)
  const { id: organizationId, created } = await ensureOrganization(system, 'bench')
  if (!created) return organizationId
  const { id: neighbor } = await ensureOrganization(system, 'neighbor')
  const started = Date.now()
  await withIndexesAfter(superuser, async () => {
    for (const [id, share] of [
      [organizationId, 0.9],
      [neighbor, 0.1],
    ] as const) {
      const connectionIds = await asOrganization(owner, id, (trx) => connections(trx, id))
      const wanted = { organizationId: id, connectionIds, rows: Math.round(rows * share) }
      await generateChanges(superuser, { ...wanted, to, days: spanDays })
      console.log(`${wanted.rows} rows made after ${Math.round((Date.now() - started) / 1000)} s`)
    }
  })
  console.log(`Indexes built after ${Math.round((Date.now() - started) / 1000)} s`)
  return organizationId
}

async function connections(trx: Trx, organizationId: string): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < 8; n++) {
    const accountId = `${111122220000 + n}`
    const role = { arn: `arn:aws:iam::${accountId}:role/cairn`, accountId, partition: 'aws' }
    const externalId = `${organizationId}-${n}`
    const name = `account ${n}`
    ids.push((await insertConnection(trx, { organizationId, name, externalId, role })).id)
  }
  return ids
}

async function measureSql(trx: Trx, to: Date): Promise<Ratio[]> {
  await sql`SET LOCAL work_mem = ${sql.lit(FACETS_WORK_MEM)}`.execute(trx)
  const shown: ChangeFilters = { noise: false, include: {}, exclude: {} }
  const bare = sql`SELECT * FROM changes ORDER BY occurred_at DESC, id DESC LIMIT 51`.compile(trx)
  const measurements: {
    what: string
    window: string
    target: number
    base: string
    of: CompiledQuery
    queries: CompiledQuery[]
  }[] = [
    {
      what: 'feed page, noise hidden',
      window: 'all',
      target: 5,
      base: 'bare page by primary index',
      of: bare,
      queries: [pageQuery(trx, shown, { limit: 50 }).compile()],
    },
  ]
  for (const [window, days] of [
    ['24 h', 1],
    ['7 d', 7],
  ] as const) {
    const from = new Date(to.getTime() - days * DAY_MS)
    const of =
      sql`SELECT count(*) FROM changes WHERE occurred_at >= ${from} AND occurred_at < ${to}`.compile(
        trx,
      )
    for (const [noise, filters] of [
      ['', { include: {}, exclude: {} }],
      [', noise hidden', shown],
    ] as const) {
      const filtered: ChangeFilters & { from: Date; to: Date } = { ...filters, from, to }
      const { seconds } = bucketsFor(filtered, 60)
      measurements.push({
        what: `histogram${noise}`,
        window,
        target: 8,
        base: 'count(*)',
        of,
        queries: [histogramQuery(trx, filtered, seconds).compile()],
      })
      const opposite =
        filtered.noise === undefined ? [] : [oppositeNoiseQuery(trx, filtered).compile()]
      measurements.push({
        what: `all facets${noise}`,
        window,
        target: 8,
        base: 'count(*)',
        of,
        queries: [facetsQuery(filtered).compile(trx), ...opposite],
      })
    }
  }
  const time = async (queries: CompiledQuery[]) => {
    const started = performance.now()
    for (const query of queries) await trx.executeQuery(query)
    return performance.now() - started
  }
  const ratios: Ratio[] = []
  for (const { what, window, target, base, of, queries } of measurements) {
    const times: number[] = []
    const baseTimes: number[] = []
    // Alternating, so that other load on the machine affects both equally; the first round warms up.
    for (let round = 0; round <= SQL_ROUNDS; round++) {
      const baseMs = await time([of])
      const ms = await time(queries)
      if (round === 0) continue
      baseTimes.push(baseMs)
      times.push(ms)
    }
    const [ms, baseMs] = [percentile(times, 50), percentile(baseTimes, 50)]
    ratios.push({ what, window, ms, base, baseMs, ratio: ms / baseMs, target })
  }
  return ratios
}

async function measureHttp(url: string, key: string, to: Date): Promise<Timing[]> {
  const day = `from=${new Date(to.getTime() - DAY_MS).toISOString()}&to=${to.toISOString()}`
  const requests = {
    'feed page': 'changes?noise=false',
    'feed page, a frequent word': 'changes?noise=false&q=shop-prod',
    'feed page, a rare word': 'changes?q=sg-00f',
    'histogram, 24 h': `changes/histogram?noise=false&${day}`,
    'facets, 24 h': `changes/facets?noise=false&${day}`,
    [OPENING]: `incidents/${await createIncident(url, key, to)}/changes`,
  }
  const timings: Timing[] = []
  for (const [what, target] of Object.entries(requests)) {
    console.log(`Asking over HTTP: ${what} …`)
    const times: number[] = []
    let left = HTTP_REQUESTS
    const one = async () => {
      const { status, body, ms } = await request(url, key, target)
      if (status !== 200) throw new Error(`${target}: ${body}`)
      return ms
    }
    await one()
    await Promise.all(
      Array.from({ length: HTTP_AT_ONCE }, async () => {
        while (left-- > 0) times.push(await one())
      }),
    )
    const timing: Timing = { what, p50: percentile(times, 50), p99: percentile(times, 99) }
    // Of more than a million changes, nothing is promised.
    if (what === OPENING && rows <= 1_000_000) timing.target = INCIDENT_TARGET
    timings.push(timing)
  }
  return timings
}

const OPENING = 'opening an incident'

/** An incident whose title has a word of many changes, one of few, and one of none. @returns its ID */
async function createIncident(url: string, key: string, to: Date): Promise<string> {
  const response = await fetch(`${url}/api/v1/incidents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      title: 'shop-prod: connection timeouts at sg-00f of checkout',
      noticedAt: new Date(to.getTime() - HOUR_MS).toISOString(),
    }),
  })
  const body = await response.text()
  if (response.status !== 201) throw new Error(`POST incidents: ${body}`)
  return (JSON.parse(body) as { id: string }).id
}

async function request(url: string, key: string, target: string, signal?: AbortSignal) {
  const started = performance.now()
  const response = await fetch(`${url}/api/v1/${target}`, {
    headers: { authorization: `Bearer ${key}` },
    ...(signal && { signal }),
  })
  const body = await response.text()
  return { status: response.status, body, ms: performance.now() - started }
}

/**
 * Measures the requests of a page of one organization, alternating between an idle API and an
 * API to which another organization sends searches that match nothing although each part is frequent.
 */
async function measureFairness(
  url: string,
  keys: { attacker: string; neighbor: string },
  to: Date,
): Promise<Fairness> {
  const day = `from=${new Date(to.getTime() - DAY_MS).toISOString()}&to=${to.toISOString()}`
  const page = ['changes?noise=false', `changes/histogram?${day}`, `changes?noise=false&${day}`]
  const searches: Record<string, number> = {}
  let failed = 0
  const timePages = async () => {
    const times: number[] = []
    for (let n = 0; n < FAIRNESS_REQUESTS; n++) {
      const { status, ms } = await request(url, keys.neighbor, page[n % page.length]!)
      if (status !== 200) failed++
      times.push(ms)
    }
    return times
  }
  const attack = async () => {
    const ended = new AbortController()
    const search = async () => {
      while (!ended.signal.aborted) {
        const target = 'changes?q=shop-prod-prod-shop-shop'
        const status = await request(url, keys.attacker, target, ended.signal).then(
          (answer) => String(answer.status),
          () => 'disconnected',
        )
        searches[status] = (searches[status] ?? 0) + 1
      }
    }
    const running = Array.from({ length: SEARCHES_AT_ONCE }, search)
    // The first ones have begun.
    await sleep(500)
    const times = await timePages()
    ended.abort()
    await Promise.all(running)
    return times
  }
  console.log(`Asking over HTTP beside ${SEARCHES_AT_ONCE} costly searches …`)
  await timePages()
  failed = 0
  const idle: number[] = []
  const attacked: number[] = []
  for (let round = 0; round < FAIRNESS_ROUNDS; round++) {
    idle.push(...(await timePages()))
    attacked.push(...(await attack()))
  }
  const [idleP99, attackedP99] = [percentile(idle, 99), percentile(attacked, 99)]
  return { idleP99, attackedP99, ratio: attackedP99 / idleP99, target: 3, failed, searches }
}

/** Nearest rank. */
function percentile(times: number[], percent: number): number {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]!
}

function print(title: string, table: Record<string, string>[]): void {
  const columns = Object.keys(table[0] ?? {})
  const widths = columns.map((name) =>
    Math.max(name.length, ...table.map((row) => row[name]!.length)),
  )
  const line = (cells: string[]) =>
    cells
      .map((cell, n) => cell.padEnd(widths[n]!))
      .join('  ')
      .trimEnd()
  console.log(`\n${title}\n${line(columns)}`)
  for (const row of table) console.log(line(columns.map((name) => row[name]!)))
}

runCommand(main)

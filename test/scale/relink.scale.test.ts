import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { insertConnection } from '../../src/db/connections.ts'
import { asOrganization } from '../../src/db/database.ts'
import { installationId } from '../../src/db/installation.ts'
import { createLogger } from '../../src/log.ts'
import { startRelinkStarter } from '../../src/relink-starter.ts'
import { installTemporalRuntime } from '../../src/temporal/runtime.ts'
import { createTestApi, type Tenant, type TestApi } from '../../testing/api.ts'
import { eventually } from '../../testing/eventually.ts'
import { generateChanges, withIndexesAfter } from '../../testing/generate-changes.ts'
import { createTemporalNamespace } from '../../testing/temporal-namespace.ts'
import { createTestWorkflows } from '../../testing/workflows/client.ts'

// npm run test:scale [-- --rows N]

const ROWS = Number(process.env.SCALE_ROWS ?? 1_000_000)
const ROUNDS = 20
const HOUR_MS = 3_600_000
const logger = pino({ level: 'silent' })

let api: TestApi
let tenant: Tenant
let production: string
let staging: string

beforeAll(async () => {
  installTemporalRuntime(createLogger({ level: 'error' }))
  api = await createTestApi()
  tenant = await api.tenant('scale')
  production = await environment('production')
  staging = await environment('staging')
  const connectionIds = await asOrganization(api.db, tenant.id, async (trx) => {
    const ids: string[] = []
    for (let n = 0; n < 20; n++) {
      const row = await insertConnection(trx, {
        organizationId: tenant.id,
        name: `account ${n}`,
        externalId: `external-${n}`,
        environmentId: staging,
      })
      ids.push(row.id)
    }
    return ids
  })
  const wanted = { organizationId: tenant.id, connectionIds, rows: ROWS, to: new Date(), days: 30 }
  await withIndexesAfter(api.superuser, () => generateChanges(api.superuser, wanted))
}, 3_600_000)
afterAll(() => api.close())

async function environment(name: string): Promise<string> {
  return (await tenant.request('POST', '/api/v1/environments', { name })).body.id
}

async function save(rules: object[]): Promise<void> {
  const { version } = (await tenant.request('GET', '/api/v1/environment-rules')).body
  const body = { version, mode: 'first', rules }
  expect((await tenant.request('PUT', '/api/v1/environment-rules', body)).status).toBe(200)
}

const relink = async () => (await tenant.request('GET', '/api/v1/environment-rules')).body.relink

/** What the feed page asks for, in the last day. */
function queries(): Record<string, string> {
  const from = new Date(Date.now() - 24 * HOUR_MS).toISOString()
  return {
    page: 'changes?limit=50&noise=false',
    'page of an environment': `changes?limit=50&noise=false&environment=${production}`,
    histogram: `changes/histogram?from=${from}&noise=false`,
    facets: `changes/facets?from=${from}&noise=false`,
    sets: `change-sets?limit=50&noise=false&from=${from}`,
  }
}

/** Milliseconds. */
async function timed(path: string): Promise<number> {
  const started = performance.now()
  const { status } = await tenant.request('GET', `/api/v1/${path}`)
  expect(status, path).toBe(200)
  return performance.now() - started
}

const median = (times: number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!

async function measure(isEnough: (round: number) => Promise<boolean>) {
  const times = new Map<string, number[]>()
  for (let round = 0; !(await isEnough(round)); round++) {
    for (const [name, path] of Object.entries(queries()))
      times.set(name, [...(times.get(name) ?? []), await timed(path)])
  }
  return Object.fromEntries([...times].map(([name, each]) => [name, median(each)]))
}

/** Every third service of the generated ones, and what the default has. */
async function wrongLinks(service: string, unlinked: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int AS count FROM changes c
    LEFT JOIN change_environments l USING (organization_id, occurred_at, id)
    LEFT JOIN environment_sets s ON s.id = l.set_id
    WHERE c.organization_id = ${tenant.id} AND s.environment_ids IS DISTINCT FROM
      CASE WHEN c.service = ${service} THEN ARRAY[${production}::uuid]
        WHEN c.service = ${unlinked} THEN '{}'::uuid[] END
  `.execute(api.superuser)
  return rows[0]!.count
}

test(`relinking ${ROWS} changes is correct despite a killed worker, and the feed stays usable`, async () => {
  const { rows: services } = await sql<{ service: string }>`
    SELECT service FROM facet_groups WHERE organization_id = ${tenant.id}
    GROUP BY service ORDER BY count(*) DESC, service LIMIT 2
  `.execute(api.superuser)
  const [linked, unlinked] = services.map(({ service }) => service)
  // The usual times are those with rules: links exist, and nothing runs.
  const target = await createTemporalNamespace()
  const installation = await installationId(api.db)
  const workflows = createTestWorkflows(target, { installationId: installation, logger })
  onTestFinished(() => workflows.close())
  const startWorker = () => {
    const child = spawn(
      process.execPath,
      [
        fileURLToPath(new URL('../../testing/workflows/reread-worker-process.ts', import.meta.url)),
        api.databaseUrl,
        ...[target.connection.address!, target.namespace, installation, '2000'],
      ],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    )
    onTestFinished(() => void child.kill('SIGKILL'))
    return child
  }
  const before = await measure(async (round) => round === ROUNDS)
  const starter = startRelinkStarter({ db: api.db, workflows, logger })
  onTestFinished(() => starter.stop())
  const started = performance.now()
  await save([
    { match: { service: [linked] }, environments: [production] },
    { match: { service: [unlinked] }, environments: [] },
  ])
  const first = startWorker()
  await eventually(
    async () => (await relink()).checked,
    (checked) => checked > ROWS / 2,
    3_600_000,
  )
  first.kill('SIGKILL')
  startWorker()
  const during = await measure(async () => (await relink()).state === 'done')
  const seconds = (performance.now() - started) / 1_000
  expect(await wrongLinks(linked!, unlinked!)).toBe(0)
  const usual = await measure(async (round) => round === ROUNDS)

  console.log({ rows: ROWS, seconds: Math.round(seconds), before, during, usual })
  for (const [name, ms] of Object.entries(during)) {
    // A few milliseconds are noise.
    expect(ms, name).toBeLessThan(2 * usual[name]! + 5)
  }
}, 3_600_000)

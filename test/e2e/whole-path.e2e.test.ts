import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client, Connection } from '@temporalio/client'
import pg from 'pg'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Simulator, startSimulator } from '../../simulator/index.ts'
import { removePostgres } from '../../src/embedded/postgres.ts'
import { fileIn, sharedBrowser } from '../../testing/browser.ts'
import { type RunningCairn, startCairnProcess } from '../../testing/cairn.ts'
import { cloudTrailTime, record, userIdentity } from '../../testing/cloudtrail/records.ts'
import { eventually } from '../../testing/eventually.ts'
import { readEvents, trust } from '../../testing/roles.ts'

// One story in several tests: the last ones check the results of the earlier ones.

const dataDir = mkdtempSync(path.join(tmpdir(), 'cairn-e2e-'))
const apiKey = `cairn_${randomUUID()}${randomUUID()}`
let simulator: Simulator
let cairn: RunningCairn
let output = ''
let connection: { id: string; externalId: string; workflowUrl: string }
const roleArn = () => `arn:aws:iam::${simulator.accountId}:role/platform/cairn-read-only`

function start() {
  return startCairnProcess({ dataDir, apiKey, env: simulator.env })
}

beforeAll(async () => {
  simulator = await startSimulator({ latencyMs: 50, regions: ['us-east-1', 'eu-west-1'] })
  const now = simulator.now()
  simulator.addEvents(
    Array.from({ length: 3_000 }, (_, n) =>
      record({
        eventID: randomUUID(),
        eventTime: cloudTrailTime(now - (30 + n) * 60_000),
        eventSource: 'rds.amazonaws.com',
        eventName: 'ModifyDBInstance',
        awsRegion: n % 3 ? 'us-east-1' : 'eu-west-1',
        recipientAccountId: '111122223333',
        userIdentity: userIdentity('ada', '111122223333'),
        requestParameters: { dBInstanceIdentifier: 'orders' },
      }),
    ),
  )
  cairn = await start()
})
afterAll(async () => {
  await cairn?.end('SIGTERM')
  await simulator?.close()
  await removePostgres(dataDir, console)
  rmSync(dataDir, { recursive: true, force: true })
})

const getConnection = () => cairn.request('GET', `/connections/${connection.id}`)

async function importedIds(): Promise<string[]> {
  const ids: string[] = []
  for (let cursor = ''; ; ) {
    const page = await cairn.request('GET', `/changes?limit=500${cursor}`)
    ids.push(...page.items.map(({ sourceId }: { sourceId: string }) => sourceId))
    if (page.nextCursor === null) return ids
    cursor = `&cursor=${page.nextCursor}`
  }
}

test('a connection is created, waits for its role, and verifies it', async () => {
  connection = await cairn.request('POST', '/connections', { name: 'Production' })
  expect(await getConnection()).toMatchObject({ status: 'awaiting_role', roleArn: null })
  const condition = { StringEquals: { 'sts:ExternalId': connection.externalId } }
  simulator.putRole({
    arn: roleArn(),
    trustPolicy: trust(simulator.vendor.principalArn, condition),
    policies: [readEvents],
  })
  await cairn.request('PATCH', `/connections/${connection.id}`, { roleArn: roleArn() })
  const verification = await eventually(
    () => cairn.request('GET', `/connections/${connection.id}/verification`),
    ({ state }) => state === 'passed',
  )
  expect(verification.checks.map((check: { id: string }) => check.id)).toEqual([
    'arn_format',
    'account_unused',
    'assume_with_id',
    'refused_without_id',
    'refused_wrong_id',
    'identity',
    'lookup_events',
    'trails',
  ])
})

test('an import continues after a kill, without losses or duplicates', async () => {
  await eventually(importedIds, (ids) => ids.length >= 200)
  // A restart may take longer than the rest of the import.
  simulator.configure({ tps: 0.02 })
  await cairn.end('SIGKILL')
  output += cairn.output()
  cairn = await start()
  const before = await importedIds()
  expect(before.length).toBeGreaterThanOrEqual(200)
  expect(before.length).toBeLessThan(3_000)

  // The remaining time does not matter here.
  simulator.configure({ tps: null })
  await eventually(getConnection, ({ status }) => status === 'current')
  const ids = await importedIds()
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.sort()).toEqual(simulator.ledger.eventIds({ selection: 'changes' }).sort())
})

test('the Temporal UI shows what is wrong with a failing connection without opening a payload', async () => {
  simulator.deleteRole(roleArn())
  const verify = () => cairn.request('POST', `/connections/${connection.id}/verify`)
  const { state } = await verify()
  expect(state).toBe('failed')
  expect((await getConnection()).status).toBe('action_needed')

  const browser = await sharedBrowser()
  const page = await browser.newPage({
    viewport: { width: 1400, height: 1200 },
    locale: 'en-US',
    timezoneId: 'UTC',
  })
  try {
    page.setDefaultTimeout(240_000)
    await page.goto(connection.workflowUrl)
    await page.getByText('User Metadata').click()
    for (const text of [/action needed/i, /AccessDenied/, /lag/i, /next/i]) {
      await expect.poll(() => textOf(page), { timeout: 240_000 }).toMatch(text)
    }
  } finally {
    const directory = process.env.CAIRN_PICTURES
    if (directory) await page.screenshot({ path: fileIn(directory, 'temporal.png') })
    await page.close()
  }
})

test('keys that AWS issued are not in Temporal, in Postgres, in a log or in a file', async () => {
  const secrets = simulator.ledger
    .credentials()
    .flatMap(({ accessKeyId, secretAccessKey, sessionToken }) => [
      accessKeyId,
      secretAccessKey,
      ...(sessionToken ? [sessionToken] : []),
    ])
  // The vendor's own and at least two sessions, all of them really used.
  expect(secrets.length).toBeGreaterThan(6)
  const searched = new Map<string, string>()
  searched.set('the output', output + cairn.output())

  const note = JSON.parse(readFileSync(path.join(dataDir, 'temporal.json'), 'utf8'))
  const temporal = await Connection.connect({ address: `127.0.0.1:${note.port}` })
  const client = new Client({ connection: temporal })
  for await (const { workflowId, runId } of client.workflow.list()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory()
    searched.set(`history of ${workflowId}`, decoded(history))
  }
  await temporal.close()

  for (const [table, rows] of await everyTable()) searched.set(`table ${table}`, rows)
  for (const file of filesOf(dataDir)) searched.set(file, readFileSync(file, 'latin1'))

  expect([...searched.keys()].some((name) => name.startsWith('history of'))).toBe(true)
  expect(searched.get('table changes')).toContain('ModifyDBInstance')
  const leaks = [...searched].flatMap(([where, text]) =>
    secrets.filter((secret) => text.includes(secret)).map(() => where),
  )
  expect(leaks).toEqual([])
})

/** What a person reads on a page. Temporal's UI shows Markdown in frames of its own. */
async function textOf(page: Page): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: that would have scripts and styles as well
  const texts = page.frames().map((frame) => frame.innerText('body').catch(() => ''))
  return (await Promise.all(texts)).join('\n')
}

/** A history as text, with its payloads' bytes as the JSON that they are. */
function decoded(history: unknown): string {
  return JSON.stringify(history, (_name, value) =>
    value instanceof Uint8Array || value?.type === 'Buffer'
      ? Buffer.from(value.data ?? value).toString()
      : value,
  )
}

/** Each table's rows as text, by the table's name. */
async function everyTable(): Promise<Map<string, string>> {
  const note = JSON.parse(readFileSync(path.join(dataDir, 'postgres.json'), 'utf8'))
  const password = readFileSync(path.join(dataDir, 'postgres.password'), 'utf8').trim()
  const login = { host: '127.0.0.1', port: note.port, user: 'postgres', password }
  const client = new pg.Client({ ...login, database: 'cairn' })
  await client.connect()
  try {
    const { rows } = await client.query(
      "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    )
    // A table's weekly partitions are one: which of them hold rows depends on the day of the week.
    const texts = new Map<string, string>()
    for (const { relname } of rows) {
      const table = client.escapeIdentifier(relname)
      const all = await client.query(`SELECT string_agg(t::text, E'\\n') AS text FROM ${table} t`)
      const name = relname.replace(/_\d{4}w\d\d$/, '')
      texts.set(name, `${texts.get(name) ?? ''}${all.rows[0].text ?? ''}\n`)
    }
    return texts
  } finally {
    await client.end()
  }
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(directory, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
}

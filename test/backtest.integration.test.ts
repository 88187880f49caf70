import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asOrganization, openDatabase } from '../src/db/database.ts'
import { ensurePartitions } from '../src/db/imports.ts'
import { ensureOrganization } from '../src/db/organizations.ts'
import { someChange, someResource } from '../testing/changes.ts'
import { createTestDatabase, type TestDatabase } from '../testing/database.ts'

const script = path.resolve(import.meta.dirname, '../scripts/backtest.ts')
const DAY_MS = 24 * 3_600_000
const MINUTE_MS = 60_000
const alert = new Date(Math.floor((Date.now() - DAY_MS) / 1000) * 1000)
const before = new Date(alert.getTime() - 20 * DAY_MS)
const tooOld = new Date(alert.getTime() - 100 * DAY_MS)

let database: TestDatabase
let directory: string

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'cairn-backtest-'))
  database = await createTestDatabase()
  const db = openDatabase({ url: database.url })
  const system = openDatabase({ url: database.url, role: 'cairn_system' })
  const { id: organizationId } = await ensureOrganization(system, 'default')
  await asOrganization(db, organizationId, async (trx) => {
    const occurredAt = new Date(alert.getTime() - 6 * MINUTE_MS)
    await ensurePartitions(trx, occurredAt)
    const culprit = {
      occurredAt,
      service: 'ec2',
      action: 'RevokeSecurityGroupIngress',
      summary: 'ops-admin removed 5432/tcp from security group checkout-db',
      risks: ['network' as const],
      resources: [someResource('AWS::EC2::SecurityGroup', 'checkout-db')],
    }
    const id = await someChange(trx, { organizationId, connectionId: null }, culprit)
    await trx.updateTable('changes').set({ imported_at: occurredAt }).where('id', '=', id).execute()
  })
  await Promise.all([db.destroy(), system.destroy()])
})
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true })
  await database.drop()
})

function backtest(text: string) {
  const file = path.join(directory, 'incidents.csv')
  writeFileSync(file, text)
  const { PATH, HOME } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, file], {
    env: { PATH, HOME, DATABASE_URL: database.url },
    encoding: 'utf8',
  })
  return { status, stdout, stderr, file }
}

test('past incidents with a cause, without one, and outside the imported time are ranked', () => {
  const title = 'checkout: connection timeouts to the database'
  const rows = [
    'incident_number,description,service_name,created_on,resolved_on,cause',
    `1,${title},checkout,${alert.toISOString()},,removed 5432`,
    `2,${title},checkout,${alert.toISOString()},,`,
    `3,${title},checkout,${before.toISOString()},,removed 5432`,
    `4,${title},checkout,${tooOld.toISOString()},,`,
  ]
  const { status, stdout, stderr } = backtest(`${rows.join('\n')}\n`)
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  const [known, unknown, empty, summary, ...rest] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rest).toEqual([])
  const sentence =
    'Most likely: ops-admin removed 5432/tcp from security group checkout-db, 6 minutes before the alert'
  expect(known).toMatchObject({
    title,
    services: ['checkout'],
    cause: 'removed 5432',
    causeMatches: 1,
    atAlert: { answer: 'suspect', sentence, causeRank: 1, newestFirstRank: 1 },
    after15Minutes: { answer: 'suspect', sentence, causeRank: 1 },
  })
  expect(unknown).toMatchObject({
    cause: null,
    causeMatches: 0,
    atAlert: { answer: 'suspect', sentence, causeRank: null, newestFirstRank: null },
  })
  expect(empty).toMatchObject({
    causeMatches: 0,
    completeness: { isComplete: false },
    atAlert: { answer: 'none', candidates: 0, suspects: [], causeRank: null },
  })
  expect(summary).toMatchObject({
    incidents: 3,
    withCause: 2,
    incomplete: 3,
    atAlert: { incidents: 3, abstentions: 1, causeFirst: 1, newestFirst: 1 },
    skipped: { olderThan90Days: 1, inTheFuture: 0 },
  })
})

test('an invalid file ends with the line of the error', () => {
  const { status, stdout, stderr, file } = backtest('created_on,service_name\nyesterday,checkout\n')
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toContain(`${file}: Line 1 has no column title, description`)
})

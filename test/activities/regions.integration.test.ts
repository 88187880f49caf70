import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { SimulatorOptions } from '../../simulator/index.ts'
import { requireVerified } from '../../src/activities/gate.ts'
import { RegionLedger } from '../../src/activities/region-ledger.ts'
import { AwsAccess } from '../../src/aws/access.ts'
import { AwsProblem } from '../../src/aws/errors.ts'
import type { LookupPage, LookupRequest } from '../../src/aws/lookup-events.ts'
import { SETTLING_SECONDS } from '../../src/connections/status.ts'
import { asOrganization } from '../../src/db/database.ts'
import { regionCoverage } from '../../src/db/region-coverage.ts'
import type { CoverageRow } from '../../src/db/schema/connections.ts'
import type { ConnectionRef } from '../../src/workflows/state.ts'
import { createTestAccount, type TestAccount } from '../../testing/account.ts'
import {
  cloudTrailTime,
  type Fields,
  record,
  userIdentity,
} from '../../testing/cloudtrail/records.ts'
import { PausedAws } from '../../testing/paused-aws.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const LOOKUP = { operation: 'LookupEvents' } as const
const IN_EUROPE = { operation: 'LookupEvents', region: 'eu-west-1' } as const

const noAnswer = new AwsProblem('unreachable', 'TimeoutError', 'no answer')

async function newAccount(options: SimulatorOptions = {}) {
  const account = await createTestAccount({ regions: ['us-east-1', 'eu-west-1'], ...options })
  account.deps.regions = ['us-east-1', 'eu-west-1']
  onTestFinished(account.close)
  return account
}

function recordAt(time: number, fields: Fields = {}) {
  return record({
    eventID: randomUUID(),
    eventTime: cloudTrailTime(time),
    eventName: 'DeleteVpc',
    awsRegion: 'us-east-1',
    recipientAccountId: '111122223333',
    userIdentity: userIdentity('ada', '111122223333'),
    ...fields,
  })
}

async function importedIds({ superuser }: TestAccount): Promise<string[]> {
  const rows = await superuser.selectFrom('changes').select('source_id').execute()
  return rows.map(({ source_id }) => source_id).sort()
}

function coverageOf(
  { superuser }: TestAccount,
  { connectionId }: ConnectionRef,
  region: string,
): Promise<CoverageRow> {
  return superuser
    .selectFrom('coverage')
    .selectAll()
    .where('connection_id', '=', connectionId)
    .where('region', '=', region)
    .orderBy('selection', 'desc')
    .executeTakeFirstOrThrow()
}

async function connectionRow({ superuser }: TestAccount, { connectionId }: ConnectionRef) {
  const rows = superuser.selectFrom('connections').selectAll().where('id', '=', connectionId)
  return rows.executeTakeFirstOrThrow()
}

/** @param options.roleAge how long ago the role's ARN was set; negative: it stays new */
async function verify(account: TestAccount, options: { roleAge?: number } = {}) {
  const { ref } = await account.connect()
  await setRoleAge(account, ref, options.roleAge ?? 0)
  expect(await account.run('verifyRole', ref, { failures: 0 })).toMatchObject({ state: 'passed' })
  return ref
}

async function setRoleAge({ superuser }: TestAccount, { connectionId }: ConnectionRef, ms: number) {
  await superuser
    .updateTable('connections')
    .set({ role_arn_set_at: new Date(Date.now() - ms) })
    .where('id', '=', connectionId)
    .execute()
}

const cycle = (account: TestAccount, ref: ConnectionRef) =>
  account.run('importEvents', ref, { force: false })

const cycleOfAll = (account: TestAccount, ref: ConnectionRef) =>
  account.run('importEvents', ref, { force: true })

/** Moves the clocks of Cairn and of AWS, and the due times of Postgres' clock with them. */
function moveClocks(account: TestAccount, ms: number) {
  account.deps.clock = () => Date.now() + ms
  account.simulator.configure({ clockOffsetMs: ms, skewToleranceSeconds: null })
}

/** A connection whose two regions are imported completely. */
async function connectImported(account: TestAccount) {
  const ref = await verify(account)
  expect(await cycleOfAll(account, ref)).toMatchObject({ status: 'current' })
  return ref
}

describe('a region without a response', () => {
  test('does not matter if only one packet of a probe is lost', async () => {
    const account = await newAccount()
    const lost = recordAt(account.simulator.now() - HOUR_MS, { awsRegion: 'eu-west-1' })
    account.simulator.addEvents([lost])
    account.simulator.failNext({ ...IN_EUROPE, effect: 'drop', times: 1 })
    const ref = await verify(account)
    expect(await coverageOf(account, ref, 'eu-west-1')).toMatchObject({ state: 'active' })
    await cycleOfAll(account, ref)
    expect(await importedIds(account)).toEqual([lost.eventID])
  })

  const silences = [
    ['a dropped connection', { effect: 'drop' }],
    ['a server error', { effect: 'error', code: 'InternalFailure', status: 500 }],
    ["a proxy's page with status 503", { effect: 'answer', status: 503, body: '<html>Down' }],
    ["a proxy's page with status 403", { effect: 'answer', status: 403, body: '<html>No' }],
    ["a proxy's page with status 200", { effect: 'answer', status: 200, body: '<html>Sign in' }],
    ['an answer without events', { effect: 'answer', status: 200, body: '{}' }],
    ['throttling', { effect: 'error', code: 'ThrottlingException' }],
  ] as const

  test.each(silences)('is unknown, incomplete and due if it is new (%s)', async (_, fault) => {
    const account = await newAccount()
    account.deps.budgetMs = 0
    const missed = recordAt(account.simulator.now() - HOUR_MS, { awsRegion: 'eu-west-1' })
    account.simulator.addEvents([missed])
    account.simulator.failNext({ ...IN_EUROPE, ...fault, times: 3 })
    const ref = await verify(account)
    const row = await coverageOf(account, ref, 'eu-west-1')
    expect(row).toMatchObject({ state: 'unknown', counts: true, answered_at: null })
    expect(row.next_poll_at.getTime()).toBeLessThanOrEqual(Date.now())
    const shown = await connectionRow(account, ref)
    expect(shown.status).toBe('behind')
    expect(shown.status_reason).toContain('eu-west-1: not read yet')
    expect(shown.status_reason).not.toMatch(/SyntaxError|Unexpected token|deserializ/i)

    account.deps.budgetMs = 45_000
    expect(await cycleOfAll(account, ref)).toMatchObject({ status: 'current', imported: 1 })
    expect(await coverageOf(account, ref, 'eu-west-1')).toMatchObject({ state: 'active' })
  })

  test('is retried within seconds, then at longer and longer intervals', async () => {
    const account = await newAccount()
    account.simulator.failNext({ ...IN_EUROPE, effect: 'drop', times: 1_000 })
    const ref = await verify(account)
    const waits: { fromStart: number; fromEnd: number }[] = []
    for (let now = 0; waits.length < 4; ) {
      const start = Date.now() + now
      const summary = await cycleOfAll(account, ref)
      expect(summary).toMatchObject({ status: 'behind', completeThrough: null })
      const end = Date.now() + now
      const row = await coverageOf(account, ref, 'eu-west-1')
      expect(row.state).toBe('unknown')
      const next = row.next_poll_at.getTime()
      waits.push({ fromStart: (next - start) / SECOND_MS, fromEnd: (next - end) / SECOND_MS })
      now += 10 * MINUTE_MS
      moveClocks(account, now)
    }
    // Less than a poll interval to get in phase.
    expect(waits[0]!.fromEnd).toBeLessThan(30)
    expect(waits[3]!.fromStart).toBeGreaterThan(30)
  })

  test('keeps its state if it is known', async () => {
    const account = await newAccount()
    const ref = await connectImported(account)
    const before = await coverageOf(account, ref, 'eu-west-1')
    account.simulator.failNext({ ...IN_EUROPE, effect: 'drop', times: 3 })
    await account.run('verifyRole', ref, { failures: 0 })
    const after = await coverageOf(account, ref, 'eu-west-1')
    expect(after).toMatchObject({
      state: 'active',
      settled: before.settled,
      last_error_kind: 'unreachable',
    })
    expect(after.last_error).not.toBeNull()
    expect(await cycleOfAll(account, ref)).toMatchObject({ status: 'current', failing: [] })
  })

  test('makes a verification inconclusive if it is the global region', async () => {
    const account = await newAccount()
    const { ref } = await account.connect()
    account.simulator.failNext({ ...LOOKUP, region: 'us-east-1', effect: 'drop', times: 3 })
    const first = await account.run('verifyRole', ref, { failures: 0 })
    expect(first.state).toBe('waiting')
    expect(Date.parse(first.nextAttemptAt) - Date.parse(first.verifiedAt)).toBeLessThan(
      5 * SECOND_MS,
    )
    expect(await account.run('verifyRole', ref, { failures: 1 })).toMatchObject({ state: 'passed' })
  })
})

describe('a region that AWS refuses', () => {
  test('does not affect completeness if it was never imported', async () => {
    const account = await newAccount()
    account.simulator.denyLookupEvents(['eu-west-1'])
    const ref = await verify(account, { roleAge: HOUR_MS })
    expect(await cycleOfAll(account, ref)).toMatchObject({ status: 'current', failing: [] })
    const row = await coverageOf(account, ref, 'eu-west-1')
    expect(row).toMatchObject({ state: 'denied', counts: false })
  })

  test('is retried after a minute if it was never imported', async () => {
    const account = await newAccount()
    account.simulator.denyLookupEvents(['eu-west-1'])
    const ref = await verify(account, { roleAge: HOUR_MS })
    account.simulator.denyLookupEvents([])
    const missed = recordAt(account.simulator.now() - HOUR_MS, { awsRegion: 'eu-west-1' })
    account.simulator.addEvents([missed])
    moveClocks(account, 3 * MINUTE_MS)
    expect(await cycle(account, ref)).toMatchObject({ regions: 2, imported: 1 })
    expect(await coverageOf(account, ref, 'eu-west-1')).toMatchObject({ state: 'active' })
  })

  test('counts while the role is new', async () => {
    const account = await newAccount()
    account.simulator.denyLookupEvents(['eu-west-1'])
    const ref = await verify(account, { roleAge: -HOUR_MS })
    const unread = { state: 'unknown', counts: true, last_error_kind: 'denied' }
    expect(await coverageOf(account, ref, 'eu-west-1')).toMatchObject(unread)
    expect(await cycleOfAll(account, ref)).toMatchObject({
      status: 'behind',
      statusReason: expect.stringContaining('eu-west-1: not read yet'),
      completeThrough: null,
    })
    expect(await coverageOf(account, ref, 'eu-west-1')).toMatchObject(unread)

    await setRoleAge(account, ref, HOUR_MS)
    expect(await cycleOfAll(account, ref)).toMatchObject({ status: 'current', failing: [] })
    const row = await coverageOf(account, ref, 'eu-west-1')
    expect(row).toMatchObject({ state: 'denied', counts: false })

    // Another role is set.
    await account.superuser
      .updateTable('connections')
      .set((eb) => ({ role_revision: eb('role_revision', '+', 1) }))
      .where('id', '=', ref.connectionId)
      .execute()
    await setRoleAge(account, ref, -HOUR_MS)
    await account.run('verifyRole', ref, { failures: 0 })
    const again = await coverageOf(account, ref, 'eu-west-1')
    expect(again).toMatchObject({ ...unread, live_failures: 0 })
    expect(again.next_poll_at.getTime()).toBeLessThanOrEqual(Date.now())
  })

  test('counts while the role is new, also if an earlier verification failed', async () => {
    const account = await newAccount()
    const { ref } = await account.connect()
    await setRoleAge(account, ref, -HOUR_MS)
    const run = () => account.run('verifyRole', ref, { failures: 0 })
    account.simulator.denyLookupEvents(['us-east-1', 'eu-west-1'])
    expect(await run()).toMatchObject({ state: 'failed' })
    account.simulator.denyLookupEvents(['eu-west-1'])
    expect(await run()).toMatchObject({ state: 'passed' })
    const unread = { state: 'unknown', counts: true, last_error_kind: 'denied' }
    expect(await coverageOf(account, ref, 'eu-west-1')).toMatchObject(unread)
    expect(await run()).toMatchObject({ state: 'passed' })
    expect(await coverageOf(account, ref, 'eu-west-1')).toMatchObject(unread)
  })

  test('counts while the role is new, after it was not enabled', async () => {
    const account = await newAccount()
    account.simulator.disableRegion('eu-west-1')
    const ref = await verify(account, { roleAge: -HOUR_MS })
    expect(await coverageOf(account, ref, 'eu-west-1')).toMatchObject({ state: 'not_enabled' })
    account.simulator.enableRegion('eu-west-1')
    account.simulator.denyLookupEvents(['eu-west-1'])
    await account.run('verifyRole', ref, { failures: 0 })
    const row = await coverageOf(account, ref, 'eu-west-1')
    expect(row).toMatchObject({ state: 'unknown', counts: true })
    expect(row.next_poll_at.getTime()).toBeLessThanOrEqual(Date.now())
  })

  test('is retried after a minute, however often the network failed before', async () => {
    const account = await newAccount()
    account.simulator.failNext({ ...IN_EUROPE, effect: 'drop', times: 1_000 })
    const ref = await verify(account, { roleAge: HOUR_MS })
    await account.superuser
      .updateTable('coverage')
      .set({ live_failures: 20, last_error_kind: 'unreachable' })
      .where('region', '=', 'eu-west-1')
      .where('connection_id', '=', ref.connectionId)
      .execute()
    account.simulator.clearFaults()
    account.simulator.denyLookupEvents(['eu-west-1'])
    await cycleOfAll(account, ref)
    const row = await coverageOf(account, ref, 'eu-west-1')
    expect(row).toMatchObject({ state: 'denied', live_failures: 1 })
  })

  test('counts again if it has answered in another selection', async () => {
    const account = await newAccount()
    account.simulator.denyLookupEvents(['eu-west-1'])
    const ref = await verify(account, { roleAge: HOUR_MS })
    const select = (selection: 'changes' | 'all') =>
      account.superuser
        .updateTable('connections')
        .set({ selection })
        .where('id', '=', ref.connectionId)
        .execute()
    await cycleOfAll(account, ref)
    account.simulator.denyLookupEvents([])
    await select('all')
    await cycleOfAll(account, ref)
    expect(await cycleOfAll(account, ref)).toMatchObject({ status: 'current', regions: 2 })
    await select('changes')
    account.simulator.failNext({ ...IN_EUROPE, effect: 'drop', times: 1_000 })
    expect(await cycleOfAll(account, ref)).toMatchObject({
      status: 'behind',
      failing: [{ region: 'eu-west-1' }],
    })
    account.simulator.clearFaults()
    expect(await cycleOfAll(account, ref)).toMatchObject({ status: 'current' })
  })

  const refusals: [string, (account: TestAccount) => void, CoverageRow['state']][] = [
    ['denied', ({ simulator }) => simulator.denyLookupEvents(['eu-west-1']), 'denied'],
    ['disabled', ({ simulator }) => simulator.disableRegion('eu-west-1'), 'not_enabled'],
  ]
  test.each(refusals)(
    'sets the connection to behind if it was imported (%s)',
    async (_, refuse, state) => {
      const account = await newAccount()
      const ref = await connectImported(account)
      const edge = (await coverageOf(account, ref, 'eu-west-1')).settled.at(-1)![1]
      refuse(account)
      moveClocks(account, HOUR_MS)
      const summary = await cycleOfAll(account, ref)
      expect(summary).toMatchObject({
        status: 'behind',
        completeThrough: new Date(edge * SECOND_MS).toISOString(),
        statusReason: expect.stringMatching(/^eu-west-1: .*Exclude the region/),
        failing: [{ region: 'eu-west-1' }],
      })
      expect(await coverageOf(account, ref, 'eu-west-1')).toMatchObject({ state, counts: true })
      expect(await coverageOf(account, ref, 'us-east-1')).toMatchObject({ state: 'active' })
      expect(await connectionRow(account, ref)).toMatchObject({ status: 'behind' })

      // The daily verification changes nothing about that.
      await account.run('verifyRole', ref, { failures: 0 })
      expect(await connectionRow(account, ref)).toMatchObject({ status: 'behind' })

      account.simulator.denyLookupEvents([])
      account.simulator.enableRegion('eu-west-1')
      const missed = recordAt(account.simulator.now() - 50 * MINUTE_MS, { awsRegion: 'eu-west-1' })
      account.simulator.addEvents([missed])
      expect(await cycleOfAll(account, ref)).toMatchObject({ status: 'current' })
      expect(await importedIds(account)).toEqual([missed.eventID])
    },
  )

  test('is retried in minutes, then hourly', async () => {
    const account = await newAccount()
    const ref = await connectImported(account)
    account.simulator.denyLookupEvents(['eu-west-1'])
    const waits: number[] = []
    for (let now = MINUTE_MS; waits.length < 9; ) {
      moveClocks(account, now)
      await cycleOfAll(account, ref)
      const row = await coverageOf(account, ref, 'eu-west-1')
      waits.push((row.next_poll_at.getTime() - Date.now() - now) / MINUTE_MS)
      now += 60 * MINUTE_MS
    }
    // On the grid of the poll interval, which is a minute.
    expect(waits[0]).toBeLessThanOrEqual(2)
    expect(waits[2]).toBeGreaterThan(2)
    for (const wait of waits) expect(wait).toBeLessThanOrEqual(61)
    expect(waits.at(-1)).toBeGreaterThan(58)
  })

  test('affects completeness even if nothing is settled in the current selection', async () => {
    const account = await newAccount()
    const ref = await connectImported(account)
    account.simulator.denyLookupEvents(['eu-west-1'])
    await cycleOfAll(account, ref)
    await account.superuser
      .updateTable('connections')
      .set({ selection: 'all' })
      .where('id', '=', ref.connectionId)
      .execute()
    const summary = await cycleOfAll(account, ref)
    expect(summary).toMatchObject({ status: 'behind', completeThrough: null })
  })
})

describe('regions that CAIRN_REGIONS excludes', () => {
  test('are no longer imported, and affect completeness when they are listed again', async () => {
    const account = await newAccount()
    const ref = await connectImported(account)
    account.deps.regions = ['us-east-1']
    const missed = recordAt(account.simulator.now() - 10 * MINUTE_MS, { awsRegion: 'eu-west-1' })
    account.simulator.addEvents([missed])
    const requests = account.simulator.ledger.requests(IN_EUROPE).length
    moveClocks(account, 2 * HOUR_MS)
    const summary = await cycleOfAll(account, ref)
    expect(summary).toMatchObject({ status: 'current', regions: 1 })
    expect(Date.parse(summary.completeThrough!)).toBeGreaterThan(Date.now() + HOUR_MS)
    expect(account.simulator.ledger.requests(IN_EUROPE)).toHaveLength(requests)
    const [europe] = await asOrganization(account.db, ref.organizationId, async (trx) =>
      regionCoverage(trx, await connectionRow(account, ref), new Date()),
    )
    expect(europe).toMatchObject({ state: 'excluded', excludedBy: 'configuration', counts: false })

    account.deps.regions = undefined
    expect(await cycleOfAll(account, ref)).toMatchObject({ status: 'current', imported: 1 })
  })

  test('affect the status as soon as they are listed', async () => {
    const account = await newAccount()
    account.deps.regions = ['us-east-1']
    const ref = await connectImported(account)
    account.deps.regions = ['us-east-1', 'eu-west-1']
    const { credentials } = account.simulator.vendor
    const aws = new PausedAws({ credentials: async () => credentials, region: 'us-east-1' })
    account.deps.aws = aws
    aws.isPausing = true
    const running = cycleOfAll(account, ref)
    await aws.arrival()
    expect(await connectionRow(account, ref)).toMatchObject({ status: 'importing' })
    aws.releaseAll()
    expect(await running).toMatchObject({ status: 'current' })
  })

  test('are unknown when they are listed until they respond', async () => {
    const account = await newAccount()
    account.deps.regions = ['us-east-1']
    const ref = await connectImported(account)
    account.deps.regions = ['us-east-1', 'eu-west-1']
    account.simulator.failNext({ ...IN_EUROPE, effect: 'drop', times: 1_000 })
    expect(await cycleOfAll(account, ref)).toMatchObject({
      status: expect.not.stringMatching('current'),
    })
    expect(await cycleOfAll(account, ref)).toMatchObject({ status: 'behind' })
    expect(await coverageOf(account, ref, 'eu-west-1')).toMatchObject({ state: 'unknown' })
    account.simulator.clearFaults()
    expect(await cycleOfAll(account, ref)).toMatchObject({ status: 'current' })
  })
})

describe('the clock', () => {
  test('settles nothing that AWS has not reached when it is 60 minutes ahead', async () => {
    const account = await newAccount()
    account.deps.clock = () => Date.now() + HOUR_MS
    const ref = await verify(account)
    await cycleOfAll(account, ref)
    for (const region of ['us-east-1', 'eu-west-1']) {
      const { settled } = await coverageOf(account, ref, region)
      expect(settled.at(-1)![1]).toBeLessThanOrEqual(Date.now() / SECOND_MS - SETTLING_SECONDS + 1)
    }
    const late = recordAt(account.simulator.now() - 10 * MINUTE_MS)
    account.simulator.addEvents([late])
    await cycleOfAll(account, ref)
    expect(await importedIds(account)).toEqual([late.eventID])
  })

  test("settles only by AWS's Date header when it is 60 minutes behind", async () => {
    const account = await newAccount()
    const ref = await verify(account)
    account.deps.clock = () => Date.now() - HOUR_MS
    await cycleOfAll(account, ref)
    const { settled } = await coverageOf(account, ref, 'us-east-1')
    const limit = (Date.now() - HOUR_MS) / SECOND_MS - SETTLING_SECONDS + 1
    expect(settled.at(-1)![1]).toBeLessThanOrEqual(limit)
  })

  test('settles nothing if responses have no date', async () => {
    const account = await newAccount({ regions: ['us-east-1'] })
    account.deps.regions = ['us-east-1']
    const ref = await verify(account)
    const stored = recordAt(account.simulator.now() - HOUR_MS)
    account.simulator.addEvents([stored])
    account.simulator.failNext({ ...LOOKUP, effect: 'undated', times: 1_000 })
    const summary = await cycleOfAll(account, ref)
    expect(summary).toMatchObject({
      status: 'behind',
      completeThrough: null,
      statusReason: expect.stringContaining('no Date header'),
    })
    expect(await importedIds(account)).toEqual([stored.eventID])
    expect((await coverageOf(account, ref, 'us-east-1')).settled).toEqual([])
    account.simulator.clearFaults()
    expect(await cycleOfAll(account, ref)).toMatchObject({ status: 'current' })
  })
})

describe('occasional errors', () => {
  test('cost requests, but no turns, at a rate of one response in ten', async () => {
    const account = await newAccount({ regions: ['us-east-1'] })
    account.deps.regions = ['us-east-1']
    account.deps.budgetMs = 10 * MINUTE_MS
    const now = account.simulator.now()
    account.simulator.addEvents(
      Array.from({ length: 4_750 }, (_, n) => recordAt(now - HOUR_MS - n * 30 * SECOND_MS)),
    )
    const ref = await verify(account)
    const error = { effect: 'error', code: 'InternalFailure', status: 500 } as const
    account.simulator.failNext({ ...LOOKUP, ...error, every: 10, times: 1_000_000 })
    const summary = await cycleOfAll(account, ref)
    expect(summary).toMatchObject({ status: 'current', imported: 4_750, failing: [] })
    // 95 full pages, some empty or short ones, and one in nine of them again.
    expect(summary.requests).toBeLessThan(200)
    expect(await coverageOf(account, ref, 'us-east-1')).toMatchObject({
      requests: summary.requests,
      live_failures: 0,
      backfill_failures: 0,
    })
  })

  test('of the backfill do not delay live polling', async () => {
    const account = await newAccount({ regions: ['us-east-1'] })
    account.deps.regions = ['us-east-1']
    const ref = await verify(account)
    account.deps.aws = new ScriptedAccess(account, ({ range }, page) => {
      // Everything except the newest hour fails.
      if (range[1] < Date.now() / SECOND_MS - 1_800) throw noAnswer
      return page
    })
    for (let failures = 1; failures <= 3; failures++) {
      await cycleOfAll(account, ref)
      const row = await coverageOf(account, ref, 'us-east-1')
      expect(row).toMatchObject({ backfill_failures: failures, live_failures: 0 })
      expect(row.live_due_at.getTime()).toBeLessThanOrEqual(Date.now() + MINUTE_MS)
    }
    const row = await coverageOf(account, ref, 'us-east-1')
    expect(row.backfill_due_at!.getTime()).toBeGreaterThan(Date.now())

    // Live polling continues while the backfill waits for its next attempt.
    await account.superuser
      .updateTable('coverage')
      .set({ backfill_due_at: new Date(Date.now() + 10 * MINUTE_MS), live_due_at: new Date() })
      .execute()
    const news = recordAt(account.simulator.now() - MINUTE_MS)
    account.simulator.addEvents([news])
    expect(await cycle(account, ref)).toMatchObject({ imported: 1, status: 'behind' })
    const after = await coverageOf(account, ref, 'us-east-1')
    expect(after).toMatchObject({ backfill_failures: 3, last_error: row.last_error })
    expect([row.last_error_kind, after.last_error_kind]).toEqual(['unreachable', 'unreachable'])
    expect(after.backfill_due_at!.getTime()).toBeGreaterThan(Date.now() + 5 * MINUTE_MS)
  })

  test('are no longer counted after progress', async () => {
    const account = await newAccount({ regions: ['us-east-1'] })
    account.deps.regions = ['us-east-1']
    const ref = await verify(account)
    let answers = 0
    account.deps.aws = new ScriptedAccess(account, ({ range }, page) => {
      if (range[1] > Date.now() / SECOND_MS - 1_800) return page
      answers += 1
      if (answers > 1) throw noAnswer
      return page
    })
    for (let turn = 1; turn <= 3; turn++) {
      answers = 0
      await cycleOfAll(account, ref)
      const row = await coverageOf(account, ref, 'us-east-1')
      expect(row.backfill_failures).toBeLessThanOrEqual(1)
    }
  })
})

describe('pages out of order', () => {
  test('revert what their chain has settled if the budget ends first', async () => {
    const account = await newAccount({ regions: ['us-east-1'] })
    account.deps.regions = ['us-east-1']
    const now = account.simulator.now()
    const records = Array.from({ length: 150 }, (_, n) => recordAt(now - HOUR_MS - n * MINUTE_MS))
    account.simulator.addEvents(records)
    const ref = await verify(account)
    let clock = 0
    account.deps.clock = () => Date.now() + clock
    const scripted = new ScriptedAccess(account, (_, page) => page, true)
    account.deps.aws = scripted
    // The time limit, with its extension, ends after a page out of order.
    scripted.onDisorder = () => {
      clock = 10 * MINUTE_MS
    }
    await cycleOfAll(account, ref)
    const settled = (await coverageOf(account, ref, 'us-east-1')).settled
    const ids = new Set(await importedIds(account))
    const claimed = records.filter(({ eventTime }) => {
      const second = Date.parse(String(eventTime)) / SECOND_MS
      return settled.some(([from, to]) => from <= second && second < to)
    })
    expect(scripted.disordered).toBe(true)
    expect(claimed.filter(({ eventID }) => !ids.has(String(eventID)))).toEqual([])

    scripted.isDisordering = false
    account.deps.clock = undefined
    expect(await cycleOfAll(account, ref)).toMatchObject({ status: 'current' })
    expect(await importedIds(account)).toHaveLength(150)
  })
})

test('a page without events is not treated as the last one', async () => {
  const account = await newAccount({ regions: ['us-east-1'] })
  account.deps.regions = ['us-east-1']
  const ref = await verify(account)
  account.simulator.addEvents([recordAt(account.simulator.now() - HOUR_MS)])
  account.simulator.failNext({ ...LOOKUP, effect: 'answer', body: '{}', times: 1_000 })
  const summary = await cycleOfAll(account, ref)
  expect(summary).toMatchObject({ status: 'behind', completeThrough: null })
  expect(summary.failing[0]!.error).toContain('without a list of events')
  expect((await coverageOf(account, ref, 'us-east-1')).settled).toEqual([])
  account.simulator.clearFaults()
  expect(await cycleOfAll(account, ref)).toMatchObject({ status: 'current', imported: 1 })
})

describe('an invalid response of LookupEvents', () => {
  const page = (events: unknown[], token = '') =>
    `{"Events":${JSON.stringify(events)}${token && `,"NextToken":${token}`}}`

  test.each(['""', 'null'])('with the NextToken %s is the last page', async (token) => {
    const account = await newAccount({ regions: ['us-east-1'] })
    account.deps.regions = ['us-east-1']
    const ref = await verify(account)
    account.simulator.failNext({
      ...LOOKUP,
      effect: 'answer',
      body: page([{ EventId: 'one', EventTime: Math.floor(Date.now() / SECOND_MS) - 600 }], token),
      times: 1_000,
    })
    const summary = await cycleOfAll(account, ref)
    expect(summary.requests).toBeLessThan(20)
    expect(summary).toMatchObject({ status: 'current' })
    expect((await coverageOf(account, ref, 'us-east-1')).set_aside).toEqual([])
  })

  test('with the NextToken of the request is retried, and skips nothing', async () => {
    const account = await newAccount({ regions: ['us-east-1'] })
    account.deps.regions = ['us-east-1']
    const now = account.simulator.now()
    const records = Array.from({ length: 3 }, (_, n) => recordAt(now - HOUR_MS - n * MINUTE_MS))
    account.simulator.addEvents(records)
    const ref = await verify(account)
    account.simulator.failNext({
      ...LOOKUP,
      effect: 'answer',
      body: page([{ EventId: 'one', EventTime: Math.floor(now / SECOND_MS) - 600 }], '"again"'),
      times: 1_000,
    })
    const summary = await cycleOfAll(account, ref)
    expect(summary.requests).toBeLessThan(30)
    expect(summary.failing[0]!.error).toContain('RepeatedNextToken')
    expect((await coverageOf(account, ref, 'us-east-1')).set_aside).toEqual([])
    account.simulator.clearFaults()
    expect(await cycleOfAll(account, ref)).toMatchObject({ status: 'current' })
    const ids = await importedIds(account)
    expect(ids).toEqual(records.map(({ eventID }) => eventID).sort())
  })

  test.each([
    ['null', null],
    ['fields of other types', { EventId: 5, EventName: {}, CloudTrailEvent: {}, Username: [] }],
    ['a time that is null', { EventId: 'one', EventTime: null }],
    ['resources that are none', { EventId: 'one', Resources: [null, { ResourceName: 7 }] }],
    ['resources that are text', { EventId: 'one', Resources: 'vpc-1' }],
  ])('with an event that is or has %s keeps it as an unparsed record', async (_, event) => {
    const account = await newAccount()
    const ref = await verify(account)
    account.simulator.failNext({ ...LOOKUP, effect: 'answer', body: page([event]), times: 1_000 })
    expect(await cycleOfAll(account, ref)).toMatchObject({ status: 'current', failing: [] })
    const kept = await account.superuser.selectFrom('unparsed_records').select('raw').execute()
    expect(kept).toHaveLength(1)
  })
})

test("a role that STS refuses during an import does not change the region's state", async () => {
  const account = await newAccount()
  const ref = await connectImported(account)
  const session = account.deps.aws.session.bind(account.deps.aws)
  const { role_arn } = await connectionRow(account, ref)
  let calls = 0
  account.deps.aws.session = async (...args) => {
    calls += 1
    if (calls === 2) {
      account.simulator.deleteRole(role_arn!)
      account.deps.aws.forget(args[0].connectionId)
    }
    return session(...args)
  }
  await expect(cycleOfAll(account, ref)).rejects.toMatchObject({ type: 'RoleRefused' })
  for (const region of ['us-east-1', 'eu-west-1'])
    expect(await coverageOf(account, ref, region)).toMatchObject({ state: 'active' })
})

describe('a gap below the live edge', () => {
  /** The status whenever AWS is asked for a page, with the gaps that the coverage has then. */
  function recordStatuses(account: TestAccount, ref: ConnectionRef) {
    const seen: { status: string; gapSeconds: number }[] = []
    const lookup = account.deps.aws.lookupEvents.bind(account.deps.aws)
    account.deps.aws.lookupEvents = async (...args) => {
      const row = await connectionRow(account, ref)
      const now = new Date(account.deps.clock!())
      const regions = await asOrganization(account.db, ref.organizationId, (trx) =>
        regionCoverage(trx, row, now),
      )
      const gapSeconds = regions.reduce((sum, region) => sum + region.gapSeconds, 0)
      seen.push({ status: row.status, gapSeconds })
      return lookup(...args)
    }
    return seen
  }

  test('is never shown as current while a live scan reads several pages', async () => {
    const account = await newAccount({ regions: ['us-east-1'] })
    account.deps.regions = ['us-east-1']
    const ref = await connectImported(account)
    moveClocks(account, HOUR_MS)
    const now = account.simulator.now()
    account.simulator.addEvents(
      Array.from({ length: 150 }, (_, n) => recordAt(now - 21 * MINUTE_MS - n * 10 * SECOND_MS)),
    )
    const seen = recordStatuses(account, ref)
    expect(await cycle(account, ref)).toMatchObject({ status: 'current', imported: 150 })
    expect(seen[0]).toEqual({ status: 'current', gapSeconds: 0 })
    const withGap = seen.filter(({ gapSeconds }) => gapSeconds > 0)
    expect(withGap.length).toBeGreaterThan(0)
    expect(withGap.map(({ status }) => status)).toEqual(withGap.map(() => 'importing'))
  })

  test('is shown when a region counts that AWS refused before', async () => {
    const account = await newAccount()
    const ref = await connectImported(account)
    await account.superuser
      .updateTable('coverage')
      .set({ state: 'denied', answered_at: null, settled: sql`'{}'::tstzmultirange` as never })
      .where('region', '=', 'eu-west-1')
      .execute()
    const { connection, verified } = await asOrganization(account.db, ref.organizationId, (trx) =>
      requireVerified(trx, ref, { lock: 'share' }),
    )
    const row = await coverageOf(account, ref, 'eu-west-1')
    expect([row.counts, connection.status]).toEqual([false, 'current'])
    const { db } = account
    await new RegionLedger({ db, connection, verified, row, clock: Date.now }).recordTurn({
      state: 'active',
      answered: true,
      lastError: null,
      lastErrorKind: null,
      liveAt: null,
      liveDueAt: new Date(),
      liveFailures: 0,
      backfillDueAt: new Date(),
      backfillFailures: 0,
      quietPolls: 0,
    })
    expect(await connectionRow(account, ref)).toMatchObject({ status: 'importing' })
  })
})

describe('after a cycle with a clock that was hours ahead', () => {
  /** AWS's clock stays correct. */
  async function importAhead(account: TestAccount) {
    const ref = await connectImported(account)
    account.deps.clock = () => Date.now() + 6 * HOUR_MS
    await cycleOfAll(account, ref)
    const { next_poll_at } = await coverageOf(account, ref, 'us-east-1')
    expect(next_poll_at.getTime()).toBeGreaterThan(Date.now() + 5 * HOUR_MS)
    account.deps.clock = undefined
    return ref
  }

  test('every region is due', async () => {
    const account = await newAccount()
    const ref = await importAhead(account)
    account.simulator.addEvents([recordAt(account.simulator.now() - MINUTE_MS)])
    const summary = await cycle(account, ref)
    expect(summary).toMatchObject({ regions: 2, imported: 1, status: 'current' })
    expect(Date.parse(summary.nextPollAt)).toBeLessThan(Date.now() + HOUR_MS)
    for (const region of ['us-east-1', 'eu-west-1']) {
      const { next_poll_at } = await coverageOf(account, ref, region)
      expect(next_poll_at.getTime()).toBeLessThan(Date.now() + HOUR_MS)
    }
  })

  test("the end of the cycle is dated by Postgres' clock", async () => {
    const account = await newAccount()
    const ref = await connectImported(account)
    account.deps.clock = () => Date.now() + 6 * HOUR_MS
    await cycleOfAll(account, ref)
    const { cycle_at, reported_at } = await connectionRow(account, ref)
    expect(cycle_at).toEqual(reported_at)
  })
})

test('all regions of a connection are due at the same time', async () => {
  const account = await newAccount()
  const ref = await connectImported(account)
  const interval = MINUTE_MS
  const phases = new Set<number>()
  for (let turn = 1; turn <= 4; turn++) {
    // Regions start at different times.
    account.simulator.failNext({ ...IN_EUROPE, effect: 'delay', delayMs: 40 * turn })
    await cycleOfAll(account, ref)
    for (const region of ['us-east-1', 'eu-west-1']) {
      const row = await coverageOf(account, ref, region)
      phases.add(row.live_due_at.getTime() % interval)
      expect(row.next_poll_at).toEqual(row.live_due_at)
    }
  }
  expect(phases.size).toBe(1)
})

/** Lets a test change or refuse the pages of LookupEvents. */
class ScriptedAccess extends AwsAccess {
  readonly #change: (request: LookupRequest, page: LookupPage) => LookupPage
  isDisordering: boolean
  disordered = false
  onDisorder = () => {}

  constructor(
    account: TestAccount,
    change: (request: LookupRequest, page: LookupPage) => LookupPage,
    isDisordering = false,
  ) {
    const { credentials } = account.simulator.vendor
    super({ credentials: async () => credentials, region: 'us-east-1' })
    this.#change = change
    this.isDisordering = isDisordering
  }

  override async lookupEvents(...args: Parameters<AwsAccess['lookupEvents']>) {
    const [session, request, signal] = args
    const page = await super.lookupEvents(session, request, signal)
    const changed = this.#change(request, page)
    const [newest, , ...others] = changed.events
    if (!this.isDisordering || !newest || !changed.nextToken) return changed
    // The first page keeps two events back, and the second one has only one of them.
    if (!request.nextToken) {
      this.#kept = newest
      return { ...changed, events: others }
    }
    this.disordered = true
    this.onDisorder()
    return { ...changed, events: [this.#kept!, ...changed.events] }
  }

  #kept: LookupPage['events'][number] | undefined
}

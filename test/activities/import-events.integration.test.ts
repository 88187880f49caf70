import { randomUUID } from 'node:crypto'
import { Context as ActivityContext } from '@temporalio/activity'
import { expect, onTestFinished, test, vi } from 'vitest'
import { oneSecondRecords, type SimulatorOptions } from '../../simulator/index.ts'
import { SETTLING_SECONDS } from '../../src/connections/status.ts'
import { insertConnection, markDeleted, updateDesiredState } from '../../src/db/connections.ts'
import { asOrganization, type Trx } from '../../src/db/database.ts'
import { seconds } from '../../src/db/ranges.ts'
import type { CoverageRow } from '../../src/db/schema/connections.ts'
import { JsonReader } from '../../src/sources/cloudtrail/json-reader.ts'
import { ConnectionChanged, type ConnectionRef, RoleRefused } from '../../src/workflows/state.ts'
import { createTestAccount, type TestAccount } from '../../testing/account.ts'
import {
  cloudTrailTime,
  type Fields,
  record,
  userIdentity,
} from '../../testing/cloudtrail/records.ts'
import { readEvents, trust } from '../../testing/roles.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

async function newAccount(options: SimulatorOptions & { pacing?: boolean } = {}) {
  const account = await createTestAccount({ regions: ['us-east-1', 'eu-west-1'], ...options })
  onTestFinished(account.close)
  return account
}

function recordAt(time: number, fields: Fields = {}) {
  return record({
    eventID: randomUUID(),
    eventTime: cloudTrailTime(time),
    eventName: 'RunInstances',
    awsRegion: 'us-east-1',
    recipientAccountId: '111122223333',
    userIdentity: userIdentity('ada', '111122223333'),
    ...fields,
  })
}

async function importedIds({ superuser }: TestAccount, ref: ConnectionRef): Promise<string[]> {
  const rows = await superuser
    .selectFrom('changes')
    .select('source_id')
    .where('connection_id', '=', ref.connectionId)
    .orderBy('source_id')
    .execute()
  return rows.map(({ source_id }) => source_id)
}

function coverage(
  { superuser }: TestAccount,
  ref: ConnectionRef,
  region = 'us-east-1',
): Promise<CoverageRow> {
  return superuser
    .selectFrom('coverage')
    .selectAll()
    .where('connection_id', '=', ref.connectionId)
    .where('region', '=', region)
    .executeTakeFirstOrThrow()
}

/** Runs cycles like the workflow until everything is imported. */
async function importAll(
  account: TestAccount,
  ref: ConnectionRef,
  until: 'current' | 'behind' = 'current',
) {
  for (let cycle = 1; ; cycle++) {
    const summary = await account.run('importEvents', ref, { force: cycle === 1 })
    if (summary.status === until) return summary
    if (cycle === 20) throw new Error(`Not done after 20 cycles: ${JSON.stringify(summary)}`)
  }
}

async function verified(account: TestAccount, options: Parameters<TestAccount['connect']>[0] = {}) {
  const { ref } = await account.connect(options)
  const verification = await account.run('verifyRole', ref, { failures: 0 })
  expect(verification).toMatchObject({ state: 'passed', reason: null })
  return ref
}

/** Cairn's and AWS's. The SDK signs with the machine's, which AWS then has to forgive. */
function moveClocks(account: TestAccount, ms: number) {
  account.deps.clock = () => Date.now() + ms
  account.simulator.configure({ clockOffsetMs: ms, skewToleranceSeconds: null })
}

test('every change of the lookback is imported once, in every region', async () => {
  const account = await newAccount()
  const now = account.simulator.now()
  account.simulator.addEvents(
    Array.from({ length: 600 }, (_, n) =>
      recordAt(now - 25 * MINUTE_MS - n * 4 * MINUTE_MS, {
        awsRegion: n % 2 ? 'us-east-1' : 'eu-west-1',
        readOnly: n % 3 === 0,
      }),
    ),
  )
  const ref = await verified(account)
  const summary = await importAll(account, ref)
  expect(summary).toMatchObject({ imported: 400, gapSeconds: 0, regions: 2, failing: [] })
  const wanted = account.simulator.ledger.eventIds({ selection: 'changes' }).sort()
  expect(await importedIds(account, ref)).toEqual(wanted)

  const again = await account.run('importEvents', ref, { force: true })
  expect(again.imported).toBe(0)
})

test('the newest events are imported before they are settled, and late events are not lost', async () => {
  const account = await newAccount({ regions: ['us-east-1'] })
  const now = account.simulator.now()
  account.simulator.addEvents([recordAt(now - 2 * MINUTE_MS)])
  const ref = await verified(account)
  await importAll(account, ref)
  expect(await importedIds(account, ref)).toHaveLength(1)
  const { settled } = await coverage(account, ref)
  const present = account.simulator.now() / 1000
  expect(settled.at(-1)![1]).toBeLessThanOrEqual(present - SETTLING_SECONDS)

  // Delivered after events that are newer were imported.
  account.simulator.addEvents([recordAt(now - 10 * MINUTE_MS)])
  await account.run('importEvents', ref, { force: true })
  expect(await importedIds(account, ref)).toHaveLength(2)
})

test('a second with more than two pages is imported completely', async () => {
  const account = await newAccount({ regions: ['us-east-1'] })
  account.simulator.addEvents(
    oneSecondRecords(110, { at: new Date(account.simulator.now() - HOUR_MS).toISOString() }),
  )
  const ref = await verified(account)
  await importAll(account, ref)
  expect(await importedIds(account, ref)).toHaveLength(110)
})

test('a second that takes longer than its tokens are valid is skipped, and older seconds are imported', async () => {
  const account = await newAccount({ regions: ['us-east-1'], tokenMaxPages: 3 })
  const now = account.simulator.now()
  const at = new Date(now - 2 * HOUR_MS)
  account.simulator.addEvents(oneSecondRecords(5_000, { at: at.toISOString() }))
  const older = recordAt(now - 5 * HOUR_MS)
  const newer = recordAt(now - HOUR_MS)
  account.simulator.addEvents([older, newer])
  const ref = await verified(account)
  const summary = await importAll(account, ref, 'behind')

  expect(summary).toMatchObject({
    gapSeconds: 0,
    statusReason: expect.stringContaining('us-east-1: 1 second could not be read'),
  })
  const second = Math.floor(at.getTime() / 1000)
  const row = await coverage(account, ref)
  expect(row.set_aside).toEqual([[second, second + 1]])
  expect(row.settled.some(([from, to]) => from <= second && second < to)).toBe(false)
  const ids = await importedIds(account, ref)
  expect(ids).toEqual(expect.arrayContaining([older.eventID, newer.eventID]))

  // Verification resets the failure, and now the tokens are valid long enough.
  account.simulator.configure({ tokenMaxPages: null })
  await account.run('verifyRole', ref, { failures: 0 })
  await importAll(account, ref)
  expect(await importedIds(account, ref)).toHaveLength(5_002)
  expect((await coverage(account, ref)).set_aside).toEqual([])
})

test('tokens that expire between seconds only cost requests', async () => {
  const account = await newAccount({ regions: ['us-east-1'], tokenMaxPages: 2 })
  const now = account.simulator.now()
  account.simulator.addEvents(
    Array.from({ length: 700 }, (_, n) => recordAt(now - HOUR_MS - n * SECOND_MS)),
  )
  const ref = await verified(account)
  await importAll(account, ref)
  expect(await importedIds(account, ref)).toHaveLength(700)
  expect((await coverage(account, ref)).set_aside).toEqual([])
})

test('pages that are not sorted newest first settle nothing before their scan ends', async () => {
  const account = await newAccount({ regions: ['us-east-1'] })
  const now = account.simulator.now()
  account.simulator.addEvents(
    Array.from({ length: 400 }, (_, n) => recordAt(now - HOUR_MS - n * SECOND_MS)),
  )
  const ref = await verified(account)
  account.simulator.failNext({ operation: 'LookupEvents', effect: 'unordered', times: 5 })
  await importAll(account, ref)
  expect(await importedIds(account, ref)).toHaveLength(400)
})

test('the gap after an outage is filled', async () => {
  const account = await newAccount({ regions: ['us-east-1'] })
  const ref = await verified(account)
  await importAll(account, ref)
  const outage = 5 * HOUR_MS
  moveClocks(account, outage)
  const missed = recordAt(account.simulator.now() - 3 * HOUR_MS)
  account.simulator.addEvents([missed])
  await importAll(account, ref)
  expect(await importedIds(account, ref)).toEqual([missed.eventID])
  expect((await coverage(account, ref)).settled).toHaveLength(1)
})

test('settled seconds are read again after 26 hours, and late events are counted', async () => {
  const account = await newAccount({ regions: ['us-east-1'] })
  const ref = await verified(account)
  await importAll(account, ref)
  const late = recordAt(account.simulator.now() - HOUR_MS)
  account.simulator.addEvents([late])
  await account.run('importEvents', ref, { force: true })
  expect(await importedIds(account, ref)).toEqual([])

  const later = 27 * HOUR_MS
  moveClocks(account, later)
  await importAll(account, ref)
  expect(await importedIds(account, ref)).toEqual([late.eventID])
  const row = await coverage(account, ref)
  expect(row.late_events).toBe(1)
  const confirmed = account.simulator.now() / 1000 - 26 * 3600
  expect(row.confirmed.at(-1)![1]).toBeGreaterThan(confirmed - 3700)
})

test('a failing region is a result, and the other regions do not wait for it', async () => {
  const account = await newAccount()
  const now = account.simulator.now()
  account.simulator.addEvents([
    recordAt(now - HOUR_MS),
    recordAt(now - HOUR_MS, { awsRegion: 'eu-west-1' }),
  ])
  const ref = await verified(account)
  const fault = { operation: 'LookupEvents', region: 'eu-west-1', times: 50 }
  account.simulator.failNext({ ...fault, effect: 'error', code: 'InternalFailure', status: 500 })
  const summary = await account.run('importEvents', ref, { force: true })
  expect(summary).toMatchObject({ imported: 1, status: 'behind' })
  expect(summary.failing).toEqual([
    { region: 'eu-west-1', error: expect.stringContaining('InternalFailure') },
  ])
  const broken = await coverage(account, ref, 'eu-west-1')
  expect(broken).toMatchObject({ live_failures: 1, state: 'active' })

  account.simulator.clearFaults()
  expect(await account.run('importEvents', ref, { force: true })).toMatchObject({
    imported: 1,
    failing: [],
  })
})

test('a region that a policy denies is reported as denied, and in the end retried daily', async () => {
  const account = await newAccount()
  account.simulator.denyLookupEvents(['eu-west-1'])
  const { ref } = await account.connect()
  await account.superuser
    .updateTable('connections')
    .set({ role_arn_set_at: new Date(Date.now() - HOUR_MS) })
    .where('id', '=', ref.connectionId)
    .execute()
  await account.run('verifyRole', ref, { failures: 0 })
  const summary = await importAll(account, ref)
  expect(summary).toMatchObject({ status: 'current', failing: [] })
  const denied = await coverage(account, ref, 'eu-west-1')
  expect(denied).toMatchObject({ state: 'denied', last_error_kind: 'denied' })
  expect(denied.last_error).toContain('AccessDenied')

  await account.superuser
    .updateTable('coverage')
    .set({ live_failures: 15, live_due_at: new Date() })
    .where('region', '=', 'eu-west-1')
    .execute()
  await account.run('importEvents', ref, { force: false })
  const { next_poll_at } = await coverage(account, ref, 'eu-west-1')
  expect(next_poll_at.getTime()).toBeGreaterThan(Date.now() + 23 * HOUR_MS)
  // The daily verification does not bring the retries forward.
  await account.run('verifyRole', ref, { failures: 0 })
  expect(await coverage(account, ref, 'eu-west-1')).toMatchObject({ next_poll_at })
})

test('a deleted role does not change the states of regions', async () => {
  const account = await newAccount()
  account.simulator.addEvents([recordAt(account.simulator.now() - HOUR_MS)])
  const ref = await verified(account)
  await importAll(account, ref)
  const before = await coverage(account, ref, 'eu-west-1')
  account.simulator.deleteRole(
    (await account.superuser.selectFrom('connections').select('role_arn').executeTakeFirstOrThrow())
      .role_arn!,
  )
  await expect(account.run('importEvents', ref, { force: true })).rejects.toMatchObject({
    type: 'RoleRefused',
  })
  for (const region of ['us-east-1', 'eu-west-1']) {
    expect(await coverage(account, ref, region)).toMatchObject({ state: 'active' })
  }
  expect((await coverage(account, ref, 'eu-west-1')).settled).toEqual(before.settled)
})

test('throttled requests are sent again, and counted', async () => {
  const account = await newAccount({ regions: ['us-east-1'] })
  account.simulator.addEvents([recordAt(account.simulator.now() - HOUR_MS)])
  const ref = await verified(account)
  account.simulator.failNext({
    operation: 'LookupEvents',
    effect: 'error',
    code: 'ThrottlingException',
    times: 3,
  })
  const summary = await importAll(account, ref)
  expect(summary).toMatchObject({ throttled: 3, imported: 1, failing: [] })
  expect((await coverage(account, ref)).throttled).toBe(3)
})

test('a session that ends during an import is replaced', async () => {
  const account = await newAccount({ regions: ['us-east-1'] })
  account.simulator.addEvents([recordAt(account.simulator.now() - HOUR_MS)])
  const ref = await verified(account)
  const fault = { operation: 'LookupEvents', times: 1 }
  account.simulator.failNext({ ...fault, effect: 'error', code: 'ExpiredTokenException' })
  expect(await importAll(account, ref)).toMatchObject({ imported: 1, failing: [] })
})

test('a deleted role ends the cycle with RoleRefused', async () => {
  const account = await newAccount()
  const { ref, role_arn } = await account.connect()
  await account.run('verifyRole', ref, { failures: 0 })
  account.simulator.deleteRole(role_arn!)
  await expect(account.run('importEvents', ref, { force: true })).rejects.toMatchObject({
    type: RoleRefused,
    nonRetryable: true,
  })
})

test('nothing is imported for a paused or deleted connection', async () => {
  const account = await newAccount()
  const ref = await verified(account)
  for (const change of [{ paused: true }, { paused: false, deleted_at: new Date() }]) {
    await account.superuser
      .updateTable('connections')
      .set(change)
      .where('id', '=', ref.connectionId)
      .execute()
    await expect(account.run('importEvents', ref, { force: true })).rejects.toMatchObject({
      type: ConnectionChanged,
    })
  }
})

test('changes that the purge of another connection removes are imported again', async () => {
  const account = await newAccount()
  const now = account.simulator.now()
  account.simulator.addEvents(
    Array.from({ length: 5 }, (_, n) =>
      recordAt(now - (n + 2) * HOUR_MS, { awsRegion: 'eu-west-1' }),
    ),
  )
  const first = await account.connect()
  await account.run('verifyRole', first.ref, { failures: 0 })
  await importAll(account, first.ref)
  const { organization_id: organizationId, account_id: accountId } = first
  const role = { arn: first.role_arn!, accountId: accountId!, partition: 'aws' }
  const inOrganization = <T>(work: (trx: Trx) => Promise<T>) =>
    asOrganization(account.db, organizationId, work)

  // The account moves to another connection, which takes the changes over, and back.
  const second = await inOrganization(async (trx) => {
    await updateDesiredState(trx, first.id, { role: null })
    const externalId = 'External-Id-of-second'
    const row = await insertConnection(trx, { organizationId, name: 'second', externalId, role })
    account.simulator.putRole({
      arn: role.arn,
      trustPolicy: trust(account.simulator.vendor.principalArn, {
        StringEquals: { 'sts:ExternalId': [externalId, first.external_id] },
      }),
      policies: [readEvents],
    })
    return { organizationId, connectionId: row.id }
  })
  await account.run('verifyRole', second, { failures: 0 })
  await importAll(account, second)
  expect(await importedIds(account, second)).toHaveLength(5)
  await inOrganization(async (trx) => {
    await markDeleted(trx, second.connectionId, { purge: true })
    await updateDesiredState(trx, first.id, { role })
  })
  await account.run('verifyRole', first.ref, { failures: 0 })
  await account.run('finishDeletion', second)

  const { status } = await account.superuser
    .selectFrom('connections')
    .select('status')
    .where('id', '=', first.id)
    .executeTakeFirstOrThrow()
  expect(status).toBe('importing')
  await importAll(account, first.ref)
  expect(await importedIds(account, first.ref)).toHaveLength(5)
})

test('of two concurrent attempts, the older one is fenced and nothing is stored twice', async () => {
  const account = await newAccount({ regions: ['us-east-1'] })
  const now = account.simulator.now()
  account.simulator.addEvents(
    Array.from({ length: 1_500 }, (_, n) => recordAt(now - HOUR_MS - n * 5 * SECOND_MS)),
  )
  const ref = await verified(account)
  account.simulator.configure({ latencyMs: 20 })
  const attempts = await Promise.allSettled([
    account.run('importEvents', ref, { force: true }),
    account.run('importEvents', ref, { force: true }),
  ])
  expect(attempts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  const rejected = attempts.find(({ status }) => status === 'rejected') as PromiseRejectedResult
  expect(rejected.reason).toMatchObject({ name: 'Fenced' })
  await importAll(account, ref)
  expect(await importedIds(account, ref)).toHaveLength(1_500)
  const row = await coverage(account, ref)
  expect(row.events).toBe(1_500)
  expect(seconds(row.settled)).toBeGreaterThan(47 * 3600)
})

test('an event that cannot become a change is stored unchanged, once, and blocks nothing', async () => {
  const account = await newAccount({ regions: ['us-east-1'] })
  const now = account.simulator.now()
  const good = recordAt(now - HOUR_MS)
  const nul = recordAt(now - HOUR_MS, { requestParameters: { name: 'a\u0000b', lone: '\ud800' } })
  const other = recordAt(now - HOUR_MS)
  account.simulator.addEvents([good, nul])
  account.simulator.addEvents([other], { envelope: { CloudTrailEvent: '{"broken":' } })
  const moved = recordAt(now - HOUR_MS)
  account.simulator.addEvents([moved])
  const ref = await verified(account)
  await importAll(account, ref)
  expect(await importedIds(account, ref)).toEqual([good, nul, moved].map((r) => r.eventID).sort())

  // The same id again, under another time.
  const twin = { ...moved, eventTime: recordAt(now - 2 * HOUR_MS).eventTime }
  account.simulator.addEvents([twin], { allowDuplicateIds: true })
  const { ref: second } = await account.connect()
  await account.run('verifyRole', second, { failures: 0 })
  await importAll(account, second)
  const records = await account.superuser
    .selectFrom('unparsed_records')
    .select(['connection_id', 'reason'])
    .orderBy('seen_at')
    .execute()
  expect(records).toEqual(
    expect.arrayContaining([
      { connection_id: ref.connectionId, reason: 'not_json' },
      { connection_id: second.connectionId, reason: 'known_under_another_time' },
    ]),
  )
})

test('an error of the reader does not stop the region, and is logged once per page', async () => {
  const account = await newAccount({ regions: ['us-east-1'] })
  const now = account.simulator.now()
  const [good, ...broken] = [1, 2, 3].map(() => recordAt(now - HOUR_MS))
  account.simulator.addEvents([good!, ...broken])
  const ref = await verified(account)
  const error = vi.fn()
  const currentContext = ActivityContext.current.bind(ActivityContext)
  const context = vi
    .spyOn(ActivityContext, 'current')
    .mockImplementation(() => Object.create(currentContext(), { log: { value: { error } } }))
  const ids = new Set(broken.map(({ eventID }) => eventID))
  const flag = vi.spyOn(JsonReader.prototype, 'flag').mockImplementation(function (
    this: JsonReader,
  ) {
    if (ids.has(this.raw?.eventID)) throw new TypeError('A defect')
    return undefined
  })
  try {
    await importAll(account, ref)
  } finally {
    flag.mockRestore()
    context.mockRestore()
  }
  expect(await importedIds(account, ref)).toEqual([good!.eventID])
  const records = await account.superuser.selectFrom('unparsed_records').select('reason').execute()
  expect(records).toEqual([{ reason: 'reader_error' }, { reason: 'reader_error' }])
  const fields = { connectionId: ref.connectionId, region: 'us-east-1', records: 2 }
  expect(error).toHaveBeenCalledWith(expect.any(String), expect.objectContaining(fields))
})

test('all events can be selected instead of changes only', async () => {
  const account = await newAccount({ regions: ['us-east-1'] })
  const now = account.simulator.now()
  account.simulator.addEvents([
    recordAt(now - HOUR_MS),
    recordAt(now - HOUR_MS, { readOnly: true }),
  ])
  const ref = await verified(account)
  await importAll(account, ref)
  expect(await importedIds(account, ref)).toHaveLength(1)
  await account.superuser
    .updateTable('connections')
    .set({ selection: 'all' })
    .where('id', '=', ref.connectionId)
    .execute()
  await importAll(account, ref)
  expect(await importedIds(account, ref)).toHaveLength(2)
})

test('time that CloudTrail no longer has is reported as lost', async () => {
  const account = await newAccount({ regions: ['us-east-1'] })
  const ref = await verified(account, { lookbackDays: 90 })
  const summary = await importAll(account, ref)
  expect(summary).toMatchObject({ status: 'current', gapSeconds: 0 })
})

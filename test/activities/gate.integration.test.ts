import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { AwsAccess } from '../../src/aws/access.ts'
import { lockConnection, updateDesiredState } from '../../src/db/connections.ts'
import { asOrganization, type Database, openDatabase } from '../../src/db/database.ts'
import { VERDICT_MAX_AGE_HOURS } from '../../src/db/verifications.ts'
import {
  ConnectionChanged,
  type ConnectionRef,
  VerificationRequired,
} from '../../src/workflows/state.ts'
import { createTestAccount, type TestAccount } from '../../testing/account.ts'
import { cloudTrailTime, record, userIdentity } from '../../testing/cloudtrail/records.ts'
import { PausedAws, type PausedCall } from '../../testing/paused-aws.ts'
import { putRole, readEvents, trust } from '../../testing/roles.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const MALLORY = '444455556666'

let account: TestAccount
let aws: PausedAws
/** As the API's login. */
let apiDb: Database

beforeAll(async () => {
  account = await createTestAccount({
    accountIds: ['111122223333', MALLORY],
    regions: ['us-east-1', 'eu-west-1'],
  })
  // A role that trusts Cairn without an external ID, in an account of its own.
  account.simulator.putRole({
    arn: unsafeRole.arn,
    trustPolicy: trust(account.simulator.vendor.principalArn, undefined),
    policies: [readEvents],
  })
  for (const accountId of ['111122223333', MALLORY])
    account.simulator.addEvents(
      Array.from({ length: 120 }, (_, n) => event(n)),
      { accountId },
    )
  apiDb = openDatabase({ url: account.databaseUrl, role: 'cairn_api' })
})

afterAll(async () => {
  await apiDb.destroy()
  await account.close()
})

beforeEach(() => {
  const { credentials } = account.simulator.vendor
  aws = new PausedAws({ credentials: async () => credentials, region: 'us-east-1' })
  account.deps.aws = aws
  account.simulator.clearFaults()
})

const unsafeRole = {
  arn: `arn:aws:iam::${MALLORY}:role/open`,
  accountId: MALLORY,
  partition: 'aws',
}

function event(n: number) {
  return record({
    eventID: randomUUID(),
    eventTime: cloudTrailTime(Date.now() - HOUR_MS - n * MINUTE_MS),
    eventName: 'RunInstances',
    awsRegion: n % 2 ? 'us-east-1' : 'eu-west-1',
    recipientAccountId: undefined,
    userIdentity: userIdentity('ada', '111122223333'),
  })
}

type Connection = Awaited<ReturnType<TestAccount['connect']>>

function patch({ ref }: Connection, role: typeof unsafeRole | null): Promise<unknown> {
  return asOrganization(apiDb, ref.organizationId, (trx) =>
    updateDesiredState(trx, ref.connectionId, { role }),
  )
}

function roleOf({ role_arn, account_id, partition }: Connection) {
  return { arn: role_arn!, accountId: account_id!, partition: partition! }
}

function verify(ref: ConnectionRef, failures = 0) {
  return account.run('verifyRole', ref, { failures })
}

function importAll(ref: ConnectionRef) {
  return account.run('importEvents', ref, { force: true })
}

async function verified(): Promise<Connection> {
  const connection = await account.connect()
  expect(await verify(connection.ref)).toMatchObject({ state: 'passed', reason: null })
  return connection
}

function verification(ref: ConnectionRef) {
  return account.superuser
    .selectFrom('verifications')
    .selectAll()
    .where('connection_id', '=', ref.connectionId)
    .executeTakeFirstOrThrow()
}

function row(ref: ConnectionRef) {
  return account.superuser
    .selectFrom('connections')
    .selectAll()
    .where('id', '=', ref.connectionId)
    .executeTakeFirstOrThrow()
}

async function imported(ref: ConnectionRef): Promise<{ all: number; mallory: number }> {
  const rows = await account.superuser
    .selectFrom('changes')
    .select('account_id')
    .where('connection_id', '=', ref.connectionId)
    .execute()
  return {
    all: rows.length,
    mallory: rows.filter(({ account_id }) => account_id === MALLORY).length,
  }
}

/** The role's trust policy, which takes any external ID and none, or the connection's only. */
function setTrust({ role_arn, external_id }: Connection, trust: 'open' | 'exact') {
  putRole(account.simulator, {
    roleArn: role_arn!,
    externalId: external_id,
    condition: trust === 'open' ? null : undefined,
  })
}

/** Releases all calls before the first one of this operation. */
async function releaseUntil(operation: PausedCall['operation']): Promise<PausedCall> {
  for (;;) {
    const held = await aws.next()
    if (held.operation === operation) return held
    void held.release()
  }
}

const verificationRequired = { type: VerificationRequired, nonRetryable: true }

describe('replacing a role', () => {
  test('stops imports until the new role is verified', async () => {
    const connection = await verified()
    await patch(connection, unsafeRole)
    await expect(importAll(connection.ref)).rejects.toMatchObject(verificationRequired)
    expect(await imported(connection.ref)).toEqual({ all: 0, mallory: 0 })
    expect(await verify(connection.ref)).toMatchObject({ state: 'failed' })
    await expect(importAll(connection.ref)).rejects.toMatchObject(verificationRequired)
  })

  test('ends the attempts that work on its regions', async () => {
    const connection = await verified()
    const epochs = async () => {
      const rows = await account.superuser
        .selectFrom('coverage')
        .select('epoch')
        .where('connection_id', '=', connection.id)
        .execute()
      return rows.map(({ epoch }) => epoch)
    }
    const before = await epochs()
    expect(before).not.toEqual([])
    await patch(connection, roleOf(connection))
    expect((await epochs()).toSorted()).toEqual(before.map((epoch) => epoch + 1).toSorted())
  })

  // Before and after each of the calls that an import makes: session, probe, and pages of two regions.
  const interleavings = [false, true].flatMap((pausesAfter) =>
    Array.from({ length: 8 }, (_, call) => ({ pausesAfter, call })),
  )
  test.each(interleavings)(
    'ends the writes of a running import (%o)',
    async ({ pausesAfter, call }) => {
      const connection = await verified()
      aws.isPausing = true
      aws.pausesAfter = pausesAfter
      const running = importAll(connection.ref)
      running.catch(() => {})
      for (let n = 0; n < call; n++) await (await aws.next()).release()
      const held = await aws.next()
      await patch(connection, unsafeRole)
      const before = await imported(connection.ref)
      void held.release()
      aws.releaseAll()
      await expect(running).rejects.toMatchObject(verificationRequired)
      expect(await imported(connection.ref)).toEqual({ all: before.all, mallory: 0 })
      expect((await row(connection.ref)).status).not.toBe('current')
    },
  )

  test('requires a verification when the first role is set again', async () => {
    const connection = await verified()
    const passed = await verification(connection.ref)
    await patch(connection, unsafeRole)
    await patch(connection, roleOf(connection))
    await expect(importAll(connection.ref)).rejects.toMatchObject(verificationRequired)
    expect(await verify(connection.ref)).toMatchObject({ state: 'passed' })
    expect(await verification(connection.ref)).toMatchObject({
      role_revision: passed.role_revision + 2,
      role_id: passed.role_id,
    })
    await importAll(connection.ref)
    expect((await imported(connection.ref)).all).toBeGreaterThanOrEqual(120)
  })

  test('invalidates the verdict of an attempt that started earlier', async () => {
    const connection = await account.connect()
    aws.isPausing = true
    const older = verify(connection.ref)
    older.catch(() => {})
    const held = await aws.next('AssumeRole')
    await patch(connection, unsafeRole)
    await patch(connection, roleOf(connection))
    void held.release()
    aws.releaseAll()
    await expect(older).rejects.toMatchObject({ type: ConnectionChanged })
    await expect(importAll(connection.ref)).rejects.toMatchObject(verificationRequired)
  })

  test('with none ends the writes of a running import', async () => {
    const connection = await verified()
    aws.isPausing = true
    const running = importAll(connection.ref)
    running.catch(() => {})
    const held = await releaseUntil('LookupEvents')
    await patch(connection, null)
    void held.release()
    aws.releaseAll()
    await expect(running).rejects.toMatchObject({ type: ConnectionChanged })
    expect(await imported(connection.ref)).toMatchObject({ all: 0 })
  })

  test('waits only for the current pages, even during a busy import', async () => {
    const connection = await verified()
    const { organizationId, connectionId } = connection.ref
    let isDone = false
    let shared = 0
    // At each moment several of these have the lock.
    const sharers = Array.from({ length: 6 }, async () => {
      while (!isDone) {
        await asOrganization(account.db, organizationId, async (trx) => {
          await lockConnection(trx, connectionId, 'share')
          shared += 1
          await sql`SELECT pg_sleep(0.02)`.execute(trx)
        })
      }
    })
    await vi.waitFor(() => expect(shared).toBeGreaterThan(12), 240_000)
    const before = shared
    await patch(connection, unsafeRole)
    isDone = true
    await Promise.all(sharers)
    expect(shared - before).toBeLessThan(60)
  })
})

describe('two concurrent verifications', () => {
  test('cannot overwrite a newer verdict with an older one', async () => {
    const connection = await verified()
    aws.isPausing = true
    aws.pausesAfter = true
    const older = verify(connection.ref)
    older.catch(() => {})
    // It has all responses except the last.
    const held = await releaseUntil('DescribeTrails')
    aws.isPausing = false
    setTrust(connection, 'open')
    expect(await verify(connection.ref)).toMatchObject({ state: 'failed' })
    setTrust(connection, 'exact')
    const newer = await verification(connection.ref)
    void held.release()
    await expect(older).rejects.toMatchObject({ type: ConnectionChanged })
    expect(await verification(connection.ref)).toEqual(newer)
  })

  test('show only the progress of the newer one', async () => {
    const connection = await account.connect()
    aws.isPausing = true
    const older = verify(connection.ref)
    older.catch(() => {})
    const held = await aws.next('AssumeRole')
    aws.isPausing = false
    expect(await verify(connection.ref)).toMatchObject({ state: 'passed' })
    void held.release()
    aws.releaseAll()
    await expect(older).rejects.toMatchObject({ type: ConnectionChanged })
    expect(await verification(connection.ref)).toMatchObject({ state: 'passed', progress: null })
  })
})

describe('the session of an import', () => {
  test('does not use a role that was recreated under the same name', async () => {
    const connection = await verified()
    await importAll(connection.ref)
    const before = await verification(connection.ref)
    account.simulator.deleteRole(connection.role_arn!)
    setTrust(connection, 'exact')
    aws.forget(connection.id)
    await expect(importAll(connection.ref)).rejects.toMatchObject(verificationRequired)
    expect(await verification(connection.ref)).toMatchObject({ state: 'waiting', role_id: null })
    expect(await verify(connection.ref)).toMatchObject({ state: 'passed' })
    const { role_id } = await verification(connection.ref)
    expect(role_id).toMatch(/^AROA/)
    expect(role_id).not.toBe(before.role_id)
    await importAll(connection.ref)
  })

  test('does not store a page of the earlier role under the new one', async () => {
    const connection = await verified()
    aws.isPausing = true
    aws.pausesAfter = true
    const running = importAll(connection.ref)
    running.catch(() => {})
    const held = await releaseUntil('LookupEvents')
    aws.isPausing = false
    account.simulator.deleteRole(connection.role_arn!)
    setTrust(connection, 'exact')
    expect(await verify(connection.ref)).toMatchObject({ state: 'passed' })
    void held.release()
    aws.releaseAll()
    await expect(running).rejects.toMatchObject(verificationRequired)
    expect(await imported(connection.ref)).toMatchObject({ all: 0 })
  })

  test('is renewed only when AWS refuses the role without the external ID', async () => {
    const connection = await verified()
    await importAll(connection.ref)
    const before = await imported(connection.ref)
    setTrust(connection, 'open')
    account.simulator.addEvents([event(-58)])
    aws.forget(connection.id)
    await expect(importAll(connection.ref)).rejects.toMatchObject(verificationRequired)
    expect(await imported(connection.ref)).toEqual(before)
    expect(await verification(connection.ref)).toMatchObject({ state: 'failed' })
    expect(await row(connection.ref)).toMatchObject({
      status: 'action_needed',
      status_reason: expect.stringContaining('without the external ID'),
    })
  })

  test('makes a verification that started earlier invalid', async () => {
    const connection = await verified()
    aws.isPausing = true
    aws.pausesAfter = true
    const older = verify(connection.ref)
    older.catch(() => {})
    const held = await releaseUntil('DescribeTrails')
    aws.isPausing = false
    setTrust(connection, 'open')
    await expect(importAll(connection.ref)).rejects.toMatchObject(verificationRequired)
    void held.release()
    await expect(older).rejects.toMatchObject({ type: ConnectionChanged })
    expect(await verification(connection.ref)).toMatchObject({ state: 'failed' })
  })

  test('is probed again after a minute if the refusal could not be probed', async () => {
    const connection = await verified()
    account.simulator.failNext({ operation: 'AssumeRole', effect: 'delay', delayMs: 1 })
    account.simulator.failNext({
      service: 'sts',
      operation: 'AssumeRole',
      times: 1,
      effect: 'error',
      code: 'Throttling',
      status: 400,
    })
    await importAll(connection.ref)
    expect((await imported(connection.ref)).all).toBeGreaterThanOrEqual(120)
    setTrust(connection, 'open')
    await importAll(connection.ref)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    try {
      await expect(importAll(connection.ref)).rejects.toMatchObject(verificationRequired)
    } finally {
      vi.useRealTimers()
    }
  })

  test('is not used after another verification', async () => {
    const connection = await verified()
    await importAll(connection.ref)
    const assume = vi.spyOn(aws, 'assumeRole')
    await importAll(connection.ref)
    expect(assume).not.toHaveBeenCalled()
    await verify(connection.ref)
    assume.mockClear()
    await importAll(connection.ref)
    // The session, and the probe without an external ID.
    expect(assume).toHaveBeenCalledTimes(2)
  })
})

describe('an inconclusive verification', () => {
  const sts = { service: 'sts', times: 100 } as const
  const faults: [what: string, break_: () => void][] = [
    ...(['AssumeRole', 'GetCallerIdentity'] as const).flatMap((operation) => [
      [
        `${operation} is throttled`,
        () =>
          account.simulator.failNext({
            ...sts,
            operation,
            effect: 'error',
            code: 'Throttling',
            status: 400,
          }),
      ] as [string, () => void],
      [
        `${operation} fails in AWS`,
        () =>
          account.simulator.failNext({
            ...sts,
            operation,
            effect: 'error',
            code: 'InternalFailure',
            status: 500,
          }),
      ] as [string, () => void],
      [
        `${operation} gets no answer`,
        () => account.simulator.failNext({ ...sts, operation, effect: 'drop' }),
      ] as [string, () => void],
    ]),
    [
      'only the probes are throttled',
      () => {
        account.simulator.failNext({ operation: 'AssumeRole', effect: 'delay', delayMs: 1 })
        account.simulator.failNext({
          ...sts,
          operation: 'AssumeRole',
          effect: 'error',
          code: 'Throttling',
          status: 400,
        })
      },
    ],
    [
      'Cairn has no credentials of its own',
      () => {
        account.deps.aws = new AwsAccess({
          credentials: async () => {
            throw Object.assign(new Error('Could not load credentials from any providers'), {
              name: 'CredentialsProviderError',
            })
          },
          region: 'us-east-1',
        })
      },
    ],
    [
      "AWS does not accept Cairn's own credentials",
      () =>
        account.simulator.failNext({
          ...sts,
          effect: 'error',
          code: 'ExpiredToken',
          status: 403,
        }),
    ],
  ]

  test.each(faults)('keeps the passed verdict (%s)', async (_what, break_) => {
    const connection = await verified()
    const healthy = account.deps.aws
    await importAll(connection.ref)
    const before = await verification(connection.ref)
    const { status } = await row(connection.ref)
    break_()
    const first = await verify(connection.ref)
    expect(first).toMatchObject({ state: 'passed', reason: null, failures: 1 })
    expect(first.inconclusive).not.toBeNull()
    const pause = ({ verifiedAt, nextAttemptAt }: typeof first) =>
      (Date.parse(nextAttemptAt) - Date.parse(verifiedAt)) / 1000
    expect(pause(first)).toBe(30)

    const after = await verification(connection.ref)
    expect(after).toMatchObject({
      state: 'passed',
      verified_at: before.verified_at,
      checks: before.checks,
      role_id: before.role_id,
      proven_at: before.proven_at,
      inconclusive_reason: first.inconclusive,
    })
    expect(after.inconclusive_checks!.some(({ state }) => state !== 'passed')).toBe(true)
    expect((await row(connection.ref)).status).toBe(status)

    // What the import needs is available again, or always was: its session is valid.
    account.deps.aws = healthy
    account.simulator.addEvents([event(-58)])
    const { all } = await imported(connection.ref)
    await importAll(connection.ref)
    expect((await imported(connection.ref)).all).toBe(all + 1)

    account.simulator.clearFaults()
    expect(await verify(connection.ref, 2)).toMatchObject({ failures: 0, inconclusive: null })
    expect(await verification(connection.ref)).toMatchObject({ inconclusive_at: null })
  })

  test.each(faults)('does not pass a role that has never passed (%s)', async (_what, break_) => {
    const connection = await account.connect()
    break_()
    expect((await verify(connection.ref)).state).not.toBe('passed')
    await expect(importAll(connection.ref)).rejects.toMatchObject(verificationRequired)
    expect(await imported(connection.ref)).toMatchObject({ all: 0 })
  })

  test('extends a verdict for three days at most', async () => {
    const connection = await verified()
    await account.superuser
      .updateTable('verifications')
      .set({ proven_at: sql`now() - make_interval(hours => ${VERDICT_MAX_AGE_HOURS})` })
      .where('connection_id', '=', connection.id)
      .execute()
    await expect(importAll(connection.ref)).rejects.toMatchObject(verificationRequired)
    account.simulator.failNext({ ...sts, operation: 'AssumeRole', effect: 'drop' })
    expect(await verify(connection.ref)).toMatchObject({ state: 'waiting' })
    expect((await row(connection.ref)).status).toBe('waiting_for_aws')
    account.simulator.clearFaults()
    expect(await verify(connection.ref)).toMatchObject({ state: 'passed' })
    await importAll(connection.ref)
  })

  test('does not extend the verdict of a recreated role', async () => {
    const connection = await verified()
    account.simulator.deleteRole(connection.role_arn!)
    setTrust(connection, 'exact')
    account.simulator.failNext({ operation: 'AssumeRole', effect: 'delay', delayMs: 1 })
    account.simulator.failNext({ ...sts, operation: 'AssumeRole', effect: 'drop' })
    expect(await verify(connection.ref)).toMatchObject({ state: 'waiting' })
    await expect(importAll(connection.ref)).rejects.toMatchObject(verificationRequired)
  })

  const disproofs: [what: string, disprove: (connection: Connection) => void][] = [
    ['a probe that must be refused succeeds', (connection) => setTrust(connection, 'open')],
    ['AWS denies the role', ({ role_arn }) => void account.simulator.deleteRole(role_arn!)],
  ]
  test.each(disproofs)(
    'is different from one that disproves the verdict: %s',
    async (_what, disprove) => {
      const connection = await verified()
      disprove(connection)
      expect(await verify(connection.ref)).toMatchObject({ state: 'failed', inconclusive: null })
      await expect(importAll(connection.ref)).rejects.toMatchObject(verificationRequired)
      expect((await row(connection.ref)).status).toBe('action_needed')
    },
  )
})

test('an import without a session is reported until there is one, and the verdict stays valid', async () => {
  const connection = await verified()
  account.simulator.failNext({ service: 'sts', operation: 'AssumeRole', effect: 'drop', times: 1 })
  await expect(importAll(connection.ref)).rejects.toThrow()
  const reported = {
    status: 'behind',
    status_reason: expect.stringContaining('cannot be assumed'),
  }
  expect(await row(connection.ref)).toMatchObject(reported)
  expect(await verification(connection.ref)).toMatchObject({ state: 'passed' })
  // The workflow reads the row again on each signal.
  await account.run('readConnection', connection.ref)
  expect(await row(connection.ref)).toMatchObject(reported)
  await importAll(connection.ref)
  expect(await row(connection.ref)).toMatchObject({ status: 'current', session_error: null })
})

import { expect, onTestFinished, test, vi } from 'vitest'
import type { SimulatorOptions } from '../../simulator/index.ts'
import { nextAttempt } from '../../src/activities/verify.ts'
import { AwsAccess } from '../../src/aws/access.ts'
import { partitions } from '../../src/aws/regions.ts'
import { createTestAccount, type TestAccount } from '../../testing/account.ts'
import { PausedAws } from '../../testing/paused-aws.ts'
import { readEvents, trust } from '../../testing/roles.ts'

const mayAssume = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }],
}

async function newAccount(options: SimulatorOptions = {}) {
  const account = await createTestAccount({ regions: ['us-east-1', 'eu-west-1'], ...options })
  onTestFinished(account.close)
  return account
}

async function keptChecks({ superuser }: TestAccount, connectionId: string) {
  const row = await superuser
    .selectFrom('verifications')
    .selectAll()
    .where('connection_id', '=', connectionId)
    .executeTakeFirstOrThrow()
  return { ...row, byId: Object.fromEntries((row.checks ?? []).map((check) => [check.id, check])) }
}

async function storedStatus({ superuser }: TestAccount, connectionId: string) {
  const row = await superuser
    .selectFrom('connections')
    .select(['status', 'status_reason'])
    .where('id', '=', connectionId)
    .executeTakeFirstOrThrow()
  return row
}

test('a correct role passes, and its regions become known', async () => {
  const account = await newAccount()
  const { ref } = await account.connect({ roleName: 'services/audit/cairn' })
  const verification = await account.run('verifyRole', ref, { failures: 0 })
  expect(verification).toMatchObject({ state: 'passed', failures: 0, reason: null })
  const kept = await keptChecks(account, ref.connectionId)
  expect(kept.checks!.every(({ state, remedy }) => state === 'passed' && remedy === null)).toBe(
    true,
  )
  // AWS returns the session's role without its path.
  expect(kept.byId.identity?.saw).toContain(':assumed-role/cairn/')
  const regions = await account.superuser
    .selectFrom('coverage')
    .select(['region', 'state'])
    .where('connection_id', '=', ref.connectionId)
    .execute()
  expect(regions).toHaveLength(partitions[0]!.regions.length)
  const active = regions.filter(({ state }) => state === 'active').map(({ region }) => region)
  expect(active.sort()).toEqual(['eu-west-1', 'us-east-1'])
})

const unsafe: [what: string, condition: object | undefined, check: string][] = [
  ['no condition at all', undefined, 'refused_without_id'],
  ['any external ID', { StringLike: { 'sts:ExternalId': '*' } }, 'refused_wrong_id'],
  ['any ID with its prefix', { StringLike: { 'sts:ExternalId': 'ID*' } }, 'refused_wrong_id'],
  ['any case of it', { StringEqualsIgnoreCase: { 'sts:ExternalId': 'ID' } }, 'refused_wrong_id'],
  ['it, or none', { StringEqualsIfExists: { 'sts:ExternalId': 'ID' } }, 'refused_without_id'],
]

test.each(unsafe)(
  'a trust policy that accepts %s fails, and nothing is imported',
  async (_what, condition, check) => {
    const account = await newAccount()
    const { ref, role_arn, external_id } = await account.connect()
    const exact = JSON.parse(JSON.stringify(condition ?? null).replaceAll('ID', external_id))
    account.simulator.putRole({
      arn: role_arn!,
      trustPolicy: trust(account.simulator.vendor.principalArn, exact ?? undefined),
      policies: [readEvents],
    })
    const verification = await account.run('verifyRole', ref, { failures: 0 })
    expect(verification.state).toBe('failed')
    const kept = await keptChecks(account, ref.connectionId)
    expect(kept.byId[check]).toMatchObject({ state: 'failed' })
    expect(kept.byId[check]!.remedy).toContain(
      `"StringEquals": {"sts:ExternalId": "${external_id}"}`,
    )
    expect(await storedStatus(account, ref.connectionId)).toMatchObject({
      status: 'action_needed',
      status_reason: expect.stringContaining('Not safe'),
    })
    const regions = await account.superuser.selectFrom('coverage').select('region').execute()
    expect(regions).toEqual([])
  },
)

test('a role that AWS does not recognize yet is waiting, and fails later', async () => {
  const account = await newAccount()
  const { ref, role_arn, external_id } = await account.connect()
  const condition = { StringEquals: { 'sts:ExternalId': external_id } }
  account.simulator.putRole({
    arn: role_arn!,
    trustPolicy: trust(account.simulator.vendor.principalArn, condition),
    policies: [readEvents],
    propagatingUntil: new Date(Date.now() + 3_600_000),
  })
  const first = await account.run('verifyRole', ref, { failures: 0 })
  expect(first).toMatchObject({ state: 'waiting', failures: 1 })
  expect((await storedStatus(account, ref.connectionId)).status).toBe('waiting_for_aws')
  expect(Date.parse(first.nextAttemptAt) - Date.parse(first.verifiedAt)).toBeLessThan(5_000)

  account.deps.clock = () => Date.now() + 5 * 60_000
  expect((await account.run('verifyRole', ref, { failures: 1 })).state).toBe('failed')
})

test('attempts that waited for a new role do not delay the retry of the first real failure', async () => {
  const account = await newAccount()
  const { ref, role_arn } = await account.connect()
  account.simulator.deleteRole(role_arn!)
  const waited = await account.run('verifyRole', ref, { failures: 6 })
  expect(waited).toMatchObject({ state: 'waiting' })
  account.deps.clock = () => Date.now() + 5 * 60_000
  const first = await account.run('verifyRole', ref, { failures: waited.failures })
  const second = await account.run('verifyRole', ref, { failures: first.failures })
  const pause = ({ verifiedAt, nextAttemptAt }: typeof first) =>
    (Date.parse(nextAttemptAt) - Date.parse(verifiedAt)) / 1000
  expect([first, second].map(pause)).toEqual([30, 60])
})

test('a role that passed and was then deleted fails immediately', async () => {
  const account = await newAccount()
  const { ref, role_arn } = await account.connect()
  await account.run('verifyRole', ref, { failures: 0 })
  account.simulator.deleteRole(role_arn!)
  const verification = await account.run('verifyRole', ref, { failures: 0 })
  expect(verification.state).toBe('failed')
  const { byId } = await keptChecks(account, ref.connectionId)
  expect(byId.assume_with_id).toMatchObject({
    state: 'failed',
    saw: expect.stringContaining('AccessDenied'),
    remedy: expect.stringContaining('sts:AssumeRole'),
  })
})

test('a role without the permission to look up events fails, and the missing permission is named', async () => {
  const account = await newAccount()
  const { ref, role_arn } = await account.connect()
  account.simulator.setPolicies(role_arn!, [])
  await account.run('verifyRole', ref, { failures: 0 })
  const { byId, state } = await keptChecks(account, ref.connectionId)
  expect(state).toBe('failed')
  expect(byId.lookup_events?.remedy).toContain('cloudtrail:LookupEvents')
})

const otherSessions: [
  what: string,
  identity: { account?: string; arn?: string; userId?: string },
][] = [
  ['name', { arn: 'arn:aws:sts::111122223333:assumed-role/other/cairn' }],
  ['account', { account: '444455556666' }],
  ['unique ID', { userId: 'AROAOTHEROTHEROTHER12:cairn' }],
]

test.each(otherSessions)(
  'a session of a role with another %s fails, and no region is probed',
  async (_what, identity) => {
    const account = await newAccount()
    const { aws } = account.deps
    const identityOf = aws.identityOf.bind(aws)
    aws.identityOf = async (...args) => ({ ...(await identityOf(...args)), ...identity })
    const { ref } = await account.connect()
    expect(await account.run('verifyRole', ref, { failures: 0 })).toMatchObject({ state: 'failed' })
    const { byId } = await keptChecks(account, ref.connectionId)
    expect(byId.identity).toMatchObject({
      state: 'failed',
      means: expect.stringContaining('belongs to a different role'),
    })
    expect(account.simulator.ledger.requests({ operation: 'LookupEvents' })).toEqual([])
  },
)

test('an unreachable AWS is not a failure of the role', async () => {
  const account = await newAccount()
  const { ref } = await account.connect()
  account.simulator.failNext({ operation: 'AssumeRole', effect: 'drop', times: 1 })
  expect((await account.run('verifyRole', ref, { failures: 0 })).state).toBe('waiting')
})

const emptySession =
  '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult/></AssumeRoleResponse>'

test.each([
  ['AssumeRole', '{}'],
  ['AssumeRole', emptySession],
  ['GetCallerIdentity', '{}'],
])('a result is inconclusive when %s is answered with %s', async (operation, body) => {
  const account = await newAccount()
  const { ref } = await account.connect()
  account.simulator.failNext({ operation, effect: 'answer', body, times: 1_000 })
  const verification = await account.run('verifyRole', ref, { failures: 0 })
  expect(verification.state).toBe('waiting')
  expect(verification.reason).toContain('A proxy or firewall between Cairn and AWS')
})

test("a signature that AWS rejects is a problem of the worker's clock or credentials", async () => {
  const account = await newAccount()
  const { ref } = await account.connect()
  account.simulator.failNext({
    operation: 'AssumeRole',
    effect: 'error',
    code: 'SignatureDoesNotMatch',
    status: 403,
    message: 'Signature expired: 20260302T110000Z is now earlier than 20260302T114500Z',
  })
  const { reason } = await account.run('verifyRole', ref, { failures: 0 })
  expect(reason).toContain("the worker's clock is wrong")
})

test('without a probe of the refusal, the external ID is not reported as enforced', async () => {
  const account = await newAccount()
  const { ref } = await account.connect()
  account.simulator.failNext({
    service: 'sts',
    operation: 'AssumeRole',
    effect: 'delay',
    delayMs: 1,
  })
  account.simulator.failNext({
    service: 'sts',
    operation: 'AssumeRole',
    times: 1,
    effect: 'error',
    code: 'ServiceUnavailable',
    status: 503,
  })
  const { state } = await account.run('verifyRole', ref, { failures: 0 })
  expect(state).toBe('waiting')
  const { byId } = await keptChecks(account, ref.connectionId)
  expect(byId.assume_with_id?.state).toBe('passed')
  expect(byId.refused_without_id?.state).toBe('waiting')
})

test('a running verification shows its results so far', async () => {
  const account = await newAccount()
  const { ref } = await account.connect()
  const { credentials } = account.simulator.vendor
  const aws = new PausedAws({ credentials: async () => credentials, region: 'us-east-1' })
  account.deps.aws = aws
  aws.isPausing = true
  const running = account.run('verifyRole', ref, { failures: 0 })
  void (await aws.next('AssumeRole')).release()
  const { progress } = await vi.waitFor(
    async () => {
      const kept = await keptChecks(account, ref.connectionId)
      expect(kept.progress?.find(({ id }) => id === 'assume_with_id')?.state).toBe('passed')
      return kept
    },
    { timeout: 240_000, interval: 20 },
  )
  expect(progress!.map(({ id, state }) => [id, state])).toEqual([
    ['arn_format', 'passed'],
    ['account_unused', 'passed'],
    ['assume_with_id', 'passed'],
    ['refused_without_id', 'waiting'],
    ['refused_wrong_id', 'waiting'],
    ['identity', 'waiting'],
    ['lookup_events', 'waiting'],
    ['trails', 'waiting'],
  ])
  aws.releaseAll()
  await running
  expect(await keptChecks(account, ref.connectionId)).toMatchObject({
    state: 'passed',
    progress: null,
  })
})

test("Cairn's own role is rejected", async () => {
  const account = await newAccount()
  const { simulator, superuser } = account
  const arn = `arn:aws:iam::${simulator.accountId}:role/platform/cairn`
  simulator.putRole({ arn, trustPolicy: trust(simulator.vendor.principalArn, undefined) })
  const credentials = simulator.createPrincipal({ arn, policies: [mayAssume] })
  account.deps.aws = new AwsAccess({ credentials: async () => credentials, region: 'us-east-1' })
  const { ref } = await account.connect()
  await superuser
    .updateTable('connections')
    .set({ role_arn: arn })
    .where('id', '=', ref.connectionId)
    .execute()
  expect(await account.run('verifyRole', ref, { failures: 0 })).toMatchObject({ state: 'failed' })
  const { byId } = await keptChecks(account, ref.connectionId)
  expect(byId.arn_format).toMatchObject({
    state: 'failed',
    means: expect.stringContaining('Cairn runs as'),
  })
  expect(Object.keys(byId)).toEqual(['arn_format'])
})

test('verification is repeated daily, and at longer and longer intervals after failures', () => {
  const at = (state: 'passed' | 'waiting' | 'failed', failures: number) =>
    nextAttempt(state, failures, 0).getTime() / 1000
  expect(at('passed', 0)).toBe(86_400)
  expect([1, 2, 3].map((failures) => at('waiting', failures))).toEqual([2, 4, 8])
  expect([1, 2, 3].map((failures) => at('failed', failures))).toEqual([30, 60, 120])
  expect(at('failed', 1_000)).toBe(600)
})

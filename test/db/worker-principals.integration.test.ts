import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Simulator, startSimulator } from '../../simulator/index.ts'
import { AwsAccess } from '../../src/aws/access.ts'
import type { PrincipalFinding } from '../../src/aws/principal-finding.ts'
import { asOrganization, type Database, openDatabase } from '../../src/db/database.ts'
import { ensureOrganization } from '../../src/db/organizations.ts'
import {
  currentPrincipal,
  forgetPrincipal,
  principalReader,
  reportPrincipal,
  withConfigured,
} from '../../src/db/worker-principals.ts'
import { type PrincipalWatch, watchPrincipal } from '../../src/principal-watch.ts'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'
import { policy, trust } from '../../testing/roles.ts'

const ACCOUNT = '999988887777'
const ROLE = `arn:aws:iam::${ACCOUNT}:role/platform/feed`
const mayAsk = policy({ Effect: 'Allow', Action: 'iam:GetRole', Resource: '*' })
const MINUTE_MS = 60_000

let simulator: Simulator
let database: TestDatabase
let worker: Database
let apiDb: Database
let system: Database

beforeAll(async () => {
  database = await createTestDatabase()
  worker = openDatabase({ url: database.url })
  apiDb = openDatabase({ url: database.url, role: 'cairn_api' })
  system = openDatabase({ url: database.url, role: 'cairn_system' })
  simulator = await startSimulator({ latencyMs: 0 })
})
afterAll(async () => {
  await Promise.all([worker, apiDb, system].map((pool) => pool.destroy()))
  await Promise.all([database.drop(), simulator.close()])
})
beforeEach(async () => {
  vi.stubEnv('AWS_ENDPOINT_URL', simulator.url)
  await worker.deleteFrom('worker_principals').execute()
})
afterEach(() => vi.unstubAllEnvs())

function accessAs(arn: string, policies = [mayAsk], sessionName = 'session') {
  if (arn.includes(':role/')) simulator.putRole({ arn, trustPolicy: trust(ACCOUNT), policies })
  const credentials = simulator.createPrincipal({ arn, policies, sessionName })
  return new AwsAccess({ credentials: async () => credentials, region: 'us-east-1' })
}

const found = (...identity: Parameters<typeof accessAs>) => accessAs(...identity).findPrincipal()

/** What a worker without credentials finds: its provider fails as the SDK's own do. */
const nothing = () =>
  new AwsAccess({
    credentials: async () => {
      const error = new Error('the token has ended')
      error.name = 'CredentialsProviderError'
      throw error
    },
  }).findPrincipal()

const report = (
  name: string,
  finding: PrincipalFinding,
  { configured, now }: { configured?: string; now?: Date } = {},
) => reportPrincipal(worker, name, { finding, configured }, now)

const current = (configured?: string, now?: Date) => currentPrincipal(apiDb, { configured, now })

describe('one worker', () => {
  test('reports its principal, which the API returns', async () => {
    const finding = await found(ROLE)
    await report('a', finding)
    const seenAt = expect.any(Date)
    expect(await current()).toEqual({ ...finding, seenAt })
    expect(await principalReader(apiDb, undefined)()).toMatchObject({ state: 'certain', arn: ROLE })
  })

  test('is read by one query for concurrent calls, and again for later ones', async () => {
    const read = principalReader(apiDb, undefined)
    const query = vi.spyOn(apiDb, 'selectFrom')
    const unknown = await Promise.all(Array.from({ length: 100 }, read))
    expect(query).toHaveBeenCalledTimes(1)
    expect(unknown.map(({ arn }) => arn)).toEqual(Array(100).fill(null))
    await report('a', await found(ROLE))
    expect((await read()).arn).toBe(ROLE)
    expect(query).toHaveBeenCalledTimes(2)
    query.mockRestore()
  })

  test('replaces its earlier reports', async () => {
    await report('a', await found(ROLE, []))
    expect(await current()).toMatchObject({ state: 'uncertain', arn: null })
    await report('a', await found(ROLE))
    expect(await current()).toMatchObject({ state: 'certain', arn: ROLE })
    await report('a', await nothing())
    expect(await current()).toMatchObject({ state: 'unknown', arn: null })
  })

  test('expires after 15 minutes without a report, and the remedy is to start one', async () => {
    const now = new Date()
    await report('a', await found(ROLE), { now })
    expect(await current(undefined, new Date(+now + 14 * MINUTE_MS))).toMatchObject({ arn: ROLE })
    const later = await current(undefined, new Date(+now + 16 * MINUTE_MS))
    expect(later).toMatchObject({ state: 'unknown', arn: null, seenAt: null })
    expect(later.remedy).toContain('npm run worker')
  })

  test('is removed immediately when it stops', async () => {
    await report('a', await found(ROLE))
    await forgetPrincipal(worker, 'a')
    expect(await current()).toMatchObject({ state: 'unknown', seenAt: null })
  })

  test('is removed by other workers a long time after it ended', async () => {
    const finding = await nothing()
    await report('old', finding, { now: new Date(Date.now() - 25 * 60 * MINUTE_MS) })
    await report('new', finding)
    const rows = await worker.selectFrom('worker_principals').select('worker').execute()
    expect(rows).toEqual([{ worker: 'new' }])
  })
})

describe('several workers', () => {
  test('with the same role are one principal, with any session names', async () => {
    await report('a', await found(ROLE, [mayAsk], 'i-0a'))
    await report('b', await found(ROLE, [mayAsk], 'i-0b'))
    expect(await current()).toMatchObject({ state: 'certain', arn: ROLE })
  })

  test('with different roles are uncertain, and both are named', async () => {
    const other = `arn:aws:iam::${ACCOUNT}:role/other`
    await report('a', await found(ROLE))
    await report('b', await found(other))
    const principal = await current()
    expect(principal).toMatchObject({ state: 'uncertain', arn: null, caller: null })
    expect(principal.saw).toContain(ROLE)
    expect(principal.saw).toContain(other)
    // Configuration cannot make one role of two.
    expect(await current(ROLE)).toMatchObject({ state: 'uncertain', arn: null })
  })

  test('are certain if only one of them has no credentials, which is reported', async () => {
    await report('a', await found(ROLE))
    await report('b', await nothing())
    const principal = await current()
    expect(principal).toMatchObject({ state: 'certain', arn: ROLE })
    expect(principal.saw).toContain('the token has ended')
    expect(principal.remedy).not.toBeNull()
  })
})

describe('CAIRN_PRINCIPAL_ARN', () => {
  test('supplies the path that AWS did not report', async () => {
    await report('a', await found(ROLE, []))
    expect(await current(ROLE)).toMatchObject({
      state: 'certain',
      arn: ROLE,
      source: 'configured',
      remedy: null,
    })
  })

  test('is sufficient if only the worker has it', async () => {
    await report('a', await found(ROLE, []), { configured: ROLE })
    expect(await current()).toMatchObject({ state: 'certain', arn: ROLE, source: 'configured' })
  })

  test('is uncertain if the server and the worker have different values', async () => {
    await report('a', await found(ROLE, []), { configured: ROLE })
    const other = `arn:aws:iam::${ACCOUNT}:role/elsewhere/feed`
    const principal = await current(other)
    expect(principal).toMatchObject({ state: 'uncertain', arn: null })
    expect(principal.saw).toContain(other)
  })

  test('is certain without a worker or credentials, and the missing part is reported', async () => {
    const alone = await current(ROLE)
    expect(alone).toMatchObject({
      state: 'certain',
      arn: ROLE,
      accountId: ACCOUNT,
      partition: 'aws',
      seenAt: null,
    })
    expect(alone.remedy).toContain('npm start')
    await report('a', await nothing())
    const lonely = await current(ROLE)
    expect(lonely).toMatchObject({ state: 'certain', arn: ROLE })
    expect(lonely.saw).toContain('the token has ended')
    expect(lonely.remedy).not.toBeNull()
  })

  test.each([
    ['another name', `arn:aws:iam::${ACCOUNT}:role/platform/other`],
    ['a name that only begins alike', `arn:aws:iam::${ACCOUNT}:role/platform/feed2`],
    ['another account', 'arn:aws:iam::111122223333:role/platform/feed'],
    ['another partition', `arn:aws-cn:iam::${ACCOUNT}:role/platform/feed`],
    ['a user of the same name', `arn:aws:iam::${ACCOUNT}:user/platform/feed`],
    ['another whole account', 'arn:aws:iam::111122223333:root'],
  ])('with %s is rejected, with and without a response of IAM', async (_what, configured) => {
    for (const policies of [[], [mayAsk]]) {
      const principal = withConfigured(await found(ROLE, policies), [configured])
      expect(principal).toMatchObject({ state: 'uncertain', arn: null, source: null })
      expect(principal.saw).toContain(configured)
      expect(principal.means).toContain('deny access')
    }
  })

  test('without the path is rejected if IAM returns one', async () => {
    const bare = `arn:aws:iam::${ACCOUNT}:role/feed`
    const principal = withConfigured(await found(ROLE), [bare])
    expect(principal).toMatchObject({ state: 'uncertain', arn: null })
    expect(principal.remedy).toContain(`Set CAIRN_PRINCIPAL_ARN to ${ROLE}`)
  })

  test('can be the ARN of a user', async () => {
    const user = `arn:aws:iam::${ACCOUNT}:user/vendors/cairn`
    const finding = await found(user)
    expect(withConfigured(finding, [user])).toMatchObject({ state: 'certain', arn: user })
    expect(withConfigured(finding, [ROLE])).toMatchObject({ state: 'uncertain', arn: null })
  })

  test('does not replace credentials that cannot assume roles', async () => {
    const unusable: PrincipalFinding = {
      ...(await nothing()),
      state: 'unusable',
      caller: `arn:aws:iam::${ACCOUNT}:root`,
      accountId: ACCOUNT,
    }
    expect(withConfigured(unusable, [ROLE])).toMatchObject({ state: 'unusable', arn: null })
  })
})

describe('privileges', () => {
  test('allow the API to read with any organization or none, and never to write', async () => {
    await report('a', await found(ROLE))
    const { id } = await ensureOrganization(system, 'one')
    const within = await asOrganization(apiDb, id, (trx) =>
      currentPrincipal(trx, { configured: undefined }),
    )
    expect(within).toMatchObject({ arn: ROLE })
    for (const pool of [apiDb, system]) {
      expect(await currentPrincipal(pool, { configured: undefined })).toMatchObject({ arn: ROLE })
      for (const statement of [
        sql`INSERT INTO worker_principals VALUES ('x', now(), NULL, '{}')`,
        sql`UPDATE worker_principals SET configured = 'mine'`,
        sql`DELETE FROM worker_principals`,
        sql`TRUNCATE worker_principals`,
      ]) {
        await expect(statement.execute(pool)).rejects.toMatchObject({ code: '42501' })
      }
    }
  })

  test('show that only this table and the installation belong to no organization', async () => {
    const { rows } = await sql<{ name: string; columns: string[] }>`
      SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        AND NOT c.relispartition AND c.relname NOT LIKE 'kysely_%' AND c.relname <> 'organizations'
      GROUP BY 1 HAVING NOT bool_or(a.attname = 'organization_id')
    `.execute(worker)
    expect(rows).toEqual([
      { name: 'installation', columns: ['is_only_row', 'id', 'created_at'] },
      { name: 'worker_principals', columns: ['worker', 'seen_at', 'configured', 'finding'] },
    ])
  })
})

describe('a running worker', () => {
  const watches: PrincipalWatch[] = []
  afterEach(() => Promise.all(watches.splice(0).map((watch) => watch.stop())))

  function watch(
    aws: Pick<AwsAccess, 'findPrincipal'>,
    { configured }: { configured?: string } = {},
  ) {
    const lines: { level: number; msg: string }[] = []
    const logger = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) })
    const running = watchPrincipal({ aws, db: worker, configured, logger, intervalMs: 20 })
    watches.push(running)
    return { lines, running }
  }
  const until = (state: string) =>
    vi.waitFor(async () => {
      const principal = await current()
      expect(principal.state).toBe(state)
      return principal
    }, 240_000)

  test('reports its principal at start and logs only changes', async () => {
    const aws = accessAs(ROLE, [])
    const { lines, running } = watch(aws)
    await until('uncertain')
    simulator.setPolicies(ROLE, [mayAsk])
    expect(await until('certain')).toMatchObject({ arn: ROLE })
    const { seenAt } = await current()
    await vi.waitFor(async () => expect((await current()).seenAt! > seenAt!).toBe(true), 240_000)
    expect(lines.map(({ level }) => level)).toEqual([40, 30])
    expect(lines[0]!.msg).toContain('CAIRN_PRINCIPAL_ARN')
    expect(lines[1]!.msg).toContain(ROLE)
    await running.stop()
    expect(await current()).toMatchObject({ state: 'unknown', seenAt: null })
  })

  test('keeps its ARN certain when credentials expire, which is reported', async () => {
    let live = true
    const aws = accessAs(ROLE)
    watch({ findPrincipal: (signal) => (live ? aws.findPrincipal(signal) : nothing()) })
    await until('certain')
    live = false
    await vi.waitFor(async () => expect((await current()).remedy).not.toBeNull(), 240_000)
    expect(await current()).toMatchObject({
      state: 'certain',
      arn: ROLE,
      saw: expect.stringContaining('the token has ended'),
    })
    live = true
    await vi.waitFor(async () => expect((await current()).remedy).toBeNull(), 240_000)
  })

  test('logs the result with CAIRN_PRINCIPAL_ARN', async () => {
    const other = `arn:aws:iam::${ACCOUNT}:role/other`
    const { lines } = watch(accessAs(ROLE, []), { configured: other })
    await vi.waitFor(() => expect(lines).toHaveLength(1), 240_000)
    expect(lines[0]!.msg).toContain(`CAIRN_PRINCIPAL_ARN is ${other}, but`)
  })

  test('stops without waiting for AWS or for an unavailable database', async () => {
    const never = new AwsAccess({ credentials: () => new Promise(() => {}) })
    await watch(never).running.stop()
    const away = openDatabase({ url: 'postgres://nobody@127.0.0.1:1/none' })
    const lines: string[] = []
    const logger = pino({}, { write: (line: string) => lines.push(line) })
    const running = watchPrincipal({ aws: accessAs(ROLE), db: away, configured: undefined, logger })
    await vi.waitFor(() => expect(lines.join()).toContain('Failed to store which role'), 240_000)
    await running.stop()
    await away.destroy()
  })

  test('stores and logs no credentials', async () => {
    const { lines } = watch(accessAs(ROLE))
    await until('certain')
    const { rows } = await sql<{ row: string }>`
      SELECT worker_principals::text AS row FROM worker_principals
    `.execute(worker)
    const said = rows.map(({ row }) => row).join() + JSON.stringify(lines)
    expect(said).toContain(ROLE)
    const issued = simulator.ledger.credentials()
    expect(issued.length).toBeGreaterThan(1)
    for (const { accessKeyId, secretAccessKey, sessionToken } of issued) {
      for (const secret of [accessKeyId, secretAccessKey, sessionToken])
        if (secret) expect(said).not.toContain(secret)
    }
  })
})

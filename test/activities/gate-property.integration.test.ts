import { randomUUID } from 'node:crypto'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createActivities } from '../../src/activities/index.ts'
import { updateDesiredState } from '../../src/db/connections.ts'
import { asOrganization, type Database, openDatabase } from '../../src/db/database.ts'
import { installationId } from '../../src/db/installation.ts'
import { ConnectionChanged, RoleRefused, VerificationRequired } from '../../src/workflows/state.ts'
import { createTestAccount, type TestAccount } from '../../testing/account.ts'
import { cloudTrailTime, record, userIdentity } from '../../testing/cloudtrail/records.ts'
import { PausedAws } from '../../testing/paused-aws.ts'
import { putRole, readEvents, trust } from '../../testing/roles.ts'

const HOUR_MS = 3_600_000
const OTHER_ACCOUNT = '444455556666'
const unsafeRole = {
  arn: `arn:aws:iam::${OTHER_ACCOUNT}:role/open`,
  accountId: OTHER_ACCOUNT,
  partition: 'aws',
}

let account: TestAccount
/** As the API's login. */
let apiDb: Database
let workers = 0

beforeAll(async () => {
  account = await createTestAccount({
    accountIds: ['111122223333', OTHER_ACCOUNT],
    regions: ['us-east-1', 'eu-west-1'],
  })
  account.deps.regions = ['us-east-1', 'eu-west-1']
  account.simulator.putRole({
    arn: unsafeRole.arn,
    trustPolicy: trust(account.simulator.vendor.principalArn, undefined),
    policies: [readEvents],
  })
  for (const accountId of ['111122223333', OTHER_ACCOUNT]) {
    const events = Array.from({ length: 130 }, (_, n) =>
      record({
        eventID: randomUUID(),
        eventTime: cloudTrailTime(Date.now() - HOUR_MS - n * 60_000),
        eventName: 'RunInstances',
        awsRegion: n % 2 ? 'us-east-1' : 'eu-west-1',
        recipientAccountId: accountId,
        userIdentity: userIdentity('ada', accountId),
      }),
    )
    account.simulator.addEvents(events, { accountId })
  }
  apiDb = openDatabase({ url: account.databaseUrl, role: 'cairn_api' })
  await auditWrites()
})

afterAll(async () => {
  await apiDb.destroy()
  await account.close()
})

/**
 * Postgres itself judges each change that is stored and each second that is settled, in the
 * transaction that does it: the newest verdict has to be passed, on the present revision of the
 * role, and what is stored has to be of that role's account.
 */
async function auditWrites(): Promise<void> {
  await sql`
    CREATE TABLE audit (what text, is_permitted boolean);
    CREATE FUNCTION audit_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      INSERT INTO audit SELECT TG_TABLE_NAME, coalesce(v.state = 'passed'
        AND v.role_revision = c.role_revision AND c.account_id = NEW.account_id, false)
      FROM connections c LEFT JOIN verifications v ON v.connection_id = c.id
      WHERE c.id = NEW.connection_id;
      RETURN NULL;
    END $$;
    CREATE TRIGGER audit AFTER INSERT ON changes FOR EACH ROW EXECUTE FUNCTION audit_write();
    CREATE TRIGGER audit AFTER UPDATE OF settled ON coverage FOR EACH ROW
      WHEN (OLD.settled IS DISTINCT FROM NEW.settled) EXECUTE FUNCTION audit_write();
  `.execute(account.superuser)
}

/** A worker process, as far as it matters: its pool, its sessions, and the activities in it. */
class Worker {
  readonly #name = `worker_${++workers}`
  readonly db = openDatabase({ url: `${account.databaseUrl}?application_name=${this.#name}` })
  readonly aws: PausedAws
  readonly failures: unknown[] = []
  readonly #running = new Set<Promise<unknown>>()
  isKilled = false

  constructor() {
    const { credentials } = account.simulator.vendor
    this.aws = new PausedAws({ credentials: async () => credentials, region: 'us-east-1' })
    this.aws.isPausing = true
  }

  start(activity: 'verifyRole' | 'importEvents', connection: Connection): void {
    const { verifyRole, importEvents } = createActivities({
      ...account.deps,
      db: this.db,
      aws: this.aws,
    })
    const work = async () => ({ ...connection.ref, installationId: await installationId(this.db) })
    const environment = new MockActivityEnvironment(undefined, {
      logger: new DefaultLogger('ERROR'),
    })
    const running: Promise<unknown> = environment
      .run(
        async (): Promise<unknown> =>
          activity === 'verifyRole'
            ? verifyRole(await work(), { failures: 0 })
            : importEvents(await work(), { force: true }),
      )
      .catch((error) => void this.failures.push(error))
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Releases one of the calls to AWS, when there is one. */
  async release(which: number): Promise<void> {
    const { waiting } = this.aws
    if (waiting.length === 0 && this.#running.size > 0)
      await Promise.race([this.aws.arrival(), Promise.all(this.#running)])
    const call = waiting.splice(which % Math.max(1, waiting.length), 1)[0]
    await call?.release()
  }

  /** Kills it: its running transactions are rolled back. */
  async kill(): Promise<void> {
    this.isKilled = true
    // First, so that nothing connects again. It may wait for ever for what the end has cut off.
    void this.db.destroy()
    await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = ${this.#name}`.execute(account.superuser)
  }

  async idle(): Promise<void> {
    await Promise.all(this.#running)
  }

  /** Releases all calls, and waits until nothing runs. */
  async finish(): Promise<void> {
    this.aws.releaseAll()
    if (this.isKilled) return
    await Promise.all(this.#running)
    await this.db.destroy()
  }
}

type Connection = Awaited<ReturnType<TestAccount['connect']>>

function setTrust({ role_arn, external_id }: Connection, trust: 'open' | 'exact'): void {
  putRole(account.simulator, {
    roleArn: role_arn!,
    externalId: external_id,
    condition: trust === 'open' ? null : undefined,
  })
}

const command = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ do: 'import' as const }) },
  { weight: 2, arbitrary: fc.constant({ do: 'verify' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('patch' as const),
      role: fc.constantFrom('own' as const, 'own' as const, 'open' as const, 'none' as const),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('release' as const),
      which: fc.nat(5),
      calls: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'finish' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'kill' as const }) },
  // It still runs without heartbeats, and another one has taken over.
  { weight: 1, arbitrary: fc.constant({ do: 'replace worker' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'pause after answers' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'open the trust' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'recreate the role' as const }) },
)

function isExpected(error: unknown): boolean {
  const { type, name } = error as { type?: string; name?: string }
  return (
    name === 'Fenced' || [ConnectionChanged, RoleRefused, VerificationRequired].includes(type ?? '')
  )
}

test('no interleaving of PATCH, verification, import and kills stores events without the newest verdict, or deadlocks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 8, maxLength: 24 }), async (commands) => {
      const connection = await account.connect()
      const own = {
        arn: connection.role_arn!,
        accountId: connection.account_id!,
        partition: 'aws',
      }
      const patch = (role: typeof own | null) =>
        asOrganization(apiDb, connection.ref.organizationId, (trx) =>
          updateDesiredState(trx, connection.id, { role }),
        )
      const all = [new Worker()]
      const worker = () => all.at(-1)!
      worker().start('verifyRole', connection)
      for (const step of commands) {
        switch (step.do) {
          case 'import':
            worker().start('importEvents', connection)
            break
          case 'verify':
            worker().start('verifyRole', connection)
            break
          case 'patch':
            await patch({ own, open: unsafeRole, none: null }[step.role])
            break
          case 'release':
            for (const one of all.filter(({ isKilled }) => !isKilled))
              for (let n = 0; n < step.calls; n++) await one.release(step.which)
            break
          case 'finish':
            worker().aws.releaseAll()
            await worker().idle()
            worker().aws.isPausing = true
            break
          case 'kill':
            await worker().kill()
            all.push(new Worker())
            break
          case 'replace worker':
            all.push(new Worker())
            break
          case 'pause after answers':
            worker().aws.pausesAfter = !worker().aws.pausesAfter
            break
          case 'open the trust':
            setTrust(connection, 'open')
            break
          case 'recreate the role':
            account.simulator.deleteRole(own.arn)
            setTrust(connection, 'exact')
            break
        }
      }
      for (const one of all) await one.finish()
      const unexpected = all
        .filter(({ isKilled }) => !isKilled)
        .flatMap(({ failures }) => failures.filter((error) => !isExpected(error)))
      expect(unexpected).toEqual([])

      // In the end, a role with the correct trust policy is imported from.
      setTrust(connection, 'exact')
      await patch(own)
      const last = new Worker()
      last.aws.isPausing = false
      last.start('verifyRole', connection)
      await last.idle()
      last.start('importEvents', connection)
      await last.finish()
      expect(last.failures).toEqual([])
      const { rows } = await sql<{ is_permitted: boolean }>`
        SELECT DISTINCT is_permitted FROM audit`.execute(account.superuser)
      expect(rows).toEqual([{ is_permitted: true }])
    }),
    { numRuns: 15, endOnFailure: true },
  )
})

import { MockActivityEnvironment } from '@temporalio/testing'
import { type Simulator, type SimulatorOptions, startSimulator } from '../simulator/index.ts'
import { createActivities, type Dependencies } from '../src/activities/index.ts'
import { AwsAccess } from '../src/aws/access.ts'
import { Pacer, Pacers } from '../src/aws/pacer.ts'
import { insertConnection, updateDesiredState } from '../src/db/connections.ts'
import { asOrganization, type Database, openDatabase } from '../src/db/database.ts'
import { installationId } from '../src/db/installation.ts'
import type { ConnectionRow } from '../src/db/schema/connections.ts'
import type { ConnectionActivities, ConnectionRef } from '../src/workflows/state.ts'
import { createOpenDatabase } from './database.ts'
import { putRole } from './roles.ts'

/** Lets every request pass at once: for tests that are not about the quota. */
class NoPacing extends Pacers {
  override for(): Pacer {
    return new (class extends Pacer {
      override async acquire(signal: AbortSignal) {
        signal.throwIfAborted()
      }
    })()
  }
}

type OtherArguments<Args extends unknown[]> = Args extends [unknown, ...infer Rest] ? Rest : never

export interface TestAccount {
  simulator: Simulator
  /** Of the login that owns the tables. */
  databaseUrl: string
  /** As the worker's login. */
  db: Database
  /** Sees every row. */
  superuser: Database
  deps: Dependencies
  /**
   * A connection, in an organization of its own, to the role of this name, which is created in
   * the simulator with the right trust.
   */
  connect(options?: {
    roleName?: string
    lookbackDays?: number
    selection?: 'changes' | 'all'
  }): Promise<ConnectionRow & { ref: ConnectionRef }>
  /** The activities as Temporal would run them; `signal` cancels. */
  run<Name extends keyof ConnectionActivities>(
    name: Name,
    ref: ConnectionRef,
    ...args: OtherArguments<Parameters<ConnectionActivities[Name]>>
  ): ReturnType<ConnectionActivities[Name]>
  close(): Promise<void>
}

/** Real Postgres and a simulated AWS that answers at once, with the activities between them. */
export async function createTestAccount(
  options: SimulatorOptions & { pacing?: boolean } = {},
): Promise<TestAccount> {
  const { pacing = false, ...simulatorOptions } = options
  const simulator = await startSimulator({ latencyMs: 0, tps: null, ...simulatorOptions })
  const database = await createOpenDatabase()
  const { db } = database
  const superuser = openDatabase({ url: database.superuserUrl })
  // The SDK reads its endpoint from the environment, which each test file has to itself.
  process.env.AWS_ENDPOINT_URL = simulator.url
  const { credentials } = simulator.vendor
  const deps: Dependencies = {
    db,
    aws: new AwsAccess({ credentials: async () => credentials, region: 'us-east-1' }),
    pacers: pacing ? new Pacers() : new NoPacing(),
    // Nothing at the simulator needs time to recover.
    requestPauseMs: 5,
  }
  let made = 0
  return {
    simulator,
    databaseUrl: database.url,
    db,
    superuser,
    deps,
    async connect({ roleName = `cairn-${made}`, lookbackDays = 2, selection } = {}) {
      const externalId = `External-Id-${++made}`
      const arn = `arn:aws:iam::${simulator.accountId}:role/${roleName}`
      putRole(simulator, { roleArn: arn, externalId })
      const name = `connection ${made}`
      const { id: organizationId } = await superuser
        .insertInto('organizations')
        .values({ name: `organization ${made}` })
        .returning('id')
        .executeTakeFirstOrThrow()
      const row = await asOrganization(db, organizationId, async (trx) => {
        const { id } = await insertConnection(trx, {
          organizationId,
          name,
          externalId,
          lookbackDays,
          selection,
        })
        const role = { arn, accountId: simulator.accountId, partition: 'aws' }
        return (await updateDesiredState(trx, id, { role }))!
      })
      return { ...row, ref: { organizationId, connectionId: row.id } }
    },
    run(name, ref, ...args) {
      const activity = createActivities(deps)[name] as (...a: unknown[]) => Promise<unknown>
      const call = async () => {
        const work = { ...ref, installationId: await installationId(db) }
        return new MockActivityEnvironment().run(activity, work, ...args)
      }
      return call() as never
    },
    async close() {
      await Promise.all([db.destroy(), superuser.destroy()])
      await Promise.all([database.drop(), simulator.close()])
    },
  }
}

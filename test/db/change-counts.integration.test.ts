import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertConnection } from '../../src/db/connections.ts'
import { asOrganization, type Database, type Trx } from '../../src/db/database.ts'
import { ensurePartitions, storeEvents } from '../../src/db/imports.ts'
import { countHistory } from '../../src/db/incident-history.ts'
import { ensureOrganization } from '../../src/db/organizations.ts'
import { purgeSomeChanges } from '../../src/db/purge.ts'
import { aChange, copiedColumns, imported } from '../../testing/changes.ts'
import { openTestDatabases, type TestDatabases } from '../../testing/database.ts'

let databases: TestDatabases
let db: Database
let system: Database

beforeAll(async () => {
  databases = await openTestDatabases()
  ;({ db, system } = databases)
  await db.transaction().execute((trx) => ensurePartitions(trx, at(0)))
})
afterAll(() => databases.close())

const HOUR_MS = 3_600_000
const at = (hours: number) => new Date(Date.UTC(2026, 2, 1) + hours * HOUR_MS)

/** An organization with two connections to the same account. */
async function createOrganization(name: string): Promise<Owner> {
  const { id } = await ensureOrganization(system, name)
  const connectionIds = await asOrganization(db, id, async (trx) => {
    const ids: string[] = []
    for (const externalId of ['first', 'second']) {
      const fields = { organizationId: id, name: externalId, externalId: `${name}-${externalId}` }
      ids.push((await insertConnection(trx, fields)).id)
    }
    return ids
  })
  return { organizationId: id, sourceAccount: '111122223333', connectionIds }
}

/** An event at one of the times that matter: midnight, just before it, and far from it. */
function event(nth: number) {
  const hours = [0, 24, 24 - 1 / HOUR_MS, 30, 47, 72, 73][nth % 7]!
  const action = ['RunInstances', 'StopInstances'][nth % 2]!
  return imported(aChange({ sourceId: `event-${nth}`, occurredAt: at(hours), action }))
}

const store = (trx: Trx, owner: Owner, connection: number, events: readonly number[]) => {
  const { organizationId, sourceAccount, connectionIds } = owner
  const connectionId = connectionIds[connection]!
  const page = { changes: events.map(event), unparsed: [] }
  return storeEvents(trx, { organizationId, sourceAccount, connectionId }, page)
}

interface Owner {
  organizationId: string
  sourceAccount: string
  connectionIds: string[]
}

/** Something that writes changes, as imports, rules, reports and deletions do. */
const writes = fc.oneof(
  fc.record({
    kind: fc.constant('import' as const),
    connection: fc.nat(1),
    events: fc.array(fc.nat(20), { minLength: 1, maxLength: 8 }),
  }),
  fc.record({
    kind: fc.constant('noise' as const),
    action: fc.constantFrom('RunInstances', 'StopInstances'),
  }),
  fc.record({ kind: fc.constant('fail' as const), event: fc.nat(20) }),
  fc.record({ kind: fc.constant('purge' as const), connection: fc.nat(1) }),
)
type Write = typeof writes extends fc.Arbitrary<infer T> ? T : never

async function write(trx: Trx, owner: Owner, step: Write): Promise<void> {
  const { organizationId, connectionIds } = owner
  switch (step.kind) {
    case 'import':
      await store(trx, owner, step.connection, step.events)
      break
    case 'noise':
      await sql`UPDATE changes SET noise = CASE WHEN noise IS NULL THEN 'rule' END
        WHERE action = ${step.action}`.execute(trx)
      break
    case 'fail':
      await sql`UPDATE changes SET outcome = 'failed'
        WHERE source_id = ${`event-${step.event}`}`.execute(trx)
      break
    case 'purge':
      await purgeSomeChanges(trx, {
        organizationId,
        connectionId: connectionIds[step.connection]!,
      })
  }
}

/** The counts that are kept, and those of the stored changes. */
async function bothCounts(organizationId: string) {
  return asOrganization(db, organizationId, async (trx) => {
    const kept = await sql`
      SELECT day::text, facet_key::text AS key, sum(count)::int AS count FROM change_counts
      GROUP BY 1, 2 HAVING sum(count) <> 0 ORDER BY 1, 2
    `.execute(trx)
    const counted = await sql<{ count: number }>`
      SELECT (occurred_at AT TIME ZONE 'UTC')::date::text AS day, facet_key::text AS key,
        count(*)::int AS count FROM changes
      GROUP BY 1, 2 ORDER BY 1, 2
    `.execute(trx)
    return { kept: kept.rows, counted: counted.rows }
  })
}

test('the counts of each day equal those of the stored changes after any writes', async () => {
  let run = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ step: writes, isRolledBack: fc.boolean() }), { maxLength: 12 }),
      async (steps) => {
        const owner = await createOrganization(`property-${++run}`)
        for (const { step, isRolledBack } of steps) {
          await asOrganization(db, owner.organizationId, async (trx) => {
            await sql`SAVEPOINT step`.execute(trx)
            await write(trx, owner, step)
            if (isRolledBack) await sql`ROLLBACK TO SAVEPOINT step`.execute(trx)
          })
        }
        const { kept, counted } = await bothCounts(owner.organizationId)
        expect(kept).toEqual(counted)
      },
    ),
    { numRuns: 10 },
  )
})

/** Another change at the same time and with the same values. */
async function insertCopy(trx: Trx, nth: number): Promise<void> {
  const columns = await copiedColumns(trx)
  await sql`
    INSERT INTO changes (id, source_id, ${columns})
    SELECT gen_random_uuid(), gen_random_uuid()::text, ${columns} FROM changes
    WHERE source_id = ${`event-${nth}`}
  `.execute(trx)
}

test('transactions that count the same changes do not wait for each other', async () => {
  const owner = await createOrganization('parallel')
  await asOrganization(db, owner.organizationId, (trx) => store(trx, owner, 0, [0, 1]))
  const written = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
  const orders = [
    [0, 1],
    [1, 0],
  ]
  // Each commits only after the other one has written, and in the opposite order.
  await Promise.all(
    orders.map((order, nth) =>
      asOrganization(db, owner.organizationId, async (trx) => {
        for (const each of order) await insertCopy(trx, each)
        written[nth]!.resolve()
        await written[1 - nth]!.promise
      }).catch((error) => {
        written[nth]!.resolve()
        throw error
      }),
    ),
  )
  const { kept, counted } = await bothCounts(owner.organizationId)
  expect(kept).toEqual(counted)
  expect(counted.map(({ count }) => count)).toEqual([3, 3])
})

test('the history of any window equals a count of its changes', async () => {
  const owner = await createOrganization('windows')
  const { organizationId } = owner
  const events = Array.from({ length: 21 }, (_, nth) => nth)
  await asOrganization(db, organizationId, (trx) => store(trx, owner, 0, events))
  const windows = [
    [0, 72],
    [1, 73],
    [24, 48],
    [30, 31],
    [30, 200],
    [-100, 24],
    [73, 30],
    [30 * 24 + 20, 40 * 24],
  ] as const
  await asOrganization(db, organizationId, async (trx) => {
    for (const [from, to] of windows) {
      const window = { organizationId, from: at(from), to: at(to) }
      const history = await countHistory(trx, { ...window, arrived: undefined })
      const compared = await countHistory(trx, { ...window, arrived: sql<boolean>`true` })
      const times = events.map((nth) => event(nth).change.occurredAt.getTime())
      const isBefore = (time: number) =>
        time >= at(from - 30 * 24).getTime() && time < at(to).getTime()
      const total = times.filter(isBefore)
      expect(history, `${from} to ${to}`).toMatchObject({
        size: total.length,
        inWindow: total.filter((time) => time >= at(from).getTime()).length,
      })
      expect([compared.size, compared.inWindow]).toEqual([history.size, history.inWindow])
    }
  })
})

import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backtestIncident } from '../../src/db/backtest.ts'
import { asOrganization, type Database, type Trx } from '../../src/db/database.ts'
import { insertEnvironment } from '../../src/db/environments.ts'
import { ensurePartitions } from '../../src/db/imports.ts'
import { ensureOrganization } from '../../src/db/organizations.ts'
import { insertServiceMapping } from '../../src/db/service-mappings.ts'
import { copiedColumns, someChange, someResource } from '../../testing/changes.ts'
import { openTestDatabases, type TestDatabases } from '../../testing/database.ts'

// Past incidents are ranked on what had arrived at the time.

let databases: TestDatabases
let db: Database
let system: Database

beforeAll(async () => {
  databases = await openTestDatabases()
  ;({ db, system } = databases)
})
afterAll(() => databases.close())

const time = new Date('2026-03-02T12:00:00Z')
const now = new Date('2026-03-09T12:00:00Z')
const minutes = (count: number) => new Date(time.getTime() + count * 60_000)
const past = {
  time,
  title: 'checkout: connection timeouts to the database',
  environment: null,
  services: ['checkout'],
  serviceId: null,
  cause: 'security group',
}

async function inOrganization<T>(
  name: string,
  work: (trx: Trx, organizationId: string) => Promise<T>,
): Promise<T> {
  const { id } = await ensureOrganization(system, name)
  return asOrganization(db, id, async (trx) => {
    await ensurePartitions(trx, new Date('2026-02-01T00:00:00Z'))
    return work(trx, id)
  })
}

/** A connection that LookupEvents first answered at `since`. @returns its ID */
async function connection(trx: Trx, organizationId: string, since: Date | null): Promise<string> {
  const { id } = await trx
    .insertInto('connections')
    .values({
      organization_id: organizationId,
      name: 'Shop',
      external_id: `cairn-${organizationId}`,
      created_at: minutes(7 * 24 * 60),
      lookback_days: 30,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  if (since !== null) {
    await trx
      .insertInto('coverage')
      .values({
        connection_id: id,
        organization_id: organizationId,
        account_id: '111122223333',
        region: 'us-east-1',
        selection: 'changes',
        answered_at: since,
      })
      .execute()
  }
  return id
}

const culprit = {
  summary: 'ops-admin removed 5432/tcp from security group checkout-db',
  service: 'ec2',
  action: 'RevokeSecurityGroupIngress',
  risks: ['network' as const],
  resources: [someResource('AWS::EC2::SecurityGroup', 'checkout-db')],
}

/** Stores the culprit of two minutes before the alert. */
async function storeCulprit(
  trx: Trx,
  owner: { organizationId: string; connectionId: string | null },
  importedAt: Date,
  occurredAt = minutes(-2),
) {
  const id = await someChange(trx, owner, { ...culprit, occurredAt })
  await trx.updateTable('changes').set({ imported_at: importedAt }).where('id', '=', id).execute()
  return id
}

const run = (trx: Trx, organizationId: string, over: Partial<typeof past> = {}) =>
  backtestIncident(trx, organizationId, { ...past, ...over }, now)

test.each<[string, Date, { atAlert: number | null; later: number | null }]>([
  ['before the alert is seen at the alert', minutes(-1), { atAlert: 1, later: 1 }],
  ['after the alert is seen 15 minutes later', minutes(4), { atAlert: null, later: 1 }],
  ['at these 15 minutes is seen', minutes(15), { atAlert: null, later: 1 }],
  ['after these 15 minutes is never seen', minutes(16), { atAlert: null, later: null }],
])('a change that arrived %s', async (name, importedAt, expected) => {
  await inOrganization(name, async (trx, organizationId) => {
    // Watched before the change: when it was stored is when it arrived.
    const connectionId = await connection(trx, organizationId, minutes(-60))
    const id = await storeCulprit(trx, { organizationId, connectionId }, importedAt)
    const { atAlert, after15Minutes, causeMatches } = await run(trx, organizationId)
    expect(causeMatches).toBe(1)
    for (const [moment, rank] of [
      [atAlert, expected.atAlert],
      [after15Minutes!, expected.later],
    ] as const) {
      expect(moment.causeRank).toBe(rank)
      expect(moment.newestFirstRank).toBe(rank)
      expect(moment.candidates).toBe(rank === null ? 0 : 1)
      expect(moment.answer).toBe(rank === null ? 'none' : 'suspect')
      expect(moment.suspects.map(({ changeId }) => changeId)).toEqual(rank === null ? [] : [id])
    }
  })
})

test.each([
  ['was read first', minutes(60)],
  ['was created, if it was never read,', null],
])(
  'history from before a connection %s counts as arrived after five minutes',
  async (name, since) => {
    await inOrganization(name, async (trx, organizationId) => {
      const connectionId = await connection(trx, organizationId, since)
      const owner = { organizationId, connectionId }
      await storeCulprit(trx, owner, now)
      const first = await run(trx, organizationId)
      expect(first.atAlert).toMatchObject({ answer: 'none', candidates: 0 })
      expect(first.after15Minutes).toMatchObject({ answer: 'suspect', candidates: 1 })
      await storeCulprit(trx, owner, now, minutes(-5))
      expect((await run(trx, organizationId)).atAlert).toMatchObject({ candidates: 1 })
    })
  },
)

test('a deferred change that had arrived is found among many others', async () => {
  await inOrganization('deferred', async (trx, organizationId) => {
    const deferred = { occurredAt: minutes(-10 * 24 * 60), effectiveAt: minutes(-2) }
    const store = async (sourceId: string, importedAt: Date) => {
      const id = await someChange(
        trx,
        { organizationId, connectionId: null },
        { ...culprit, ...deferred, sourceId },
      )
      const update = trx.updateTable('changes').set({ imported_at: importedAt })
      await update.where('id', '=', id).execute()
      return id
    }
    const first = await store('late', minutes(60))
    // Copies of its row: storing this many changes would take seconds.
    const columns = await copiedColumns(trx)
    await sql`
      INSERT INTO changes (id, source_id, ${columns})
      SELECT (left(id::text, 24) || lpad(n::text, 12, '0'))::uuid, source_id || n, ${columns}
      FROM changes, generate_series(1, 200) AS n WHERE id = ${first}
    `.execute(trx)
    const arrived = await store('arrived', minutes(-60))
    const { atAlert } = await run(trx, organizationId)
    expect(atAlert.suspects.map(({ changeId }) => changeId)).toEqual([arrived])
  })
})

test('the cause is ranked against a newest-first list, and matches are counted', async () => {
  await inOrganization('ranks', async (trx, organizationId) => {
    const owner = { organizationId, connectionId: null }
    await storeCulprit(trx, owner, minutes(-30), minutes(-40))
    for (const [nth, minute] of [-20, -10, -5].entries()) {
      const id = await someChange(trx, owner, {
        summary: `ada tagged instance i-${nth}`,
        action: 'CreateTags',
        occurredAt: minutes(minute),
        changeSet: { sessionKey: `tags ${nth}`, stream: null, idleTimeoutMs: 0 },
      })
      await trx
        .updateTable('changes')
        .set({ imported_at: minutes(minute) })
        .where('id', '=', id)
        .execute()
    }
    const known = await run(trx, organizationId, { cause: '5432/TCP' })
    expect(known).toMatchObject({
      causeMatches: 1,
      atAlert: { causeRank: 1, causeSetRank: 1, newestFirstRank: 4, candidates: 4 },
    })
    expect(known.atAlert.sentence).toContain('40 minutes before the alert')
    expect(await run(trx, organizationId, { cause: 'tagged' })).toMatchObject({ causeMatches: 3 })
    const absent = await run(trx, organizationId, { cause: 'deleted the table' })
    expect(absent).toMatchObject({ causeMatches: 0, atAlert: { causeRank: null } })
    const unknown = { causeRank: null, causeSetRank: null, newestFirstRank: null }
    expect(await run(trx, organizationId, { cause: null as never })).toMatchObject({
      causeMatches: 0,
      atAlert: unknown,
    })
  })
})

test('the environment is named, or selected by a service mapping', async () => {
  await inOrganization('environments', async (trx, organizationId) => {
    const { id } = await insertEnvironment(trx, organizationId, { name: 'Production' })
    await insertServiceMapping(trx, organizationId, {
      source: 'pagerduty',
      label: null,
      value: 'PF9KMXH',
      environmentId: id,
      services: ['shop'],
    })
    const located = async (over: object) => {
      const result = await run(trx, organizationId, over)
      return [result.environment, result.environmentId, result.services]
    }
    expect(await located({ environment: 'production' })).toEqual(['Production', id, ['checkout']])
    expect(await located({ environment: 'staging' })).toEqual(['staging', null, ['checkout']])
    expect(await located({ serviceId: 'PF9KMXH' })).toEqual(['Production', id, ['shop']])
    expect(await located({})).toEqual([null, null, ['checkout']])
  })
})

test('completeness is that of the window, and answers use no later data', async () => {
  await inOrganization('completeness', async (trx, organizationId) => {
    expect((await run(trx, organizationId)).completeness).toMatchObject({
      isComplete: false,
      sentence: 'No source of changes is connected: changes may be missing.',
    })
    await connection(trx, organizationId, null)
    const { completeness } = await run(trx, organizationId)
    expect(completeness).toMatchObject({ isComplete: false, sources: [{ state: 'incomplete' }] })
    const early = await backtestIncident(trx, organizationId, past, minutes(14))
    expect(early.after15Minutes).toBeNull()
    const after = await backtestIncident(trx, organizationId, past, minutes(15))
    expect(after.after15Minutes).not.toBeNull()
  })
})

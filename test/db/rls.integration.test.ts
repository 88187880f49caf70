import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { changeId } from '../../src/db/change-id.ts'
import { saveEnvironmentRules } from '../../src/db/change-rules.ts'
import { insertConnection } from '../../src/db/connections.ts'
import { asOrganization, type Database, openDatabase, type Trx } from '../../src/db/database.ts'
import { insertDeliveries } from '../../src/db/deliveries.ts'
import { saveRecovery } from '../../src/db/delivery-recoveries.ts'
import { insertEnvironment } from '../../src/db/environments.ts'
import { ensurePartitions } from '../../src/db/imports.ts'
import { insertIntegration, newIntegrationId } from '../../src/db/integrations.ts'
import { insertInvitation, newInvitationToken } from '../../src/db/members.ts'
import { insertNoiseRule } from '../../src/db/noise-rules.ts'
import { addApiKey, ensureOrganization, newApiKey } from '../../src/db/organizations.ts'
import { insertPasswordReset, newPasswordResetToken } from '../../src/db/password-resets.ts'
import { recordRefusal } from '../../src/db/refusals.ts'
import { noteReport } from '../../src/db/reports.ts'
import { insertView } from '../../src/db/saved-views.ts'
import { insertUnparsed } from '../../src/db/unparsed-records.ts'
import { someChange, someResource, someTime, unparsed } from '../../testing/changes.ts'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'
import { someIncident } from '../../testing/incidents.ts'

interface Tenant {
  id: string
  connectionId: string
}

let database: TestDatabase
/** As the worker's login, which owns the tables. */
let worker: Database
/** Sees every row. */
let superuser: Database
/** As the API's role. */
let reader: Database
/** As the role that is used before an organization is known. */
let system: Database
/** Every table that holds rows of organizations, without partitions: new ones are included automatically. */
let tables: { name: string; column: string }[]
let one: Tenant
let other: Tenant

beforeAll(async () => {
  database = await createTestDatabase()
  worker = openDatabase({ url: database.url })
  superuser = openDatabase({ url: database.superuserUrl })
  reader = openDatabase({ url: database.url, role: 'cairn_api' })
  system = openDatabase({ url: database.url, role: 'cairn_system' })
  const { rows } = await sql<{ name: string; column: string }>`
    SELECT c.relname AS name, a.attname AS column
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid
      AND a.attname = CASE c.relname WHEN 'organizations' THEN 'id' ELSE 'organization_id' END
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    ORDER BY 1
  `.execute(superuser)
  tables = rows
  one = await fill('one')
  other = await fill('other')
})
afterAll(async () => {
  await Promise.all([worker, superuser, reader, system].map((pool) => pool.destroy()))
  await database.drop()
})

/** An organization with a row in every table. */
async function fill(name: string): Promise<Tenant> {
  const { id } = await ensureOrganization(system, name)
  await addApiKey(system, id, { name, key: newApiKey() })
  return asOrganization(worker, id, async (trx) => {
    const { id: environmentId } = await insertEnvironment(trx, id, { name })
    await insertEnvironment(trx, id, { name: `network of ${name}`, dependsOn: [environmentId] })
    const row = await insertConnection(trx, {
      organizationId: id,
      name,
      externalId: `id-${name}`,
      environmentId,
    })
    const owner = { organizationId: id, connectionId: row.id }
    const organization_id = id
    const connection_id = row.id
    await trx
      .insertInto('verifications')
      .values({
        connection_id,
        organization_id,
        role_arn: 'arn',
        role_revision: 1,
        state: 'failed',
        checks: '[]',
        verified_at: new Date(),
      })
      .execute()
    await trx
      .insertInto('coverage')
      .values({
        connection_id,
        organization_id,
        account_id: '1',
        region: 'r',
        selection: 'all',
      })
      .execute()
    await insertInvitation(trx, {
      organizationId: id,
      role: 'member',
      token: newInvitationToken(),
      expiresAt: new Date(),
    })
    const { rows } = await sql<{ id: string }>`
      INSERT INTO auth."user" (name, email, "emailVerified", "updatedAt")
      VALUES (${name}, ${`${name}@example.com`}, false, now()) RETURNING id
    `.execute(trx)
    const userId = rows[0]!.id
    const member = await trx
      .insertInto('members')
      .values({ organization_id: id, user_id: userId, role: 'owner' })
      .returning('id')
      .executeTakeFirstOrThrow()
    await insertPasswordReset(trx, {
      organizationId: id,
      memberId: member.id,
      token: newPasswordResetToken(),
      expiresAt: new Date(),
      createdBy: userId,
    })
    await ensurePartitions(trx, someTime)
    const changeId = await someChange(trx, owner)
    await someIncident(trx, { organizationId: id, environmentId, changeId })
    await saveEnvironmentRules(trx, id, {
      version: 0,
      mode: 'first',
      rules: [{ match: { source: ['*'] }, environments: [environmentId] }],
    })
    await insertNoiseRule(trx, id, { effect: 'hide', match: { action: name }, createdBy: null })
    await insertView(trx, id, { userId, name, query: {}, shared: false })
    const resource = { ...someResource('AWS::EC2::Instance', name), tags: { env: name } }
    await someChange(trx, owner, { resources: [resource] })
    await insertUnparsed(trx, { ...owner, sourceAccount: '1' }, [unparsed()])
    const integrationId = await newIntegrationId(trx)
    await insertIntegration(trx, id, {
      id: integrationId,
      kind: 'github',
      name,
      settings: {},
      secret: { encrypted: Buffer.from(name) },
    })
    await trx
      .insertInto('deleted_integrations')
      .values({ integration_id: await newIntegrationId(trx), organization_id: id })
      .execute()
    await insertDeliveries(trx, id, [
      {
        integrationId,
        deliveryId: name,
        event: null,
        headers: {},
        body: Buffer.alloc(0),
        isTest: false,
      },
    ])
    const integration = { id: integrationId, organization_id: id }
    await saveRecovery(trx, integration, { hooksOf: ['acme'], encrypted: Buffer.from(name) })
    await noteReport(trx, id)
    const refused = { organizationId: id, integrationId, at: new Date() }
    await recordRefusal(trx, { ...refused, reason: 'signature' })
    return { id, connectionId: row.id }
  })
}

const owners = async (trx: Trx | Database, { name, column }: { name: string; column: string }) =>
  (
    await sql<{ owner: string }>`
      SELECT DISTINCT ${sql.ref(column)}::text AS owner FROM ${sql.table(name)}
    `.execute(trx)
  ).rows.map(({ owner }) => owner)

test('every table with rows of organizations has rows in this test', async () => {
  expect(tables.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['organizations', 'api_keys', 'connections', 'changes']),
  )
  for (const table of tables) {
    const found = await owners(superuser, table)
    expect(found, `${table.name} needs a row of each organization in this test`).toEqual(
      expect.arrayContaining([one.id, other.id]),
    )
  }
})

test('every such table and partition has row-level security that also applies to its owner', async () => {
  const { rows } = await sql<{ name: string }>`
    SELECT c.oid::regclass::text AS name
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND c.relname NOT LIKE 'kysely_%'
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
  `.execute(superuser)
  expect(rows).toEqual([])
})

test('every policy is for the organization, or for the role without one', async () => {
  const { rows } = await sql<{ table: string; roles: string[]; condition: string }>`
    SELECT tablename AS table, roles::text[], coalesce(qual, with_check) AS condition
    FROM pg_policies WHERE schemaname = 'public'
  `.execute(superuser)
  for (const { table, roles, condition } of rows) {
    // Of the installation: test/db/worker-principals.integration.test.ts shows that nothing of an organization fits in.
    // The search is held by its function instead: test/db/search.test.ts.
    const ofInstallation = ['worker_principals', 'installation'].includes(table)
    if (['cairn_system', 'cairn_search'].includes(roles.join()) || ofInstallation) continue
    expect(condition, table).toContain('current_organization()')
  }
})

test('no role of Cairn can bypass row-level security', async () => {
  const { rows } = await sql`
    SELECT rolname FROM pg_roles
    WHERE rolname LIKE 'cairn%' AND (rolsuper OR rolbypassrls OR pg_has_role(oid, 'pg_read_all_data', 'MEMBER'))
  `.execute(superuser)
  expect(rows).toEqual([])
})

describe('as the API', () => {
  test('nothing is visible before an organization is set', async () => {
    for (const table of tables) expect(await owners(reader, table), table.name).toEqual([])
  })

  test('only rows of the set organization are visible, until its transaction ends', async () => {
    const pool = openDatabase({ url: database.url, role: 'cairn_api', max: 1 })
    try {
      for (const { id } of [one, other]) {
        await asOrganization(pool, id, async (trx) => {
          for (const table of tables) expect(await owners(trx, table), table.name).toEqual([id])
        })
        for (const table of tables) expect(await owners(pool, table), table.name).toEqual([])
      }
      await expect(
        asOrganization(pool, one.id, () => Promise.reject(new Error('rolled back'))),
      ).rejects.toThrow('rolled back')
      for (const table of tables) expect(await owners(pool, table), table.name).toEqual([])
    } finally {
      await pool.destroy()
    }
  })

  test.each(['', 'none', "' OR true --", '00000000-0000-0000-0000-000000000000'])(
    'an organization of %j sees nothing',
    async (id) => {
      for (const table of tables) {
        const found = asOrganization(reader, id, (trx) => owners(trx, table)).catch(() => [])
        expect(await found, table.name).toEqual([])
      }
    },
  )

  test('a row cannot be created for another organization', async () => {
    const made = asOrganization(reader, one.id, (trx) =>
      insertConnection(trx, { organizationId: other.id, name: 'theirs', externalId: 'cuckoo' }),
    )
    await expect(made).rejects.toMatchObject({ code: '42501' })
    const key = asOrganization(reader, one.id, (trx) =>
      trx
        .insertInto('api_keys')
        .values({ organization_id: other.id, name: 'x', key_hash: Buffer.alloc(32) })
        .execute(),
    )
    await expect(key).rejects.toMatchObject({ code: '42501' })
  })

  test("another organization's row cannot be changed, and a row cannot be moved to another organization", async () => {
    const changed = await asOrganization(reader, one.id, (trx) =>
      trx
        .updateTable('connections')
        .set({ name: 'mine now' })
        .where('id', '=', other.connectionId)
        .executeTakeFirst(),
    )
    expect(changed.numUpdatedRows).toBe(0n)
    const given = asOrganization(reader, one.id, (trx) =>
      trx
        .updateTable('connections')
        .set({ organization_id: other.id })
        .where('id', '=', one.connectionId)
        .execute(),
    )
    await expect(given).rejects.toMatchObject({ code: '42501' })
  })

  test('workflow reports and imported rows are read-only', async () => {
    const statements = [
      sql`UPDATE connections SET seen_version = 0`,
      sql`UPDATE connections SET cycle_at = now()`,
      sql`UPDATE connections SET external_id = 'mine'`,
      sql`UPDATE coverage SET events = 0`,
      sql`UPDATE coverage SET settled = '{}'`,
      sql`UPDATE coverage SET state = 'active'`,
      sql`INSERT INTO coverage (connection_id, organization_id, account_id, region, selection)
        SELECT connection_id, organization_id, account_id, region, 'all' FROM coverage`,
      sql`DELETE FROM connections`,
      sql`DELETE FROM changes`,
      sql`UPDATE changes SET summary = ''`,
      sql`UPDATE verifications SET state = 'passed'`,
      sql`UPDATE verifications SET role_revision = 1`,
      sql`UPDATE coverage SET settled = '{}'`,
      sql`UPDATE organizations SET name = ''`,
      sql`UPDATE members SET role = 'owner'`,
      sql`INSERT INTO members SELECT * FROM members`,
      sql`UPDATE invitations SET role = 'owner'`,
      sql`UPDATE invitations SET accepted_at = NULL`,
      sql`SELECT * FROM auth."user"`,
      sql`TRUNCATE changes`,
      sql`CREATE TABLE mine (id int)`,
      sql`CALL ensure_partitions('2040-01-01', '2040-01-01')`,
    ]
    for (const statement of statements) {
      const done = asOrganization(reader, one.id, (trx) => statement.execute(trx))
      await expect(done, statement.compile(reader).sql).rejects.toMatchObject({ code: '42501' })
    }
  })

  test('a partition cannot be read directly', async () => {
    const { rows } = await sql<{ name: string }>`
      SELECT c.oid::regclass::text AS name FROM pg_class c
      WHERE c.relispartition AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
    `.execute(superuser)
    expect(rows.length).toBeGreaterThan(0)
    for (const { name } of rows) {
      const read = asOrganization(reader, one.id, (trx) =>
        sql`SELECT * FROM ${sql.table(name)}`.execute(trx),
      )
      await expect(read, name).rejects.toMatchObject({ code: '42501' })
    }
  })
})

test("the worker's login, which owns the tables, sees the same rows", async () => {
  for (const table of tables) expect(await owners(worker, table), table.name).toEqual([])
  await asOrganization(worker, one.id, async (trx) => {
    for (const table of tables) expect(await owners(trx, table), table.name).toEqual([one.id])
  })
})

describe('before an organization is known', () => {
  test('only keys, users, organizations and the columns of the reconciler are visible', async () => {
    for (const table of [
      tables.find(({ name }) => name === 'organizations')!,
      ...tables.filter(({ name }) =>
        ['api_keys', 'members', 'invitations', 'password_resets'].includes(name),
      ),
    ]) {
      expect((await owners(system, table)).length, table.name).toBeGreaterThanOrEqual(2)
    }
    const known = [
      ...['organizations', 'api_keys', 'connections', 'members', 'invitations', 'change_rules'],
      // For the receiver, which finds an organization by an integration's ID.
      ...['integrations', 'integration_secrets', 'deliveries', 'delivery_recoveries'],
      'deleted_integrations',
      'password_resets',
    ]
    for (const table of tables.filter(({ name }) => !known.includes(name))) {
      await expect(owners(system, table), table.name).rejects.toMatchObject({ code: '42501' })
    }
    for (const secret of ['external_id', 'name', 'account_id']) {
      const read = sql`SELECT ${sql.ref(secret)} FROM connections`.execute(system)
      await expect(read, secret).rejects.toMatchObject({ code: '42501' })
    }
    const rules = sql`SELECT environment_rules FROM change_rules`.execute(system)
    await expect(rules).rejects.toMatchObject({ code: '42501' })
    for (const read of [
      sql`SELECT body FROM deliveries`,
      sql`SELECT headers FROM deliveries`,
      sql`SELECT settings FROM integrations`,
      sql`SELECT encrypted FROM delivery_recoveries`,
    ])
      await expect(read.execute(system)).rejects.toMatchObject({ code: '42501' })
  })

  test('nothing can be changed', async () => {
    for (const statement of [
      sql`UPDATE connections SET paused = true`,
      sql`UPDATE connections SET version = 0`,
      sql`UPDATE installation SET id = gen_random_uuid()`,
      sql`UPDATE api_keys SET revoked_at = NULL`,
      sql`DELETE FROM organizations`,
      sql`UPDATE members SET role = 'owner'`,
      sql`DELETE FROM members`,
      sql`UPDATE invitations SET role = 'owner'`,
      sql`UPDATE invitations SET revoked_at = NULL`,
    ]) {
      await expect(statement.execute(system)).rejects.toMatchObject({ code: '42501' })
    }
  })
})

test("another organization's change is not found by its ID", async () => {
  const occurredAt = someTime
  const sourceId = 'known'
  await asOrganization(worker, other.id, (trx) =>
    someChange(
      trx,
      { organizationId: other.id, connectionId: other.connectionId },
      { sourceId, occurredAt },
    ),
  )
  const id = changeId({
    organizationId: other.id,
    source: 'aws.cloudtrail',
    sourceAccount: '111122223333',
    sourceId,
    occurredAt,
  })
  const find = (tenant: Tenant) =>
    asOrganization(reader, tenant.id, (trx) =>
      trx.selectFrom('changes').select('id').where('id', '=', id).execute(),
    )
  expect(await find(one)).toEqual([])
  expect(await find(other)).toEqual([{ id }])
})

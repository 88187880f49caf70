import { getMigrations } from 'better-auth/db/migration'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { authOptions } from '../../src/auth/better-auth.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'

let database: TestDatabase
let superuser: Database

beforeAll(async () => {
  database = await createTestDatabase()
  superuser = openDatabase({ url: database.superuserUrl })
})
afterAll(async () => {
  await superuser.destroy()
  await database.drop()
})

const options = () =>
  authOptions({
    system: superuser,
    secret: 's'.repeat(40),
    publicUrl: undefined,
    logger: pino({ level: 'silent' }),
  })

/** The SQL that better-auth would still run, and every existing column and index. */
async function wanted(): Promise<string> {
  return (await getMigrations(options())).compileMigrations()
}

async function columns() {
  const { rows } = await sql<{ column: string }>`
    SELECT format('%I.%I %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
      a.attnotnull, pg_get_expr(d.adbin, d.adrelid)) AS column
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relnamespace = 'auth'::regnamespace AND c.relkind = 'r'
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'auth'
    UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
      WHERE connamespace = 'auth'::regnamespace AND contype <> 'n'
    ORDER BY 1
  `.execute(superuser)
  return rows.map(({ column }) => column)
}

describe('the tables of better-auth', () => {
  test('are all in the migration', async () => {
    expect(await wanted()).toBe(';')
  })

  test('are created as better-auth would create them, with every default and index', async () => {
    const ours = await columns()
    expect(ours.length).toBeGreaterThan(40)
    // Members and invitations point there.
    await sql`DROP SCHEMA auth CASCADE`.execute(superuser)
    await sql.raw(await wanted()).execute(superuser)
    expect(await columns()).toEqual(ours)
  })
})

describe('an upgrade that needs another column', () => {
  beforeEach(() => sql`ALTER TABLE auth.session DROP COLUMN "userAgent"`.execute(superuser))

  test('is detected', async () => {
    expect(await wanted()).toContain('alter table "auth"."session" add column "userAgent"')
  })
})

describe('access to the tables', () => {
  test('is limited to the role that works without an organization', async () => {
    const other = await createTestDatabase()
    const api = openDatabase({ url: other.url, role: 'cairn_api' })
    const system = openDatabase({ url: other.url, role: 'cairn_system' })
    try {
      const count = (db: Database, table: string) =>
        sql`SELECT count(*) FROM ${sql.table(`auth.${table}`)}`.execute(db)
      for (const table of ['user', 'session', 'account', 'verification', 'rateLimit']) {
        await expect(count(api, table), table).rejects.toMatchObject({ code: '42501' })
      }
      for (const table of ['user', 'session', 'account', 'rateLimit']) await count(system, table)
      // Nothing uses the table, so no role has privileges on it.
      await expect(count(system, 'verification')).rejects.toMatchObject({ code: '42501' })
      for (const statement of [
        sql`UPDATE auth."user" SET email = ''`,
        sql`UPDATE auth.account SET "userId" = gen_random_uuid()`,
        sql`CREATE TABLE auth.more ()`,
      ]) {
        await expect(statement.execute(system)).rejects.toMatchObject({ code: '42501' })
      }
    } finally {
      await Promise.all([api.destroy(), system.destroy()])
      await other.drop()
    }
  })
})

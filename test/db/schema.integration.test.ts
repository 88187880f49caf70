import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { createTestDatabase, type TestDatabase } from '../../testing/database.ts'

const root = path.resolve(import.meta.dirname, '../..')

interface Column {
  table: string
  column: string
  type: string
  nullable: boolean
  /** The database gives a value when none is given. */
  optional: boolean
  /** Only the database gives a value. */
  generated: boolean
}

let database: TestDatabase
let db: Database
let columns: Column[]

beforeAll(async () => {
  database = await createTestDatabase()
  db = openDatabase({ url: database.superuserUrl })
  const { rows } = await sql<Column>`
    SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type,
      NOT a.attnotnull AS nullable, a.atthasdef OR a.attidentity <> '' OR NOT a.attnotnull AS optional,
      a.attgenerated <> '' OR a.attidentity = 'a' AS generated
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND NOT c.relispartition AND c.relname NOT LIKE 'kysely_%'
    ORDER BY c.relname, a.attnum
  `.execute(db)
  columns = rows
})
afterAll(async () => {
  await db.destroy()
  await database.drop()
})

/** What the driver makes of each type, see `types` in src/db/database.ts. */
const read: Record<string, string> = {
  uuid: 'string',
  text: 'string',
  integer: 'number',
  bigint: 'number',
  boolean: 'boolean',
  bytea: 'Buffer',
  'timestamp with time zone': 'Date',
  date: 'Date',
  'text[]': 'string[]',
  'uuid[]': 'string[]',
  'integer[]': 'number[]',
  tstzmultirange: 'SecondsRange[]',
  json: 'unknown',
  jsonb: 'unknown',
}

/** The real tables as a type, for the compiler to compare with the declared ones. */
function realSchema(): string {
  const tables = [...new Set(columns.map(({ table }) => table))].map((table) => {
    const members = columns
      .filter((column) => column.table === table)
      .map(({ column, type, nullable, optional, generated }) => {
        if (!read[type]) throw new Error(`${table}.${column}: say here what ${type} is read as`)
        const value = nullable ? `${read[type]} | null` : read[type]
        return `    ${column}: { read: ${value}; optional: ${optional}; generated: ${generated} }`
      })
    return `  ${table}: {\n${members.join('\n')}\n  }`
  })
  return `interface Real {\n${tables.join('\n')}\n}`
}

/**
 * Has the compiler compare both. Each difference becomes a property of `Differences`, which has
 * to be empty, so that the compiler's message names what differs.
 */
function differences(real: string): string {
  // Inside of the project, so that its packages are found.
  const cache = path.join(root, '.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(path.join(cache, 'schema-'))
  try {
    writeFileSync(
      path.join(folder, 'check.ts'),
      `import type { Insertable, Selectable } from 'kysely'
import type { Schema } from '../../src/db/schema.ts'
import type { SecondsRange } from '../../src/db/schema/column-types.ts'

${real}

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
// A string that only has certain values, and JSON of a certain shape, are read as declared.
type Fits<Declared, Read> =
  unknown extends Read ? true
  : Same<null extends Declared ? true : false, null extends Read ? true : false> extends true
    ? [NonNullable<Declared>] extends [NonNullable<Read>] ? true : false
    : false
// Not \`?\` alone: a column that is only \`undefined\` cannot be given either.
type IsOptional<T, K extends keyof T> = {} extends Pick<T, K> ? true : false
type Given<T, K> = K extends keyof Insertable<T> ? IsOptional<Insertable<T>, K> : 'never'

type TableDifferences<D, R> = {
  [C in keyof D | keyof R as C extends keyof D
    ? C extends keyof R
      ? R[C] extends { read: infer V; optional: infer O; generated: infer G }
        ? C extends keyof Selectable<D>
          ? Fits<Selectable<D>[C], V> extends true
            ? G extends true
              ? Given<D, C> extends 'never' ? never : \`\${C & string} is generated\`
              : Given<D, C> extends 'never'
                ? never
                : Same<Given<D, C>, O> extends true ? never : \`\${C & string} is given wrongly\`
            : \`\${C & string} is read wrongly\`
          : \`\${C & string} is never read\`
        : never
      : \`\${C & string} is not in the database\`
    : \`\${C & string} is not declared\`]: true
}
type Differences = {
  [T in keyof Schema | keyof Real as T extends keyof Schema
    ? T extends keyof Real
      ? keyof TableDifferences<Schema[T], Real[T]> extends never
        ? never
        : \`\${T & string}: \${keyof TableDifferences<Schema[T], Real[T]> & string}\`
      : \`\${T & string} is not in the database\`
    : \`\${T & string} is not declared\`]: true
}
export const none: never = null as unknown as keyof Differences
`,
    )
    writeFileSync(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: '../../tsconfig.json', include: ['check.ts'] }),
    )
    const tsc = path.join(root, 'node_modules', '.bin', 'tsc')
    try {
      execFileSync(tsc, ['-p', folder], { cwd: root, encoding: 'utf8' })
      return ''
    } catch (error) {
      return (error as { stdout: string }).stdout
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('src/db/schema.ts declares every table and column correctly', () => {
  expect(columns.length).toBeGreaterThan(50)
  expect(differences(realSchema())).toBe('')
})

test.each<[string, string, string, string]>([
  [
    'an undeclared column',
    'paused: {',
    'unheard_of: { read: string; optional: false; generated: false }\n    paused: {',
    'connections: unheard_of is not declared',
  ],
  [
    'a declared column that is gone',
    / {4}paused: .*\n/.source,
    '',
    'connections: paused is not in the database',
  ],
  [
    'another type',
    'paused: { read: boolean',
    'paused: { read: string',
    'connections: paused is read wrongly',
  ],
  [
    'null where none is declared',
    'paused: { read: boolean;',
    'paused: { read: boolean | null;',
    'connections: paused is read wrongly',
  ],
  [
    'no null where it is declared',
    'role_arn: { read: string | null',
    'role_arn: { read: string',
    'connections: role_arn is read wrongly',
  ],
  [
    'a default that is gone',
    'paused: { read: boolean; optional: true',
    'paused: { read: boolean; optional: false',
    'connections: paused is given wrongly',
  ],
  [
    'an undeclared table',
    'interface Real {',
    'interface Real {\n  more: { id: { read: string; optional: false; generated: false } }',
    'more is not declared',
  ],
])('a wrong declaration is detected: %s', (_what, from, to, said) => {
  const real = realSchema()
  const changed = real.replace(
    new RegExp(from.includes('.*') ? from : from.replace(/[{|]/g, '\\$&')),
    to,
  )
  expect(changed).not.toBe(real)
  expect(differences(changed)).toContain(said)
})

test('times have a precision of milliseconds at most, like JavaScript dates', async () => {
  const { rows } = await sql`
    SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND a.atttypid = 'timestamptz'::regtype AND a.atttypmod <> 3
  `.execute(db)
  expect(rows).toEqual([])
})

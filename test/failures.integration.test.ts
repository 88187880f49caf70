import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { migrate } from '../src/db/migrate.ts'
import { explainFailure } from '../src/failures.ts'
import {
  createTestDatabase,
  dropDatabase,
  onCluster,
  type TestDatabase,
} from '../testing/database.ts'

const root = path.resolve(import.meta.dirname, '..')

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

function changed(url: string, change: (url: URL) => void): string {
  const parsed = new URL(url)
  change(parsed)
  return parsed.href
}

describe('a configuration error is one line without a stack trace', () => {
  test.each([
    [new Error('The port is in use.'), 'The port is in use.'],
    [
      Object.assign(new Error('password authentication failed'), { code: '28P01' }),
      'Postgres rejected the password in DATABASE_URL: password authentication failed',
    ],
    [
      new AggregateError([
        Object.assign(new Error('connect ECONNREFUSED ::1:5432'), { code: 'ECONNREFUSED' }),
      ]),
      'A server that Cairn needs cannot be reached: connect ECONNREFUSED ::1:5432',
    ],
    [
      Object.assign(new Error('listen EACCES: permission denied 0.0.0.0:80'), { code: 'EACCES' }),
      'listen EACCES: permission denied 0.0.0.0:80',
    ],
    ['a thrown string', 'a thrown string'],
  ])('%s', (error, line) => {
    expect(explainFailure(error)).toBe(line)
  })

  test('but a bug keeps its stack trace', () => {
    expect(explainFailure(new TypeError('x is not a function'))).toMatch(/\n {4}at /)
  })
})

/** Runs an entry point with a working environment, except for what the test changes. */
async function start(script: string, args: string[], env: Record<string, string | undefined>) {
  const child = spawn(process.execPath, [path.join(root, script), ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      AWS_EC2_METADATA_DISABLED: 'true',
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: inject('temporalAddress'),
      CAIRN_API_KEY: 'a-key-that-is-long-enough',
      CAIRN_LOG_LEVEL: 'warn',
      CAIRN_AUTH_SECRET: 'a-secret-that-is-long-enough-for-better-auth',
      ...env,
    } as NodeJS.ProcessEnv,
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data
    })
  }
  const tooLate = setTimeout(() => child.kill('SIGKILL'), 240_000)
  const [code] = await once(child, 'close')
  clearTimeout(tooLate)
  return { code, output: output.trim() }
}

const databaseCauses: [string, (url: string) => string, RegExp][] = [
  [
    'Postgres that does not listen',
    (url) =>
      changed(url, (u) => {
        u.port = '1'
      }),
    /^A server that Cairn needs cannot be reached: connect ECONNREFUSED [\w.:[\]]+$/,
  ],
  [
    'a wrong password',
    (url) =>
      changed(url, (u) => {
        u.password = 'wrong'
      }),
    /^Postgres rejected the password in DATABASE_URL: .*$/,
  ],
  [
    'a missing database',
    (url) =>
      changed(url, (u) => {
        u.pathname = '/nowhere'
      }),
    /^The database in DATABASE_URL does not exist: .*$/,
  ],
]

describe('a process ends with one line and status 1', () => {
  test.each(databaseCauses)('for %s', async (_, url, line) => {
    const env = { DATABASE_URL: url(database.url) }
    // They share what comes before: all of them at once for the first cause only.
    const entryPoints =
      line === databaseCauses[0]![2] ? ['src/main.ts', 'src/server.ts', 'src/worker.ts'] : []
    const ends = await Promise.all([
      ...entryPoints.map((script) => start(script, [], env)),
      start('scripts/admin.ts', ['organization', 'create', 'another'], env),
    ])
    for (const { code, output } of ends) {
      expect(output).toMatch(line)
      expect(code).toBe(1)
    }
  })
})

test.each(['src/main.ts', 'src/server.ts', 'src/worker.ts'])(
  'an address of Temporal with a scheme results in one line: %s',
  async (script) => {
    const { code, output } = await start(script, [], { TEMPORAL_ADDRESS: 'http://temporal:7233' })
    expect(output).toMatch(/^TEMPORAL_ADDRESS[^\n]* must be a host or host:port[^\n]*$/)
    expect(code).toBe(1)
  },
)

test('a port in use, an address of another machine, and an unreadable certificate result in one line', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  expect(await start('src/server.ts', [], { PORT: `${port}` })).toEqual({
    code: 1,
    output: `Port ${port} is in use. Stop the process that uses it, or set another PORT.`,
  })
  const elsewhere = await start('src/server.ts', [], { CAIRN_HOST: '192.0.2.1', PORT: '0' })
  expect(elsewhere).toMatchObject({ code: 1, output: expect.stringMatching(/^listen E\w+: .*$/) })
  const unreadable = await start('src/worker.ts', [], {
    TEMPORAL_TLS_CLIENT_CERT_PATH: '/nowhere/cert.pem',
    TEMPORAL_TLS_CLIENT_KEY_PATH: '/nowhere/key.pem',
  })
  expect(unreadable).toMatchObject({ code: 1, output: expect.stringMatching(/^.*cert\.pem.*$/) })
})

test('a file as the data directory results in one line', async () => {
  const { code, output } = await start('src/main.ts', [], {
    DATABASE_URL: undefined,
    TEMPORAL_ADDRESS: undefined,
    CAIRN_DATA_DIR: path.join(root, 'package.json'),
  })
  expect(output).toMatch(/package\.json cannot be used for Cairn's data: [^\n]*$/)
  expect(output).not.toContain('\n')
  expect(code).toBe(1)
})

describe('two databases of one Postgres server', () => {
  /** A database and the login that owns it, without any other privilege. */
  async function ownedDatabase(attributes: string) {
    const name = `cairn_other_${process.pid}_${Math.random().toString(36).slice(2, 8)}`
    const administrator = new pg.Client({ connectionString: inject('postgresSuperuserUrl') })
    await administrator.connect()
    onTestFinished(async () => {
      await administrator.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      await administrator.query(`DROP OWNED BY ${name}`)
      await administrator.query(`DROP ROLE ${name}`)
      await administrator.end()
    })
    await administrator.query(`CREATE ROLE ${name} LOGIN PASSWORD 'secret' ${attributes}`)
    await administrator.query(`CREATE DATABASE ${name} OWNER ${name}`)
    const url = changed(inject('postgresUrl'), (u) => {
      u.username = name
      u.password = 'secret'
      u.pathname = `/${name}`
    })
    return { url, name, administrator }
  }

  test.each(['', 'CREATEROLE'])(
    'with a separate login (%s) work after an administrator runs the reported SQL',
    async (attributes) => {
      const { url, name, administrator } = await ownedDatabase(attributes)
      const { code, output } = await start('src/worker.ts', [], { DATABASE_URL: url })
      expect(code).toBe(1)
      const sql = ['cairn_api', 'cairn_system', 'cairn_search'].map(
        (role) => `GRANT ${role} TO ${name} WITH INHERIT FALSE, SET TRUE;`,
      )
      expect(output).toBe(
        `The login ${name} of DATABASE_URL may not use the roles cairn_api, cairn_system, cairn_search, which another login of this Postgres server created. As an administrator: ${sql.join(' ')}`,
      )
      await administrator.query(output.split('As an administrator: ')[1]!)
      await migrate(url)
    },
  )

  test('with the same login both work', async () => {
    const name = `cairn_second_${process.pid}_${Math.random().toString(36).slice(2, 8)}`
    await onCluster((client) => client.query(`CREATE DATABASE ${name}`))
    onTestFinished(() => dropDatabase(name))
    await migrate(
      changed(inject('postgresUrl'), (u) => {
        u.pathname = `/${name}`
      }),
    )
  })

  test('with a login that may not create tables result in one line with the SQL', async () => {
    const { url, name, administrator } = await ownedDatabase('')
    await administrator.query(`ALTER DATABASE ${name} OWNER TO postgres`)
    expect(await start('src/worker.ts', [], { DATABASE_URL: url })).toEqual({
      code: 1,
      output: `The login ${name} of DATABASE_URL may not create Cairn's tables in the database ${name}. As an administrator: ALTER DATABASE ${name} OWNER TO ${name};`,
    })
  })
})

import { spawn, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import type { App } from '../src/api/context.ts'
import { type Config, ConfigError, loadConfig } from '../src/config.ts'
import { type Database, openDatabase } from '../src/db/database.ts'
import { addApiKey, ensureOrganization } from '../src/db/organizations.ts'
import { knownApiKey } from '../src/first-key.ts'
import { startServer } from '../src/process/http-server.ts'
import { createWorkflows } from '../src/temporal/client.ts'
import type { Workflows } from '../src/temporal/workflows.ts'
import { createTestDatabase, type TestDatabase } from '../testing/database.ts'
import { quietPort } from '../testing/ports.ts'

const silent = pino({ level: 'silent' })

let workflows: Workflows
let database: TestDatabase
let superuser: Database
let dataDir: string
const ends: (() => unknown)[] = []
/** Before the database is removed, in reverse order. */
const atTheEnd = (end: () => unknown) => ends.push(end)

beforeAll(() => {
  const target = { connection: { address: '127.0.0.1:1' }, namespace: 'default', uiUrl: null }
  workflows = createWorkflows(target, { installationId: randomUUID(), logger: silent })
})
afterAll(() => workflows.close())

beforeEach(async () => {
  database = await createTestDatabase()
  superuser = openDatabase({ url: database.superuserUrl })
  dataDir = mkdtempSync(path.join(tmpdir(), 'cairn-server-'))
  return async () => {
    for (const each of ends.splice(0).reverse()) await each()
    rmSync(dataDir, { recursive: true })
    await superuser.destroy()
    await database.drop()
  }
})

const configure = (env: Record<string, string> = {}): Config =>
  loadConfig({ PORT: '0', CAIRN_DATA_DIR: dataDir, ...env })

async function start(
  config: Config,
  logger = silent,
  demoSession = false,
  others?: (app: App) => Promise<void>,
) {
  const server = await startServer({
    config,
    workflows,
    logger,
    demoSession,
    others,
    databaseUrl: database.url,
  })
  atTheEnd(() => server.close())
  return server
}

const ask = async (url: string, key: string, options: RequestInit = {}) =>
  (
    await fetch(`${url}/api/v1/connections`, {
      ...options,
      headers: { authorization: `Bearer ${key}` },
    })
  ).status

describe('the first key', () => {
  test('is generated once, readable by its user only, and only its hash is stored', async () => {
    const config = configure()
    expect(knownApiKey(config)).toBeUndefined()
    const { url } = await start(config)
    const file = path.join(dataDir, 'api-key')
    const key = readFileSync(file, 'utf8').trim()
    expect(key).toMatch(/^cairn_[\w-]{43}$/)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(knownApiKey(config)).toBe(key)
    expect(await ask(url, key)).toBe(200)
    const rows = await superuser.selectFrom('api_keys').selectAll().execute()
    expect(rows).toHaveLength(1)
    expect(
      JSON.stringify(rows.map((row) => ({ ...row, key_hash: `${row.key_hash}` }))),
    ).not.toContain(key)

    const second = await start(configure())
    expect(readFileSync(file, 'utf8').trim()).toBe(key)
    expect(await ask(second.url, key)).toBe(200)
  })

  test('is the same for processes that start concurrently', async () => {
    const servers = await Promise.all(Array.from({ length: 5 }, () => start(configure())))
    const key = knownApiKey(configure())!
    for (const { url } of servers) expect(await ask(url, key)).toBe(200)
    const count = (table: 'api_keys' | 'organizations') =>
      superuser.selectFrom(table).select('id').execute()
    expect(await count('organizations')).toHaveLength(1)
    expect(await count('api_keys')).toHaveLength(1)
  })

  test('still works with a new database', async () => {
    await start(configure())
    const key = knownApiKey(configure())!
    await sql`DELETE FROM organizations`.execute(superuser)
    const { url } = await start(configure())
    expect(await ask(url, key)).toBe(200)
  })

  test('is not generated if another machine already has one', async () => {
    await start(configure())
    const elsewhere = mkdtempSync(path.join(tmpdir(), 'cairn-server-'))
    atTheEnd(() => rmSync(elsewhere, { recursive: true }))
    const config = configure({ CAIRN_DATA_DIR: elsewhere })
    await start(config)
    expect(knownApiKey(config)).toBeUndefined()
  })

  test('can be configured, and another value at a later start replaces it', async () => {
    const [one, two] = ['1', '2'].map((digit) => digit.repeat(40)) as [string, string]
    const restart = (key: string) => start(configure({ CAIRN_API_KEY: key }))
    let { url } = await restart(one)
    expect([await ask(url, one), await ask(url, two)]).toEqual([200, 401])
    url = (await restart(two)).url
    expect([await ask(url, one), await ask(url, two)]).toEqual([401, 200])
    url = (await restart(one)).url
    expect([await ask(url, one), await ask(url, two)]).toEqual([200, 401])
  })

  test('cannot be the key of another organization', async () => {
    const key = 'k'.repeat(40)
    const { id } = await ensureOrganization(superuser, 'another')
    await addApiKey(superuser, id, { name: 'theirs', key })
    await expect(start(configure({ CAIRN_API_KEY: key }))).rejects.toThrow('another organization')
  })

  test.each(['', 'short', 'with white space in the middle of it'])(
    'stops the start if its file contains %j',
    async (text) => {
      writeFileSync(path.join(dataDir, 'api-key'), text)
      await expect(start(configure())).rejects.toThrow(ConfigError)
      expect(await superuser.selectFrom('api_keys').select('id').execute()).toEqual([])
    },
  )

  test('is not in the log', async () => {
    let logged = ''
    await start(
      configure(),
      pino(
        { level: 'trace' },
        {
          write: (line) => {
            logged += line
          },
        },
      ),
    )
    expect(logged).toContain(path.join(dataDir, 'api-key'))
    expect(logged).not.toContain(knownApiKey(configure()))
  })
})

/** What a browser does with the link: the page reads the invitation, then creates the account. */
async function acceptLink(link: string, email = 'ada@example.com') {
  const { origin, searchParams } = new URL(link)
  const person = { name: 'Ada', email, password: 'correct horse' }
  const response = await fetch(`${origin}/api/invitation`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ token: searchParams.get('token'), ...person }),
  })
  return { status: response.status, cookie: cookieOf(response) }
}

const cookieOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .map((each) => each.split(';', 1)[0])
    .join('; ')

const me = (url: string, cookie: string) => fetch(`${url}/api/v1/me`, { headers: { cookie } })

describe('the first owner', () => {
  test('is created with the link of a start, and later starts print no link', async () => {
    const first = await start(configure())
    const again = await start(configure())
    expect(first.invitationUrl).toMatch(
      new RegExp(`^${first.url}/accept-invitation\\?token=cairn_invite_[\\w-]{43}$`),
    )
    expect(again.invitationUrl).not.toBe(first.invitationUrl)
    const { status, cookie } = await acceptLink(again.invitationUrl!)
    expect(status).toBe(201)
    // Both servers read the same secret.
    for (const { url } of [first, again])
      expect(await (await me(url, cookie)).json()).toMatchObject({
        user: { email: 'ada@example.com' },
        organization: { name: 'default' },
        role: 'owner',
      })
    expect((await acceptLink(first.invitationUrl!)).status).toBe(404)
    expect((await start(configure())).invitationUrl).toBeUndefined()
  })

  test('can be replaced as docs/operations.md describes', async () => {
    const { url, invitationUrl } = await start(configure())
    await acceptLink(invitationUrl!)
    const docs = readFileSync(path.resolve(import.meta.dirname, '../docs/operations.md'), 'utf8')
    const [, args] = /`npm run admin -- (owner invite [^`]+)`/.exec(docs)!
    const admin = path.resolve(import.meta.dirname, '../scripts/admin.ts')
    const { PATH, HOME } = process.env
    const { stdout } = spawnSync(process.execPath, [admin, ...args!.split(' ')], {
      env: { PATH, HOME, DATABASE_URL: database.url, CAIRN_PUBLIC_URL: url },
      encoding: 'utf8',
    })
    const { status, cookie } = await acceptLink(stdout.trim(), 'grace@example.com')
    expect(status).toBe(201)
    expect(await (await me(url, cookie)).json()).toMatchObject({ role: 'owner' })
  })

  test('gets a link with the public URL', async () => {
    const { invitationUrl } = await start(
      configure({ CAIRN_PUBLIC_URL: 'https://cairn.example.com' }),
    )
    expect(invitationUrl).toMatch(/^https:\/\/cairn\.example\.com\/accept-invitation\?token=/)
  })

  test('gets the link in the terminal, not in the log', async () => {
    const { PATH, HOME } = process.env
    const child = spawn(process.execPath, [path.resolve(import.meta.dirname, '../src/server.ts')], {
      env: {
        PATH,
        HOME,
        PORT: '0',
        CAIRN_DATA_DIR: dataDir,
        CAIRN_LOG_LEVEL: 'debug',
        DATABASE_URL: database.url,
        TEMPORAL_ADDRESS: inject('temporalAddress'),
      },
    })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    atTheEnd(async () => {
      child.kill('SIGKILL')
      await ended
    })
    let output = ''
    let logged = ''
    child.stderr.on('data', (text) => {
      output += text
    })
    child.stdout.on('data', (text) => {
      logged += text
    })
    await vi.waitFor(() => expect(output).toMatch(/\/accept-invitation\?token=\S+\n/), {
      timeout: 240_000,
    })
    const link = /http\S+/.exec(output)![0]
    expect((await acceptLink(link)).status).toBe(201)
    child.kill('SIGTERM')
    await ended
    expect(logged).toContain('/api/invitation')
    expect(logged).not.toContain('cairn_invite_')
  })
})

describe('the secret for cookies', () => {
  const file = () => path.join(dataDir, 'auth-secret')

  test('is generated once, readable by its user only, also by servers that start concurrently', async () => {
    await Promise.all(Array.from({ length: 3 }, () => start(configure())))
    const secret = readFileSync(file(), 'utf8')
    expect(secret).toMatch(/^[\w-]{43}\n$/)
    expect(statSync(file()).mode & 0o777).toBe(0o600)
    await start(configure())
    expect(readFileSync(file(), 'utf8')).toBe(secret)
  })

  test('can be configured for several servers, and another one ends all sessions', async () => {
    const elsewhere = mkdtempSync(path.join(tmpdir(), 'cairn-server-'))
    atTheEnd(() => rmSync(elsewhere, { recursive: true }))
    const CAIRN_AUTH_SECRET = 'given '.repeat(8)
    const one = await start(configure({ CAIRN_AUTH_SECRET }))
    const two = await start(configure({ CAIRN_AUTH_SECRET, CAIRN_DATA_DIR: elsewhere }))
    const three = await start(configure({ CAIRN_AUTH_SECRET: 'another '.repeat(8) }))
    const { cookie } = await acceptLink(one.invitationUrl!)
    expect((await me(two.url, cookie)).status).toBe(200)
    expect((await me(three.url, cookie)).status).toBe(401)
  })

  test.each(['', 'short'])('stops the start if its file contains %j', async (text) => {
    writeFileSync(file(), text)
    await expect(start(configure())).rejects.toThrow(ConfigError)
  })
})

test('expired sessions are removed at the next start, and others are kept', async () => {
  const { invitationUrl } = await start(configure())
  const { cookie } = await acceptLink(invitationUrl!)
  await sql`
    INSERT INTO auth.session ("expiresAt", token, "updatedAt", "userId")
    SELECT now() - interval '1 second', 'expired', now(), id FROM auth."user"
  `.execute(superuser)
  const { url } = await start(configure())
  const { rows } = await sql`SELECT token FROM auth.session`.execute(superuser)
  expect(rows).toHaveLength(1)
  expect((await me(url, cookie)).status).toBe(200)
})

describe('the demo', () => {
  test('has an owner who is signed in on the first visit', async () => {
    const { url, invitationUrl } = await start(configure(), silent, true)
    expect(invitationUrl).toBeUndefined()
    const visit = await fetch(`${url}/api/demo/sign-in`, { redirect: 'manual' })
    expect(visit.status).toBe(302)
    expect(cookieOf(visit)).toMatch(/^cairn_demo\.session_token=/)
    expect(await (await me(url, cookieOf(visit))).json()).toMatchObject({
      role: 'owner',
      demo: true,
    })
  })

  test.each(['0.0.0.0', '::', '192.0.2.1'])('does not listen on %s', async (CAIRN_HOST) => {
    await expect(start(configure({ CAIRN_HOST }), silent, true)).rejects.toThrow(ConfigError)
  })

  test('does not start on a database that has an owner', async () => {
    const { invitationUrl } = await start(configure())
    await acceptLink(invitationUrl!)
    await expect(start(configure(), silent, true)).rejects.toThrow('has an owner')
  })

  test('has nothing that a start without the demo lacks', async () => {
    const { url } = await start(configure())
    expect((await fetch(`${url}/api/demo/sign-in`, { redirect: 'manual' })).status).toBe(404)
  })
})

describe('the port', () => {
  async function occupy(port = 0): Promise<number> {
    const server = await new Promise<Server>((resolve, reject) => {
      const made = createServer().once('error', reject)
      made.listen(port, '127.0.0.1', () => resolve(made))
    })
    atTheEnd(() => new Promise((resolve) => server.close(resolve)))
    return (server.address() as { port: number }).port
  }

  test('causes an error with its number if it is configured and in use', async () => {
    const port = await occupy()
    await expect(start(configure({ PORT: String(port) }))).rejects.toThrow(
      new ConfigError(
        `Port ${port} is in use. Stop the process that uses it, or set another PORT.`,
      ),
    )
  })

  test('is replaced by a free one if it is the default and in use', async () => {
    const port = await occupy()
    const { url } = await start({ ...configure(), port, portAsked: false })
    expect(Number(new URL(url).port)).toBeGreaterThan(port)
  })

  test('is replaced if another process takes it between the check and listening', async () => {
    const port = await quietPort()
    let taken: number | undefined
    const { url } = await start(
      { ...configure(), port, portAsked: false },
      silent,
      false,
      async (app) => {
        // Of all that is done before listening this comes last.
        app.addHook('onReady', async () => {
          taken = await occupy(port)
        })
      },
    )
    expect(taken).toBe(port)
    expect(Number(new URL(url).port)).toBeGreaterThan(port)
  })
})

describe('the login of the API', () => {
  const login = async (name: string, attributes: string) => {
    const role = `${name}_${process.pid}`
    await sql`CREATE ROLE ${sql.id(role)} LOGIN PASSWORD 'test' ${sql.raw(attributes)}`.execute(
      superuser,
    )
    atTheEnd(async () => {
      await sql`DROP ROLE ${sql.id(role)}`.execute(superuser)
    })
    const url = new URL(database.url)
    url.username = role
    url.password = 'test'
    return { role, env: { DATABASE_URL: database.url, DATABASE_API_URL: url.href } }
  }

  test('can be a separate one with no other privileges', async () => {
    const { role, env } = await login('api', 'IN ROLE cairn_api, cairn_system')
    const { url, invitationUrl } = await start(configure(env))
    expect(await ask(url, knownApiKey(configure())!)).toBe(200)
    const { status, cookie } = await acceptLink(invitationUrl!)
    expect([status, (await me(url, cookie)).status]).toEqual([201, 200])
    const { rows } = await sql<{ usename: string }>`
      SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = current_database() AND usename = ${role}
    `.execute(superuser)
    expect(rows).toHaveLength(1)
  })

  test.each(['SUPERUSER', 'BYPASSRLS'])('stops the start when it is %s', async (attribute) => {
    const { role, env } = await login(
      attribute.toLowerCase(),
      `${attribute} IN ROLE cairn_api, cairn_system`,
    )
    await expect(start(configure(env))).rejects.toThrow(`The API would act as ${role}`)
  })

  test.each([
    ['ungranted', ''],
    // Only one of the two pools can set its role.
    ['half_granted', 'IN ROLE cairn_api'],
  ])(
    'stops the start without the required grants, which the error shows: %s',
    async (name, roles) => {
      const { env } = await login(name, roles)
      await expect(start(configure(env))).rejects.toThrow(
        /^The login of DATABASE_API_URL .* GRANT cairn_api, cairn_system/,
      )
    },
  )

  test('that cannot connect stops the start with the name of its variable', async () => {
    const { env } = await login('stranger', 'IN ROLE cairn_api, cairn_system')
    const url = new URL(env.DATABASE_API_URL)
    url.password = 'wrong'
    await expect(start(configure({ ...env, DATABASE_API_URL: url.href }))).rejects.toThrow(
      /^Postgres rejected the password in DATABASE_API_URL: /,
    )
  })
})

test('running requests are answered before the server stops', async () => {
  const config = configure()
  const server = await startServer({ config, databaseUrl: database.url, workflows, logger: silent })
  const key = knownApiKey(config)!
  const ping = Promise.withResolvers<{ ok: true }>()
  const pinged = vi.spyOn(workflows, 'ping').mockReturnValueOnce(ping.promise)
  const running = fetch(`${server.url}/readyz`)
  await vi.waitFor(() => expect(pinged).toHaveBeenCalled(), 240_000)
  const closed = server.close()
  ping.resolve({ ok: true })
  expect((await running).status).toBe(200)
  await closed
  await expect(ask(server.url, key)).rejects.toThrow()
})

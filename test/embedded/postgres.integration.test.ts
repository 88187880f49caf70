import { spawnSync } from 'node:child_process'
import {
  accessSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { expect, test } from 'vitest'
import { processStart } from '../../src/embedded/lock.mjs'
import {
  type EmbeddedPostgres,
  findRunningPostgres,
  startPostgres,
} from '../../src/embedded/postgres.ts'
import {
  kill,
  launch,
  occupy,
  recorder,
  silent,
  startInProcess,
  temporaryDataDir,
} from '../../testing/embedded/support.ts'
import { quietPort } from '../../testing/ports.ts'

const isRoot = process.getuid?.() === 0

async function query(url: string, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await client.query(text)
  } finally {
    await client.end()
  }
}

const setting = async (url: string, name: string) =>
  (await query(url, `SELECT current_setting('${name}') AS value`)).rows[0].value

test('a cluster keeps its data, its password and its port between starts', async () => {
  const dataDir = temporaryDataDir()
  expect(await findRunningPostgres(dataDir)).toBeUndefined()
  const first = await startPostgres({ dataDir, log: silent, port: await quietPort() })
  expect(await findRunningPostgres(dataDir)).toBe(first.url)
  expect((await query(first.url, 'SHOW server_version')).rows[0].server_version).toMatch(/^18/)
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await first.stop()
  expect(processStart(first.pid)).toBeUndefined()
  expect(await findRunningPostgres(dataDir)).toBeUndefined()

  const second = await startPostgres({ dataDir, log: silent })
  expect(second.url).toBe(first.url)
  expect((await query(second.url, 'SELECT answer FROM kept')).rows).toEqual([{ answer: 42 }])
  await second.stop()
})

test('production data is flushed to disk, requires a password, and is reachable from this machine only', async () => {
  const dataDir = temporaryDataDir()
  const server = await startPostgres({ dataDir, log: silent })
  expect(await setting(server.url, 'fsync')).toBe('on')
  expect(await setting(server.url, 'listen_addresses')).toBe('127.0.0.1')
  expect(await setting(server.superuserUrl, 'unix_socket_directories')).toBe('')
  const login = await query(
    server.url,
    'SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user',
  )
  expect(login.rows).toEqual([
    { rolsuper: false, rolbypassrls: false, rolcreaterole: true, rolcreatedb: true },
  ])
  const wrong = new URL(server.url)
  wrong.password = 'wrong'
  await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/)
  const password = path.join(dataDir, 'postgres.password')
  expect(statSync(password).mode & 0o777).toBe(0o600)
  const line = readFileSync(password, 'utf8').trim()
  expect(readFileSync(path.join(dataDir, 'postgres.log'), 'utf8')).not.toContain(line)
  await server.stop()
})

test('a cluster for tests does not wait for the disk', async () => {
  const server = await startPostgres({ dataDir: temporaryDataDir(), log: silent, fast: true })
  expect(await setting(server.url, 'fsync')).toBe('off')
  expect(await setting(server.url, 'synchronous_commit')).toBe('off')
  await server.stop()
})

test('after a SIGKILL the next start stops the remaining server and keeps its data', async () => {
  const dataDir = temporaryDataDir()
  const { owner, server: left } = await startInProcess<EmbeddedPostgres>('postgres', dataDir)
  await query(left.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await kill(owner, 'SIGKILL')
  expect(processStart(left.pid)).toBeDefined()

  const { lines, log } = recorder()
  const server = await startPostgres({ dataDir, log })
  expect(processStart(left.pid)).toBeUndefined()
  expect(lines.join()).toContain(`left behind (${left.pid})`)
  expect((await query(server.url, 'SELECT answer FROM kept')).rows).toEqual([{ answer: 42 }])
  await server.stop()
})

test('a data directory in use by another Cairn is rejected and unchanged', async () => {
  const dataDir = temporaryDataDir()
  const { owner, server } = await startInProcess<EmbeddedPostgres>('postgres', dataDir)
  await expect(startPostgres({ dataDir, log: silent })).rejects.toThrow(
    new RegExp(`in use by another Cairn \\(process ${owner.pid}\\).*CAIRN_DATA_DIR`),
  )
  expect((await query(server.url, 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await kill(owner, 'SIGTERM')
  expect(processStart(server.pid)).toBeUndefined()
})

test('a cluster whose creation was interrupted is created again', async () => {
  const dataDir = temporaryDataDir()
  const owner = launch('postgres', dataDir)
  const home = path.join(dataDir, 'postgres')
  while (globSync('data.new-*/global', { cwd: home }).length === 0) await sleep(5)
  await kill(owner, 'SIGKILL')
  expect(existsSync(path.join(home, 'data'))).toBe(false)

  const server = await startPostgres({ dataDir, log: silent })
  expect((await query(server.url, 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  expect(globSync('*.new*', { cwd: home })).toEqual([])
  await server.stop()
})

test('a port in use is replaced, and a configured one in use is an error', async () => {
  const dataDir = temporaryDataDir()
  const first = await startPostgres({ dataDir, log: silent, fast: true, port: await quietPort() })
  await first.stop()
  await occupy(first.port)
  const second = await startPostgres({ dataDir, log: silent, fast: true })
  expect(second.port).not.toBe(first.port)
  await second.stop()
  await expect(
    startPostgres({ dataDir, log: silent, fast: true, port: first.port }),
  ).rejects.toThrow(`Port ${first.port}, configured for PostgreSQL, is in use`)
  // A refusal leaves the directory free.
  const port = await quietPort()
  const third = await startPostgres({ dataDir, log: silent, fast: true, port })
  expect(third.port).toBe(port)
  await third.stop()
})

test('a crash is reported with the end of the log, and the next start recovers', async () => {
  const dataDir = temporaryDataDir()
  const first = await startPostgres({ dataDir, log: silent })
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  process.kill(first.pid, 'SIGKILL')
  const reason = await first.exited
  expect(reason.message).toMatch(/^PostgreSQL ended \(SIGKILL\)\..*postgres\.log/)
  await first.stop()

  const second = await startPostgres({ dataDir, log: silent })
  expect((await query(second.url, 'SELECT answer FROM kept')).rows).toEqual([{ answer: 42 }])
  await second.stop()
})

test('a pid file with the pid of another process does not prevent the start or stop that process', async () => {
  const dataDir = temporaryDataDir()
  const first = await startPostgres({ dataDir, log: silent, fast: true })
  await first.stop()
  const pidFile = path.join(dataDir, 'postgres', 'data', 'postmaster.pid')
  writeFileSync(pidFile, `${process.ppid}\n${path.dirname(pidFile)}\n`)
  const second = await startPostgres({ dataDir, log: silent, fast: true })
  expect((await query(second.url, 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  await second.stop()
})

test('a cluster of another version is unchanged, and the message contains the options', async () => {
  const dataDir = temporaryDataDir()
  const first = await startPostgres({ dataDir, log: silent, fast: true })
  await first.stop()
  writeFileSync(path.join(dataDir, 'postgres', 'data', 'PG_VERSION'), '17\n')
  await expect(startPostgres({ dataDir, log: silent })).rejects.toThrow(
    /was created by PostgreSQL 17.*Dump it/,
  )
})

test('a cluster without its password file is not replaced by an empty one', async () => {
  const dataDir = temporaryDataDir()
  const first = await startPostgres({ dataDir, log: silent, fast: true })
  await first.stop()
  const password = path.join(dataDir, 'postgres.password')
  const kept = readFileSync(password)
  spawnSync('rm', [password])
  await expect(startPostgres({ dataDir, log: silent })).rejects.toThrow(
    /postgres.password is missing/,
  )
  writeFileSync(password, kept, { mode: 0o600 })
  const again = await startPostgres({ dataDir, log: silent, fast: true })
  await again.stop()
})

test('as root in a private directory, the cluster is stored where the server can read it', async (context) => {
  if (!isRoot) return context.skip('only root meets this: others own what they start')
  const dataDir = temporaryDataDir(0o700)
  const { lines, log } = recorder()
  const first = await startPostgres({ dataDir, log })
  const { directory } = JSON.parse(readFileSync(path.join(dataDir, 'postgres.json'), 'utf8'))
  expect(lines.join('\n')).toContain(
    `cannot reach ${dataDir}, so the database is stored in ${directory}`,
  )
  expect(readFileSync(path.join(directory, 'belongs-to'), 'utf8')).toBe(`${dataDir}\n`)
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await first.stop()

  const second = await startPostgres({ dataDir, log: silent })
  expect((await query(second.url, 'SELECT answer FROM kept')).rows).toEqual([{ answer: 42 }])
  await second.stop()
})

test('a regular user runs the cluster as that user', async (context) => {
  if (!isRoot) return context.skip('the tests run as a regular user, so all of them cover this')
  const unprivileged = Number(
    spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).stdout || Number.NaN,
  )
  if (Number.isNaN(unprivileged)) return context.skip('there is no user `nobody` to be')
  const as = { uid: unprivileged, gid: unprivileged }
  const reads = spawnSync('test', ['-r', fileURLToPath(import.meta.url)], as)
  if (reads.status !== 0) return context.skip('this copy of Cairn is where only root may enter')

  const dataDir = temporaryDataDir(0o777)
  const { owner, server } = await startInProcess<EmbeddedPostgres>('postgres', dataDir, {
    ...as,
    cwd: '/',
    port: await quietPort(),
  })
  expect((await query(server.url, 'SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  expect(statSync(path.join(dataDir, 'postgres', 'data')).uid).toBe(unprivileged)
  await kill(owner, 'SIGTERM')

  // Root then runs it as the owner of the directory.
  const later = await startPostgres({ dataDir, log: silent })
  expect(later.url).toBe(server.url)
  await later.stop()
})

test('a data directory that cannot be created is reported', async () => {
  const dataDir = temporaryDataDir()
  mkdirSync(path.dirname(dataDir), { recursive: true })
  writeFileSync(dataDir, 'a file')
  accessSync(dataDir)
  await expect(startPostgres({ dataDir, log: silent })).rejects.toThrow(
    /cannot be used for Cairn's data/,
  )
})

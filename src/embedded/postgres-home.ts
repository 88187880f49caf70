import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import type { Log } from './process.ts'

/** The user that the server runs as; undefined is the current user. */
export type Identity = { uid: number; gid: number } | undefined

/** Where root stores data if the server's user cannot reach the data directory. The first writable one. */
export const ELSEWHERE = ['/var/lib/cairn', '/var/tmp/cairn']

/**
 * The directory of the cluster: `postgres` in the data directory, unless this process is root and
 * the server's user cannot reach it (a parent is 0700, like root's home and `mktemp -d`).
 */
export function findHome(
  dataDir: string,
  noted: { file: string; directory?: string },
  passwordFile: string,
  log: Log,
): string {
  if (noted.directory) {
    if (existsSync(path.join(noted.directory, 'data'))) return noted.directory
    throw new Error(
      `According to ${noted.file}, this Cairn's database is in ${noted.directory}, but ` +
        'it is missing. Restore that directory, or remove the file to start with an empty database.',
    )
  }
  const inside = path.join(dataDir, 'postgres')
  if (process.getuid?.() !== 0) {
    mkdirSync(inside, { recursive: true, mode: 0o700 })
    return inside
  }
  const as = serverUser(path.join(inside, 'data'))!
  if (existsSync(path.join(inside, 'data')) || createDirectoryFor(inside, as)) return inside
  const key = createHash('sha256').update(dataDir).digest('hex').slice(0, 12)
  for (const parent of ELSEWHERE) {
    const home = path.join(parent, key)
    if (!makeReachable(parent) || !createDirectoryFor(home, as)) continue
    // An interrupted start leaves the password file; a removed data directory has none.
    if (!existsSync(passwordFile)) moveFormerAside(home, as, log)
    writeFileSync(path.join(home, 'belongs-to'), `${dataDir}\n`)
    log.warn(
      `The user that PostgreSQL runs as cannot reach ${dataDir}, so the database is stored in ${home}.`,
    )
    return home
  }
  throw new Error(
    `PostgreSQL does not run as root, and its user can reach neither ${dataDir} nor ` +
      `${ELSEWHERE.join(' nor ')}. Move the data directory (CAIRN_DATA_DIR) to a directory that every user ` +
      'can open, start Cairn as a regular user, or set DATABASE_URL to your own PostgreSQL.',
  )
}

/** An existing cluster here is one whose data directory was removed: it is moved aside. */
function moveFormerAside(home: string, as: NonNullable<Identity>, log: Log): void {
  if (!existsSync(path.join(home, 'data'))) return
  const aside = `${home}.${Math.round(statSync(home).mtimeMs)}`
  renameSync(home, aside)
  createDirectoryFor(home, as)
  log.warn(
    `The data directory of the database in ${home} no longer exists. The database was moved to ` +
      `${aside}; remove it when you no longer need it.`,
  )
}

/** Creates a directory for the server's user. False when that user cannot reach it and write. */
function createDirectoryFor(directory: string, as: NonNullable<Identity>): boolean {
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

/**
 * Creates a directory that root owns and every user can open, regardless of the umask. False if that
 * fails, or if another user owns it, who could put anything into it.
 */
export function makeReachable(directory: string): boolean {
  try {
    mkdirSync(directory, { recursive: true })
    const found = lstatSync(directory)
    if (!found.isDirectory() || found.uid !== 0) return false
    chmodSync(directory, 0o755)
    return true
  } catch {
    return false
  }
}

/**
 * The user that the server runs as. PostgreSQL refuses to run as root: then it is the owner of an
 * existing cluster, otherwise the user `postgres`, which is created if it does not exist.
 */
export function serverUser(cluster?: string): Identity {
  if (process.getuid?.() !== 0) return undefined
  const owner = cluster && existsSync(cluster) ? statSync(cluster) : undefined
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const found = lookUpPostgres()
  if (found) return found
  const problems: string[] = []
  // Debian's and Red Hat's way, then Alpine's.
  for (const [command, ...args] of [
    ['useradd', '--system', '--user-group', '--no-create-home', 'postgres'],
    ['adduser', '-S', '-D', '-H', 'postgres'],
  ]) {
    const { error, stderr } = spawnSync(command!, args, { encoding: 'utf8' })
    const made = lookUpPostgres()
    if (made) return made
    problems.push(`${command}: ${error?.message ?? stderr.trim()}`)
  }
  throw new Error(
    'PostgreSQL does not run as root, and the user `postgres` could not be created ' +
      `(${problems.join('; ')}). Create it, start Cairn as a regular user, or set DATABASE_URL.`,
  )
}

function lookUpPostgres(): Identity {
  const id = (flag: string) =>
    Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout || Number.NaN)
  const [uid, gid] = [id('-u'), id('-g')]
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid, gid } : undefined
}

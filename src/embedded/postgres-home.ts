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

/** Who the server runs as; undefined is whoever we are. */
export type Identity = { uid: number; gid: number } | undefined

/** Where root keeps what the server's user cannot reach where it is. The first that can be written. */
export const ELSEWHERE = ['/var/lib/cairn', '/var/tmp/cairn']

/**
 * The directory that holds the cluster: `postgres` in the data directory, unless we are root and
 * the server's user cannot get there (a parent is 0700, as root's home and `mktemp -d` are).
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
      `${noted.file} says that this Cairn's database is in ${noted.directory}, and ` +
        'it is not there. Bring that directory back, or remove the file to begin with an empty database.',
    )
  }
  const inside = path.join(dataDir, 'postgres')
  if (process.getuid?.() !== 0) {
    mkdirSync(inside, { recursive: true, mode: 0o700 })
    return inside
  }
  const as = serverUser(path.join(inside, 'data'))!
  if (existsSync(path.join(inside, 'data')) || makeFor(inside, as)) return inside
  const key = createHash('sha256').update(dataDir).digest('hex').slice(0, 12)
  for (const parent of ELSEWHERE) {
    const home = path.join(parent, key)
    if (!makeReachable(parent) || !makeFor(home, as)) continue
    // A start that was cut off leaves the password; a data directory that was removed does not.
    if (!existsSync(passwordFile)) keepFormer(home, as, log)
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

/** A cluster that is there already is one whose data directory was removed: it is kept aside. */
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

/**
 * Makes a directory of root's that every user may enter, whatever the umask is. False when that
 * cannot be, or when it is there and somebody else's, who could put anything into it.
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
 * Who the server runs as. PostgreSQL refuses to run as root: then it is whoever owns the cluster
 * already, else the user `postgres`, which is made where there is none.
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
    'PostgreSQL does not run as root, and a user `postgres` for it could not be made ' +
      `(${problems.join('; ')}). Make one, start Cairn as an ordinary user, or set DATABASE_URL.`,
  )
}

function lookUpPostgres(): Identity {
  const id = (flag: string) =>
    Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout || Number.NaN)
  const [uid, gid] = [id('-u'), id('-g')]
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid, gid } : undefined
}

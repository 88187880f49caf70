// Adds to package-lock.json the packages for other platforms that the registry of this machine did
// not have when the lockfile was written: npm leaves them out then, and `npm ci` refuses such a
// lockfile wherever they can be had. `node scripts/complete-lockfile.mjs`, after `npm install`.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const OS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'sunos', 'win32']
const CPU = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64']
/** @type {Record<string, string>} */
const LIBC = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' }

/**
 * @typedef {{ version?: string, dev?: boolean, optional?: boolean, os?: string[], cpu?: string[],
 *   libc?: string[], optionalDependencies?: Record<string, string> }} Entry
 * @typedef {{ of: string, name: string, range: string }} Absent
 */

/**
 * @param {Record<string, Entry>} packages the lockfile's
 * @returns {Absent[]} optional packages that a package names and that have no entry
 */
export function absentFromLockfile(packages) {
  return Object.entries(packages).flatMap(([of, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !isResolved(packages, of, name))
      .map(([name, range]) => ({ of, name, range })),
  )
}

/**
 * As Node resolves packages: next to the one that imports, then next to those around it.
 *
 * @param {Record<string, Entry>} packages
 * @param {string} from
 * @param {string} name
 */
function isResolved(packages, from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    if (packages[`${at ? `${at}/` : ''}node_modules/${name}`]) return true
    if (at === '') return false
  }
}

/**
 * @param {Record<string, Entry>} packages
 * @param {Absent} absent
 * @returns {Entry}
 * @throws when the version is not exact, or the name does not contain the platform
 */
export function entryFor(packages, { of, name, range }) {
  const words = name.split(/[-/@.]/)
  const os = OS.filter((word) => words.includes(word))
  const cpu = CPU.filter((word) => words.includes(word))
  const libc = words.flatMap((word) => LIBC[word] ?? [])
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range) || os.length !== 1 || cpu.length !== 1) {
    throw new Error(`${name} ${range}, which ${of} names, has to be added by hand.`)
  }
  return {
    version: range,
    cpu,
    ...(packages[of]?.dev ? { dev: true } : {}),
    ...(os[0] === 'linux' && libc.length > 0 ? { libc } : {}),
    optional: true,
    os,
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = fileURLToPath(new URL('../package-lock.json', import.meta.url))
  const lockfile = JSON.parse(readFileSync(file, 'utf8'))
  for (const absent of absentFromLockfile(lockfile.packages)) {
    console.log(`Adding ${absent.name} ${absent.range}`)
    lockfile.packages[`node_modules/${absent.name}`] = entryFor(lockfile.packages, absent)
  }
  lockfile.packages = Object.fromEntries(
    Object.entries(lockfile.packages).sort(([a], [b]) => a.localeCompare(b, 'en')),
  )
  writeFileSync(file, `${JSON.stringify(lockfile, null, 2)}\n`)
}

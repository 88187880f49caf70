// Plain JavaScript that any Node from 20 on can run without packages, because it installs them.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { waitForLock } from '../src/embedded/lock.mjs'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** The first version with long-term support that runs TypeScript without a flag or a warning. */
const NODE_MAJOR = 24

/**
 * Installs the packages of the lockfile unless they are installed. Waits for another process that
 * is installing in this directory.
 *
 * @param {{ root: string, dev: boolean, say: (line: string) => void }} options `dev`: also
 *   development dependencies. Without it, a production install (`npm ci --omit=dev`) is sufficient.
 * @throws {Error} with npm's output and how to fix it
 */
export async function installPackages({ root, dev, say }) {
  if (missingPackages(root, dev).length === 0) return
  const release = await waitForLock(path.join(root, '.cache', 'install.lock'), ({ pid }) =>
    say(`Waiting for process ${pid}, which is installing the packages …`),
  )
  try {
    const missing = missingPackages(root, dev)
    if (missing.length === 0) return
    say(
      existsSync(path.join(root, 'node_modules'))
        ? `Reinstalling the packages (${summary(missing)}) …`
        : 'Installing the packages (only once; one or two minutes, 900 MB) …',
    )
    const started = Date.now()
    await npm(root, [
      'ci',
      ...(dev ? ['--include=dev'] : []),
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ])
    const still = missingPackages(root, dev)
    if (still.length > 0) {
      throw new Error(`npm ci succeeded, but these packages are not installed: ${summary(still)}.`)
    }
    say(`Packages installed in ${Math.round((Date.now() - started) / 1000)} s.`)
  } finally {
    release()
  }
}

/**
 * Compares the lockfile with npm's record of its last install. npm writes that file last, so an
 * interrupted install has none.
 *
 * @param {string} root
 * @param {boolean} dev
 * @returns {string[]} packages that are absent or at another version
 */
export function missingPackages(root, dev) {
  const wanted = readPackages(path.join(root, 'package-lock.json'))
  if (!wanted)
    throw new Error(`${root} has no package-lock.json: this copy of Cairn is incomplete.`)
  const installed = readPackages(path.join(root, 'node_modules', '.package-lock.json')) ?? {}
  return Object.entries(wanted)
    .filter(([name, entry]) => {
      if (name === '' || entry.link) return false
      if (entry.dev || entry.devOptional) {
        if (!dev) return false
      }
      const found = installed[name]
      // An optional package is absent on machines that it does not support, but never at another version.
      return found ? found.version !== entry.version : !entry.optional && !entry.devOptional
    })
    .map(([name, entry]) => `${name.replace(/^.*node_modules\//, '')} ${entry.version}`)
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, dev?: boolean, optional?: boolean, devOptional?: boolean, link?: boolean }> | undefined}
 */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

/** @param {string[]} names */
function summary(names) {
  const shown = names.slice(0, 3).join(', ')
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown
}

/**
 * @param {string} cwd
 * @param {string[]} args
 */
async function npm(cwd, args) {
  // npm sets its own path for its scripts; another package manager's has no `ci`.
  const own = process.env.npm_execpath
  const [command, first] =
    own && path.basename(own).startsWith('npm-cli') ? [process.execPath, [own]] : ['npm', []]
  const child = spawn(command, [...first, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  const code = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('close', resolve)
  })
  if (code === 0) return
  throw new Error(
    `${output.trim()}\n\n\`npm ${args.join(' ')}\` failed (${code}); its output is above. ` +
      'Cairn installs its packages from the registry that npm is configured with (`npm config get registry`). ' +
      'Check that it can be reached and that npm is installed, then start again.',
  )
}

/**
 * @param {string} root
 * @returns {string} the path of a Node that runs TypeScript: this one, or the one in the packages
 * @throws {Error} with what to install
 */
export function findNode(root) {
  if (major(process.versions.node) >= NODE_MAJOR) return process.execPath
  const packaged = path.join(root, 'node_modules', '.bin', 'node')
  const { stdout, error } = spawnSync(packaged, ['--version'], { encoding: 'utf8' })
  if (!error && major(stdout?.replace(/^v/, '') ?? '') >= NODE_MAJOR) return packaged
  throw new Error(
    `Cairn needs Node ${NODE_MAJOR}, and this is ${process.versions.node}. The packages include it ` +
      `for most machines, but not for this one (${process.platform}-${process.arch}` +
      `${error ? `: ${error.message}` : ''}). Install Node ${NODE_MAJOR} from https://nodejs.org, or ` +
      `with a version manager (\`nvm install ${NODE_MAJOR}\`), then start again.`,
  )
}

/** @param {string} version */
function major(version) {
  return Number.parseInt(version, 10) || 0
}

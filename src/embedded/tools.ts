import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createDirectory } from './create-directory.mjs'
import { waitForLock } from './lock.mjs'
import type { Log } from './process.ts'

/**
 * The directory for programs that are not npm packages: in the user's cache, so that all copies of
 * Cairn share them, or inside this copy if the cache is not writable.
 */
export function toolsDir(): string {
  const caches = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache')
  const shared = path.join(caches, 'cairn')
  try {
    createDirectory(shared)
    accessSync(shared, constants.W_OK)
    return shared
  } catch {
    return fileURLToPath(new URL('../../.cache/tools', import.meta.url))
  }
}

/**
 * Installs into a directory unless that has been done. Only one process installs at a time, and an
 * interrupted installation is repeated from the start. It installs in place, because some programs
 * (Python's environments) contain their own path.
 */
export async function installOnce(
  directory: string,
  options: { install: (directory: string) => Promise<void>; onWait?: (pid: number) => void },
): Promise<void> {
  const done = path.join(directory, '.installed')
  if (existsSync(done)) return
  const release = await waitForLock(`${directory}.lock`, ({ pid }) => options.onWait?.(pid))
  try {
    if (existsSync(done)) return
    rmSync(directory, { recursive: true, force: true })
    mkdirSync(directory, { recursive: true })
    await options.install(directory)
    writeFileSync(done, '')
  } finally {
    release()
  }
}

/**
 * Installs Python packages into a separate virtual environment.
 *
 * @param requirements `NAME==VERSION`; the first names the environment
 * @returns the environment's directory: its programs, `python` among them, are in `bin`
 * @throws with what was tried and what to install
 */
export async function ensurePythonEnvironment(
  requirements: [string, ...string[]],
  log: Log,
): Promise<string> {
  const directory = path.join(toolsDir(), requirements[0].replace('==', '-'))
  const shown = requirements.join(' ')
  await installOnce(directory, {
    onWait: (pid) => log.info(`Waiting for process ${pid}, which is installing ${shown} …`),
    install: async () => {
      log.info(`Installing from Python's package index: ${shown} …`)
      const python = path.join(directory, 'bin', 'python')
      await run('python3', ['-m', 'venv', directory]).catch((error) => {
        throw new Error(
          `${error.message}\nInstall Python 3.9 or newer with its venv module (Debian: python3-venv).`,
        )
      })
      await run(python, ['-m', 'pip', 'install', '--quiet', '--no-input', ...requirements]).catch(
        (error) => {
          throw new Error(
            `${error.message}\nCheck that the package index that pip is configured with can be reached.`,
          )
        },
      )
    },
  })
  return directory
}

/**
 * Runs a program to its end.
 *
 * @returns its standard output
 * @throws with its output, when it cannot be started or fails
 */
export function run(
  command: string,
  args: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    // The next start repeats an interrupted installation.
    const leave = () => child.kill()
    process.once('exit', leave)
    let output = ''
    let errors = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      errors += chunk
    })
    const shown = [command, ...args].join(' ')
    child.on('error', (error) => reject(new Error(`\`${shown}\` cannot be run: ${error.message}`)))
    child.on('close', (code) => {
      process.off('exit', leave)
      if (code === 0) return resolve(output)
      const said = `${output}\n${errors}`.trim().split('\n').slice(-8).join('\n')
      reject(new Error(`\`${shown}\` failed (${code}): ${said}`))
    })
  })
}

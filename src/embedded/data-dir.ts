import {
  accessSync,
  constants,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import getPort, { clearLockedPorts, portNumbers } from 'get-port'
import { createDirectory } from './create-directory.mjs'
import { tryLock } from './lock.mjs'

/**
 * Starts an embedded server whose data is in the data directory, which this process claims until the
 * server has stopped.
 *
 * @param start receives the directory, created and without symbolic links
 * @throws if another running process has claimed the directory, or what `start` throws
 */
export async function startInDataDir<Server extends { stop(): Promise<void> }>(
  dataDir: string,
  start: (directory: string) => Promise<Server>,
): Promise<Server> {
  const { directory, release } = claimDataDir(dataDir)
  try {
    const server = await start(directory)
    return {
      ...server,
      async stop() {
        await server.stop()
        release()
      },
    }
  } catch (error) {
    release()
    throw error
  }
}

const held = new Map<string, { users: number; release: () => void }>()

/**
 * Creates the data directory and claims it for this process. All embedded servers of a process
 * share the claim, which ends with the last of them or with the process. Only this user can open a
 * new directory; for root, the user that PostgreSQL runs as can traverse it.
 *
 * @returns the directory without symbolic links, and a function that releases the claim
 * @throws if another running process has claimed it
 */
export function claimDataDir(dataDir: string): { directory: string; release: () => void } {
  try {
    createDirectory(dataDir, process.getuid?.() === 0 ? 0o711 : 0o700)
    accessSync(dataDir, constants.R_OK | constants.W_OK)
  } catch (error) {
    throw new Error(
      `${dataDir} cannot be used for Cairn's data: ${(error as Error).message}. Start Cairn as the ` +
        'user that owns the directory, or set another one with CAIRN_DATA_DIR.',
    )
  }
  const directory = realpathSync(dataDir)
  let claim = held.get(directory)
  if (!claim) {
    const lock = tryLock(path.join(directory, 'lock'), 0o600)
    if (!lock.release) {
      throw new Error(
        `${directory} is in use by another Cairn (process ${lock.holder.pid}). Stop it ` +
          'first, or set another directory with CAIRN_DATA_DIR.',
      )
    }
    claim = { users: 0, release: lock.release }
    held.set(directory, claim)
  }
  claim.users++
  let released = false
  return {
    directory,
    release: () => {
      if (released) return
      released = true
      claim.users--
      if (claim.users > 0) return
      held.delete(directory)
      claim.release()
    },
  }
}

/** Reads the file of an earlier start; `{}` if it does not exist or is not readable. */
export function readNote<T extends object>(file: string): Partial<T> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/** Replaces the file atomically: a reader sees the old or the new content. */
export function writeNote(file: string, note: object): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(note, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

interface PortChoice {
  /** The display name: "PostgreSQL". */
  name: string
  /** The configured port: this one or an error. */
  asked?: number
  /**
   * The port of the last start, used again if it is free, so that links and settings stay valid.
   */
  last?: number
  /** The first port to try otherwise. */
  usual: number
}

/** @returns a port that is free on the loopback address */
export async function choosePort({ name, asked, last, usual }: PortChoice): Promise<number> {
  const host = '127.0.0.1'
  // get-port reserves the ports that it has just returned; a server that restarts needs the same
  // one.
  clearLockedPorts()
  if (asked !== undefined) {
    if ((await getPort({ host, port: asked })) === asked) return asked
    throw new Error(
      `Port ${asked}, configured for ${name}, is in use. Free it or configure another one.`,
    )
  }
  const usualOnes = [...portNumbers(usual, usual + 99)]
  return getPort({ host, port: last ? [last, ...usualOnes] : usualOnes })
}

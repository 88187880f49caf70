// Plain JavaScript, because the bootstrap uses it on any Node, before TypeScript can run.
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDirectory } from './create-directory.mjs'

/**
 * A process, distinguished from a later one with the same pid.
 * @typedef {{ pid: number, start: string }} ProcessIdentity
 */

/**
 * When a process started, as an opaque text that is compared, never read.
 * @param {number} pid
 * @returns {string | undefined} undefined when no such process lives (a zombie does not)
 */
export function processStart(pid) {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      // proc(5): the command is in parentheses and may contain anything; state is field 3 and
      // the start, in ticks since the boot, field 22.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (fields[0] === 'Z' || fields[0] === 'X') return undefined
      return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${fields[19]}`
    } catch {
      return undefined
    }
  }
  try {
    const text = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
    return text === '' || text.startsWith('Z') ? undefined : text.replace(/^\S+\s+/, '')
  } catch {
    return undefined
  }
}

/**
 * @param {number} pid
 * @returns {ProcessIdentity}
 */
export function identify(pid) {
  return { pid, start: processStart(pid) ?? '' }
}

/** @param {ProcessIdentity} identity */
export function isAlive(identity) {
  return processStart(identity.pid) === identity.start
}

/**
 * Takes the lock unless a living process has it. A lock whose holder is dead is taken over, so
 * that SIGKILL leaves nothing to clean up by hand.
 *
 * @param {string} file created, with its directory, if it does not exist
 * @param {number} [mode] who may read who has it
 * @returns {{ release: () => void, holder?: undefined } | { holder: ProcessIdentity, release?: undefined }}
 */
export function tryLock(file, mode = 0o644) {
  createDirectory(path.dirname(file))
  const own = `${file}.${randomUUID()}`
  const text = JSON.stringify(identify(process.pid))
  // Linked into place with its content, so that no process ever reads an empty lock.
  writeFileSync(own, text, { mode })
  try {
    for (;;) {
      try {
        linkSync(own, file)
        return {
          release: () => {
            if (read(file) === text) rmSync(file, { force: true })
          },
        }
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error
      }
      const found = read(file)
      if (found === undefined) continue
      const holder = parse(found)
      if (holder && isAlive(holder)) return { holder }
      moveAside(file, found)
    }
  } finally {
    rmSync(own, { force: true })
  }
}

/**
 * Waits for the lock.
 *
 * @param {string} file
 * @param {(holder: ProcessIdentity) => void} [onWait] called once when another process has it
 * @returns {Promise<() => void>} releases it
 */
export async function waitForLock(file, onWait) {
  for (let reported = false; ; reported = true) {
    const lock = tryLock(file)
    if (lock.release) return lock.release
    if (!reported) onWait?.(lock.holder)
    await sleep(200)
  }
}

/**
 * Renames before removing: of two that saw the same dead holder, the slower one may be holding
 * the quicker one's new lock, and puts it back.
 *
 * @param {string} file
 * @param {string} dead
 */
function moveAside(file, dead) {
  const aside = `${file}.${randomUUID()}`
  try {
    renameSync(file, aside)
    if (read(aside) !== dead) linkSync(aside, file)
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error)
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * @param {string} text
 * @returns {ProcessIdentity | undefined} undefined for content that is not Cairn's
 */
function parse(text) {
  try {
    const value = JSON.parse(text)
    return Number.isInteger(value?.pid) && typeof value.start === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

import { mkdirSync, statSync } from 'node:fs'
import path from 'node:path'

/**
 * Creates a directory and its parents. Not `mkdirSync` with `recursive`: where the file system
 * answers ENOENT although the parent exists, as /proc does, that never returns and no signal is
 * handled meanwhile (seen with Node 24).
 *
 * @param {string} directory
 * @param {number} [mode] of each directory that is created
 * @throws Node's errors of the file system
 */
export function createDirectory(directory, mode) {
  const absolute = path.resolve(directory)
  if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory()) return
  const parent = path.dirname(absolute)
  if (parent !== absolute) createDirectory(parent, mode)
  try {
    mkdirSync(absolute, { mode })
  } catch (error) {
    // Another process may have created it meanwhile.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error
    if (!statSync(absolute).isDirectory()) throw error
  }
}

import { chmodSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Logger } from 'pino'
import { MIN_API_KEY_LENGTH } from './config/secrets.ts'
import { type Config, ConfigError } from './config.ts'
import type { Database } from './db/database.ts'
import {
  addApiKey,
  DEFAULT_ORGANIZATION,
  ensureOrganization,
  hasApiKey,
  keepOnlyKey,
  newApiKey,
  organizationOfKey,
} from './db/organizations.ts'
import { createDirectory } from './embedded/create-directory.mjs'

/** The file with the key that the first start generates. */
function keyFile(config: Config): string {
  return path.join(config.dataDir, 'api-key')
}

/**
 * The key of the first organization, if this machine has it.
 *
 * @throws ConfigError if the file contains anything else
 */
export function knownApiKey(config: Config): string | undefined {
  if (config.apiKey) return config.apiKey
  const file = keyFile(config)
  let key: string
  try {
    key = readFileSync(file, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  if (key.length < MIN_API_KEY_LENGTH || /\s/.test(key)) {
    throw new ConfigError(
      `${file} contains no API key. Remove it, and the next start generates a new one.`,
    )
  }
  return key
}

/**
 * Creates the first organization and its key if they do not exist, even if several processes start
 * at the same time. `CAIRN_API_KEY` replaces its value of an earlier start. Without it, a key is
 * generated once and written to a file that only this user can read, unless the organization
 * already has a key that is stored on another machine.
 *
 * @returns the first organization's ID
 * @throws ConfigError see {@link knownApiKey}
 */
export async function ensureFirstKey(
  config: Config,
  { database, system }: { database: Database; system: Database },
  logger: Logger,
): Promise<{ organizationId: string }> {
  const { id } = await ensureOrganization(system, DEFAULT_ORGANIZATION)
  if (config.apiKey) {
    const given = { name: 'CAIRN_API_KEY', key: config.apiKey }
    await addApiKey(system, id, given)
    await keepOnlyKey(database, id, given)
    if ((await organizationOfKey(system, config.apiKey)) !== id) {
      throw new ConfigError(
        'CAIRN_API_KEY is the key of another organization. Set a different one.',
      )
    }
    return { organizationId: id }
  }
  const file = keyFile(config)
  let key = knownApiKey(config)
  if (!key && (await hasApiKey(system, id))) {
    logger.info(
      `The organization "${DEFAULT_ORGANIZATION}" has an API key, which is not on this machine. ` +
        `To create another one: npm run admin -- key create ${DEFAULT_ORGANIZATION}`,
    )
    return { organizationId: id }
  }
  if (!key) {
    // The file first: a key in the database that is not in the file would be useless.
    writeOnce(file, `${newApiKey()}\n`)
    key = knownApiKey(config)!
  } else {
    chmodSync(file, 0o600)
  }
  await addApiKey(system, id, { name: 'first start', key })
  logger.info(`The API key of the organization "${DEFAULT_ORGANIZATION}" is in ${file}`)
  return { organizationId: id }
}

/** Writes the file if it does not exist, atomically: no reader sees incomplete content. */
export function writeOnce(file: string, text: string): void {
  createDirectory(path.dirname(file))
  const own = `${file}.${crypto.randomUUID()}`
  writeFileSync(own, text, { mode: 0o600 })
  try {
    linkSync(own, file)
  } catch (error) {
    // Another process was first; its key is used.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(own)
  }
}

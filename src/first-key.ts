import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Logger } from 'pino'
import { type Config, ConfigError, MIN_API_KEY_LENGTH } from './config.ts'
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

/** Where a key that was made at the first start is kept for its reader. */
function keyFile(config: Config): string {
  return path.join(config.dataDir, 'api-key')
}

/**
 * The key of the first organization, when this machine knows it.
 *
 * @throws ConfigError when the file holds something else
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
    throw new ConfigError(`${file} holds no API key. Remove it, and a new one is made.`)
  }
  return key
}

/**
 * Sees to it that there is an organization and a key to begin with, however many processes start
 * at once. `CAIRN_API_KEY` replaces the one that it was at an earlier start. Without it a key is
 * made once and written to a file that only this user can read; where the organization has a key
 * that another machine keeps, none is made.
 *
 * @returns the first organization's id
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
      throw new ConfigError('CAIRN_API_KEY is the key of another organization. Give another one.')
    }
    return { organizationId: id }
  }
  const file = keyFile(config)
  let key = knownApiKey(config)
  if (!key && (await hasApiKey(system, id))) {
    logger.info(
      `The organization "${DEFAULT_ORGANIZATION}" has an API key, which is not on this machine. ` +
        `Another one: npm run admin -- key create ${DEFAULT_ORGANIZATION}`,
    )
    return { organizationId: id }
  }
  if (!key) {
    // The file first: a key that nobody can read would be one too many in the database.
    writeOnce(file, `${newApiKey()}\n`)
    key = knownApiKey(config)!
  } else {
    chmodSync(file, 0o600)
  }
  await addApiKey(system, id, { name: 'first start', key })
  logger.info(`The API key of the organization "${DEFAULT_ORGANIZATION}" is in ${file}`)
  return { organizationId: id }
}

/** Writes the file unless it is there. Nobody ever reads half of it. */
export function writeOnce(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true })
  const own = `${file}.${crypto.randomUUID()}`
  writeFileSync(own, text, { mode: 0o600 })
  try {
    linkSync(own, file)
  } catch (error) {
    // Another process was first; its key is as good.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(own)
  }
}

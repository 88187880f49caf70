import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type Config, ConfigError, MIN_AUTH_SECRET_LENGTH } from './config.ts'
import { writeOnce } from './first-key.ts'

/**
 * What signs the session cookies: `CAIRN_AUTH_SECRET`, or what the first start wrote to a file that
 * only this user can read. It is in no database, so that sessions read from one open nothing.
 *
 * @throws ConfigError when the file contains something else
 */
export function authSecret(config: Config): string {
  if (config.authSecret) return config.authSecret
  const file = path.join(config.dataDir, 'auth-secret')
  writeOnce(file, `${randomBytes(32).toString('base64url')}\n`)
  const secret = readFileSync(file, 'utf8').trim()
  if (secret.length < MIN_AUTH_SECRET_LENGTH) {
    throw new ConfigError(
      `${file} contains no secret. Remove the file to generate a new secret. Everyone must then sign in again.`,
    )
  }
  return secret
}

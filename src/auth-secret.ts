import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { MIN_AUTH_SECRET_LENGTH } from './config/secrets.ts'
import { type Config, ConfigError } from './config.ts'
import { writeOnce } from './first-key.ts'

/**
 * The secret that signs session cookies: `CAIRN_AUTH_SECRET`, or the content of a file that the
 * first start creates and that only this user can read. It is not in the database, so that a dump
 * of the database grants no access.
 *
 * @throws ConfigError if the file contains anything else
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

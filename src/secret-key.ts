import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type Config, ConfigError } from './config.ts'
import { writeOnce } from './first-key.ts'
import { SECRET_KEY_BYTES, SecretBox } from './integrations/secret-box.ts'

/**
 * What encrypts secrets in the database: the keys of `CAIRN_SECRET_KEY`, or the content of a file
 * that the first start creates and that only this user can read. A dump of the database contains no
 * key, so it contains no usable secret.
 *
 * @throws ConfigError if the file contains anything else
 */
export function secretBox(config: Config): SecretBox {
  if (config.secretKeys) return new SecretBox(config.secretKeys)
  const file = path.join(config.dataDir, 'secret-key')
  writeOnce(file, `${randomBytes(SECRET_KEY_BYTES).toString('base64')}\n`)
  return boxOfFile(file)
}

/**
 * The same for a worker, which creates no key: it decrypts what a server has encrypted.
 *
 * @throws ConfigError; an error of the file system if there is no key
 */
export function existingSecretBox(config: Config): SecretBox {
  if (config.secretKeys) return new SecretBox(config.secretKeys)
  return boxOfFile(path.join(config.dataDir, 'secret-key'))
}

function boxOfFile(file: string): SecretBox {
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64')
  if (key.length !== SECRET_KEY_BYTES) {
    throw new ConfigError(
      `${file} contains no key of ${SECRET_KEY_BYTES} bytes in Base64. Restore it from a backup. If there is none, remove the file, and set new secrets in all integrations.`,
    )
  }
  return new SecretBox([key])
}

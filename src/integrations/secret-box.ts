import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto'

/** AES-256. */
export const SECRET_KEY_BYTES = 32
const KEY_ID_BYTES = 4
/** The sizes that NIST SP 800-38D recommends for GCM. */
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** No key decrypts the text: it was encrypted under another one, or was changed. */
export class SecretUnreadable extends Error {
  override readonly name = 'SecretUnreadable'
}

/**
 * Encrypts secrets that Cairn has to use again, such as those of webhooks, under keys that are not
 * in the database: AES-256-GCM. An encrypted secret is the ID of its key (4 bytes), a nonce (12),
 * the tag (16) and the ciphertext. It can be decrypted only in the context in which it was encrypted,
 * so a row cannot be copied to another integration.
 */
export class SecretBox {
  readonly #keys: { id: Buffer; key: Buffer }[]

  /** @param keys of 32 bytes: the first one encrypts, all decrypt */
  constructor(keys: readonly Buffer[]) {
    this.#keys = keys.map((key) => ({ id: keyId(key), key }))
  }

  encrypt(secret: string, context: string): Buffer {
    const { id, key } = this.#keys[0]!
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(Buffer.from(context))
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
    return Buffer.concat([id, nonce, cipher.getAuthTag(), text])
  }

  /** @throws SecretUnreadable */
  decrypt(encrypted: Buffer, context: string): string {
    const id = encrypted.subarray(0, KEY_ID_BYTES)
    const known = this.#keys.find((each) => each.id.equals(id))
    if (!known) {
      throw new SecretUnreadable('The secret is encrypted under a key that is not configured')
    }
    const nonce = encrypted.subarray(KEY_ID_BYTES, KEY_ID_BYTES + NONCE_BYTES)
    const rest = encrypted.subarray(KEY_ID_BYTES + NONCE_BYTES)
    try {
      const decipher = createDecipheriv('aes-256-gcm', known.key, nonce, {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(Buffer.from(context))
      decipher.setAuthTag(rest.subarray(0, TAG_BYTES))
      const text = [decipher.update(rest.subarray(TAG_BYTES)), decipher.final()]
      return Buffer.concat(text).toString('utf8')
    } catch (error) {
      throw new SecretUnreadable('The secret was changed', { cause: error })
    }
  }

  /** Whether the first key has encrypted it. */
  isCurrent(encrypted: Buffer): boolean {
    return this.#keys[0]!.id.equals(encrypted.subarray(0, KEY_ID_BYTES))
  }
}

/** The context in which the token of an integration is encrypted, other than its secret's. */
export function tokenContext(integrationId: string): string {
  return `${integrationId}/token`
}

/** Identifies a key without revealing it. */
function keyId(key: Buffer): Buffer {
  const digest = hash('sha256', Buffer.concat([Buffer.from('cairn key id\0'), key]), 'buffer')
  return digest.subarray(0, KEY_ID_BYTES)
}

import { createHash, randomBytes } from 'node:crypto'

/**
 * A secret of 256 random bits. The prefix lets people and secret scanners recognize it.
 *
 * @param kind the prefix after `cairn_`, with its own underscore; empty for API keys
 */
export function newToken(kind: '' | 'invite_' | 'reset_'): string {
  return `cairn_${kind}${randomBytes(32).toString('base64url')}`
}

/** What is stored of a token. It is random, so a slow hash would add no protection. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

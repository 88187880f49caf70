import { z } from 'zod'
import type { Settings } from './setting.ts'

/** Shorter keys can be guessed. The key alone protects the feed from the network. */
export const MIN_API_KEY_LENGTH = 20

/** With fewer, better-auth logs a warning. */
export const MIN_AUTH_SECRET_LENGTH = 32

/** The secrets that Cairn generates if they are not set. */
export const secretSettings = {
  CAIRN_API_KEY: {
    default: 'generated at the first start and written to `api-key` in the data directory',
    doc: 'The API key of the organization `default`, at least 20 characters. Another value at a later start replaces it.',
    schema: z
      .string()
      .min(
        MIN_API_KEY_LENGTH,
        `must have at least ${MIN_API_KEY_LENGTH} characters; \`openssl rand -hex 32\` generates one`,
      )
      .max(500, 'must have at most 500 characters')
      .regex(
        /^[\w.~+/=-]+$/,
        'must contain only letters, digits and -._~+/= (it is sent in a header)',
      )
      .optional(),
  },
  CAIRN_AUTH_SECRET: {
    default: 'generated at the first start and written to `auth-secret` in the data directory',
    doc: 'The secret that signs session cookies, at least 32 characters. All servers need the same value. A different value signs everyone out.',
    schema: z
      .string()
      .min(
        MIN_AUTH_SECRET_LENGTH,
        `must have at least ${MIN_AUTH_SECRET_LENGTH} characters; \`openssl rand -hex 32\` generates one`,
      )
      .max(500, 'must have at most 500 characters')
      .optional(),
  },
  CAIRN_SECRET_KEY: {
    default: 'generated at the first start and written to `secret-key` in the data directory',
    doc: 'The key that encrypts the secrets of webhooks in the database: 32 bytes in Base64. All servers need the same value, and workers if integrations have a GitHub token. Several keys, separated by commas, rotate it: the first encrypts, all decrypt.',
    schema: z
      .string()
      .transform((text) => text.split(/[\s,]+/).filter(Boolean))
      .refine(
        (keys) => keys.length > 0 && keys.every((key) => /^[A-Za-z0-9+/_-]{43}=?$/.test(key)),
        'must be keys of 32 bytes in Base64, separated by commas; `openssl rand -base64 32` generates one',
      )
      .transform((keys) => keys.map((key) => Buffer.from(key, 'base64')))
      .optional(),
  },
} satisfies Settings

import { type BetterAuthOptions, betterAuth } from 'better-auth'
import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'

export const PASSWORD_LENGTH = { min: 10, max: 128 }

/** The number of attempts per address, for all routes together. */
const SIGN_IN_LIMIT = { max: 10, window: 60 }

/** The header in which the API passes on the client's address. Removed from incoming requests. */
export const CLIENT_ADDRESS_HEADER = 'x-cairn-client-address'

export interface AuthSettings {
  /** Pool, or a transaction, of the role `cairn_system`. */
  system: Database
  /** Signs the cookies. Not in the database, so that its session tokens alone are not sufficient for a cookie. */
  secret: string
  /** The public URL of this Cairn. */
  publicUrl: string | undefined
  /** Several Cairn installations on one machine share the cookies of `localhost`. */
  cookiePrefix?: string
  logger: Logger
}

/**
 * The options of better-auth.
 *
 * @param signUp whether a user can be created, with this hash instead of that of its password, which
 *   takes a tenth of a second. Only an invitation allows it
 */
export function authOptions(settings: AuthSettings, signUp?: { passwordHash: string }) {
  const { system, secret, publicUrl, logger } = settings
  return {
    appName: 'Cairn',
    // All requests have this URL, because src/api/origin.ts has checked their origin.
    baseURL: baseUrl(publicUrl),
    basePath: '/api/auth',
    // `secrets` instead of `secret`, because an environment variable would take precedence over
    // `secret`.
    secrets: [{ version: 1, value: secret }],
    // With `signUp`, better-auth runs in a transaction that already exists.
    database: { db: system, type: 'postgres', schemaName: 'auth', transaction: !signUp },
    emailAndPassword: {
      enabled: true,
      disableSignUp: !signUp,
      ...(signUp && { password: { hash: async () => signUp.passwordHash } }),
      minPasswordLength: PASSWORD_LENGTH.min,
      maxPasswordLength: PASSWORD_LENGTH.max,
    },
    session: { expiresIn: 14 * 86_400, updateAge: 86_400 },
    rateLimit: {
      enabled: true,
      storage: 'database',
      customRules: {
        '/sign-in/email': SIGN_IN_LIMIT,
        '/change-password': SIGN_IN_LIMIT,
      },
    },
    advanced: {
      // The tables are compared by test/auth/schema.integration.test.ts.
      database: { generateId: 'uuid', validateSchema: false },
      cookiePrefix: settings.cookiePrefix ?? 'cairn',
      useSecureCookies: publicUrl?.startsWith('https:') ?? false,
      // better-auth turns both off if NODE_ENV is "test".
      disableOriginCheck: false,
      disableCSRFCheck: false,
      ipAddress: { ipAddressHeaders: [CLIENT_ADDRESS_HEADER] },
    },
    telemetry: { enabled: false },
    logger: {
      level: 'warn',
      disableColors: true,
      log: (level, message) => logger[level]({ from: 'better-auth' }, message),
    },
  } satisfies BetterAuthOptions
}

export function baseUrl(publicUrl: string | undefined): string {
  return publicUrl === undefined ? 'http://localhost' : new URL(publicUrl).origin
}

/** better-auth on the schema `auth`. Does not create tables: see src/db/migrations. */
export function openAuth(settings: AuthSettings, signUp?: { passwordHash: string }) {
  return betterAuth(authOptions(settings, signUp))
}

export type Auth = ReturnType<typeof openAuth>

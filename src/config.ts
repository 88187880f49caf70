import { z } from 'zod'
import { databaseSettings } from './config/database.ts'
import { nearestName } from './config/nearest-name.ts'
import { secretSettings } from './config/secrets.ts'
import { serverSettings } from './config/server.ts'
import { sdkSettings, sourceSettings } from './config/sources.ts'

/** The validated configuration. Contains secrets (URLs with passwords, the key): never log it. */
export interface Config {
  port: number
  /** False if 3000 is only the default: then the next free port is used. */
  portAsked: boolean
  host: string
  /** Absolute. */
  dataDir: string
  apiKey: string | undefined
  authSecret: string | undefined
  /** Of 32 bytes each: the first encrypts, all decrypt. */
  secretKeys: Buffer[] | undefined
  /** Without a trailing slash. */
  publicUrl: string | undefined
  /** Without a trailing slash. */
  githubApiUrl: string
  /** Addresses and CIDR ranges. */
  trustedProxies: string[] | undefined
  principalArn: string | undefined
  templateUrl: string | undefined
  /** Undefined: all regions of the account's partition are probed. */
  regions: string[] | undefined
  /** Maximum number of connections per organization. */
  maxConnections: number
  /** Concurrent database transactions of an organization in one process. */
  maxQueries: number
  databaseUrl: string | undefined
  databaseApiUrl: string | undefined
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
}

/** All problems of the environment in one message, which contains no secret values. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** Cairn's own variables. A test compares them with the configuration table of README.md. */
const settings = {
  ...serverSettings,
  ...secretSettings,
  ...sourceSettings,
  ...databaseSettings,
}

/** Name, default and meaning of each of Cairn's variables, for the documentation. */
export const documentedVariables: { name: string; default: string; doc: string }[] = Object.entries(
  settings,
).map(([name, setting]) => ({ name, default: setting.default, doc: setting.doc }))

/**
 * Reads and validates the environment. An empty value counts as unset, because Compose files pass
 * unset variables as empty. An unknown `CAIRN_…` name is an error: it is a typing error or belongs
 * to another version, and would otherwise be ignored without notice.
 *
 * @throws ConfigError with all problems
 */
export function loadConfig(env: Record<string, string | undefined>): Config {
  const problems: string[] = []
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''),
  )

  for (const name of Object.keys(given).sort()) {
    if (!name.startsWith('CAIRN_') || name in settings) continue
    const nearest = nearestName(name, Object.keys(settings))
    problems.push(`${name} is not a setting of Cairn.${nearest ? ` Did you mean ${nearest}?` : ''}`)
  }

  const all = z.object(
    Object.fromEntries(
      Object.entries({ ...settings, ...sdkSettings }).map(([name, { schema }]) => [name, schema]),
    ) as { [Name in keyof typeof settings]: (typeof settings)[Name]['schema'] },
  )
  const result = all.safeParse(given)
  for (const issue of result.error?.issues ?? []) {
    // zod's own messages can quote the value; the messages above do not.
    problems.push(`${issue.path.join('.')} ${issue.message}.`)
  }
  if (given.DATABASE_API_URL !== undefined && given.DATABASE_URL === undefined)
    problems.push('DATABASE_API_URL is set without DATABASE_URL, which migrations need.')

  if (!result.success || problems.length > 0) throw new ConfigError(problems.join('\n'))
  const values = result.data
  return {
    port: values.PORT ?? 3000,
    portAsked: values.PORT !== undefined,
    host: values.CAIRN_HOST,
    dataDir: values.CAIRN_DATA_DIR,
    apiKey: values.CAIRN_API_KEY,
    authSecret: values.CAIRN_AUTH_SECRET,
    secretKeys: values.CAIRN_SECRET_KEY,
    publicUrl: values.CAIRN_PUBLIC_URL,
    githubApiUrl: values.CAIRN_GITHUB_API_URL,
    trustedProxies: values.CAIRN_TRUSTED_PROXIES,
    principalArn: values.CAIRN_PRINCIPAL_ARN,
    templateUrl: values.CAIRN_TEMPLATE_URL,
    regions: values.CAIRN_REGIONS,
    databaseUrl: values.DATABASE_URL,
    databaseApiUrl: values.DATABASE_API_URL,
    maxConnections: values.CAIRN_MAX_CONNECTIONS,
    maxQueries: values.CAIRN_MAX_QUERIES,
    logLevel: values.CAIRN_LOG_LEVEL,
  }
}

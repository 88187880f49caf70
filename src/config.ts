import { isIP } from 'node:net'
import path from 'node:path'
import { z } from 'zod'

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

/** Shorter keys can be guessed. The key alone protects the feed from the network. */
export const MIN_API_KEY_LENGTH = 20

/** With fewer, better-auth logs a warning. */
export const MIN_AUTH_SECRET_LENGTH = 32

/** All problems of the environment in one message, which contains no secret values. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

interface Setting<T> {
  /** For the documentation: the behavior if it is not set. */
  default: string
  doc: string
  schema: z.ZodType<T, string | undefined>
}

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port number: 0 to 65535')
  .transform(Number)
  .refine((value) => value <= 65535, 'must be a port number: 0 to 65535')

function wholeNumber(least: number, most: number) {
  const error = `must be a whole number: ${least} to ${most}`
  return z
    .string()
    .regex(/^\d{1,9}$/, error)
    .transform(Number)
    .refine((value) => value >= least && value <= most, error)
}

const databaseUrl = z.string().refine((text) => {
  const url = URL.parse(text)
  return (
    (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:') && url.pathname.length > 1
  )
}, 'must be a URL like postgres://user:password@host:5432/database (special characters in the password percent-encoded)')

const webUrl = z
  .string()
  .refine((text) => {
    const url = URL.parse(text)
    return /^https?:$/.test(url?.protocol ?? '') && !url?.search && !url?.hash && !url?.username
  }, 'must be an http:// or https:// URL without a query: https://cairn.example.com')
  .transform((text) => text.replace(/\/+$/, ''))

function isAddressRange(text: string): boolean {
  const [, address, bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(address ?? '')
  // Every client would count as a proxy, and could claim any address.
  return (
    version !== 0 && (bits === undefined || (+bits >= 1 && +bits <= (version === 4 ? 32 : 128)))
  )
}

/**
 * Cairn's own variables. A test compares them with the configuration table of README.md.
 */
const settings = {
  PORT: {
    default: '3000, or the next free one',
    doc: 'The port of the API and the web app. If a configured port is in use, Cairn does not start.',
    schema: port.optional(),
  },
  CAIRN_HOST: {
    default: '127.0.0.1',
    doc: 'The address to listen on. With `0.0.0.0`, other machines can connect: put TLS in front of it.',
    schema: z
      .string()
      .regex(/^[\w.:-]+$/, 'must be an address or a host name')
      .default('127.0.0.1'),
  },
  CAIRN_DATA_DIR: {
    default: '.cairn',
    doc: 'The directory for the data of the embedded Postgres and Temporal, and for the first API key.',
    schema: z
      .string()
      .default('.cairn')
      .transform((text) => path.resolve(text)),
  },
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
        (keys) => keys.every((key) => /^[A-Za-z0-9+/_-]{43}=?$/.test(key)),
        'must be keys of 32 bytes in Base64, separated by commas; `openssl rand -base64 32` generates one',
      )
      .transform((keys) => keys.map((key) => Buffer.from(key, 'base64')))
      .optional(),
  },
  CAIRN_PUBLIC_URL: {
    default: 'the address that it listens on',
    doc: 'The URL where people and webhooks reach this Cairn.',
    schema: webUrl.optional(),
  },
  CAIRN_GITHUB_API_URL: {
    default: "github.com's",
    doc: 'The URL of the REST API of a GitHub Enterprise Server: `https://github.example.com/api/v3`. Used to find missed webhook deliveries.',
    schema: webUrl.default('https://api.github.com'),
  },
  CAIRN_TRUSTED_PROXIES: {
    default: 'none: the connecting address is the client',
    doc: 'Addresses or CIDR ranges of proxies, separated by commas, whose `X-Forwarded-For`, `-Proto` and `-Host` headers are trusted. Sign-in attempts are limited per client address: without this, all clients behind a proxy count as one.',
    schema: z
      .string()
      .transform((text) => [...new Set(text.split(/[\s,]+/).filter(Boolean))])
      .refine(
        (ranges) => ranges.every(isAddressRange),
        'must be IP addresses or CIDR ranges, separated by commas: 10.0.0.0/8,::1',
      )
      .optional(),
  },
  CAIRN_PRINCIPAL_ARN: {
    default: "determined from Cairn's own credentials",
    doc: "The IAM role that Cairn's workers run as, which customers' roles trust. Required if the role may not call `iam:GetRole` on itself, because other AWS responses omit its path.",
    schema: z
      .string()
      .regex(
        /^arn:aws(-us-gov|-cn)?:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/,
        'must be the ARN of an IAM role or user: arn:aws:iam::123456789012:role/cairn',
      )
      .optional(),
  },
  CAIRN_TEMPLATE_URL: {
    default: 'no quick-create links',
    doc: 'The S3 URL of the published CloudFormation template, which quick-create links require.',
    schema: z
      .string()
      .regex(
        /^https:\/\/([\w.-]+\.)?s3[\w.-]*\.amazonaws\.com(\.cn)?\/[^?#]+$/,
        'must be an https:// URL of an S3 object, without a query',
      )
      .optional(),
  },
  CAIRN_REGIONS: {
    default: "all regions of the account's partition",
    doc: 'The only regions to import from, separated by commas: `us-east-1,eu-west-1`.',
    schema: z
      .string()
      .transform((text) => [...new Set(text.split(/[\s,]+/).filter(Boolean))])
      .refine(
        (regions) => regions.every((region) => /^[a-z]{2,4}(-[a-z]+)+-\d+$/.test(region)),
        'must be region names, separated by commas: us-east-1,eu-west-1',
      )
      .optional(),
  },
  CAIRN_MAX_CONNECTIONS: {
    default: '1000',
    doc: 'The maximum number of connections per organization, including those whose deletion is not complete.',
    schema: wholeNumber(1, 1_000_000).default(1000),
  },
  CAIRN_MAX_QUERIES: {
    default: '2',
    doc: 'How many API requests of one organization can use the database at the same time in each process: 1 to 10. All organizations share 10 connections.',
    schema: wholeNumber(1, 10).default(2),
  },
  CAIRN_LOG_LEVEL: {
    default: 'info',
    doc: 'The minimum level that is logged: `debug`, `info`, `warn`, `error` or `silent`.',
    schema: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'], {
        error: 'must be debug, info, warn, error or silent',
      })
      .default('info'),
  },
  DATABASE_URL: {
    default: 'an embedded PostgreSQL 18',
    doc: 'The URL of a Postgres database (18 or later), with a login that owns the database and may create roles.',
    schema: databaseUrl.optional(),
  },
  DATABASE_API_URL: {
    default: "`DATABASE_URL`'s login, acting as the role `cairn_api`",
    doc: 'The same database with a separate login for the API: a member of `cairn_api` and `cairn_system` that is neither superuser nor BYPASSRLS.',
    schema: databaseUrl.optional(),
  },
} satisfies Record<string, Setting<unknown>>

const awsEndpoint: Setting<string | undefined> = {
  default: "AWS's own",
  doc: 'A custom endpoint for AWS calls: for all services, STS or CloudTrail.',
  schema: z
    .string()
    .refine(
      (text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''),
      'must be an http:// or https:// URL',
    )
    .optional(),
}

/** Read by the AWS SDK; validated here so that typing errors are reported at start. */
const readByOthers = {
  AWS_ENDPOINT_URL: awsEndpoint,
  AWS_ENDPOINT_URL_STS: awsEndpoint,
  AWS_ENDPOINT_URL_CLOUDTRAIL: awsEndpoint,
} satisfies Record<string, Setting<unknown>>

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
      Object.entries({ ...settings, ...readByOthers }).map(([name, { schema }]) => [name, schema]),
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

/** The most similar name, if it is similar enough for a typing error. */
function nearestName(name: string, names: string[]): string | undefined {
  const [best] = names
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance)
  return best && best.distance <= Math.max(2, name.length / 3) ? best.candidate : undefined
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}

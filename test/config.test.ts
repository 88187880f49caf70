import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { ConfigError, documentedVariables, loadConfig } from '../src/config.ts'

function problemsOf(env: Record<string, string>): string {
  try {
    loadConfig(env)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as ConfigError).message
  }
  throw new Error('the environment was accepted')
}

test('no variable is required', () => {
  expect(loadConfig({})).toEqual({
    port: 3000,
    portAsked: false,
    host: '127.0.0.1',
    dataDir: path.resolve('.cairn'),
    apiKey: undefined,
    authSecret: undefined,
    secretKeys: undefined,
    publicUrl: undefined,
    githubApiUrl: 'https://api.github.com',
    trustedProxies: undefined,
    principalArn: undefined,
    templateUrl: undefined,
    regions: undefined,
    databaseUrl: undefined,
    databaseApiUrl: undefined,
    maxConnections: 1000,
    maxQueries: 2,
    logLevel: 'info',
  })
})

test('every variable is read', () => {
  expect(
    loadConfig({
      PORT: '0',
      CAIRN_HOST: '0.0.0.0',
      CAIRN_DATA_DIR: '/var/lib/cairn',
      CAIRN_API_KEY: 'k'.repeat(20),
      CAIRN_AUTH_SECRET: 's'.repeat(32),
      CAIRN_SECRET_KEY: `${Buffer.alloc(32, 1).toString('base64')}, ${Buffer.alloc(32, 2).toString('base64')}`,
      CAIRN_PUBLIC_URL: 'https://cairn.example.com/',
      CAIRN_GITHUB_API_URL: 'https://github.example.com/api/v3/',
      CAIRN_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
      CAIRN_PRINCIPAL_ARN: 'arn:aws-us-gov:iam::123456789012:role/services/cairn',
      CAIRN_TEMPLATE_URL: 'https://bucket.s3.eu-west-1.amazonaws.com/cairn/template.yaml',
      CAIRN_REGIONS: 'us-east-1, eu-west-1,us-gov-west-1,us-east-1',
      DATABASE_URL: 'postgres://cairn:secret@db:5432/cairn',
      DATABASE_API_URL: 'postgresql://api:secret@db/cairn',
      CAIRN_MAX_CONNECTIONS: '25000',
      CAIRN_MAX_QUERIES: '10',
      CAIRN_LOG_LEVEL: 'debug',
    }),
  ).toEqual({
    port: 0,
    portAsked: true,
    host: '0.0.0.0',
    dataDir: '/var/lib/cairn',
    apiKey: 'k'.repeat(20),
    authSecret: 's'.repeat(32),
    secretKeys: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)],
    publicUrl: 'https://cairn.example.com',
    githubApiUrl: 'https://github.example.com/api/v3',
    trustedProxies: ['10.0.0.0/8', '::1'],
    principalArn: 'arn:aws-us-gov:iam::123456789012:role/services/cairn',
    templateUrl: 'https://bucket.s3.eu-west-1.amazonaws.com/cairn/template.yaml',
    regions: ['us-east-1', 'eu-west-1', 'us-gov-west-1'],
    databaseUrl: 'postgres://cairn:secret@db:5432/cairn',
    databaseApiUrl: 'postgresql://api:secret@db/cairn',
    maxConnections: 25_000,
    maxQueries: 10,
    logLevel: 'debug',
  })
})

test('an empty value is treated as unset', () => {
  expect(loadConfig({ PORT: '', CAIRN_API_KEY: ' ', DATABASE_URL: '' })).toEqual(loadConfig({}))
})

test.each([
  ['PORT', '65536'],
  ['PORT', '3000x'],
  ['PORT', '-1'],
  ['CAIRN_API_KEY', 'too-short'],
  ['CAIRN_API_KEY', 'with a space in the middle of it'],
  ['CAIRN_AUTH_SECRET', 'too-short'],
  ['CAIRN_SECRET_KEY', Buffer.alloc(31).toString('base64')],
  ['CAIRN_SECRET_KEY', `${Buffer.alloc(32).toString('base64')},short`],
  ['CAIRN_SECRET_KEY', ','],
  ['CAIRN_PUBLIC_URL', 'cairn.example.com'],
  ['CAIRN_PUBLIC_URL', 'ftp://cairn.example.com'],
  ['CAIRN_PUBLIC_URL', 'https://cairn.example.com/?a=b'],
  ['CAIRN_TRUSTED_PROXIES', '10.0.0.0/33'],
  ['CAIRN_TRUSTED_PROXIES', '0.0.0.0/0'],
  ['CAIRN_TRUSTED_PROXIES', '10.0.0.1,proxy'],
  ['CAIRN_TRUSTED_PROXIES', 'fe80::1%e-0'],
  ['CAIRN_TRUSTED_PROXIES', ','],
  ['CAIRN_PRINCIPAL_ARN', 'arn:aws:sts::123456789012:assumed-role/cairn/session'],
  ['CAIRN_TEMPLATE_URL', 'https://example.com/template.yaml'],
  ['CAIRN_REGIONS', 'us-east-1,nowhere'],
  ['CAIRN_REGIONS', ','],
  ['CAIRN_MAX_CONNECTIONS', '0'],
  ['CAIRN_MAX_CONNECTIONS', 'many'],
  ['CAIRN_MAX_QUERIES', '11'],
  ['CAIRN_LOG_LEVEL', 'loud'],
  ['DATABASE_URL', 'mysql://db/cairn'],
  ['DATABASE_URL', 'postgres://db'],
  ['DATABASE_URL', 'postgres://db/cairn?port=99999999'],
  ['AWS_ENDPOINT_URL', 'localhost:4566'],
  ['AWS_ENDPOINT_URL_STS', 'not a url'],
])('%s=%s is rejected with its name and the expected value', (name, value) => {
  expect(problemsOf({ [name]: value })).toMatch(new RegExp(`^${name} (must|may)`))
})

test.each([
  ['CAIRN_DATADIR', 'CAIRN_DATA_DIR'],
  ['CAIRN_API_KEYS', 'CAIRN_API_KEY'],
  ['CAIRN_REGION', 'CAIRN_REGIONS'],
])('an unknown name stops the start, and the closest one is suggested: %s', (name, nearest) => {
  expect(problemsOf({ [name]: 'x' })).toBe(
    `${name} is not a setting of Cairn. Did you mean ${nearest}?`,
  )
})

test('an unknown name without a similar one gets no suggestion', () => {
  expect(problemsOf({ CAIRN_QQQQQQQQQQ: 'x' })).toBe('CAIRN_QQQQQQQQQQ is not a setting of Cairn.')
})

test('variables of other programs are ignored', () => {
  expect(() => loadConfig({ CAIRNS: 'x', PATH: '/bin', npm_config_cache: 'x' })).not.toThrow()
})

test('all problems are reported together', () => {
  const problems = problemsOf({ PORT: 'x', CAIRN_REGIONS: '!', CAIRN_NOPE: '1' })
  expect(problems.split('\n')).toHaveLength(3)
})

test('the API login alone is not sufficient', () => {
  expect(problemsOf({ DATABASE_API_URL: 'postgres://api@db/cairn' })).toMatch(/^DATABASE_API_URL/)
})

test('no message contains a secret', () => {
  const problems = problemsOf({
    DATABASE_URL: 'mysql://u:hunter2-in-url@db/cairn',
    DATABASE_API_URL: 'hunter2-in-text',
    CAIRN_API_KEY: 'hunter2-!',
    CAIRN_AUTH_SECRET: 'hunter2',
    CAIRN_PUBLIC_URL: 'https://u:hunter2-in-user@x',
  })
  expect(problems).not.toContain('hunter2')
})

const readme = path.resolve(import.meta.dirname, '../README.md')

test("README's configuration table has exactly one row for each variable", () => {
  const text = readFileSync(readme, 'utf8')
  const [, table] = /^\| variable \| default \| meaning \|\n\|[-|]+\|\n((?:\|.*\n)+)/m.exec(text)!
  expect(table!.trimEnd().split('\n')).toEqual(
    documentedVariables.map(({ name, default: byDefault, doc }) => {
      return `| \`${name}\` | ${byDefault} | ${doc} |`
    }),
  )
  expect(text.match(/^\| variable \|/gm)).toHaveLength(1)
})

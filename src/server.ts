import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import getPort, { portNumbers } from 'get-port'
import { sql } from 'kysely'
import type { Logger } from 'pino'
import { createApp } from './api/app.ts'
import type { ApiContext } from './api/context.ts'
import { type Config, ConfigError, loadConfig } from './config.ts'
import { type Database, openDatabase } from './db/database.ts'
import { migrate } from './db/migrate.ts'
import {
  addApiKey,
  DEFAULT_ORGANIZATION,
  ensureOrganization,
  hasApiKey,
  newApiKey,
  revokeOtherKeys,
} from './db/organizations.ts'
import { createLogger } from './log.ts'
import { createWorkflows, temporalFromEnvironment, type Workflows } from './temporal.ts'

export interface RunningServer {
  /** `http://127.0.0.1:3000` */
  url: string
  /** Lets running requests end, and closes its database pools. */
  close(): Promise<void>
}

/**
 * Starts the HTTP API on a migrated database, and makes the first organization and key where
 * there are none.
 *
 * @throws ConfigError when the port was asked for and is in use, or the API's login could
 *   see past row-level security
 */
export async function startServer(options: {
  config: Config
  /** `DATABASE_URL`, or that of the embedded database. */
  databaseUrl: string
  workflows: Workflows
  logger: Logger
}): Promise<RunningServer> {
  const { config, workflows, logger } = options
  const url = config.databaseApiUrl ?? options.databaseUrl
  const onError = (error: Error) => logger.warn({ reason: error.message }, 'Postgres went away')
  const api = openDatabase({ url, role: 'cairn_api', onError })
  const system = openDatabase({ url, role: 'cairn_system', max: 4, onError })
  const closeDatabases = () => Promise.all([api.destroy(), system.destroy()])
  try {
    await refusePowerfulRole(api)
    await ensureFirstKey(config, { api, system }, logger)
    const app = await createApp({ api, system, workflows }, { logger })
    const port = config.portAsked
      ? config.port
      : await getPort({ port: portNumbers(config.port, config.port + 100), host: config.host })
    const address = await app.listen({ port, host: config.host }).catch((error) => {
      if (error.code !== 'EADDRINUSE') throw error
      throw new ConfigError(`Port ${port} is in use. Stop what uses it, or give another PORT.`)
    })
    return {
      url: address,
      async close() {
        await app.close()
        await closeDatabases()
      },
    }
  } catch (error) {
    await closeDatabases()
    throw error
  }
}

/** Row-level security does not hold back superusers and those with BYPASSRLS. */
async function refusePowerfulRole(api: Database): Promise<void> {
  const { rows } = await sql<{ rolname: string }>`
    SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls)
  `.execute(api)
  if (rows[0]) {
    throw new ConfigError(
      `The API would act as ${rows[0].rolname}, whom row-level security does not hold back.`,
    )
  }
}

/** Where a key that was made at the first start is kept for its reader. */
function keyFile(config: Config): string {
  return path.join(config.dataDir, 'api-key')
}

/** The key of the first organization, when this machine knows it. */
export function knownApiKey(config: Config): string | undefined {
  if (config.apiKey) return config.apiKey
  const file = keyFile(config)
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
}

async function ensureFirstKey(
  config: Config,
  { api, system }: Pick<ApiContext, 'api' | 'system'>,
  logger: Logger,
): Promise<void> {
  const { id } = await ensureOrganization(system, DEFAULT_ORGANIZATION)
  if (config.apiKey) {
    const given = { name: 'CAIRN_API_KEY', key: config.apiKey }
    await addApiKey(system, id, given)
    await revokeOtherKeys(api, id, given)
    return
  }
  const file = keyFile(config)
  // The file first: a key that nobody can read would be one too many in the database.
  if (!existsSync(file)) {
    if (await hasApiKey(system, id)) return
    mkdirSync(config.dataDir, { recursive: true })
    try {
      writeFileSync(file, `${newApiKey()}\n`, { mode: 0o600, flag: 'wx' })
      logger.info(`Made an API key: it is in ${file}`)
    } catch (error) {
      // Another process was first; its key is as good.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  chmodSync(file, 0o600)
  await addApiKey(system, id, { name: 'first start', key: readFileSync(file, 'utf8').trim() })
}

/** `npm run server`: the API in a process of its own. */
async function main(): Promise<void> {
  const config = loadConfig(process.env)
  const target = temporalFromEnvironment(process.env)
  if (!config.databaseUrl || !target) {
    throw new ConfigError(
      'A server of its own needs DATABASE_URL and TEMPORAL_ADDRESS; `npm start` brings both along.',
    )
  }
  const logger = createLogger({ level: config.logLevel })
  await migrate(config.databaseUrl)
  const workflows = createWorkflows(target, { logger })
  const server = await startServer({ config, databaseUrl: config.databaseUrl, workflows, logger })
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, resolve)
  })
  logger.info({ signal }, 'The server ends')
  await server.close()
  await workflows.close()
}

if (import.meta.main) {
  main().catch((error) => {
    console.error(error instanceof ConfigError ? error.message : error)
    process.exitCode = 1
  })
}

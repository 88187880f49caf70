import getPort, { portNumbers } from 'get-port'
import { sql } from 'kysely'
import type { Logger } from 'pino'
import { createApp } from './api/app.ts'
import { type Config, ConfigError, loadConfig } from './config.ts'
import { type Database, openDatabase } from './db/database.ts'
import { migrate } from './db/migrate.ts'
import { principalReader } from './db/principals.ts'
import { ensureFirstKey } from './first-key.ts'
import { createLogger } from './log.ts'
import { createWorkflows, temporalFromEnvironment, type Workflows } from './temporal.ts'
import { ensureWebApp, webRoutes } from './web.ts'

/** How long running requests may take after the server was told to end. */
const CLOSE_WITHIN_MS = 10_000

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
    await refusePowerfulRole(api, config)
    await ensureFirstKey(config, { api, system }, logger)
    const webDirectory = await ensureWebApp(logger)
    const app = await createApp(
      {
        ...{ api, system, workflows },
        principal: principalReader(api, config.principalArn),
        templateUrl: config.templateUrl,
        publicUrl: config.publicUrl,
      },
      { logger, others: (app) => webRoutes(app, webDirectory) },
    )
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
        // A verification that somebody waits for may take a minute; whoever stops us does not wait so long.
        const impatience = setTimeout(() => app.server.closeAllConnections(), CLOSE_WITHIN_MS)
        await app.close()
        clearTimeout(impatience)
        await closeDatabases()
      },
    }
  } catch (error) {
    await closeDatabases()
    throw error
  }
}

/** Row-level security does not hold back superusers and those with BYPASSRLS. */
async function refusePowerfulRole(api: Database, config: Config): Promise<void> {
  const { rows } = await sql<{ rolname: string }>`
    SELECT rolname FROM pg_roles
    -- Whoever logs in as someone can become that one again. The owner's login may do more anyway.
    WHERE rolname IN (current_user, ${config.databaseApiUrl ? sql`session_user` : sql`current_user`})
      AND (rolsuper OR rolbypassrls)
  `
    .execute(api)
    .catch((error) => {
      // insufficient_privilege: the pool could not take on its role.
      if (error.code !== '42501') throw error
      throw new ConfigError(
        `The login of ${config.databaseApiUrl ? 'DATABASE_API_URL' : 'DATABASE_URL'} may not act for the API. ` +
          'As an administrator: GRANT cairn_api, cairn_system TO that login.',
      )
    })
  if (rows[0]) {
    throw new ConfigError(
      `The API would act as ${rows[0].rolname}, whom row-level security does not hold back. ` +
        'Give DATABASE_API_URL a login that is neither superuser nor BYPASSRLS.',
    )
  }
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

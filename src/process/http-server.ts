import getPort, { portNumbers } from 'get-port'
import { sql } from 'kysely'
import type { Logger } from 'pino'
import { createApp } from '../api/app.ts'
import type { App } from '../api/context.ts'
import { openApiDatabases } from '../api/databases.ts'
import { createDeliveryWriter } from '../api/integrations/delivery-writer.ts'
import { createDeliveryLimits } from '../api/integrations/limits.ts'
import { firstOwnerToken } from '../auth/accept-invitation.ts'
import { createDemoOwner } from '../auth/demo.ts'
import { INVITATION_HOURS, invitationUrl } from '../auth/invitations.ts'
import { openPeople } from '../auth/people.ts'
import { authSecret } from '../auth-secret.ts'
import { type Config, ConfigError } from '../config.ts'
import type { Database } from '../db/database.ts'
import { removeExpiredSessions } from '../db/members.ts'
import { openNotifications } from '../db/notifications.ts'
import { principalReader } from '../db/worker-principals.ts'
import { explainPostgres } from '../failures.ts'
import { ensureFirstKey } from '../first-key.ts'
import { secretBox } from '../secret-key.ts'
import type { Workflows } from '../temporal/workflows.ts'
import { ensureWebApp, webRoutes } from '../web.ts'

/** How long running requests may take after the server was asked to stop. */
const CLOSE_WITHIN_MS = 10_000

interface RunningServer {
  /** `http://127.0.0.1:3000` */
  url: string
  /**
   * The link that creates the first owner's account. Undefined if there is an owner. Print it to a
   * terminal, not to a log.
   */
  invitationUrl: string | undefined
  /** Waits for running requests, and closes its database pools. */
  close(): Promise<void>
}

/**
 * Starts the HTTP API on a migrated database, and creates the first organization and its key if
 * they do not exist.
 *
 * @throws ConfigError if the configured port is in use, if the API's login cannot be used, or if
 *   row-level security does not apply to it
 */
export async function startServer(options: {
  config: Config
  /** `DATABASE_URL`, or the URL of the embedded database. */
  databaseUrl: string
  workflows: Workflows
  /** The URL of Temporal's UI. */
  temporalUrl?: string | null
  /**
   * Signs in everyone on this machine as an owner created for the demo, with `/api/demo/sign-in`.
   * For `npm run demo`; no setting enables it.
   */
  demoSession?: boolean
  /** Adds routes before the web app, which handles all other paths. */
  others?: (app: App) => Promise<void>
  logger: Logger
}): Promise<RunningServer> {
  const { config, workflows, logger, demoSession = false } = options
  if (demoSession && !/^(127\.0\.0\.1|::1|localhost)$/.test(config.host)) {
    throw new ConfigError(
      'The demo signs in everyone who can reach it, so it listens only on this machine. Unset CAIRN_HOST.',
    )
  }
  const url = config.databaseApiUrl ?? options.databaseUrl
  const onError = (error: Error) =>
    logger.warn({ reason: error.message }, 'Lost a connection to Postgres')
  const { database, system, deliveryDatabase } = openApiDatabases({
    url,
    onError,
    maxQueries: config.maxQueries,
  })
  const notifications = openNotifications({ url, onError })
  const closeDatabases = () =>
    Promise.all([
      database.destroy(),
      system.destroy(),
      deliveryDatabase.destroy(),
      notifications.close(),
    ])
  try {
    await checkLogin({ database, system }, config)
    const { organizationId } = await ensureFirstKey(config, { database, system }, logger)
    await removeExpiredSessions(system)
    const { publicUrl } = config
    const auth = openPeople({
      system,
      publicUrl,
      logger,
      secret: authSecret(config),
      cookiePrefix: demoSession ? 'cairn_demo' : undefined,
    })
    const demoOwner = demoSession ? await createDemoOwner(auth.settings, organizationId) : undefined
    const webDirectory = await ensureWebApp(logger)
    const app = await createApp(
      {
        database,
        system,
        workflows,
        notifications,
        principal: principalReader(database, config.principalArn),
        templateUrl: config.templateUrl,
        maxConnections: config.maxConnections,
        publicUrl,
        auth,
        demoOwner,
        secrets: secretBox(config),
        deliveries: createDeliveryWriter({ database: deliveryDatabase, workflows }),
        deliveryLimits: createDeliveryLimits(),
        temporalUrl: options.temporalUrl,
      },
      {
        logger,
        trustedProxies: config.trustedProxies,
        async others(app) {
          await options.others?.(app)
          await webRoutes(app, webDirectory)
        },
      },
    )
    const address = await listen(app, config)
    const token = await firstOwnerToken(system, organizationId)
    return {
      url: address,
      invitationUrl: token && invitationUrl(publicUrl ?? address, token),
      async close() {
        // A request that waits for a verification may take a minute, which is too long for a
        // shutdown.
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

/**
 * Checks the port before a start that takes a while, so that it fails early.
 *
 * @throws ConfigError if the configured port is in use
 */
export async function checkPort({ port, portAsked, host }: Config): Promise<void> {
  if (portAsked && port !== 0 && (await getPort({ port, host })) !== port) throw portInUse(port)
}

function portInUse(port: number): ConfigError {
  return new ConfigError(
    `Port ${port} is in use. Stop the process that uses it, or set another PORT.`,
  )
}

/** @returns its URL @throws ConfigError if the configured port is in use */
async function listen(app: App, config: Config): Promise<string> {
  const { host } = config
  for (;;) {
    // get-port reserves the ports that it returns, so each attempt tries another one.
    const port = config.portAsked
      ? config.port
      : await getPort({ port: portNumbers(config.port, config.port + 100), host })
    try {
      return await app.listen({ port, host })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      if (config.portAsked) throw portInUse(port)
      // The port was free a moment ago: two concurrent starts can find the same one.
    }
  }
}

/**
 * Checks that the login can use the API's roles, and that row-level security applies to it: it does
 * not apply to superusers and roles with BYPASSRLS.
 *
 * @throws ConfigError that names the variable with the login
 */
async function checkLogin(
  { database, system }: { database: Database; system: Database },
  config: Config,
): Promise<void> {
  const separate = config.databaseApiUrl !== undefined
  const powerful = sql<{ rolname: string }>`
    SELECT rolname FROM pg_roles
    -- A login can become any role that it is a member of again. The owner's login may do more anyway.
    WHERE rolname IN (current_user, ${separate ? sql`session_user` : sql`current_user`})
      AND (rolsuper OR rolbypassrls)
  `
  const results = await Promise.all([
    powerful.execute(database),
    sql`SELECT`.execute(system),
  ]).catch((error) => {
    throw loginError(error, separate ? 'DATABASE_API_URL' : 'DATABASE_URL')
  })
  const [role] = results[0].rows
  if (!role) return
  throw new ConfigError(
    `The API would act as ${role.rolname}, to which row-level security does not apply. ` +
      'Set DATABASE_API_URL to a login that is neither superuser nor BYPASSRLS.',
  )
}

function loginError(error: NodeJS.ErrnoException, variable: string): Error {
  const { code = '', message } = error
  // insufficient_privilege: a pool could not set its role.
  if (code === '42501') {
    return new ConfigError(
      `The login of ${variable} lacks the API's roles. ` +
        'As an administrator: GRANT cairn_api, cairn_system TO that login.',
    )
  }
  const cause = explainPostgres(code, variable)
  return cause === undefined ? error : new ConfigError(`${cause}: ${message}`)
}

/**
 * Prints the setup link for the person who started Cairn. Not in the log, which is stored and shipped:
 * until it is used or expires, the link is equivalent to a password.
 */
export function announceSetupLink(url: string | undefined): void {
  if (url === undefined) return
  console.error(
    `\nNo owner account exists yet. This link creates it. It works once, within ${INVITATION_HOURS.firstOwner} hours:\n\n  ${url}\n`,
  )
}

import type { Logger } from 'pino'
import { createActivities } from './activities/index.ts'
import type { App } from './api/context.ts'
import { AwsAccess } from './aws/access.ts'
import { Pacers } from './aws/pacer.ts'
import { aborted, type Command, runCommand } from './command.ts'
import { type Config, loadConfig } from './config.ts'
import { openDatabase } from './db/database.ts'
import { migrate } from './db/migrate.ts'
import { startPostgres } from './embedded/postgres.ts'
import { startTemporal } from './embedded/temporal.ts'
import { knownApiKey } from './first-key.ts'
import { createLogger } from './log.ts'
import { watchPrincipal } from './principal-watch.ts'
import { startReconciler } from './reconciler.ts'
import { announceSetupLink, checkPort, startServer } from './server.ts'
import {
  createWorkflows,
  type TemporalTarget,
  temporalFromEnvironment,
  type Workflows,
} from './temporal.ts'
import { installTemporalRuntime, startWorker } from './worker.ts'

export interface Cairn {
  /** Where the API is. */
  url: string
  /** Where people find Temporal's UI, when that is known. */
  temporalUrl: string | null
  /** The first organization's key, when this machine knows it. */
  apiKey: string | undefined
  /** Makes the first owner's account; undefined where there is an owner. */
  invitationUrl: string | undefined
  workflows: Workflows
  /** Resolves with the reason when an embedded server has exited unexpectedly. */
  failed: Promise<Error>
  /** Ends everything in order: requests, the worker, the pools, the embedded servers. */
  stop(): Promise<void>
}

/**
 * Everything in one process: the API, the worker, the reconciler, and the Postgres and Temporal
 * for installations that configure none.
 *
 * @throws ConfigError and whatever keeps an embedded server from starting; what had been started
 *   is stopped again
 */
export async function startCairn(
  config: Config,
  options: {
    env: NodeJS.ProcessEnv
    logger: Logger
    /** Adds routes of its own to the server: what only the demo has. */
    others?: (app: App) => Promise<void>
    /** See `startServer`. */
    demoSession?: boolean
  },
): Promise<Cairn> {
  const { env, logger } = options
  const stops: (() => Promise<unknown>)[] = []
  // In reverse order of starting: nothing loses what it depends on.
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) {
      await each().catch((error) => logger.error({ err: error }, 'A part of Cairn failed to stop'))
    }
  }
  const failures: Promise<Error>[] = []

  try {
    await checkPort(config)
    let { databaseUrl } = config
    let target = temporalFromEnvironment(env)
    installTemporalRuntime(logger)
    const started = await Promise.allSettled([
      (async () => {
        if (databaseUrl) return
        logger.info(`Starting PostgreSQL in ${config.dataDir}`)
        const postgres = await startPostgres({ dataDir: config.dataDir, log: logger })
        stops.push(() => postgres.stop())
        failures.push(postgres.exited)
        databaseUrl = postgres.url
      })(),
      (async () => {
        if (target) return
        logger.info(`Starting Temporal in ${config.dataDir}`)
        const temporal = await startTemporal({ dataDir: config.dataDir, log: logger })
        stops.push(() => temporal.stop())
        failures.push(temporal.exited)
        target = embeddedTarget(temporal)
      })(),
    ])
    // Not before both have ended: what starts later would not be stopped.
    for (const one of started) if (one.status === 'rejected') throw one.reason
    const temporal = target!
    const installationId = await migrate(databaseUrl!)

    const onError = (error: Error) =>
      logger.warn({ reason: error.message }, 'Lost a connection to Postgres')
    const db = openDatabase({ url: databaseUrl!, max: 20, onError })
    stops.push(() => db.destroy())
    const system = openDatabase({ url: databaseUrl!, role: 'cairn_system', max: 2, onError })
    stops.push(() => system.destroy())
    const workflows = createWorkflows(temporal, { installationId, logger })
    stops.push(() => workflows.close())

    const aws = new AwsAccess()
    // Only reports: without credentials, stored changes can still be read.
    const principal = watchPrincipal({ aws, db, configured: config.principalArn, logger })
    stops.push(() => principal.stop())
    const activities = createActivities({
      db,
      aws,
      pacers: new Pacers(),
      regions: config.regions,
    })
    const worker = startWorker({ target: temporal, installationId, activities, logger })
    stops.push(() => worker.stop())
    const reconciler = startReconciler({ db: system, workflows, logger })
    stops.push(() => reconciler.stop())
    const server = await startServer({
      ...{ config, workflows, logger },
      databaseUrl: databaseUrl!,
      temporalUrl: temporal.uiUrl,
      demoSession: options.demoSession,
      others: options.others,
    })
    stops.push(() => server.close())

    return {
      url: config.publicUrl ?? server.url,
      temporalUrl: temporal.uiUrl,
      apiKey: knownApiKey(config),
      invitationUrl: server.invitationUrl,
      workflows,
      failed: failures.length > 0 ? Promise.race(failures) : new Promise(() => {}),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function embeddedTarget(temporal: { address: string; uiUrl: string }): TemporalTarget {
  return {
    connection: { address: temporal.address },
    namespace: 'default',
    uiUrl: temporal.uiUrl,
  }
}

/** `npm start` */
async function main(command: Command): Promise<void> {
  const config = loadConfig(process.env)
  const logger = createLogger({ level: config.logLevel })
  const cairn = await startCairn(config, { env: process.env, logger })
  const signal = command.stopInOrder()
  logger.info(
    `The API is at ${cairn.url}/api/v1, its OpenAPI document at ${cairn.url}/api/openapi.json`,
  )
  announceSetupLink(cairn.invitationUrl)
  if (cairn.temporalUrl) logger.info(`Temporal's UI is at ${cairn.temporalUrl}`)
  const failure = await Promise.race([aborted(signal), cairn.failed])
  if (failure) {
    logger.fatal(failure.message)
    process.exitCode = 1
  } else {
    logger.info({ signal: signal.reason }, 'Cairn is stopping')
  }
  await cairn.stop()
}

if (import.meta.main) runCommand(main)

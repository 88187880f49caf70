import type { Logger } from 'pino'
import type { App } from '../api/context.ts'
import type { Config } from '../config.ts'
import { knownApiKey } from '../first-key.ts'
import { installTemporalRuntime } from '../temporal/runtime.ts'
import type { Workflows } from '../temporal/workflows.ts'
import { startStores } from './embedded-stores.ts'
import { checkPort, startServer } from './http-server.ts'
import { Shutdown } from './shutdown.ts'
import { connectStores } from './stores.ts'
import { startWorkerParts } from './worker-parts.ts'

export interface Cairn {
  /** The URL of the API. */
  url: string
  /** The URL of Temporal's UI, if known. */
  temporalUrl: string | null
  /** The first organization's key, if this machine has it. */
  apiKey: string | undefined
  /** The link that creates the first owner's account; undefined if there is an owner. */
  invitationUrl: string | undefined
  workflows: Workflows
  /** Resolves with the reason when an embedded server has exited unexpectedly. */
  failed: Promise<Error>
  /** Stops everything in order: requests, the worker, the pools, the embedded servers. */
  stop(): Promise<void>
}

/**
 * Starts everything in one process: the API, the worker, the reconciler, and embedded Postgres and
 * Temporal for installations that configure none.
 *
 * @throws ConfigError, and errors of the embedded servers; everything that has started is stopped
 */
export async function startCairn(
  config: Config,
  options: {
    env: NodeJS.ProcessEnv
    logger: Logger
    /** Adds routes to the server: those of the demo. */
    others?: (app: App) => Promise<void>
    /** See `startServer`. */
    demoSession?: boolean
  },
): Promise<Cairn> {
  const { env, logger, others, demoSession } = options
  const shutdown = new Shutdown(logger)
  try {
    await checkPort(config)
    installTemporalRuntime(logger)
    const { failed, ...found } = await startStores(config, { env, logger, shutdown })
    const stores = await connectStores(found, { logger, shutdown })
    startWorkerParts(config, stores, { logger, shutdown })
    const { databaseUrl, workflows } = stores
    const temporalUrl = stores.temporal.uiUrl
    const server = await startServer({
      config,
      databaseUrl,
      workflows,
      temporalUrl,
      demoSession,
      others,
      logger,
    })
    shutdown.add(() => server.close())
    return {
      url: config.publicUrl ?? server.url,
      temporalUrl,
      apiKey: knownApiKey(config),
      invitationUrl: server.invitationUrl,
      workflows,
      failed,
      stop: () => shutdown.run(),
    }
  } catch (error) {
    await shutdown.run()
    throw error
  }
}

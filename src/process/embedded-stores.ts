import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import { startPostgres } from '../embedded/postgres.ts'
import { startTemporal } from '../embedded/temporal.ts'
import { type TemporalTarget, temporalFromEnvironment } from '../temporal/target.ts'
import type { Shutdown } from './shutdown.ts'
import type { Stores } from './stores.ts'

/**
 * Connects to Postgres and Temporal, and starts an embedded server for each that the environment
 * does not name.
 *
 * @returns the stores; `failed` resolves when an embedded server has exited unexpectedly
 */
export async function startStores(
  config: Config,
  options: { env: NodeJS.ProcessEnv; logger: Logger; shutdown: Shutdown },
): Promise<Stores & { failed: Promise<Error> }> {
  const { env, logger, shutdown } = options
  const { dataDir } = config
  const failures: Promise<Error>[] = []

  async function findDatabase(): Promise<string> {
    if (config.databaseUrl) return config.databaseUrl
    logger.info(`Starting PostgreSQL in ${dataDir}`)
    const postgres = await startPostgres({ dataDir, log: logger })
    shutdown.add(() => postgres.stop())
    failures.push(postgres.exited)
    return postgres.url
  }

  async function findTemporal(): Promise<TemporalTarget> {
    const named = temporalFromEnvironment(env)
    if (named) return named
    logger.info(`Starting Temporal in ${dataDir}`)
    const { address, uiUrl, stop, exited } = await startTemporal({ dataDir, log: logger })
    shutdown.add(() => stop())
    failures.push(exited)
    return { connection: { address }, namespace: 'default', uiUrl }
  }

  const [databaseUrl, temporal] = await Promise.allSettled([findDatabase(), findTemporal()])
  // Waits for both, because a server that starts later would not be stopped.
  if (databaseUrl.status === 'rejected') throw databaseUrl.reason
  if (temporal.status === 'rejected') throw temporal.reason
  return {
    databaseUrl: databaseUrl.value,
    temporal: temporal.value,
    failed: failures.length > 0 ? Promise.race(failures) : new Promise(() => {}),
  }
}

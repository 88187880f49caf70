import type { Logger } from 'pino'
import { type Config, ConfigError } from '../config.ts'
import { migrate } from '../db/migrate.ts'
import { createWorkflows } from '../temporal/client.ts'
import { type TemporalTarget, temporalFromEnvironment } from '../temporal/target.ts'
import type { Workflows } from '../temporal/workflows.ts'
import type { Shutdown } from './shutdown.ts'

/** Where a process finds Postgres and Temporal. */
export interface Stores {
  databaseUrl: string
  temporal: TemporalTarget
}

/** What every part of a process works with. */
export interface Connected extends Stores {
  installationId: string
  workflows: Workflows
}

/**
 * The stores of a process that embeds none.
 *
 * @param name of the process, for the error
 * @throws ConfigError where the environment does not name both
 */
export function externalStores(config: Config, env: NodeJS.ProcessEnv, name: string): Stores {
  const temporal = temporalFromEnvironment(env)
  if (!config.databaseUrl || !temporal) {
    throw new ConfigError(
      `A separate ${name} needs DATABASE_URL and TEMPORAL_ADDRESS. \`npm start\` includes both.`,
    )
  }
  return { databaseUrl: config.databaseUrl, temporal }
}

/** Migrates the database and connects to the workflows of its installation. */
export async function connectStores(
  stores: Stores,
  { logger, shutdown }: { logger: Logger; shutdown: Shutdown },
): Promise<Connected> {
  const installationId = await migrate(stores.databaseUrl)
  const workflows = createWorkflows(stores.temporal, { installationId, logger })
  shutdown.add(() => workflows.close())
  return { ...stores, installationId, workflows }
}

import type { Logger } from 'pino'
import type { Database } from './db/database.ts'
import { organizationsWithDeletedIntegrations } from './db/deleted-integrations.ts'
import { organizationsWithDue } from './db/deliveries.ts'
import { repeat } from './repeat.ts'
import { startEach } from './start-each.ts'
import type { Workflows } from './temporal/workflows.ts'

const INTERVAL_MS = 5_000

/**
 * Finds, every few seconds, organizations with deliveries that are due or belong to a deleted
 * integration, and starts their workflow or signals it. So deliveries that arrive while Temporal is
 * unavailable are translated later.
 *
 * @param options.db the pool of the role `cairn_system`, which sees every organization
 */
export function startDeliverStarter(options: {
  db: Database
  workflows: Pick<Workflows, 'deliver'>
  logger: Logger
  intervalMs?: number
}): { stop(): Promise<void> } {
  const { db, workflows, logger, intervalMs = INTERVAL_MS } = options
  return repeat({
    async round(signal) {
      const organizations = new Set([
        ...(await organizationsWithDue(db, { olderThanMs: intervalMs })),
        ...(await organizationsWithDeletedIntegrations(db)),
      ])
      await startEach(organizations, (id) => workflows.deliver(id), signal)
    },
    onFailure: (reason) => logger.warn({ reason }, 'Failed to check for deliveries; retrying'),
    pauseMs: () => intervalMs * (0.5 + Math.random()),
  })
}

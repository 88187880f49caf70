import type { Logger } from 'pino'
import type { Database } from './db/database.ts'
import { overdueRecoveries } from './db/delivery-recoveries.ts'
import { repeat } from './repeat.ts'
import { startEach } from './start-each.ts'
import type { Workflows } from './temporal/workflows.ts'

const INTERVAL_MS = 15_000
/** A workflow that runs starts a check that is due within this time. */
const OVERDUE_MS = 60_000

/**
 * Finds integrations whose check for missed deliveries is overdue, and starts or signals their
 * workflow. So tokens that are set while Temporal is unavailable are used later, and checks go on
 * after Temporal has lost its database.
 *
 * @param options.db the pool of the role `cairn_system`, which sees every organization
 */
export function startRecoverStarter(options: {
  db: Database
  workflows: Pick<Workflows, 'recover'>
  logger: Logger
  intervalMs?: number
  overdueMs?: number
}): { stop(): Promise<void> } {
  const { db, workflows, logger, intervalMs = INTERVAL_MS, overdueMs = OVERDUE_MS } = options
  return repeat({
    async round(signal) {
      const overdue = await overdueRecoveries(db, { olderThanMs: overdueMs })
      await startEach(overdue, (ref) => workflows.recover(ref), signal)
    },
    onFailure: (reason) =>
      logger.warn({ reason }, 'Failed to find overdue checks for missed deliveries; retrying'),
    pauseMs: () => intervalMs * (0.5 + Math.random()),
  })
}

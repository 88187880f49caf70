import type { Logger } from 'pino'
import { organizationsToRelink } from './db/change-rules.ts'
import type { Database } from './db/database.ts'
import { repeat } from './repeat.ts'
import type { Workflows } from './temporal/workflows.ts'

/** How long saved rules wait until they are applied to stored changes. */
const INTERVAL_MS = 2_000
/** The pause after a failed check. */
const RETRY_MS = 5_000

/**
 * Checks regularly which organizations' stored changes do not follow their rules, and starts the
 * workflow that applies them. So the API needs no Temporal to save rules, and an import can ask for
 * it too.
 *
 * @param options.db any pool that can assume the role `cairn_system`
 */
export function startRelinkStarter(options: {
  db: Database
  workflows: Pick<Workflows, 'startRelink'>
  logger: Logger
  intervalMs?: number
}): { stop(): Promise<void> } {
  const { db, workflows, logger, intervalMs = INTERVAL_MS } = options
  return repeat({
    round: async () => {
      for (const organizationId of await organizationsToRelink(db))
        await workflows.startRelink(organizationId)
    },
    onFailure: (reason) =>
      logger.warn({ reason }, 'Failed to start applying saved rules; retrying'),
    pauseMs: (failed) => (failed ? RETRY_MS : intervalMs),
  })
}

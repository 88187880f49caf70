import type { Logger } from 'pino'
import { isAnyOutdated } from './activities/reread-changes.ts'
import type { Database } from './db/database.ts'
import { repeat } from './repeat.ts'
import { readerVersions } from './sources/readers.ts'
import type { Workflows } from './temporal/workflows.ts'

/** Outdated changes can appear later as well, while workers of an older version still import. */
const INTERVAL_MS = 10 * 60_000
/** The pause after a failed check. */
const RETRY_MS = 5_000

/**
 * Checks at start, and then every ten minutes, whether an older reader has read stored changes, and
 * starts the workflow that reads their records again.
 *
 * @param options.db the pool of the login that owns the tables
 */
export function startRereadStarter(options: {
  db: Database
  workflows: Pick<Workflows, 'startReread'>
  logger: Logger
  intervalMs?: number
}): { stop(): Promise<void> } {
  const { db, workflows, logger, intervalMs = INTERVAL_MS } = options
  return repeat({
    round: () => startIfOutdated({ db, workflows }),
    onFailure: (reason) =>
      logger.warn({ reason }, 'Failed to check for outdated changes; retrying'),
    pauseMs: (failed) => (failed ? RETRY_MS : intervalMs),
  })
}

async function startIfOutdated(options: {
  db: Database
  workflows: Pick<Workflows, 'startReread'>
}): Promise<void> {
  if (await isAnyOutdated(options)) await options.workflows.startReread(readerVersions())
}

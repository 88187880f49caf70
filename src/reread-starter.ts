import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { isAnyOutdated, readerVersions } from './activities/reread-changes.ts'
import type { Database } from './db/database.ts'
import type { Workflows } from './temporal/client.ts'

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
  const stopping = new AbortController()

  async function run(): Promise<void> {
    let problem: string | null = null
    while (!stopping.signal.aborted) {
      const found = await startIfOutdated({ db, workflows }).then(
        () => null,
        (error) => (error instanceof Error ? error.message : String(error)),
      )
      // Logged once per outage.
      if (found !== null && found !== problem)
        logger.warn({ reason: found }, 'Failed to check for outdated changes; retrying')
      problem = found
      const pause = found === null ? intervalMs : RETRY_MS
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  const running = run()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

async function startIfOutdated(options: {
  db: Database
  workflows: Pick<Workflows, 'startReread'>
}): Promise<void> {
  if (await isAnyOutdated(options)) await options.workflows.startReread(readerVersions())
}

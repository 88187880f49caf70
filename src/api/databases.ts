import { type Database, openDatabase } from '../db/database.ts'

/** Connections of the pool that acts for organizations. */
export const API_POOL_SIZE = 10
/** No person waits longer for a page, and a statement keeps a connection from others. */
const TIMEOUTS_MS = { statement: 5_000, wait: 5_000 }
/** What a few pages ask for at once, or a script that sends all its requests together. */
const WAITING_PER_ORGANIZATION = 50

/**
 * The pools of an API server. Closing them is up to the caller.
 *
 * @param options.maxQueries how many transactions one organization may run at the same time
 */
export function openApiDatabases(options: {
  /** `postgres://…` */
  url: string
  maxQueries: number
  /** How long a statement may take, and how long a transaction waits for its turn. */
  timeoutsMs?: { statement: number; wait: number }
  onError?: (error: Error) => void
}): { database: Database; system: Database } {
  const { url, maxQueries, timeoutsMs = TIMEOUTS_MS, onError } = options
  const shared = { url, onError, statementTimeoutMs: timeoutsMs.statement }
  return {
    database: openDatabase({
      ...shared,
      role: 'cairn_api',
      max: API_POOL_SIZE,
      perOrganization: {
        running: maxQueries,
        waiting: WAITING_PER_ORGANIZATION,
        waitMs: timeoutsMs.wait,
      },
    }),
    // For single rows by their key, so no organization can take it for long.
    system: openDatabase({ ...shared, role: 'cairn_system', max: 6 }),
  }
}

import { type Database, openDatabase } from '../db/database.ts'

/** Maximum number of connections of the pool that acts for organizations. */
const API_POOL_SIZE = 10
/** Of the pool that finds keys, sessions and the integrations of deliveries. */
const SYSTEM_POOL_SIZE = 6
/** Of the pool that stores deliveries. Each organization stores one batch at a time. */
const DELIVERY_POOL_SIZE = 3
/**
 * Longer than a user waits for a page. While a statement runs, others cannot use its connection.
 */
const TIMEOUTS_MS = { statement: 5_000, wait: 5_000 }
/**
 * Enough for several pages that load at once, or for a script that sends its requests in parallel.
 */
const WAITING_PER_ORGANIZATION = 50

/**
 * Opens the pools of an API server. The caller closes them.
 *
 * @param options.maxQueries how many transactions one organization may run at the same time
 */
export function openApiDatabases(options: {
  /** `postgres://…` */
  url: string
  maxQueries: number
  /** How long a statement may run, and how long a transaction waits in the queue. */
  timeoutsMs?: { statement: number; wait: number }
  onError?: (error: Error) => void
}): { database: Database; system: Database; deliveryDatabase: Database } {
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
    // For lookups of single rows by key, and for links of members, each organization's one at a time:
    // so no organization can occupy it for long.
    system: openDatabase({ ...shared, role: 'cairn_system', max: SYSTEM_POOL_SIZE }),
    // A batch may have many megabytes, and authentication must not wait for it.
    deliveryDatabase: openDatabase({ ...shared, role: 'cairn_system', max: DELIVERY_POOL_SIZE }),
  }
}

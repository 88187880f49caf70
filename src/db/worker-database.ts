import { type Database, openDatabase } from './database.ts'

/** Maximum number of connections of a worker's pool. */
const POOL_SIZE = 20

/**
 * Less than half of the pool, so that two organizations cannot occupy all of it. A transaction of
 * one organization can wait for a lock that another of its transactions holds, and an import of a
 * thousand accounts has as many transactions that wait.
 */
const RUNNING_PER_ORGANIZATION = 8

/**
 * The same time as for a connection. Activities that wait longer fail and are retried by Temporal.
 */
const WAIT_MS = 30_000

/**
 * Opens the pool of a worker's activities, which acts as the login that owns the tables. Each
 * organization has a share of it. The number of transactions that wait is limited by the number of
 * activities.
 *
 * Work inside a transaction must not start another transaction of the same organization on this
 * pool: it could wait for its own place.
 *
 * @param options.url `postgres://…`
 * @returns a pool that the caller closes
 */
export function openWorkerDatabase(options: {
  url: string
  onError?: (error: Error) => void
}): Database {
  const { url, onError } = options
  return openDatabase({
    url,
    max: POOL_SIZE,
    perOrganization: {
      running: RUNNING_PER_ORGANIZATION,
      waiting: Number.POSITIVE_INFINITY,
      waitMs: WAIT_MS,
    },
    onError,
  })
}

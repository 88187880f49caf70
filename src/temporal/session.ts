import type { Client, Connection } from '@temporalio/client'
import type { Logger } from 'pino'

/** The time limit of a call to Temporal that no workflow has to answer. */
const CALL_TIMEOUT_MS = 2_000

/** What every call to Temporal needs. */
export interface TemporalSession {
  client: Client
  connection: Connection
  namespace: string
  /** Whose workflows these are, see `src/db/installation.ts`. */
  installationId: string
  taskQueue: string
  logger: Logger
}

/** Makes calls with a deadline of two seconds. */
export function withinDeadline<T>(
  { connection }: Pick<TemporalSession, 'connection'>,
  call: () => Promise<T>,
): Promise<T> {
  return connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, call)
}

import type { Client, Connection } from '@temporalio/client'
import type { Logger } from 'pino'

/** What every call to Temporal needs. */
export interface TemporalSession {
  client: Client
  connection: Connection
  namespace: string
  /** Whose workflows these are, see `src/db/installation.ts`. */
  installationId: string
  taskQueue: string
  logger: Logger
  /** The time limit of a call to Temporal that no workflow has to answer. */
  callTimeoutMs: number
}

/** Makes calls with the session's time limit as their deadline. */
export function withinDeadline<T>(
  { connection, callTimeoutMs }: Pick<TemporalSession, 'connection' | 'callTimeoutMs'>,
  call: () => Promise<T>,
): Promise<T> {
  return connection.withDeadline(Date.now() + callTimeoutMs, call)
}

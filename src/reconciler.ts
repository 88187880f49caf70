import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { connectionsToSignal } from './db/connections.ts'
import type { Database } from './db/database.ts'
import type { Workflows } from './temporal.ts'

const INTERVAL_MS = 15_000
/** Connections that are signalled at once: after an outage it may be all of them. */
const AT_ONCE = 8

export interface Reconciler {
  /** Lets a round that is under way end. */
  stop(): Promise<void>
}

/**
 * Looks every few seconds for connections whose workflow has not seen their row's version, or
 * has not been heard of for too long, and signals them, starting the workflows that are not
 * there. This is why Temporal may be away while connections are created, and may lose what it
 * knows. Any number may run: a signal more does no harm.
 *
 * @param options.db the pool of the role `cairn_system`, who sees every organization's connections
 * @param options.intervalMs between two rounds; each is drawn from half to one and a half of it,
 *   so that several processes do not stay in step
 */
export function startReconciler(options: {
  db: Database
  workflows: Pick<Workflows, 'changed' | 'ping'>
  logger: Logger
  intervalMs?: number
}): Reconciler {
  const { logger, intervalMs = INTERVAL_MS } = options
  const stopping = new AbortController()

  async function run(): Promise<void> {
    let trouble: string | null = null
    while (!stopping.signal.aborted) {
      const found = await reconcile(options).then(
        (round) => round.trouble,
        (error) => `Postgres: ${error instanceof Error ? error.message : error}`,
      )
      // Once for each outage, not once for each round.
      if (found !== null && found !== trouble)
        logger.warn({ reason: found }, 'Failed to reconcile connections; retrying')
      if (found === null && trouble !== null) logger.info('Reconciling connections works again')
      trouble = found
      const pause = intervalMs * (0.5 + Math.random())
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

/**
 * One round.
 *
 * @returns how many workflows were told, and what stood in the way; null: nothing did
 * @throws when the database cannot be asked
 */
export async function reconcile(options: {
  db: Database
  workflows: Pick<Workflows, 'changed' | 'ping'>
  logger: Logger
}): Promise<{ signalled: number; trouble: string | null }> {
  const { db, workflows, logger } = options
  const due = await connectionsToSignal(db)
  if (due.length === 0) return { signalled: 0, trouble: null }
  const temporal = await workflows.ping()
  if (!temporal.ok) return { signalled: 0, trouble: `Temporal: ${temporal.reason}` }

  let signalled = 0
  const queue = due.values()
  // They share one iterator, so each takes the next that nobody has taken.
  const lanes = Array.from({ length: AT_ONCE }, async () => {
    for (const { id, organization_id } of queue) {
      // What went wrong is logged there; the others are not to wait for it.
      const ref = { organizationId: organization_id, connectionId: id }
      if (await workflows.changed(ref)) signalled += 1
    }
  })
  await Promise.all(lanes)
  logger.info({ due: due.length, signalled }, 'Signaled workflows to read their connections again')
  return { signalled, trouble: null }
}

import type { Logger } from 'pino'
import type { Database } from './db/database.ts'
import { forgetSignals } from './db/installation.ts'
import { type ClaimedSignal, claimSignals, unclaimSignals } from './db/signals.ts'
import { repeat } from './repeat.ts'
import type { Workflows } from './temporal/workflows.ts'

const INTERVAL_MS = 5_000
/** Connections that are signalled in parallel: after an outage, all of them may need a signal. */
const AT_ONCE = 8
/**
 * Signals that are claimed together. A connection that becomes due meanwhile waits for at most this
 * many.
 */
const BATCH = 200

type ReconcilerWorkflows = Pick<Workflows, 'changed' | 'hasHistory' | 'markHistory'>

interface Reconciler {
  /** Waits for the current round to end. */
  stop(): Promise<void>
}

/**
 * Finds, every few seconds, the connections whose workflow has not read their row's version or has
 * not reported for too long. Signals these workflows, and starts those that do not run. Also
 * detects whether Temporal has lost its history, and then signals every connection. So connections
 * can be created while Temporal is unavailable, and Temporal may lose its database. Several
 * reconcilers can run: each signal is claimed by one.
 *
 * @param options.db the pool of the role `cairn_system`, which sees every organization's
 *   connections
 * @param options.intervalMs between two rounds; each pause is random, 0.5 to 1.5 times this, so
 *   that several processes do not run in step
 */
export function startReconciler(options: {
  db: Database
  workflows: ReconcilerWorkflows
  logger: Logger
  intervalMs?: number
}): Reconciler {
  const { logger, intervalMs = INTERVAL_MS } = options
  return repeat({
    round: (signal) => reconcile({ ...options, signal }),
    onFailure: (reason) => logger.warn({ reason }, 'Failed to reconcile connections; retrying'),
    onRecovery: () => logger.info('Connections are being reconciled again'),
    pauseMs: () => intervalMs * (0.5 + Math.random()),
  })
}

/**
 * One round. Continues until no connection is due, so that a new one waits for at most one batch.
 *
 * @returns the number of signalled workflows
 * @throws if Postgres or Temporal does not respond
 */
export async function reconcile(options: {
  db: Database
  workflows: ReconcilerWorkflows
  logger: Logger
  signal?: AbortSignal
}): Promise<{ signalled: number }> {
  const { db, workflows, logger, signal } = options
  if (!(await workflows.hasHistory())) {
    // In this order: if the process ends in between, the next round does this again.
    const connections = await forgetSignals(db)
    await workflows.markHistory()
    logger.info(
      { connections },
      'Temporal has no history of this installation: starting all workflows',
    )
  }
  let signalled = 0
  while (!signal?.aborted) {
    const claimed = await claimSignals(db, { limit: BATCH })
    const failed = await sendSignals(claimed, workflows)
    await unclaimSignals(db, failed)
    signalled += claimed.length - failed.length
    if (claimed.length < BATCH) break
    // Every further call would wait for its timeout before it fails.
    if (failed.length === claimed.length) break
  }
  if (signalled > 0) logger.info({ signalled }, 'Signalled workflows to read their connections')
  return { signalled }
}

/** @returns the connections that could not be signalled; the errors are in the log */
async function sendSignals(
  claimed: readonly ClaimedSignal[],
  workflows: ReconcilerWorkflows,
): Promise<string[]> {
  const failed: string[] = []
  // The senders share one iterator, so each takes the next that no other has taken.
  const queue = claimed.values()
  const senders = Array.from({ length: AT_ONCE }, async () => {
    for (const { id, organization_id } of queue) {
      const ref = { organizationId: organization_id, connectionId: id }
      if (!(await workflows.changed(ref))) failed.push(id)
    }
  })
  await Promise.all(senders)
  return failed
}

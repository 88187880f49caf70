import {
  ActivityFailure,
  ApplicationFailure,
  continueAsNew,
  isCancellation,
  log,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
} from '@temporalio/workflow'
import { rereadProgressQuery } from './messages.ts'
import { rereadDetails } from './reread-details.ts'
import type { RereadActivities, RereadState, RereadWork } from './reread-state.ts'
import { isRunOver, type RunOptions } from './turns.ts'

/** An organization whose turn keeps failing does not keep the others waiting. */
const retry = { initialInterval: '1s', maximumInterval: '10s', maximumAttempts: 5 } as const
const heartbeatTimeout = '10s'

const { findOutdated } = proxyActivities<RereadActivities>({
  startToCloseTimeout: '10m',
  heartbeatTimeout,
  retry: { initialInterval: '1s', maximumInterval: '30s' },
})
const { rereadChanges } = proxyActivities<RereadActivities>({
  startToCloseTimeout: '2m',
  heartbeatTimeout,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry,
})
const { removeUnusedResources } = proxyActivities<RereadActivities>({
  startToCloseTimeout: '1h',
  heartbeatTimeout,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry,
})

/** The pause after a failed turn. */
const PAUSE_AFTER_FAILURE = '30s'

/**
 * Reads the stored records of all outdated changes again, one turn of an organization after the
 * other, and ends when no change is outdated. The progress is in the changes themselves, so a run
 * that is cancelled or lost is continued by the next one.
 */
export async function reread(state: RereadState, options: RunOptions = {}): Promise<RereadState> {
  const { installationId, versions } = state
  const work: RereadWork = { installationId, versions }
  setHandler(rereadProgressQuery, () => state, { description: 'Returns the progress' })
  for (let turns = 0; ; turns++) {
    setCurrentDetails(rereadDetails(state))
    if (isRunOver(turns, options)) return continueAsNew<typeof reread>(state, options)
    const next = state.pending[0]
    if (next) await takeTurn(state, work)
    else if (!(await addOutdated(state, work))) return state
  }
}

/** @returns whether any organization has outdated changes */
async function addOutdated(state: RereadState, work: RereadWork): Promise<boolean> {
  const found = await findOutdated(work)
  for (const { organizationId, outdated } of found)
    state.pending.push({ organizationId, outdated, reread: 0, lastError: null })
  return found.length > 0
}

/** The first organization's turn. Afterwards it is the last one, unless it is done. */
async function takeTurn(state: RereadState, work: RereadWork): Promise<void> {
  const organization = state.pending[0]!
  const { organizationId } = organization
  try {
    const summary = await rereadChanges(work, { organizationId })
    organization.reread += summary.reread
    organization.lastError = null
    state.reread += summary.reread
    state.kept += summary.kept
    if (summary.isDone) await removeUnusedResources(work, { organizationId })
    state.pending.shift()
    if (summary.isDone) state.finished += 1
    else state.pending.push(organization)
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error
    const { cause } = error
    organization.lastError = cause instanceof ApplicationFailure ? cause.message : error.message
    log.warn('Failed to read stored records again', { organizationId, error })
    state.pending.shift()
    state.pending.push(organization)
    setCurrentDetails(rereadDetails(state))
    await sleep(PAUSE_AFTER_FAILURE)
  }
}

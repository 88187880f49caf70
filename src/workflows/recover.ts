import {
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow'
import { recoveryChangedSignal } from './messages.ts'
import type { RecoverActivities, RecoverState } from './recover-state.ts'
import { isRunOver } from './turns.ts'

const { recoverDeliveries } = proxyActivities<RecoverActivities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '10s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  // GitHub's failures are results. Only failures such as Postgres being unavailable get here.
  retry: { initialInterval: '1s', maximumInterval: '1m' },
})

/**
 * Finds missed deliveries of one GitHub integration, check after check with a durable timer between
 * them, and ends when the integration has no token any more. What was checked is stored beside the
 * token, so a run that is cancelled or lost is continued by the next one.
 *
 * @param options.checksPerRun the number of checks before it continues as new
 */
export async function recover(
  state: RecoverState,
  options: { checksPerRun?: number } = {},
): Promise<RecoverState> {
  const { checksPerRun = 200 } = options
  const { installationId, organizationId, integrationId } = state
  let hasChanged = false
  setHandler(recoveryChangedSignal, () => {
    hasChanged = true
  })
  for (let checks = 0; ; checks++) {
    setCurrentDetails(
      `Finds webhook deliveries that GitHub has sent and Cairn has missed.\n\nRecovered: ${state.recovered}. The integration's page in Cairn shows problems.`,
    )
    if (isRunOver(checks, { turnsPerRun: checksPerRun }))
      return continueAsNew<typeof recover>(state, options)
    hasChanged = false
    const summary = await recoverDeliveries({ installationId, organizationId, integrationId })
    state.recovered += summary.recovered
    if (hasChanged || summary.nextInMs === 0) continue
    // A signal that arrives after this makes Temporal reject the end of the workflow.
    if (summary.nextInMs === null) return state
    await condition(() => hasChanged, summary.nextInMs)
  }
}

import {
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow'
import type { DeliverActivities, DeliverState } from './deliver-state.ts'
import { deliveriesStoredSignal } from './messages.ts'

const { translateDeliveries } = proxyActivities<DeliverActivities>({
  startToCloseTimeout: '2m',
  heartbeatTimeout: '10s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  // Only failures that concern no single delivery get here, such as Postgres being unavailable.
  retry: { initialInterval: '1s', maximumInterval: '30s' },
})

/**
 * Translates the stored deliveries of one organization, and ends when none is left. The progress is
 * in the deliveries themselves, so a run that is cancelled or lost is continued by the next one.
 * Each organization has its own workflow, so that they do not wait for each other.
 *
 * @param options.turnsPerRun the number of turns before it continues as new
 */
export async function deliver(
  state: DeliverState,
  options: { turnsPerRun?: number } = {},
): Promise<DeliverState> {
  const { turnsPerRun = 500 } = options
  const { installationId, organizationId } = state
  let hasSignal = false
  setHandler(deliveriesStoredSignal, () => {
    hasSignal = true
  })
  for (let turns = 0; ; turns++) {
    setCurrentDetails(details(state))
    if (turns >= turnsPerRun || workflowInfo().continueAsNewSuggested)
      return continueAsNew<typeof deliver>(state, options)
    hasSignal = false
    const summary = await translateDeliveries({ installationId, organizationId })
    state.translated += summary.translated
    state.ignored += summary.ignored
    state.failed += summary.failed
    if (hasSignal || summary.nextInMs === 0) continue
    // A signal that arrives after this makes Temporal reject the end of the workflow.
    if (summary.nextInMs === null) return state
    await condition(() => hasSignal, summary.nextInMs)
  }
}

/** What Temporal's UI shows, in Markdown. */
function details({ translated, ignored, failed }: DeliverState): string {
  return [
    'Translates stored webhook deliveries into changes and incidents.',
    '',
    `Translated: ${translated}. Ignored: ${ignored}. Failed: ${failed}. The delivery log in Cairn shows each one.`,
  ].join('\n')
}

import {
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow'
import type { DeliverActivities, DeliverState } from './deliver-state.ts'
import { deliveriesStoredSignal } from './messages.ts'
import { isRunOver, type RunOptions, TURN_OPTIONS } from './turns.ts'

// Retries only failures that concern no single delivery, such as Postgres being unavailable.
const { translateDeliveries } = proxyActivities<DeliverActivities>(TURN_OPTIONS)

/**
 * Translates the stored deliveries of one organization, and ends when none is left. The progress is
 * in the deliveries themselves, so a run that is cancelled or lost is continued by the next one.
 * Each organization has its own workflow, so that they do not wait for each other.
 */
export async function deliver(
  state: DeliverState,
  options: RunOptions = {},
): Promise<DeliverState> {
  const { installationId, organizationId } = state
  let hasSignal = false
  setHandler(deliveriesStoredSignal, () => {
    hasSignal = true
  })
  for (let turns = 0; ; turns++) {
    setCurrentDetails(details(state))
    if (isRunOver(turns, options)) return continueAsNew<typeof deliver>(state, options)
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

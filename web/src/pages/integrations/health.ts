import { REFUSAL_TEXTS, type Refusal } from '../../../../src/incidents/completeness.ts'
import type { Integration } from '../../client.ts'
import { counted } from '../../format.ts'
import type { Tone } from '../../health/status.ts'

const REFUSAL_FIXES: Record<Refusal, string> = {
  signature: 'Check that the sender uses the current secret.',
  too_large: 'Reduce what the webhook sends.',
  throttled: 'Send the delivery again later.',
  invalid: 'Check the content type and the format of the webhook.',
}

/** How an integration is, in one word and a sentence. */
interface Health {
  tone: Tone
  state: string
  detail: string
}

export function healthOf(integration: Integration): Health {
  const { lastDeliveryAt, lastRefusal, lastWeek, recovery } = integration
  const { received, failed } = lastWeek
  if (recovery?.problem) {
    const detail = `The check for missed deliveries fails. ${recovery.problem}`
    return { tone: 'action', state: 'Check failing', detail }
  }
  if (lastRefusal !== null && (lastDeliveryAt === null || lastRefusal.at > lastDeliveryAt)) {
    const { reason } = lastRefusal
    const detail = `A delivery was refused: ${REFUSAL_TEXTS[reason]}. ${REFUSAL_FIXES[reason]}`
    return { tone: 'action', state: 'Refused', detail }
  }
  if (lastDeliveryAt === null) {
    return { tone: 'late', state: 'Waiting', detail: 'No delivery has arrived yet.' }
  }
  if (failed > 0) {
    const detail = `${counted(failed, 'delivery')} failed in the last 7 days.`
    return { tone: 'action', state: 'Failing', detail }
  }
  if (received > 0) {
    const detail = `${counted(received, 'delivery')} ${received === 1 ? 'is' : 'are'} being translated.`
    return { tone: 'busy', state: 'Translating', detail }
  }
  return {
    tone: 'good',
    state: 'Receiving',
    detail: 'All accepted deliveries of the last 7 days were read.',
  }
}

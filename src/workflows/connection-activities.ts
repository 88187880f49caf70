import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  proxyActivities,
} from '@temporalio/workflow'
import type { StepFailure } from './life.ts'
import {
  type ConnectionActivities,
  ConnectionChanged,
  RoleRefused,
  VerificationRequired,
} from './state.ts'

/** No limit: retries are for outages, and the end of an outage is noticed within half a minute. */
const retry = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const
/** A killed worker is detected after this time. Activities send heartbeats every 2 s. */
const heartbeatTimeout = '10s'

export const { readConnection } = proxyActivities<ConnectionActivities>({
  startToCloseTimeout: '10s',
  retry,
})
// A cancelled activity may still have an open transaction, so the workflow waits for its end.
export const { verifyRole } = proxyActivities<ConnectionActivities>({
  startToCloseTimeout: '3m',
  heartbeatTimeout,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry,
})
export const { importEvents } = proxyActivities<ConnectionActivities>({
  startToCloseTimeout: '10m',
  heartbeatTimeout,
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry,
})
export const { finishDeletion } = proxyActivities<ConnectionActivities>({
  startToCloseTimeout: '10m',
  heartbeatTimeout,
  retry,
})

/**
 * Runs an activity, and cancels it when a condition is true.
 *
 * @throws a cancellation if it was stopped
 */
export async function cancelWhen<T>(isOver: () => boolean, activity: () => Promise<T>): Promise<T> {
  const scope = new CancellationScope()
  let ended = false
  const running = scope.run(activity).finally(() => {
    ended = true
  })
  const settled = Promise.allSettled([running])
  try {
    await condition(() => ended || isOver())
    if (!ended) scope.cancel()
  } finally {
    await settled
  }
  return running
}

export function refused(sentence: string): ApplicationFailure {
  return ApplicationFailure.create({ type: 'Refused', message: sentence, category: 'BENIGN' })
}

const kinds = new Map<string, StepFailure['kind']>([
  [RoleRefused, 'role refused'],
  [VerificationRequired, 'verification required'],
  [ConnectionChanged, 'row changed'],
])

/** Classifies a failed activity. Any other error is a bug, and fails the workflow task. */
export function failureOf(error: unknown): StepFailure {
  if (!(error instanceof ActivityFailure)) throw error
  const { cause } = error
  const type = cause instanceof ApplicationFailure ? cause.type : undefined
  return {
    kind: kinds.get(type ?? '') ?? 'other',
    message: (cause?.message ?? error.message).slice(0, 1000),
  }
}

/** Temporal limits summaries to 400 bytes, and names can be longer. */
export function oneLine(strings: TemplateStringsArray, value: string | null | undefined): string {
  return `${strings[0]}${value ?? ''}`.replace(/\s+/g, ' ').slice(0, 120)
}

import { workflowInfo } from '@temporalio/workflow'

/** For activities that do one turn of an organization's work. The next turn finds what is left. */
export const TURN_OPTIONS = {
  startToCloseTimeout: '2m',
  heartbeatTimeout: '10s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
} as const

/** Tests shorten a run. */
export interface RunOptions {
  /** The number of turns before it continues as new. Default 500. */
  turnsPerRun?: number
}

/** Whether the history is long enough to continue as new before the next turn. */
export function isRunOver(turns: number, { turnsPerRun = 500 }: RunOptions): boolean {
  return turns >= turnsPerRun || workflowInfo().continueAsNewSuggested
}

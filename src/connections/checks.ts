/*
 * The vocabulary of a verification: the checks of a role, and their possible results.
 */

/** In the order in which they run. */
export const checkIds = [
  'arn_format',
  'account_unused',
  'assume_with_id',
  'refused_without_id',
  'refused_wrong_id',
  'identity',
  'lookup_events',
  'trails',
] as const
type CheckId = (typeof checkIds)[number]

/** `waiting`: AWS has not responded, or does not recognize the role yet. */
export const verdicts = ['passed', 'failed', 'waiting'] as const
/** The result of verifying a role. */
export type VerificationVerdict = (typeof verdicts)[number]

/** `skipped`: an earlier check failed. */
export const checkStates = [...verdicts, 'skipped'] as const
type CheckState = (typeof checkStates)[number]

/** One line of a verification's checklist. */
export interface Check {
  id: CheckId
  /** Set only for checks that run once per region. */
  region?: string
  state: CheckState
  /** The AWS response. */
  saw: string
  /** What the response means. */
  means: string
  /** How to fix a failure; null if there is nothing to fix. */
  remedy: string | null
}

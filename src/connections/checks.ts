/*
 * The vocabulary of a verification: which checks a role goes through, and what each can result in.
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
export type CheckId = (typeof checkIds)[number]

/** `waiting`: AWS has not answered yet, or does not know the role yet. */
export const verdicts = ['passed', 'failed', 'waiting'] as const
/** What a verification concludes about a role. */
export type Verdict = (typeof verdicts)[number]

/** `skipped`: an earlier check failed. */
export const checkStates = [...verdicts, 'skipped'] as const
export type CheckState = (typeof checkStates)[number]

/** One line of a verification's checklist, for the person who acts on it. */
export interface Check {
  id: CheckId
  /** Set only for checks that run once per region. */
  region?: string
  state: CheckState
  /** What AWS returned. */
  saw: string
  /** What that means. */
  means: string
  /** How to fix a failure; null when there is nothing to fix. */
  remedy: string | null
}

import type { Verification } from '../client.ts'

export type CheckId = Verification['checks'][number]['id']

/** The three groups of checks. */
export const questions = [
  {
    id: 'in',
    title: 'Role access',
    checks: ['arn_format', 'account_unused', 'assume_with_id', 'identity'],
  },
  {
    id: 'others',
    title: 'External ID enforced',
    checks: ['refused_without_id', 'refused_wrong_id'],
  },
  { id: 'events', title: 'CloudTrail access', checks: ['lookup_events', 'trails'] },
] as const satisfies { id: string; title: string; checks: CheckId[] }[]

export type GroupResult = 'passed' | 'failed' | 'running' | 'waiting' | 'unknown'

/** The result of a group of checks so far. */
export function answerOf(
  question: { readonly checks: readonly CheckId[] },
  verification: Pick<Verification, 'state' | 'checks'> | undefined,
): GroupResult {
  const checks = (verification?.checks ?? []).filter(({ id }) => question.checks.includes(id))
  const has = (state: string) => checks.some((check) => check.state === state)
  if (has('failed')) return 'failed'
  if (verification?.state === 'running') {
    const current = verification.checks.find(({ state }) => state === 'waiting')
    if (current && question.checks.includes(current.id)) return 'running'
    return has('waiting') || checks.length < question.checks.length ? 'unknown' : 'passed'
  }
  if (has('waiting')) return 'waiting'
  // A verification that ended early has no results for the remaining checks.
  if (checks.length < question.checks.length) return 'unknown'
  return 'passed'
}

/** Merged code is a suspect when it is deployed, not when it is merged. */

import type { Candidate } from './candidate.ts'

/** Whether a change is a merged pull request. */
export function isMerge({ source, action }: Candidate): boolean {
  return source === 'github' && /pull.?request/i.test(action)
}

/** Whether a change brings code to where it runs. */
export function isDeploy(candidate: Candidate): boolean {
  if (isMerge(candidate) || candidate.outcome !== 'succeeded') return false
  return (
    candidate.source !== 'aws.cloudtrail' &&
    candidate.commits.length > 0 &&
    !/push/i.test(candidate.action)
  )
}

/** Sets when merged pull requests take effect: with the first later deploy of their commit. */
export function withDeploys(candidates: readonly Candidate[]): Candidate[] {
  const deploys = candidates
    .filter(isDeploy)
    .toSorted((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime())
  return candidates.map((candidate) => {
    if (!isMerge(candidate)) return candidate
    const deploy = deploys.find(
      ({ occurredAt, commits }) =>
        occurredAt >= candidate.occurredAt &&
        commits.some((commit) => candidate.commits.includes(commit)),
    )
    return deploy === undefined ? candidate : { ...candidate, effectiveAt: deploy.occurredAt }
  })
}

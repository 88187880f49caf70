/** Merged code is a suspect when it is deployed, not when it is merged. */

import type { Candidate, Evidence } from './candidate.ts'

/** Whether a change is a merged pull request. */
function isMerge({ source, action }: Candidate): boolean {
  return source === 'github' && /pull.?request/i.test(action)
}

/** Whether a change brings code to where it runs. */
function isDeploy(candidate: Candidate): boolean {
  if (candidate.source === 'github' && !/deploy|workflow/i.test(candidate.action)) return false
  return candidate.outcome === 'succeeded' && candidate.commits.length > 0 && !candidate.readOnly
}

/** Abbreviated commits have seven digits or more. */
function isSameCommit(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one)
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
        commits.some((commit) => candidate.commits.some((own) => isSameCommit(own, commit))),
    )
    return deploy === undefined ? candidate : { ...candidate, effectiveAt: deploy.occurredAt }
  })
}

const NOT_DEPLOYED = -0.7

/** Expects candidates of `withDeploys`. */
export function deployEvidence(candidate: Candidate): Evidence[] {
  if (!isMerge(candidate)) return []
  if (candidate.effectiveAt !== null) {
    return [{ kind: 'deploy', weight: 0.3, reason: 'A deploy of its commit was seen' }]
  }
  return [{ kind: 'deploy', weight: NOT_DEPLOYED, reason: 'It was not seen deployed' }]
}

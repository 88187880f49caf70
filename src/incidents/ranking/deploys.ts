/** Merged code is a suspect when it is deployed, not when it is merged. */

import type { Candidate, Evidence, RankingContext } from './candidate.ts'
import { type CommitChain, chainOf } from './commit-chain.ts'
import { MINUTE } from './time.ts'

const DEPLOYED = 0.3
const NOT_DEPLOYED = -0.7
/** A later deploy may contain it. */
const PERHAPS_DEPLOYED = -0.35
/** GitHub reports the time of a merge some seconds after the push that starts the deploy. */
const CLOCKS = MINUTE

/** Whether a change is a merged pull request. */
export function isMerge({ source, action }: Pick<Candidate, 'source' | 'action'>): boolean {
  return source === 'github' && /pull.?request/i.test(action)
}

/** Whether changes of a kind can be pushes or deploys. */
export function mayBeDeployOrPush({ source, action }: Pick<Candidate, 'source' | 'action'>) {
  if (source === 'github') return /^(push|deployment|workflow_run)\b/.test(action)
  return source === 'deploy' && !OTHER_REPORTS.test(action)
}

/** What CDEvents report besides deploys. A removed version does not run. */
const OTHER_REPORTS = /^(removed|published|change merged|environment )/

/** Workflows whose names show that they check code. */
const CHECK =
  /\b(ci|tests?|testing|lint(er|ing)?|checks?|builds?|codeql|analy[sz]e|analysis|scan(s|ning)?|docs?|format|typecheck|coverage|audit|e2e|benchmarks?|stale|label(er|s)?)\b/i
const DEPLOYMENT = /deploy|releas|roll.?out|promot|publish|ship|deliver|\bcd\b/i

/** Whether a change brings code to where it runs. */
function isDeploy(candidate: Candidate): boolean {
  const { source, action, commits, outcome, readOnly } = candidate
  if (outcome !== 'succeeded' || commits.length === 0 || readOnly) return false
  if (source === 'github') {
    if (action === 'push' || !mayBeDeployOrPush(candidate)) return false
    return action === 'deployment' || !isCheckRun(candidate)
  }
  return source !== 'deploy' || mayBeDeployOrPush(candidate)
}

function isCheckRun({ noise, resources }: Candidate): boolean {
  const name = resources.find(({ type }) => type === 'GitHub::Workflow')?.name ?? ''
  return noise !== null || (CHECK.test(name) && !DEPLOYMENT.test(name))
}

/**
 * Sets when merged pull requests take effect: with the first later deploy, to the environment of the
 * incident, of a commit that contains them. What pushes do not show is not claimed.
 */
export function withDeploys(
  candidates: readonly Candidate[],
  { environment, code }: Pick<RankingContext, 'environment' | 'code'>,
): Candidate[] {
  const merges = candidates.filter(isMerge)
  if (merges.length === 0) return [...candidates]
  const known = [...candidates, ...code]
  const deploys = known
    .filter(isDeploy)
    .toSorted((a, b) => a.occurredAt.getTime() - b.occurredAt.getTime())
  const chains = chainsOf(known, merges)
  return candidates.map((candidate) => {
    if (!isMerge(candidate)) return candidate
    const chain = chains.get(repositoryOf(candidate))!
    const { deploy, evidence } = findDeploy(candidate, { deploys, chain, environment })
    const isLater = deploy !== undefined && deploy.occurredAt > candidate.occurredAt
    const effectiveAt = isLater ? deploy.occurredAt : candidate.effectiveAt
    return { ...candidate, effectiveAt, deploy: evidence }
  })
}

/** Expects candidates of `withDeploys`. */
export function deployEvidence(candidate: Candidate): Evidence[] {
  return isMerge(candidate) ? [candidate.deploy ?? NOT_SEEN] : []
}

const NOT_SEEN = toEvidence(NOT_DEPLOYED, 'It was not seen deployed')

function toEvidence(weight: number, reason: string): Evidence {
  return { kind: 'deploy', weight, reason }
}

const repositoryOf = ({ code }: Candidate) => code.repository?.toLowerCase() ?? ''

function chainsOf(known: readonly Candidate[], merges: readonly Candidate[]) {
  const isPush = ({ source, action }: Candidate) => source === 'github' && action === 'push'
  const pushes = Map.groupBy(known.filter(isPush), repositoryOf)
  const merged = Map.groupBy(merges, repositoryOf)
  return new Map(
    [...merged].map(([name, ofRepository]) => [
      name,
      chainOf(pushes.get(name) ?? [], ofRepository),
    ]),
  )
}

interface Known {
  /** The oldest first. */
  deploys: readonly Candidate[]
  chain: CommitChain
  environment: RankingContext['environment']
}

function findDeploy(
  merge: Candidate,
  { deploys, chain, environment }: Known,
): { deploy?: Candidate; evidence: Evidence } {
  const from = merge.occurredAt.getTime() - CLOCKS
  const later = deploys.filter(({ occurredAt }) => occurredAt.getTime() >= from)
  const contains = (outer: Candidate, inner: Candidate) =>
    outer.commits.some((commit) => inner.commits.some((own) => chain.contains(commit, own)))
  const containing = later.filter((each) => !isElsewhere(each, merge) && contains(each, merge))
  const here = (deploy: Candidate) => reaches(deploy, environment)
  const deploy = containing.find(here)
  if (deploy !== undefined) {
    const isOwn = merge.commits.some((own) => deploy.commits.some((each) => own.startsWith(each)))
    const what = isOwn ? 'its commit' : 'a later commit that contains it'
    return { deploy, evidence: toEvidence(DEPLOYED, `A deploy of ${what} was seen`) }
  }
  const unclear = later.find(
    (each) => here(each) && isOfRepository(each, merge) && !contains(merge, each),
  )
  if (unclear !== undefined) {
    const reason = `A later deploy of ${merge.code.repository} was seen, but not whether it contains its commit`
    return { evidence: toEvidence(PERHAPS_DEPLOYED, reason) }
  }
  const [other] = containing
  if (other === undefined) return { evidence: NOT_SEEN }
  const place = other.code.environments.join(', ') || 'another environment'
  const isLinked = other.environmentIds.length > 0
  const reason = `It was seen deployed to ${place}, not to ${environment!.name}`
  return { evidence: toEvidence(isLinked ? NOT_DEPLOYED : PERHAPS_DEPLOYED, reason) }
}

/** A deploy that is linked to no environment counts if its source reports none. */
function reaches(deploy: Candidate, environment: RankingContext['environment']): boolean {
  if (environment === null) return true
  if (deploy.environmentIds.length === 0) return deploy.code.environments.length === 0
  return [environment.id, ...environment.dependsOn].some((id) => deploy.environmentIds.includes(id))
}

/** Whether a deploy reports another repository. Some sources omit the owner. */
function isElsewhere(deploy: Candidate, merge: Candidate): boolean {
  const [one, other] = [repositoryOf(deploy), repositoryOf(merge)]
  if (one === '' || other === '') return false
  return one !== other && one !== shortName(other) && shortName(one) !== other
}

/** Whether a deploy reports the repository, or else a service of the same name. */
function isOfRepository(deploy: Candidate, merge: Candidate): boolean {
  if (repositoryOf(merge) === '') return false
  if (deploy.code.repository !== null) return !isElsewhere(deploy, merge)
  return (
    deploy.source === 'deploy' && deploy.service.toLowerCase() === shortName(repositoryOf(merge))
  )
}

const shortName = (repository: string) => repository.split('/').at(-1)!

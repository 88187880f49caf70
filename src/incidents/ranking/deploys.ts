/** Merged code is a suspect when it is deployed, not when it is merged. */

import type { Candidate, Evidence, RankingContext } from './candidate.ts'
import { type CommitChain, commitChainOf } from './commit-chain.ts'
import { MINUTE_MS } from './time.ts'

const DEPLOYED = 0.3
const NOT_DEPLOYED = -0.7
/** A later deploy may contain it. */
const PERHAPS_DEPLOYED = -0.35
/** GitHub reports the time of a merge some seconds after the push that starts the deploy. */
const CLOCKS = MINUTE_MS

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
  const repositories = readRepositories(known, { merges, deploys })
  return candidates.map((candidate) => {
    if (!isMerge(candidate)) return candidate
    const repository = repositories.get(repositoryOf(candidate))!
    const { deploy, evidence } = findDeploy(candidate, repository, environment)
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

/** What is known about the deploys of a repository. */
interface Repository {
  chain: CommitChain
  /** Those that may be of it, the oldest first, with the commits that its pushes and merges name. */
  deploys: readonly { deploy: Candidate; commits: readonly string[]; isOwn: boolean }[]
}

function readRepositories(
  known: readonly Candidate[],
  { merges, deploys }: { merges: readonly Candidate[]; deploys: readonly Candidate[] },
): Map<string, Repository> {
  const isPush = ({ source, action }: Candidate) => source === 'github' && action === 'push'
  const pushes = Map.groupBy(known.filter(isPush), repositoryOf)
  const repositories = [...Map.groupBy(merges, repositoryOf)].map(([name, merged]) => {
    const chain = commitChainOf(pushes.get(name) ?? [], merged)
    const own = deploys.flatMap((deploy) => {
      if (isElsewhere(deploy, name)) return []
      const commits = deploy.commits.flatMap((commit) => chain.find(commit) ?? [])
      const isOwn = isOfRepository(deploy, name)
      return isOwn || commits.length > 0 ? [{ deploy, commits, isOwn }] : []
    })
    return [name, { chain, deploys: own }] as const
  })
  return new Map(repositories)
}

function findDeploy(
  merge: Candidate,
  { chain, deploys }: Repository,
  environment: RankingContext['environment'],
): { deploy?: Candidate; evidence: Evidence } {
  const from = merge.occurredAt.getTime() - CLOCKS
  const later = deploys.filter(({ deploy }) => deploy.occurredAt.getTime() >= from)
  const containing = later.filter(({ commits }) => isAnyOf(commits, merge.commits, chain))
  const here = containing.find(({ deploy }) => reaches(deploy, environment))
  if (here !== undefined) {
    const isOwn = merge.commits.some((commit) => here.commits.includes(commit))
    const what = isOwn ? 'its commit' : 'a later commit that contains it'
    return { deploy: here.deploy, evidence: toEvidence(DEPLOYED, `A deploy of ${what} was seen`) }
  }
  const unclear = later.find(
    ({ deploy, commits, isOwn }) =>
      isOwn && reaches(deploy, environment) && !isAnyOf(merge.commits, commits, chain),
  )
  if (unclear !== undefined) {
    const reason = `A later deploy of ${merge.code.repository} was seen, but not whether it contains its commit`
    return { evidence: toEvidence(PERHAPS_DEPLOYED, reason) }
  }
  const other = containing[0]?.deploy
  if (other === undefined) return { evidence: NOT_SEEN }
  const place = other.code.environments.join(', ') || 'another environment'
  const isLinked = other.environmentIds.length > 0
  const reason = `It was seen deployed to ${place}, not to ${environment!.name}`
  return { evidence: toEvidence(isLinked ? NOT_DEPLOYED : PERHAPS_DEPLOYED, reason) }
}

/** Whether one of the commits is, or descends from, one of the others. */
function isAnyOf(commits: readonly string[], others: readonly string[], chain: CommitChain) {
  return others.some((other) => {
    const descendants = chain.descendants(other)
    return commits.some((commit) => descendants.has(commit))
  })
}

/** A deploy that is linked to no environment counts if its source reports none. */
function reaches(deploy: Candidate, environment: RankingContext['environment']): boolean {
  if (environment === null) return true
  if (deploy.environmentIds.length === 0) return deploy.code.environments.length === 0
  return [environment.id, ...environment.dependsOn].some((id) => deploy.environmentIds.includes(id))
}

/** Whether a deploy reports another repository. Some sources omit the owner. */
function isElsewhere(deploy: Candidate, repository: string): boolean {
  const own = repositoryOf(deploy)
  if (own === '' || repository === '' || own === repository) return false
  return own !== shortName(repository) && shortName(own) !== repository
}

/** Whether a deploy that is not of another repository reports this one, or a service of its name. */
function isOfRepository({ source, service, code }: Candidate, repository: string): boolean {
  if (repository === '') return false
  if (code.repository !== null) return true
  return source === 'deploy' && service.toLowerCase() === shortName(repository)
}

const shortName = (repository: string) => repository.split('/').at(-1)!

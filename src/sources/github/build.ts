/** The parts of a change that all events of GitHub share. */

import { hash } from 'node:crypto'
import type { Actor, Attributes, Change, ChangeSetKey, Resource } from '../../changes/change.ts'
import { digest } from '../../changes/digest.ts'
import { resourceKey } from '../../changes/resource-key.ts'
import { RUN_STREAM, runSessionKey } from '../../changes/run-key.ts'
import { indexable, spoken } from '../../changes/text.ts'
import { stringifyJson } from '../deep-json.ts'
import { asUrl } from '../webhook-body.ts'
import { GITHUB, type GitHubCommit, type GitHubDetail } from './detail.ts'
import type { CommitFields, GitHubUser, Repository } from './payload.ts'

const HOUR_MS = 3_600_000
const MAX_COMMITS = 50

/** Why an event is no change, as a sentence for the delivery log. */
export class NoChange extends Error {
  override readonly name = 'NoChange'
}

/** What differs between events. */
export interface EventParts {
  sourceId: string
  occurredAt: Date
  endedAt?: Date | undefined
  actor: Actor
  /** Follows the actor's name: `merged #12 Fix the pool size into main`. */
  phrase: string
  /** What was done to the first resource, see `Change.verb`. */
  verb?: string | undefined
  action: string
  resources: Resource[]
  outcome?: Change['outcome']
  risks?: Change['risks']
  publicAccess?: string | undefined
  noise?: string | null
  changeSet: ChangeSetKey
  attributes?: Attributes
  links?: (readonly [label: string, url: string | null | undefined])[]
  tool?: Change['tool'] | undefined
  detail: Partial<GitHubDetail> & { event: string }
}

export function buildChange(repository: Repository, parts: EventParts): Change<GitHubDetail> {
  const name = indexable(repository.full_name)
  const { actor, attributes = {}, detail, endedAt, links = [], publicAccess } = parts
  const subject = spoken(actor.name, 80)
  const summary = indexable(`${subject} ${parts.phrase} (${spoken(name, 100)})`)
  return {
    source: GITHUB,
    sourceId: indexable(parts.sourceId),
    occurredAt: parts.occurredAt,
    ...(endedAt && endedAt >= parts.occurredAt && { endedAt }),
    summary,
    subject,
    verb: parts.verb,
    service: GITHUB,
    action: parts.action,
    actor,
    tool: parts.tool ?? { name: 'github', title: 'GitHub', label: 'GitHub' },
    resources: parts.resources,
    outcome: parts.outcome ?? 'succeeded',
    region: null,
    accountId: null,
    readOnly: false,
    risks: parts.risks ?? [],
    ...(publicAccess !== undefined && { publicAccess }),
    noise: parts.noise ?? null,
    changeSet: parts.changeSet,
    links: links.flatMap(([label, address]) => {
      // A link comes from outside: only a web address may become one.
      const url = asUrl(address)
      return url === null ? [] : [{ label, url }]
    }),
    attributes: { repository: name, ...attributes },
    detail: {
      source: GITHUB,
      repository: name,
      authors: [],
      labels: [],
      commits: [],
      edits: [],
      ...detail,
    },
  }
}

/** An account of GitHub. The first one that the payload names. */
export function actorOf(...users: (GitHubUser | null | undefined)[]): Actor {
  const user = users.find((each) => each?.login)
  const login = user?.login ? indexable(user.login, 200) : undefined
  if (login === undefined)
    return { kind: 'unknown', id: 'github/unknown', name: 'GitHub', chain: [] }
  const isActions = login === 'github-actions[bot]'
  const kind = isActions ? 'ci' : 'user'
  return { kind, id: `github/${login}`, name: login, chain: [{ kind, name: login }] }
}

export function nameOf(user: GitHubUser | null | undefined): string | undefined {
  const name = user?.login ?? user?.name ?? undefined
  return name === undefined ? undefined : indexable(name, 200)
}

export function resource(type: string, id: string, name?: string): Resource {
  const own = indexable(id)
  return {
    type: `GitHub::${type}`,
    id: own,
    ...(name !== undefined && { name: indexable(name) }),
    accountId: null,
    region: null,
    key: resourceKey({
      source: GITHUB,
      accountId: null,
      region: null,
      type: `GitHub::${type}`,
      id: own,
    }),
  }
}

export const repositoryResource = ({ full_name }: Repository) => resource('Repository', full_name)

/** The branch that a push must go to: the default one. */
export function isDefaultBranch(repository: Repository, branch: string): boolean {
  const byDefault = repository.default_branch ?? repository.master_branch
  return byDefault ? branch === byDefault : branch === 'main' || branch === 'master'
}

/** Changes of one run, with what the run changed elsewhere. */
export function runSet(runId: string, durationMs = 0): ChangeSetKey {
  return {
    sessionKey: runSessionKey(runId),
    stream: RUN_STREAM,
    idleTimeoutMs: HOUR_MS + Math.max(0, durationMs),
  }
}

/** Changes with the same commit: the merge, the push and its deployment. */
export function commitSet({ full_name }: Repository, sha: string): ChangeSetKey {
  return { sessionKey: digest(['github', full_name, sha]), stream: null, idleTimeoutMs: HOUR_MS }
}

/** Changes of one person to one repository within some minutes. */
export function settingsSet({ full_name }: Repository, actor: Actor): ChangeSetKey {
  return {
    sessionKey: digest(['github', full_name, actor.id, 'settings']),
    stream: null,
    idleTimeoutMs: 20 * 60_000,
  }
}

/** Identifies an event that has neither an ID nor a time. */
export function payloadDigest(payload: unknown): string {
  return hash('sha256', stringifyJson(payload), 'hex').slice(0, 16)
}

export function commitsOf(commits: readonly CommitFields[]): GitHubCommit[] {
  return commits.slice(-MAX_COMMITS).map(({ id, message, author }) => {
    const name = author?.username ?? author?.name ?? undefined
    return {
      sha: indexable(id, 100),
      message: spoken(message?.split('\n', 1)[0] ?? '', 200),
      ...(name !== undefined && { author: indexable(name, 200) }),
    }
  })
}

export function authorsOf(commits: readonly GitHubCommit[]): string[] {
  return [...new Set(commits.flatMap(({ author }) => author ?? []))]
}

/** `f95f852`, or a reference as it is. */
export function shortSha(sha: string): string {
  return /^[0-9a-f]{40,64}$/.test(sha) ? sha.slice(0, 7) : spoken(sha, 60)
}

/** A field that is present, as an object to spread into a detail. */
export function optional<Name extends string, T>(
  name: Name,
  value: T | null | undefined,
): { [Key in Name]?: T } {
  return value === null || value === undefined ? {} : ({ [name]: value } as { [Key in Name]: T })
}

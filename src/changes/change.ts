/**
 * What a change is: one entry of the feed, from any source. Types only.
 *
 * A change is an envelope that the feed, facets, change sets, environments and ranking read, plus a
 * detail that its source types and that only the source's own section of the change page reads.
 *
 * All texts are safe to store and to index (see `indexable` in text.ts): no NUL, no lone surrogate,
 * at most 512 bytes of UTF-8. They are still untrusted text: escape them where they are shown.
 */

export interface Change<Detail extends SourceDetail = SourceDetail> {
  source: string
  /** The source's own id of the change: for CloudTrail the event id. */
  sourceId: string
  /** Milliseconds at most; CloudTrail's have whole seconds. */
  occurredAt: Date
  /** Only when the change took time and its end is known. */
  endedAt?: Date
  /** One sentence for people, without a full stop at the end. */
  summary: string
  /** The first words of the summary, when they name the actor: `The root user`. */
  subject?: string
  /** What was changed, as the source names it: `ec2`, `github`. */
  service: string
  /** As the source names it: `RunInstances`. */
  action: string
  actor: Actor
  tool: Tool
  /** What it acted on, the most significant first. */
  resources: Resource[]
  outcome: Outcome
  region: string | null
  accountId: string | null
  /** True when the source says that it changed nothing. */
  readOnly: boolean
  /** What kinds of harm it could do, the most significant first. */
  risks: Risk[]
  /** In words, when it opens something to everyone: `22/tcp to the world`. */
  publicAccess?: string
  /** The id of the noise rule that covers it, or null. */
  noise: string | null
  /** What change sets are computed from (see change-sets.ts). */
  changeSet: ChangeSetKey
  links: Link[]
  detail: Detail
}

/** What only the source knows. Each source extends it with fields of its own. JSON. */
export interface SourceDetail {
  /** The same as the change's. */
  source: string
}

export const OUTCOMES = ['succeeded', 'failed', 'denied'] as const
export type Outcome = (typeof OUTCOMES)[number]

/**
 * - `person`: signed in through an identity provider, or a named session of theirs
 * - `user`: a user account of the source: a person or a program, the record does not show which
 * - `root`: the account's root user
 * - `ci`: a job of a CI system
 * - `workload`: a program on compute: an instance, a function, a task, a pod
 * - `role`: a role's session, and nothing shows who uses it
 * - `service`: the platform itself
 * - `account`: someone in another account, and nothing else is known
 * - `unknown`: the record names no actor
 */
export const ACTOR_KINDS = [
  'person',
  'user',
  'root',
  'ci',
  'workload',
  'role',
  'service',
  'account',
  'unknown',
] as const
export type ActorKind = (typeof ACTOR_KINDS)[number]

export interface Actor {
  kind: ActorKind
  /** Stable for one identity over all its sessions: to filter and to group by. */
  id: string
  /** For people: `alice@example.com`, `acme/shop (GitHub Actions)`, `Auto Scaling`. */
  name: string
  /** From the origin to the credentials that made the call, as far as the record shows it. */
  chain: ActorLink[]
  /** Which service of the platform acts, for kind `service`: `autoscaling`. */
  service?: string
  /** What a workload runs on: `instance`, `task`, `function`, `pod` … */
  compute?: string
}

export interface ActorLink {
  kind: ActorKind | 'identity-provider' | 'session' | 'missing'
  name: string
  arn?: string
  /** The relation to the link before: `signed in through`, `assumed`, `acted on behalf`. */
  how?: string
}

/** `name` of a tool that the record does not show. */
export const UNKNOWN_TOOL = 'unknown'

export interface Tool {
  /** To filter by: `terraform`, `console`, `aws-cli`, `cloudformation`, `boto3`, `unknown` … */
  name: string
  /** For people: `Terraform`. */
  title: string
  version?: string
  /** Title and version: `Terraform 1.9.5`. */
  label: string
}

export interface Resource {
  /** CloudFormation's name for the type where there is one: `AWS::EC2::Instance`. */
  type: string
  id: string
  name?: string
  arn?: string
  /** Of the resource itself, which may differ from the change's. Null: global, or unknown. */
  accountId: string | null
  region: string | null
  /** The same for the same resource in every change (see resource-key.ts). */
  key: string
}

export const RISKS = [
  'public_access',
  'network',
  'identity',
  'data',
  'capacity',
  'deploy',
  'configuration',
] as const
export type Risk = (typeof RISKS)[number]

export interface Link {
  label: string
  url: string
}

/** Which piece of work a change belongs to. */
export interface ChangeSetKey {
  /**
   * Who, in which session: 22 characters, the same for all calls of one session in every region.
   * Changes with different session keys never share a set.
   */
  sessionKey: string
  /**
   * Which of the session's pieces of work at one time (credential, tool): 22 characters. Null when
   * the record does not show it, as when AWS acts on the session's behalf: joins any.
   */
  stream: string | null
  /** How long the same work may be silent after this change. Milliseconds. */
  idleTimeoutMs: number
}

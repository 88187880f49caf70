/**
 * What a change is: one entry of the feed, from any source. Types only.
 *
 * A change is an envelope, which the feed, facets, change sets and environments read, plus a
 * detail, whose type depends on the source and which only the source's section of the change page
 * reads.
 *
 * All texts are safe to store and to index (see `indexable` in text.ts): no NUL, no lone
 * surrogates, at most 512 bytes of UTF-8. They are still untrusted: escape them where they are
 * shown.
 */

export interface Change<Detail extends SourceDetail = SourceDetail> {
  source: string
  /** The source's ID of the change. For CloudTrail, the event ID. */
  sourceId: string
  /** At most millisecond precision; CloudTrail's times have whole seconds. */
  occurredAt: Date
  /** Set only if the change took time and its end is known. */
  endedAt?: Date
  /** When it takes effect, if later than it occurred: a maintenance window, a scheduled deletion. */
  effectiveAt?: Date
  /** One sentence without a final period. */
  summary: string
  /** The first words of the summary, if they name the actor: `The root user`. */
  subject?: string
  /**
   * What it did to its first resource if it succeeded, in the past tense: `deployed`, `started
   * rotating`. For headlines. Undefined for reads, and if it acted on something else of the
   * resource, such as the policy of a role.
   */
  verb?: string | undefined
  /** What was changed, in the source's terms: `ec2`, `github`. */
  service: string
  /** In the source's terms: `RunInstances`. */
  action: string
  actor: Actor
  tool: Tool
  /** What was changed, the most significant resource first. */
  resources: Resource[]
  outcome: Outcome
  region: string | null
  accountId: string | null
  /** True if the source reports that nothing was changed. */
  readOnly: boolean
  /** The kinds of harm it could do, the most significant first. */
  risks: Risk[]
  /** What it opened to everyone: `22/tcp to the world`. */
  publicAccess?: string
  /** The ID of the noise rule that matches, or null. */
  noise: string | null
  /** The input for change sets (see change-sets.ts). */
  changeSet: ChangeSetKey
  links: Link[]
  /** What environment rules match besides the fields above. */
  attributes?: Attributes
  detail: Detail
}

/** What only the source knows. Each source extends it with its own fields. JSON. */
export interface SourceDetail {
  /** The same as the change's. */
  source: string
}

export const OUTCOMES = ['succeeded', 'failed', 'denied'] as const
export type Outcome = (typeof OUTCOMES)[number]

/**
 * - `person`: signed in through an identity provider, or in a session named after a person
 * - `user`: a user account of the source; the record does not show whether a person or a program
 *   uses it
 * - `root`: the account's root user
 * - `ci`: a job of a CI system
 * - `workload`: a program on compute: an instance, a function, a task, a pod
 * - `role`: a role session, without a record of who uses it
 * - `service`: the platform itself
 * - `account`: someone in another account, without further detail
 * - `unknown`: the record names no actor
 */
const ACTOR_KINDS = [
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
  /** The same for one identity in all its sessions. For filters and grouping. */
  id: string
  /** The display name: `alice@example.com`, `acme/shop (GitHub Actions)`, `Auto Scaling`. */
  name: string
  /** From the origin to the credentials that made the call, as far as the record shows it. */
  chain: ActorLink[]
  /** The service of the platform that acts, for kind `service`: `autoscaling`. */
  service?: string
  /** What a workload runs on: `instance`, `task`, `function`, `pod` … */
  compute?: string
}

export interface ActorLink {
  kind: ActorKind | 'identity-provider' | 'session' | 'missing'
  name: string
  arn?: string
  /** The relation to the previous link: `signed in through`, `assumed`, `acted on behalf`. */
  how?: string
}

/** `name` of a tool that the record does not show. */
export const UNKNOWN_TOOL = 'unknown'

export interface Tool {
  /**
   * The value for filters: `terraform`, `console`, `aws-cli`, `cloudformation`, `boto3`, `unknown`
   * …
   */
  name: string
  /** The display name: `Terraform`. */
  title: string
  version?: string
  /** Title and version: `Terraform 1.9.5`. */
  label: string
  /** Which run of the tool, as it names it: `atlantis/shop/infra/12`, a pipeline's run ID. */
  run?: string
}

export interface Resource {
  /** CloudFormation's name of the type, if it has one: `AWS::EC2::Instance`. */
  type: string
  id: string
  name?: string
  arn?: string
  /** Of the resource itself, which may differ from the change's. Null: global or unknown. */
  accountId: string | null
  region: string | null
  /** The same for the same resource in every change (see resource-key.ts). */
  key: string
  /** The tags that the change sets on it, by key. */
  tags?: Record<string, string>
}

/**
 * What environment rules can match, from any source. Each list has at most 50 entries, and so do
 * the tags. Absent fields match no rule.
 */
export interface Attributes {
  /** `acme/shop`. */
  repository?: string
  /** The branch that was changed or deployed, without `refs/heads/`. */
  branch?: string
  labels?: string[]
  /** The tags that the change sets, by key. Those of resources are added when it is stored. */
  tags?: Record<string, string>
  /** The names of the environments that the change itself names, as in its source. */
  environments?: string[]
}

export const RISKS = [
  'public_access',
  'protection',
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

/** What determines the change set of a change. */
export interface ChangeSetKey {
  /**
   * The actor and the session: 22 characters, the same for all calls of one session in every
   * region. Changes with different session keys never share a set.
   */
  sessionKey: string
  /**
   * Separates parallel operations in one session (by credential or tool): 22 characters. `PLACE.CREDENTIAL`
   * conflicts only with streams of the same place. Null if
   * the record does not show it, for example when AWS acts on behalf of the session. Null joins any
   * stream.
   */
  stream: string | null
  /** How long the operation may pause after this change. Milliseconds. */
  idleTimeoutMs: number
}

/**
 * What a change is: one entry of the feed, whatever its source. Types only.
 *
 * All texts here are safe to store and to index (see `indexable` in text.ts): no NUL, no lone
 * surrogate, at most 512 bytes of UTF-8. They are still texts that strangers wrote: escape them
 * where they are shown.
 */

import type { UnparsedReason } from './unparsed-reasons.ts'

export type ChangeSource = 'aws.cloudtrail' | 'github' | 'deploy' | (string & {})

export interface Change {
  source: ChangeSource
  /** The id that the source knows it by: for CloudTrail the event id. */
  sourceId: string
  /** Milliseconds at most; CloudTrail's have whole seconds. */
  occurredAt: Date
  /** One sentence as a person would say it: starts with the actor, ends without a full stop. */
  summary: string
  /** eventSource without `.amazonaws.com`: `ec2`. */
  service: string
  /** As the source calls it: `RunInstances`. */
  action: string
  actor: Actor
  tool: Tool
  /** What it acted on, the most significant first. */
  resources: Resource[]
  outcome: Outcome
  /** Only when the outcome is not `succeeded`. */
  error?: { code: string; message?: string }
  region: string | null
  accountId: string | null
  /** What became what, with secrets masked. */
  edits: Edit[]
  /** What kinds of harm it could do, the most significant first. */
  risks: Risk[]
  /** In words, when the record opens something to everyone: `22/tcp to the world`. */
  publicAccess?: string
  /** The id of the noise rule that it falls under (see noise.ts), or null. */
  noise: string | null
  /** What change sets are computed from (see change-sets.ts). */
  session: WorkSession
  links: Link[]
}

export type Outcome = 'succeeded' | 'failed' | 'denied'

/**
 * - `person`: someone signed in through an identity provider, or a named session of theirs
 * - `user`: an IAM user: a person or a program, the record cannot tell
 * - `root`: the account's root user
 * - `ci`: a job of a CI system
 * - `workload`: a program on AWS compute: an instance, a function, a task, a pod
 * - `role`: a role's session, and nothing says who is behind it
 * - `service`: AWS itself
 * - `account`: someone in another AWS account, of whom nothing more is told
 * - `unknown`: the record names nobody
 */
export type ActorKind =
  | 'person'
  | 'user'
  | 'root'
  | 'ci'
  | 'workload'
  | 'role'
  | 'service'
  | 'account'
  | 'unknown'

export interface Actor {
  kind: ActorKind
  /** For people to read: `alice@example.com`, `acme/shop (GitHub Actions)`, `Auto Scaling`. */
  name: string
  /** The same for the same identity over all its sessions: to filter and to group by. */
  id: string
  /** From the origin to the hands that made the call, as far as the record tells it. */
  chain: ActorLink[]
}

export interface ActorLink {
  kind: ActorKind | 'identity-provider' | 'session' | 'missing'
  name: string
  arn?: string
  /** How it came into play: `signed in through`, `assumed`, `acted on behalf`. */
  how?: string
}

export interface Tool {
  /** To filter by: `terraform`, `console`, `aws-cli`, `cloudformation`, `boto3`, `unknown` … */
  name: string
  version?: string
  /** For people to read, version included: `Terraform 1.9.5`. */
  label: string
}

export interface Resource {
  /** CloudFormation's name for the type where there is one: `AWS::EC2::Instance`. */
  type: string
  id: string
  name?: string
  arn?: string
}

export interface Edit {
  /** As a person would call it: `instance class`. */
  field: string
  from?: string
  to?: string
  note?: string
}

export type Risk = 'network' | 'identity' | 'data' | 'capacity' | 'deploy' | 'configuration'

export interface Link {
  label: string
  url: string
}

/** How a change tells which piece of work it belongs to. */
export interface WorkSession {
  /**
   * Who, in which session: 22 characters, the same for all calls of one session in every region.
   * Changes with different session keys never share a set.
   */
  sessionKey: string
  /**
   * Which of the session's pieces of work at one time (credential, tool): 22 characters. Null when
   * AWS acted on the session's behalf and the record does not tell for which: joins any.
   */
  stream: string | null
  /** Milliseconds for which the same work may be silent after this change. */
  idleTimeoutMs: number
  /** When the session began, where the record says so. */
  startedAt: Date | null
  accessKeyId: string | null
}

/** What LookupEvents says about an event, beside the record itself. */
export interface SeenEvent {
  eventId?: string
  eventTime?: Date
  eventName?: string
  eventSource?: string
  username?: string
  /** `"true"` or `"false"`, as LookupEvents writes it. */
  readOnly?: string
  accessKeyId?: string
  resources?: { resourceType?: string; resourceName?: string }[]
  /** The region that was asked. */
  region: string
}

export interface Unparsed {
  reason: UnparsedReason
  /** For people: what was found instead. */
  detail: string
}

export type Reading =
  | { change: Change; unparsed?: undefined }
  | { unparsed: Unparsed; change?: undefined }

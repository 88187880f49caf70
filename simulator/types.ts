/** The simulator's API: its options, its controls and its ledger. */

/** A CloudTrail record as in a log file or in `CloudTrailEvent`: any JSON object. */
export type CloudTrailRecord = Record<string, unknown>

/** An IAM policy document, as an object or as its JSON text. */
export type PolicyDocument = string | Record<string, unknown>

/** The credentials with which a client signs its requests. `sessionToken` is absent for a user's long-term key. */
export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

/** Settings that can be changed at any time. */
export interface Settings {
  /** The median response time in milliseconds, log-normally distributed. 0 responds immediately. Default 400. */
  latencyMs: number
  /** LookupEvents requests a second per account and region; null is without limit. Default 2, as AWS has it. */
  tps: number | null
  /** How long a NextToken stays valid, in seconds of the simulator's clock. Default 3600. */
  tokenLifetimeSeconds: number
  /** The number of pages of one chain after which its NextToken is rejected; null means never. Default null. */
  tokenMaxPages: number | null
  /** Added to the machine's clock, in milliseconds: the simulator's "now". Default 0. */
  clockOffsetMs: number
  /** How far a signature's time may be from the simulator's, in seconds, as AWS has it (300); null accepts any. */
  skewToleranceSeconds: number | null
  /**
   * How long CloudFormation takes to create, update or delete a stack, in milliseconds; 0 means immediately.
   * Default 1000.
   */
  stackMs: number
  /** Whether CloudTrail shows what was done to the account through IAM and CloudFormation. Default true. */
  recordsCalls: boolean
}

export interface SimulatorOptions extends Partial<Settings> {
  /** The port on 127.0.0.1; 0 (default) selects a free one. */
  port?: number
  /**
   * Customer accounts, twelve digits each. The first is the default of every control. Default one account,
   * `111122223333`.
   */
  accountIds?: string[]
  /** Regions enabled at start, in the customer accounts; default those that AWS enables by default. */
  regions?: string[]
  /**
   * Who the product is: a role (`arn:aws:iam::…:role/path/name`; its credentials are then a session, and assuming
   * from it is role chaining) or a user. Default `arn:aws:iam::999988887777:role/cairn`. The ARN's partition is
   * the simulator's partition.
   */
  vendorPrincipalArn?: string
  /** Identity policies of that principal. Default: may call sts:AssumeRole on every resource. */
  vendorPolicies?: PolicyDocument[]
}

/** A role in a customer (or any other) account. */
export interface RoleSpec {
  /** `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`; the account in it decides which customer the role belongs to. */
  arn: string
  trustPolicy: PolicyDocument
  /** Permission policies; an action must be allowed in one and denied in none. Default none: nothing is allowed. */
  policies?: PolicyDocument[]
  /** Longest session in seconds, 3,600 (default) to 43,200. */
  maxSessionDuration?: number
  /** Until then the role is refused as if it did not exist, as a new role is (RFC 3339 or Date, simulator's clock). */
  propagatingUntil?: string | Date
}

/** An IAM user or role that can call, with credentials of its own. */
export interface PrincipalSpec {
  /** `arn:…:user/…` or `arn:…:role/…`. */
  arn: string
  /** Identity policies; default none. */
  policies?: PolicyDocument[]
  /** For a role: the session's name (default `session`) and its length in seconds (default 43,200). */
  sessionName?: string
  durationSeconds?: number
}

/** A CloudFormation stack to be created from a template's own text. */
interface StackSpec {
  /** YAML or JSON, at most 51,200 bytes. */
  template: string
  /** Values by name; parameters left out take their defaults. Lists are joined with commas, as on the wire. */
  parameters?: Record<string, string>
  /** Default `cairn-read-only`. */
  stackName?: string
  /** Default: the first customer account. */
  accountId?: string
  /** Default: the partition's global region. */
  region?: string
  /** Default `CAPABILITY_NAMED_IAM`, which covers CAPABILITY_IAM. */
  capabilities?: string[]
}

interface StackResult {
  stackId: string
  outputs: Record<string, string>
}

/** One element of LookupEvents' `Events`, as it goes over the wire. */
export interface LookupEvent {
  EventId?: string
  EventName?: string
  ReadOnly?: string
  AccessKeyId?: string
  /** Epoch seconds. */
  EventTime?: number
  EventSource?: string
  Username?: string
  Resources?: { ResourceType?: string; ResourceName?: string }[]
  CloudTrailEvent?: string
}

export interface AddEventsOptions {
  /**
   * Account of the records; default each record's `recipientAccountId` if that is a customer here, else the first
   * account.
   */
  accountId?: string
  /** Seconds after each record's eventTime at which LookupEvents begins to show it; default: immediately. */
  deliveryDelaySeconds?: number
  /** The moment from which all of them show (RFC 3339 or Date); in place of deliveryDelaySeconds. */
  deliverAt?: string | Date
  /** Replaces fields of the answer around each record, also by what AWS is not known to send (undefined removes). */
  envelope?: Partial<LookupEvent>
  /** Also adds a record whose eventID the account already has. By default such a record is ignored. */
  allowDuplicateIds?: boolean
}

export interface AddEventsResult {
  added: number
  /** Records ignored because the account already had their eventID. */
  ignored: number
}

/** Makes the next calls that match go wrong. Absent match fields match everything. */
export interface FaultSpec {
  service?: 'sts' | 'cloudtrail' | 'iam' | 'cloudformation'
  operation?: string
  region?: string
  /** The account of the calling credentials (for LookupEvents the customer's). */
  accountId?: string
  /** How many calls; default 1. */
  times?: number
  /** Of the calls that match, only each of this number: 10 is one in ten. */
  every?: number
  /**
   * - `error`: answers with `code`, `message` and `status`
   * - `drop`: closes the connection without an answer
   * - `hang`: never answers
   * - `delay`: answers rightly after `delayMs` more
   * - `unordered`: answers rightly, the page's events oldest first
   * - `undated`: answers rightly, without a `Date` header
   * - `answer`: answers with `body` and `status` (default 200), as a proxy might
   */
  effect: 'error' | 'drop' | 'hang' | 'delay' | 'unordered' | 'undated' | 'answer'
  /** For `error`. */
  code?: string
  message?: string
  /** HTTP status for `error`; default what AWS uses with that code. */
  status?: number
  delayMs?: number
  /** For `answer`. */
  body?: string
}

export interface TrailSpec {
  name: string
  homeRegion: string
  /** Seen from every region; default true. */
  multiRegion?: boolean
  /** Default true. */
  logging?: boolean
}

/** `changes`: ReadOnly is "false"; `all`: all events. */
type Selection = 'changes' | 'all'

export interface EventQuery {
  /** Default: every account. */
  accountId?: string
  /** Default: every region. */
  regions?: string[]
  /** Default `all`. */
  selection?: Selection
  /** First second included (RFC 3339 or Date); default: from the beginning. */
  from?: string | Date
  /** First second not included; default: no end. */
  to?: string | Date
  /** Only events that LookupEvents shows now; default false: all events. */
  deliveredOnly?: boolean
}

/** One key pair or session that the simulator ever issued. */
export interface IssuedCredentials extends Credentials {
  /** The ARN that GetCallerIdentity returns for it. */
  arn: string
  issuedAt: string
  /** Absent for long-term keys. */
  expiresAt?: string
}

/** Requests of one kind: counted when their signature was good. */
export interface RequestCount {
  service: string
  operation: string
  /** Account of the calling credentials. */
  accountId: string
  region: string
  requests: number
  /** Of these, refused by the quota. */
  throttled: number
  /** Of these, not answered rightly, by error code, `drop` or `hang` (throttles and injected faults included). */
  errors: Record<string, number>
}

/** The events of the simulated accounts and the requests about them: the reference that tests compare with. */
export interface LedgerView {
  /** Distinct event ids, in no order. */
  eventIds(query?: EventQuery): string[]
  /** How many distinct event ids. */
  count(query?: EventQuery): number
  /** Regions in which an account has events. */
  regions(accountId?: string): string[]
  /** Every access key id, secret and session token ever issued, the vendor's included. */
  credentials(): IssuedCredentials[]
  requests(filter?: { service?: string; operation?: string; region?: string }): RequestCount[]
}

interface PlayedRecords extends AddEventsResult {
  /** Region names that the partition does not have → the one that stands in. */
  regionMap: Record<string, string>
  /** Oldest and newest event time as played (RFC 3339); absent for an empty file. */
  oldest?: string
  newest?: string
}

export interface Simulator {
  /** `http://127.0.0.1:PORT`, for AWS_ENDPOINT_URL. */
  readonly url: string
  readonly port: number
  /** The first customer account. */
  readonly accountId: string
  readonly vendor: { accountId: string; principalArn: string; credentials: Credentials }
  /** AWS_ENDPOINT_URL, AWS_REGION and the vendor's keys: what a child process needs to use the simulator. */
  readonly env: Record<string, string>
  readonly ledger: LedgerView
  /** The simulator's clock, epoch milliseconds. */
  now(): number

  /** Creates the role, or replaces its policies (its sessions live on). Throws on a malformed policy. */
  putRole(role: RoleSpec): void
  /** The ARNs of all roles, the vendor's included. */
  roles(): string[]
  /** Its sessions end with it. False when there was none. */
  deleteRole(arn: string): boolean
  /** A caller besides the vendor's. */
  createPrincipal(principal: PrincipalSpec): Credentials
  /**
   * The long-term key of `user/administrator`, who may do everything in that account; the same at each call. It is
   * what `aws cloudformation` and `aws iam` are to be run with.
   */
  administrator(accountId?: string): Credentials
  /**
   * CreateStack as that administrator, then waits until the stack is complete.
   *
   * @throws ControlError with AWS's reason: a template or parameter it refuses, a name that is taken, or the first
   *   resource that failed (the stack is then rolled back, and stays under its name until it is deleted)
   */
  createStack(stack: StackSpec): Promise<StackResult>
  /**
   * DeleteStack as that administrator, then waits until it is gone. @throws ControlError as above, and for no such
   * stack
   */
  deleteStack(stack: Pick<StackSpec, 'stackName' | 'accountId' | 'region'>): Promise<void>
  /** Replaces the identity policies of a user or role, the vendor's included. */
  setPolicies(arn: string, policies: PolicyDocument[]): void
  /** Service control policies of an account: what they deny is denied, regardless of what its roles allow. */
  setServiceControlPolicies(policies: PolicyDocument[], accountId?: string): void
  /** Denies LookupEvents in these regions by a service control policy, which replaces others; none lifts it. */
  denyLookupEvents(regions: string[], accountId?: string): void

  enableRegion(region: string, accountId?: string): void
  disableRegion(region: string, accountId?: string): void
  setTrails(trails: TrailSpec[], accountId?: string): void

  /** Throws when a record has no readable eventTime and the envelope has none. */
  addEvents(records: readonly CloudTrailRecord[], options?: AddEventsOptions): AddEventsResult
  /** Plays a file of records, JSON lines, plain or gzip, into one account. See `records.ts` for the rules. */
  playRecords(file: string, accountId?: string): Promise<PlayedRecords>

  failNext(fault: FaultSpec): void
  clearFaults(): void

  settings(): Settings
  configure(settings: Partial<Settings>): void

  /** Ends the server and every open connection. */
  close(): Promise<void>
}

import type { Verdict } from '../connections/checks.ts'
import type { ConnectionStatus } from '../connections/status.ts'

/** Which connection a call is about. The organization travels along: row-level security needs it. */
export interface ConnectionRef {
  organizationId: string
  connectionId: string
}

/** The same for an activity, which refuses to work for another installation. */
export interface ConnectionWork extends ConnectionRef {
  installationId: string
}

/**
 * Everything that a connection's workflow knows. Argument of each run, answer of the `state`
 * query and fixture of the tests: there is no second shape to keep in step.
 * Times are RFC 3339 UTC.
 */
export interface ConnectionState extends ConnectionWork {
  /** Static: whether Temporal accepts our search attributes (it may not let us register them). */
  searchAttributes: boolean
  /** Desired state as last read from the row; null before the first reading. */
  settings: ConnectionSettings | null
  status: ConnectionStatus
  /** One sentence for people; null when the status is sufficient. */
  statusReason: string | null
  since: string
  verification: VerificationSummary | null
  /** The last finished cycle. */
  lastCycle: ImportSummary | null
  /** When the next cycle is due; carried over continue-as-new so that no boundary polls twice. */
  nextPollAt: string | null
  /** Verifications or cycles in a row that failed altogether: what the delay grows with. */
  failures: number
  /** What the last of those failed with; null when the last one did not. */
  lastError: string | null
}

/** What is known of a connection before its workflow has read its row. */
export function initialState(
  ref: ConnectionRef,
  options: { installationId: string; searchAttributes: boolean; now: Date },
): ConnectionState {
  return {
    installationId: options.installationId,
    organizationId: ref.organizationId,
    connectionId: ref.connectionId,
    searchAttributes: options.searchAttributes,
    settings: null,
    status: 'awaiting_role',
    statusReason: null,
    since: options.now.toISOString(),
    verification: null,
    lastCycle: null,
    nextPollAt: null,
    failures: 0,
    lastError: null,
  }
}

/** The connection's row, as far as the workflow acts on it. */
export interface ConnectionSettings {
  name: string
  version: number
  roleArn: string | null
  /** Raised by each change of the role: a verification is of one revision. */
  roleRevision: number
  accountId: string | null
  paused: boolean
  deleted: boolean
}

/** What one cycle did, small enough to be read in Temporal's UI. */
export interface ImportSummary {
  startedAt: string
  finishedAt: string
  /** Regions that were worked on. */
  regions: number
  /** Changes that were not known before. */
  imported: number
  requests: number
  throttled: number
  /** Live edge: everything up to here is imported but for the gaps that coverage names. */
  completeThrough: string | null
  /** Seconds that the slowest region's live edge is behind what can be complete now. */
  lagSeconds: number | null
  /** Seconds of the wanted time that are not imported yet, over all regions. */
  gapSeconds: number
  status: Extract<ConnectionStatus, 'importing' | 'current' | 'behind' | 'action_needed'>
  statusReason: string | null
  /** Regions whose last attempt failed, with AWS's error. At most ten. */
  failing: { region: string; error: string }[]
  nextPollAt: string
}

/** What one verification found. */
export interface VerificationSummary {
  /** `waiting`: AWS does not know the role yet. */
  state: Verdict
  /** First failed or waiting check, in a sentence; null when passed. */
  reason: string | null
  /** Why the last attempt could not be completed, when an earlier verdict stands; else null. */
  inconclusive: string | null
  /** The version of the row that was verified. */
  version: number
  roleArn: string
  roleRevision: number
  verifiedAt: string
  /** Verifications in a row that did not pass, this one included. */
  failures: number
  /** Daily when passed; otherwise after seconds, then less and less often. */
  nextAttemptAt: string
}

/**
 * What the workflow may do to the world. Implemented by `createActivities` in `src/activities`.
 * Nothing large and no credential crosses this line.
 */
export interface ConnectionActivities {
  /**
   * Reads the row, reports its version as seen and stores the status that follows from the row
   * alone (awaiting_role, paused, deleting). Null: its deletion is complete. Fails with a
   * retryable error when this database has no such row: another database may.
   */
  readConnection(ref: ConnectionWork): Promise<ConnectionSettings | null>
  /**
   * Runs the checks, stores them, and stores the status that follows (action_needed,
   * waiting_for_aws, importing). A check that fails is an answer, not an error. `failures`:
   * how many verifications of this role have failed in a row before this one.
   * An attempt that cannot be completed leaves a passed verdict standing. Fails with
   * `ConnectionChanged` (non-retryable) when the row has no role, was deleted, or was verified by
   * a newer attempt.
   */
  verifyRole(ref: ConnectionWork, options: { failures: number }): Promise<VerificationSummary>
  /**
   * One cycle over all due regions within a time budget; stores the status and the next due time.
   * Regions that fail are data. Fails with `RoleRefused` (non-retryable) when the role cannot be
   * assumed any more, `VerificationRequired` (non-retryable) when no verdict on the present role
   * permits an import, `ConnectionChanged` (non-retryable) when the row was paused, deleted or
   * has lost its role, and with a retryable error when Postgres is unavailable.
   */
  importEvents(ref: ConnectionWork, options: { force: boolean }): Promise<ImportSummary>
  /** Fences other attempts, purges if that was requested, and marks the deletion as complete. */
  finishDeletion(ref: ConnectionWork): Promise<void>
}

/** `ApplicationFailure` types that the workflow distinguishes. */
export const RoleRefused = 'RoleRefused'
export const ConnectionChanged = 'ConnectionChanged'
export const VerificationRequired = 'VerificationRequired'

// Installations can share a Temporal namespace, so the installation's id is in every name.

export function taskQueueOf(installationId: string): string {
  return `cairn-${installationId}`
}

/** One workflow per connection. */
export function connectionWorkflowId(installationId: string, connectionId: string): string {
  return `cairn-${installationId}-connection-${connectionId}`
}

/** The workflow that is there for as long as Temporal keeps this installation's history. */
export function installationWorkflowId(installationId: string): string {
  return `cairn-${installationId}`
}

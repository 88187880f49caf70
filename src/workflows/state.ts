import type { VerificationVerdict } from '../connections/checks.ts'
import type { ConnectionStatus } from '../connections/status.ts'

/** Identifies a connection. Includes the organization, because row-level security needs it. */
export interface ConnectionRef {
  organizationId: string
  connectionId: string
}

/** A connection with what its row shows to people, for the workflow that may have to be started. */
export interface NamedConnectionRef extends ConnectionRef {
  name?: string
  /** The AWS account ID, if known. */
  accountId?: string | null
}

/** The same for an activity, which rejects work for another installation. */
export interface ConnectionWork extends ConnectionRef {
  installationId: string
}

/**
 * The complete state of a connection's workflow. It is the argument of each run, the result of the
 * `state` query, and the fixture of the tests, so that there is only one shape. Times are RFC 3339
 * UTC.
 */
export interface ConnectionState extends ConnectionWork {
  /** Static: whether the search attributes are registered. Temporal may not allow it. */
  searchAttributes: boolean
  /** Static: whether the name is a search attribute. Absent in runs of older versions. */
  showsName?: boolean
  /** Desired state as last read from the row; null before the first read. */
  settings: ConnectionSettings | null
  status: ConnectionStatus
  /** One sentence; null if the status is sufficient. */
  statusReason: string | null
  since: string
  verification: VerificationSummary | null
  /** The last completed cycle. */
  lastCycle: ImportSummary | null
  /** When the next cycle is due. Kept across continue-as-new, so that no poll runs twice. */
  nextPollAt: string | null
  /**
   * Consecutive verifications or cycles that failed without a retry. The delay grows with this
   * number.
   */
  failures: number
  /** The error of the last of those; null if the last one succeeded. */
  lastError: string | null
  /**
   * Consecutive verifications or cycles that ended because the row had changed, although reading it
   * found no change. Absent in runs of older versions.
   */
  rowChanges?: number
}

/** The state of a connection before its workflow has read the row. */
export function initialState(
  ref: ConnectionRef,
  options: { installationId: string; searchAttributes: boolean; now: Date },
): ConnectionState {
  return {
    installationId: options.installationId,
    organizationId: ref.organizationId,
    connectionId: ref.connectionId,
    searchAttributes: options.searchAttributes,
    showsName: options.searchAttributes,
    settings: null,
    status: 'awaiting_role',
    statusReason: null,
    since: options.now.toISOString(),
    verification: null,
    lastCycle: null,
    nextPollAt: null,
    failures: 0,
    lastError: null,
    rowChanges: 0,
  }
}

/** The fields of the connection's row that the workflow acts on. */
export interface ConnectionSettings {
  name: string
  version: number
  roleArn: string | null
  /** Incremented by each change of the role. A verification is of one revision. */
  roleRevision: number
  accountId: string | null
  paused: boolean
  deleted: boolean
}

/** The result of one cycle, small enough to be readable in Temporal's UI. */
export interface ImportSummary {
  startedAt: string
  finishedAt: string
  /** Regions that were read. */
  regions: number
  /** Changes that were new. */
  imported: number
  requests: number
  throttled: number
  /** Live edge: everything before it is imported, except for the gaps in the coverage. */
  completeThrough: string | null
  /**
   * How many seconds the slowest region's live edge is behind the newest second that can be
   * settled.
   */
  lagSeconds: number | null
  /** Seconds of the wanted time that are not imported yet, over all regions. */
  gapSeconds: number
  status: Extract<ConnectionStatus, 'importing' | 'current' | 'behind' | 'action_needed'>
  statusReason: string | null
  /** Regions whose last attempt failed, with AWS's error. At most ten. */
  failing: { region: string; error: string }[]
  nextPollAt: string
}

/** The result of one verification. */
export interface VerificationSummary {
  /** `waiting`: AWS does not recognize the role yet. */
  state: VerificationVerdict
  /** The first failed or waiting check, as a sentence; null if passed. */
  reason: string | null
  /** Why the last attempt was inconclusive while an earlier verdict stands; otherwise null. */
  inconclusive: string | null
  /** The version of the row that was verified. */
  version: number
  roleArn: string
  roleRevision: number
  verifiedAt: string
  /** Consecutive verifications that did not pass, including this one. */
  failures: number
  /** Daily if passed; otherwise after seconds, with growing intervals. */
  nextAttemptAt: string
}

/**
 * The side effects of the workflow, implemented by `createActivities` in `src/activities`. Inputs
 * and results are small and contain no credentials.
 */
export interface ConnectionActivities {
  /**
   * Reads the row, reports its version as seen, and stores the status that follows from the row
   * alone (awaiting_role, paused, deleting). Returns null if its deletion is complete. Fails with a
   * retryable error if this database has no such row, because another database may have it.
   */
  readConnection(ref: ConnectionWork): Promise<ConnectionSettings | null>
  /**
   * Runs the checks, stores them, and stores the resulting status (action_needed, waiting_for_aws,
   * importing). A failed check is a result, not an error. `failures`: how many previous
   * verifications of this role have failed in a row. An attempt that cannot be completed does not
   * replace a passed verdict. Fails with `ConnectionChanged` (non-retryable) if the row has no
   * role, was deleted, or was verified by a newer attempt.
   */
  verifyRole(ref: ConnectionWork, options: { failures: number }): Promise<VerificationSummary>
  /**
   * Runs one cycle over all due regions within a time budget; stores the status and the next due
   * time. Failures of regions are part of the result. Fails with `RoleRefused` (non-retryable) if
   * the role can no longer be assumed, `VerificationRequired` (non-retryable) if no verdict on the
   * current role permits an import, `ConnectionChanged` (non-retryable) if the row was paused,
   * deleted or has lost its role, and with a retryable error if Postgres is unavailable.
   */
  importEvents(ref: ConnectionWork, options: { force: boolean }): Promise<ImportSummary>
  /** Fences other attempts, purges if requested, and marks the deletion as complete. */
  finishDeletion(ref: ConnectionWork): Promise<void>
}

/** The `ApplicationFailure` types that the workflow distinguishes. */
export const RoleRefused = 'RoleRefused'
export const ConnectionChanged = 'ConnectionChanged'
export const VerificationRequired = 'VerificationRequired'

// Installations can share a Temporal namespace, so each name contains the installation's ID.

export function taskQueueOf(installationId: string): string {
  return `cairn-${installationId}`
}

/** One workflow per connection. */
export function connectionWorkflowId(installationId: string, connectionId: string): string {
  return `cairn-${installationId}-connection-${connectionId}`
}

/** One workflow per installation, which runs only while changes are outdated. */
export function rereadWorkflowId(installationId: string): string {
  return `cairn-${installationId}-reread`
}

/** One workflow per organization, which runs only while stored changes do not follow its rules. */
export function relinkWorkflowId(installationId: string, organizationId: string): string {
  return `cairn-${installationId}-relink-${organizationId}`
}

/** The marker workflow, which exists as long as Temporal keeps this installation's history. */
export function installationWorkflowId(installationId: string): string {
  return `cairn-${installationId}`
}

/** One workflow per organization, which runs only while it has deliveries to translate. */
export function deliverWorkflowId(installationId: string, organizationId: string): string {
  return `cairn-${installationId}-deliver-${organizationId}`
}

/** One workflow per integration with a token that finds missed deliveries. */
export function recoverWorkflowId(installationId: string, integrationId: string): string {
  return `cairn-${installationId}-recover-${integrationId}`
}

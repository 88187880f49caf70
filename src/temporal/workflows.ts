import type { Client } from '@temporalio/client'
import type { RelinkState } from '../workflows/relink-state.ts'
import type { RereadState } from '../workflows/reread-state.ts'
import type {
  ConnectionRef,
  ConnectionState,
  ImportSummary,
  NamedConnectionRef,
  VerificationSummary,
} from '../workflows/state.ts'

/** The operations of the API, the reconciler and the starters on workflows. */
export interface Workflows {
  /**
   * Signals a connection's workflow that its row has changed, and starts the workflow if there is
   * none. A workflow that has received as many signals as Temporal accepts is replaced. Never
   * throws: false means that the signal could not be sent, which is logged; the reconciler sends it
   * later. Each call to Temporal takes two seconds at most.
   */
  changed(ref: NamedConnectionRef): Promise<boolean>
  /**
   * Verifies the role now. A failed verification is a result, not an error.
   *
   * @throws TemporalUnavailable, UpdateRefused, UpdateTimedOut
   */
  verifyNow(ref: NamedConnectionRef, options?: { timeoutMs?: number }): Promise<VerificationSummary>
  /**
   * Imports from all regions now.
   *
   * @throws TemporalUnavailable, UpdateRefused, UpdateTimedOut
   */
  importNow(ref: NamedConnectionRef, options?: { timeoutMs?: number }): Promise<ImportSummary>
  /**
   * The state of the workflow; null if there is none. Requires a running worker.
   *
   * @throws TemporalUnavailable
   */
  state(ref: ConnectionRef): Promise<ConnectionState | null>
  /**
   * Whether Temporal has this installation's history: false before the first start, and after
   * Temporal has lost its database. `markHistory` records that it exists.
   *
   * @throws TemporalUnavailable
   */
  hasHistory(): Promise<boolean>
  /** @throws TemporalUnavailable */
  markHistory(): Promise<void>
  /**
   * Starts the workflow that reads stored records again, unless it runs already.
   *
   * @param versions the reader's version of each source
   * @throws TemporalUnavailable
   */
  startReread(versions: Record<string, number>): Promise<void>
  /**
   * The progress of the workflow that reads stored records again; null if it does not run. Requires
   * a running worker.
   *
   * @throws TemporalUnavailable
   */
  rereadProgress(): Promise<RereadState | null>
  /**
   * Starts the workflow that applies an organization's rules to its stored changes, unless it runs
   * already.
   *
   * @throws TemporalUnavailable
   */
  startRelink(organizationId: string): Promise<void>
  /**
   * The progress of the workflow that applies an organization's rules to its stored changes; null
   * if it does not run. Requires a running worker.
   *
   * @throws TemporalUnavailable
   */
  relinkProgress(organizationId: string): Promise<RelinkState | null>
  /**
   * Signals an organization's workflow that deliveries were stored, and starts the workflow if there
   * is none. Never throws: false means that the signal could not be sent, which is logged; the
   * starter in each worker sends it later.
   */
  deliver(organizationId: string): Promise<boolean>
  /**
   * Signals the workflow that finds an integration's missed deliveries, and starts it if there is
   * none. Never throws: false means that the signal could not be sent, which is logged; the starter
   * in each worker sends it later.
   */
  recover(ref: { organizationId: string; integrationId: string }): Promise<boolean>
  /** Whether Temporal responds within two seconds. */
  ping(): Promise<{ ok: true } | { ok: false; reason: string }>
  /** The URL of the workflow's page in Temporal's UI; null if the UI's URL is unknown. */
  uiUrl(ref: ConnectionRef): string | null
  /** For other calls. Connects on first use. */
  client: Client
  close(): Promise<void>
}

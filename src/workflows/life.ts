import type { ConnectionStatus } from '../connections/status.ts'
import type {
  ConnectionSettings,
  ConnectionState,
  ImportSummary,
  VerificationSummary,
} from './state.ts'

// A connection's lifecycle as pure functions of its state: the next step, and the state after each
// step. The workflow only executes the steps. `now` is in milliseconds since 1970; times in the
// state are RFC 3339 UTC.

export type Step =
  | { do: 'read' | 'end' | 'finishDeletion' | 'verify' | 'import' }
  /** `until` null: only a signal or an update ends the wait. */
  | { do: 'wait'; until: string | null; for: string }

/** What has happened since the run started. */
export interface RunLength {
  signals: number
  /** Verifications and imports. */
  cycles: number
  /** Temporal suggests continuing as new, because the history is long. */
  isSuggested: boolean
}

/** When a run continues as new without a suggestion from Temporal. */
interface RunLimits {
  /** Temporal accepts 10,000 signals per run; after that, the workflow can only be terminated. */
  signals: number
  /** A run that is evicted from a worker's cache is replayed from the start. */
  cycles: number
}

/** What has been requested since the last step. */
interface StepRequests {
  /** The row may have changed. */
  read: boolean
  /** The number of callers that wait for each. */
  verify: { readonly length: number }
  import: { readonly length: number }
}

/** Why a step failed without a retry. */
export interface StepFailure {
  kind: 'role refused' | 'verification required' | 'row changed' | 'other'
  message: string
}

/** The minimum pause between two steps, even if the next one is due earlier. */
const minPauseMs = 1_000

// The longest waits that activities request. A due time comes from the clock of a worker, which can
// be wrong; the workflow compares it with Temporal's clock.
const maxRetryMs = 10 * 60_000
const maxPollMs = 10 * 60_000
const maxVerificationMs = 24 * 3_600_000
/** How far the two clocks may differ without a limit being applied. */
const clockToleranceMs = 60_000

/**
 * Decides the next step. Reading the row comes first, because the row may forbid everything else.
 */
export function nextStep(state: ConnectionState, asked: StepRequests, now: number): Step {
  const { settings, nextPollAt } = state
  if (asked.read) return { do: 'read' }
  if (settings === null) return { do: 'end' }

  const backingOff = state.failures > 0 && !isDue(nextPollAt, now)
  const backOff: Step = { do: 'wait', until: nextPollAt, for: 'Next attempt' }
  if (settings.deleted) return backingOff ? backOff : { do: 'finishDeletion' }
  if (settings.paused || settings.roleArn === null)
    return { do: 'wait', until: null, for: 'A change' }

  if (asked.verify.length > 0) return { do: 'verify' }
  if (backingOff && asked.import.length === 0) return backOff

  const verification = currentVerification(state)
  if (!verification || isDue(verification.nextAttemptAt, now)) return { do: 'verify' }
  if (verification.state !== 'passed')
    return { do: 'wait', until: verification.nextAttemptAt, for: 'Next verification' }

  if (asked.import.length > 0 || isDue(nextPollAt, now)) return { do: 'import' }
  return Date.parse(nextPollAt!) < Date.parse(verification.nextAttemptAt)
    ? { do: 'wait', until: nextPollAt, for: 'Next poll' }
    : { do: 'wait', until: verification.nextAttemptAt, for: 'Daily verification' }
}

/**
 * Whether to continue as new before this step. The new run starts by reading the row. The state
 * contains when the next cycle is due, so a wait continues there and no poll runs twice.
 */
export function isRunLongEnough(step: Step, run: RunLength, limits: RunLimits): boolean {
  if (step.do === 'end') return false
  if (run.isSuggested || run.signals >= limits.signals) return true
  // After the wait, not before it, so that a run consists of whole cycles.
  return (step.do === 'verify' || step.do === 'import') && run.cycles >= limits.cycles
}

/**
 * Whether to stop the running step in order to continue as new: signals keep arriving during an
 * activity that is retried for hours.
 */
export function isRunFull(run: RunLength, limits: RunLimits): boolean {
  return run.signals >= 2 * limits.signals
}

/** Why an update cannot be executed now, as a sentence for the caller; null if it can. */
export function whyUpdateRefused(
  state: ConnectionState,
  update: 'verify' | 'import',
): string | null {
  const { settings } = state
  if (settings === null) return 'No such connection.'
  if (settings.deleted) return 'The connection is being deleted.'
  if (settings.paused) return 'The connection is paused. Resume it first.'
  if (settings.roleArn === null) return 'The connection has no role. Set `roleArn` first.'
  if (update === 'verify') return null
  const verification = currentVerification(state)
  if (!verification || verification.state === 'passed') return null
  return `Imports require a verified role. Last verification: ${verification.reason}`
}

/** Derives the status and its reason from the rest of the state. */
export function statusFromState(state: ConnectionState): {
  status: ConnectionStatus
  reason: string | null
} {
  const { settings, lastCycle } = state
  const verification = currentVerification(state)
  if (settings?.deleted) return { status: 'deleting', reason: null }
  if (!settings?.roleArn) return { status: 'awaiting_role', reason: null }
  if (settings.paused) return { status: 'paused', reason: null }
  if (verification?.state === 'failed')
    return { status: 'action_needed', reason: verification.reason }
  if (verification?.state === 'waiting')
    return { status: 'waiting_for_aws', reason: verification.reason }
  if (state.lastError !== null) return { status: 'behind', reason: state.lastError }
  if (!verification) return { status: 'verifying', reason: null }
  if (!lastCycle) return { status: 'importing', reason: null }
  return { status: lastCycle.status, reason: lastCycle.statusReason }
}

/** After reading the row; null: the row is gone. A changed row is acted on immediately. */
export function withSettings(state: ConnectionState, settings: ConnectionSettings | null): void {
  const before = state.settings
  state.settings = settings
  if (settings === null) return
  if (before !== null && before.version !== settings.version) {
    state.nextPollAt = null
    state.rowChanges = 0
  }
  if (before?.roleRevision !== settings.roleRevision) {
    state.lastCycle = null
    clearFailures(state)
  }
  if (state.verification?.roleRevision !== settings.roleRevision) state.verification = null
  if (settings.paused || settings.roleArn === null) {
    state.nextPollAt = null
    clearFailures(state)
  }
}

/** @param isLimited see {@link pauseUntil} */
export function withVerification(
  state: ConnectionState,
  found: VerificationSummary,
  now: number,
  isLimited: () => boolean = () => true,
): void {
  const isDaily = found.state === 'passed' && !found.inconclusive
  const longest = isDaily ? maxVerificationMs : maxRetryMs
  state.rowChanges = 0
  state.verification = {
    ...found,
    nextAttemptAt: pauseUntil(found.nextAttemptAt, { now, longest, isLimited }),
  }
  if (found.state === 'passed') return
  // After the role passes, a cycle is due immediately.
  state.nextPollAt = null
  clearFailures(state)
}

/** @param isLimited see {@link pauseUntil} */
export function withCycle(
  state: ConnectionState,
  cycle: ImportSummary,
  now: number,
  isLimited: () => boolean = () => true,
): void {
  state.rowChanges = 0
  state.lastCycle = cycle
  state.nextPollAt = pauseUntil(cycle.nextPollAt, { now, longest: maxPollMs, isLimited })
  clearFailures(state)
}

/**
 * After a step that failed without a retry. If the role was denied or needs a verification, it is
 * verified immediately. If that does not help, and after every other failure, the delay grows with
 * each attempt. Runs of version 0.1.0 also count a changed row, see {@link withRowChange}.
 */
export function withFailure(state: ConnectionState, failure: StepFailure, now: number): void {
  state.failures += 1
  const atOnce = failure.kind !== 'other' && state.failures === 1
  state.nextPollAt = iso(atOnce ? now : now + retryDelayMs(state.failures))
  // A withdrawn verdict is not an error: the next step verifies the role.
  const isError =
    failure.kind === 'verification required' ? !atOnce : failure.kind !== 'row changed'
  if (isError) state.lastError = failure.message
  if (failure.kind === 'verification required') state.verification = null
  if (failure.kind === 'role refused' && state.verification)
    state.verification.nextAttemptAt = state.nextPollAt
}

/**
 * After a step that ended because the row had changed. This is not a failure: earlier failures do
 * not delay the read, so that a pause or a deletion takes effect immediately. If reading the row
 * does not help, the delay grows.
 *
 * @returns the delay before the row is read, in milliseconds
 */
export function withRowChange(state: ConnectionState): number {
  const times = (state.rowChanges ?? 0) + 1
  state.rowChanges = times
  return times === 1 ? 0 : retryDelayMs(times)
}

/** 10 s, 20 s, 40 s … 10 min. */
export function retryDelayMs(failures: number): number {
  return Math.min(10_000 * 2 ** (failures - 1), maxRetryMs)
}

/** The last verification, unless the connection has a different role now. */
export function currentVerification(state: ConnectionState): VerificationSummary | null {
  const { verification, settings } = state
  return verification?.roleRevision === settings?.roleRevision ? verification : null
}

function clearFailures(state: ConnectionState): void {
  state.failures = 0
  state.lastError = null
}

function isDue(at: string | null, now: number): boolean {
  return at === null || Date.parse(at) <= now
}

/**
 * The due time of a step, not earlier than the minimum pause and not later than the longest wait.
 *
 * @param options.longest milliseconds
 * @param options.isLimited asked only if the wait is too long: false in runs of version 0.1.0
 */
function pauseUntil(
  at: string,
  options: { now: number; longest: number; isLimited: () => boolean },
): string {
  const { now, longest, isLimited } = options
  const wait = Date.parse(at) - now
  if (wait < minPauseMs) return iso(now + minPauseMs)
  return wait > longest + clockToleranceMs && isLimited() ? iso(now + longest) : at
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

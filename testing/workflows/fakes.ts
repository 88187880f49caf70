import { Context } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { SETTLING_SECONDS } from '../../src/connections/status.ts'
import {
  type ConnectionActivities,
  ConnectionChanged,
  type ConnectionRef,
  type ConnectionSettings,
  type ImportSummary,
  RoleRefused,
  VerificationRequired,
  type VerificationSummary,
} from '../../src/workflows/state.ts'

export const roleArn = 'arn:aws:iam::123456789012:role/Cairn'

interface Call {
  activity: keyof ConnectionActivities
  at: number
  /** Its arguments, except the connection. */
  options?: { failures?: number; force?: boolean }
  outcome: 'running' | 'done' | 'failed' | 'cancelled'
}

/** Creates a step of the script: what one call of an activity does. */
type Script<T> = (call: { now: number; signal: AbortSignal }) => T | Promise<T>

/**
 * What a connection's activities meet: its row, AWS, and what was done, in order. Tests change
 * the row and the scripts while the workflow runs.
 */
export class World {
  row: ConnectionSettings | null
  calls: Call[] = []
  verify: Script<Partial<VerificationSummary>> = () => ({})
  import: Script<Partial<ImportSummary>> = () => ({})
  read: () => void = () => {}

  constructor(row: Partial<ConnectionSettings> = {}) {
    this.row = {
      name: 'production',
      version: 1,
      roleArn,
      roleRevision: 1,
      accountId: '123456789012',
      paused: false,
      deleted: false,
      ...row,
    }
  }

  /** Changes the row as the API does: each change raises the version. */
  change(changes: Partial<ConnectionSettings>): void {
    const before = this.row!
    const roleRevision = before.roleRevision + (changes.roleArn === undefined ? 0 : 1)
    this.row = { ...before, roleRevision, ...changes, version: before.version + 1 }
  }

  /** The calls of one activity, in order. */
  of(activity: Call['activity']): Call[] {
    return this.calls.filter((call) => call.activity === activity)
  }

  /** Names of the calls, in order, without the readings of the row. */
  get story(): string[] {
    return this.calls
      .filter(({ activity }) => activity !== 'readConnection')
      .map(({ activity, outcome }) => (outcome === 'done' ? activity : `${activity} ${outcome}`))
  }
}

/** The activities of all worlds, which they find by the connection's id. */
export function fakeActivities(
  worlds: Map<string, World>,
  now: () => Promise<number>,
): ConnectionActivities {
  async function record<T>(
    ref: ConnectionRef,
    activity: Call['activity'],
    options: Call['options'],
    work: (world: World, now: number, signal: AbortSignal) => T | Promise<T>,
  ): Promise<T> {
    const context = Context.current()
    const world = worlds.get(ref.connectionId)
    if (!world) throw ApplicationFailure.nonRetryable(`No world for ${ref.connectionId}`)
    const call: Call = { activity, at: await now(), options, outcome: 'running' }
    world.calls.push(call)
    const beat = setInterval(() => context.heartbeat(), 100)
    try {
      const result = await work(world, call.at, context.cancellationSignal)
      call.outcome = 'done'
      return result
    } catch (error) {
      call.outcome = context.cancellationSignal.aborted ? 'cancelled' : 'failed'
      if (context.cancellationSignal.aborted) await context.cancelled
      throw error
    } finally {
      clearInterval(beat)
    }
  }

  return {
    readConnection: (ref) =>
      record(ref, 'readConnection', undefined, (world) => {
        world.read()
        return world.row
      }),

    verifyRole: (ref, options) =>
      record(ref, 'verifyRole', options, async (world, now, signal) => {
        const row = world.row
        if (!row?.roleArn || row.deleted) throw connectionChanged()
        const found = await world.verify({ now, signal })
        const passed = (found.state ?? 'passed') === 'passed'
        return {
          state: 'passed',
          reason: passed ? null : 'The trust policy does not name the external ID (assume_with_id)',
          inconclusive: null,
          version: row.version,
          roleArn: row.roleArn,
          roleRevision: row.roleRevision,
          verifiedAt: iso(now),
          failures: passed ? 0 : options.failures + 1,
          nextAttemptAt: iso(now + (passed ? 24 * 3600 : 30) * 1000),
          ...found,
        }
      }),

    importEvents: (ref, options) =>
      record(ref, 'importEvents', options, async (world, now, signal) => {
        const row = world.row
        if (!row?.roleArn || row.deleted || row.paused) throw connectionChanged()
        return {
          startedAt: iso(now),
          finishedAt: iso(now),
          regions: 17,
          imported: 3,
          requests: 20,
          throttled: 0,
          completeThrough: iso(now - SETTLING_SECONDS * 1000),
          lagSeconds: 0,
          gapSeconds: 0,
          status: 'current',
          statusReason: null,
          failing: [],
          nextPollAt: iso(now + 60_000),
          ...(await world.import({ now, signal })),
        }
      }),

    finishDeletion: (ref) =>
      record(ref, 'finishDeletion', undefined, (world) => {
        world.row = null
      }),
  }
}

export function roleRefused(): ApplicationFailure {
  return ApplicationFailure.nonRetryable('AccessDenied: not authorized to assume', RoleRefused)
}

export function verificationRequired(): ApplicationFailure {
  return ApplicationFailure.nonRetryable('The role is not verified yet', VerificationRequired)
}

export function connectionChanged(): ApplicationFailure {
  return ApplicationFailure.nonRetryable('The row has changed', ConnectionChanged)
}

/** For a script: runs until it is cancelled. */
export function untilCancelled(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

export function iso(ms: number): string {
  return new Date(ms).toISOString()
}

import type { ApplicationFailure } from '@temporalio/common'
import { AwsProblem } from '../aws/errors.ts'
import { partitionOf } from '../aws/regions.ts'
import { SessionDisproved } from '../aws/session-cache.ts'
import { failingRegions, lagSeconds, type StatusAndReason } from '../connections/status.ts'
import { refreshStatus, setSessionError } from '../db/connection-status.ts'
import { lockConnection, reportConnection } from '../db/connections.ts'
import { claimDue, fence } from '../db/coverage.ts'
import { adoptRegions, applyConfiguredRegions, restoreRegions } from '../db/coverage-regions.ts'
import { asOrganization } from '../db/database.ts'
import { ensurePartitions } from '../db/imports.ts'
import { completeThrough, type RegionCoverage } from '../db/region-coverage.ts'
import type { CoverageRow } from '../db/schema/connections.ts'
import { type VerifiedRole, withdrawVerdict } from '../db/verifications.ts'
import { wantedRange } from '../db/wanted-range.ts'
import type { ConnectionRef, ImportSummary } from '../workflows/state.ts'
import { type Dependencies, grantOf } from './dependencies.ts'
import { roleRefused, sessionFailure, verificationRequired } from './errors.ts'
import { requireVerified } from './gate.ts'
import { importRegion, type RegionResult } from './import-region.ts'

/** How long a cycle starts new scans while there is work. */
const BUDGET_MS = 45_000
/** If nothing is due (every region is denied), the next cycle is due after this time. */
const IDLE_MS = 10 * 60_000

/**
 * Runs one cycle: imports every region that is due, each in its own loop, and returns a summary.
 * Failures of regions are part of the result; the cycle fails only if no region could be read.
 *
 * @throws ApplicationFailure `RoleRefused`, `VerificationRequired`, `ConnectionChanged`, or a
 *   retryable one
 */
export async function importEvents(
  deps: Dependencies,
  ref: ConnectionRef,
  options: { force: boolean },
  signal: AbortSignal,
): Promise<ImportSummary> {
  const clock = deps.clock ?? Date.now
  const startedAt = clock()
  const { connection, verified, rows } = await asOrganization(
    deps.db,
    ref.organizationId,
    async (trx) => {
      const { connection, verified } = await requireVerified(trx, ref, { lock: 'update' })
      const [from] = wantedRange(connection, new Date(startedAt))
      await ensurePartitions(trx, new Date(from * 1000))
      const isAdopted = await adoptRegions(trx, connection)
      const { globalRegion } = partitionOf(connection.partition!)
      const { regions } = deps
      const isConfigured = await applyConfiguredRegions(trx, connection, globalRegion, regions)
      // A region that was added counts from now on, and is read only during the cycle.
      if (isAdopted || isConfigured) await refreshStatus(trx, connection, new Date(startedAt))
      return {
        connection,
        verified,
        rows: await claimDue(trx, connection, { ...options, now: new Date(startedAt) }),
      }
    },
  )
  const grant = grantOf(connection)
  const { globalRegion } = partitionOf(grant.partition)
  const session = () =>
    deps.aws.session(grant, verified, signal).catch((error) => {
      if (error instanceof SessionDisproved) return withdraw(deps, ref, verified, error, clock)
      throw error
    })
  if (rows.length > 0) {
    await session().catch(async (error) => {
      if (!(error instanceof AwsProblem)) throw error
      await reportNoSession(deps, ref, verified, error, clock)
      throw sessionFailure(error)
    })
  }

  // Waits for all regions: if one was fenced or aborted, the others must not keep running.
  const runs = await Promise.allSettled(
    rows.map((row) =>
      importRegion({
        db: deps.db,
        aws: deps.aws,
        pacer: deps.pacers.for(row.account_id, row.region),
        connection,
        verified,
        session,
        row,
        isGlobal: row.region === globalRegion,
        clock,
        deadline: startedAt + (deps.budgetMs ?? BUDGET_MS),
        requestPauseMs: deps.requestPauseMs,
        signal,
      }),
    ),
  )
  for (const run of runs) if (run.status === 'rejected') throw run.reason
  const results = runs.map((run) => (run as PromiseFulfilledResult<RegionResult>).value)

  const refused = roleRefusal(results, rows, globalRegion)
  if (refused) {
    deps.aws.forget(connection.id)
    // The AWS responses were about the role, not the regions. Verification probes each region.
    await asOrganization(deps.db, ref.organizationId, async (trx) => {
      await requireVerified(trx, ref, { lock: 'update', verified })
      await restoreRegions(trx, connection, rows)
    })
    throw refused
  }
  return asOrganization(deps.db, ref.organizationId, async (trx) => {
    // The row may have changed in the meantime, so the status is derived from the current settings.
    const locked = await requireVerified(trx, ref, { lock: 'update', verified })
    // Without a due region, this cycle did not assume the role.
    const current =
      rows.length > 0 ? await setSessionError(trx, locked.connection, null) : locked.connection
    const now = new Date(clock())
    const { status, reason, regions } = await refreshStatus(trx, current, now)
    const summary = summarizeCycle({
      regions,
      results,
      status: { status, reason },
      startedAt: new Date(startedAt),
      now,
    })
    await reportConnection(trx, current.id, {
      endsCycle: true,
      nextPollAt: new Date(summary.nextPollAt),
    })
    return summary
  })
}

/**
 * The renewal of a session has disproved the verdict. Stores that, so that no worker stores further
 * pages.
 *
 * @throws ApplicationFailure `VerificationRequired`, always
 */
async function withdraw(
  deps: Dependencies,
  ref: ConnectionRef,
  verified: VerifiedRole,
  { kind, message }: SessionDisproved,
  clock: () => number,
): Promise<never> {
  deps.aws.forget(ref.connectionId)
  const isOpen = kind === 'open_without_id'
  const state = isOpen ? 'failed' : 'waiting'
  const means = isOpen
    ? 'Not safe: AWS returned a session without the external ID. Nothing is imported.'
    : 'The role was deleted and created again. Cairn verifies it before importing more.'
  const id = isOpen ? 'refused_without_id' : 'identity'
  await asOrganization(deps.db, ref.organizationId, async (trx) => {
    const connection = await lockConnection(trx, ref.connectionId, 'update')
    if (!connection) return
    const check = { id, state, saw: message, means, remedy: null } as const
    const finding = { state, check, at: new Date(clock()) } as const
    if (!(await withdrawVerdict(trx, connection, verified, finding))) return
    await fence(trx, connection.id)
    await reportConnection(trx, connection.id, {
      status: isOpen ? 'action_needed' : 'verifying',
      reason: `${means} (${id}: ${message})`,
    })
  })
  throw verificationRequired(`${means} ${message}`)
}

/**
 * Reports that nothing can be imported now. If AWS denies the role, a verification runs instead and
 * reports it.
 */
async function reportNoSession(
  deps: Dependencies,
  ref: ConnectionRef,
  verified: VerifiedRole,
  { kind, code, message }: AwsProblem,
  clock: () => number,
): Promise<void> {
  if (kind === 'denied') return
  await asOrganization(deps.db, ref.organizationId, async (trx) => {
    const { connection } = await requireVerified(trx, ref, { lock: 'update', verified })
    const reason = `The role cannot be assumed now: ${code}: ${message}`
    const current = await setSessionError(trx, connection, reason)
    await refreshStatus(trx, current, new Date(clock()))
    await reportConnection(trx, connection.id, {})
  })
}

/**
 * Whether AWS denies the role itself: it denied the global region, or every region of the cycle,
 * and at least one of them was readable before. Verification determines the cause.
 */
function roleRefusal(
  results: readonly RegionResult[],
  rows: readonly CoverageRow[],
  globalRegion: string,
): ApplicationFailure | undefined {
  const refused = results.filter(({ refused }) => refused !== null)
  const wasActive = rows.some(({ state }) => state === 'active')
  const decisive =
    refused.find(({ region }) => region === globalRegion) ??
    (refused.length === results.length && wasActive ? refused[0] : undefined)
  if (decisive) return roleRefused(`${decisive.region}: ${decisive.turn.lastError}`)
  return undefined
}

function summarizeCycle(cycle: {
  regions: readonly RegionCoverage[]
  results: readonly RegionResult[]
  status: StatusAndReason
  startedAt: Date
  now: Date
}): ImportSummary {
  const { regions, results, status, startedAt, now } = cycle
  const counted = regions.filter(({ counts }) => counts)
  const lags = counted.map(({ completeThrough: edge }) =>
    lagSeconds(edge && edge.getTime() / 1000, now.getTime() / 1000),
  )
  const lag = lags.includes(null) ? null : Math.max(0, ...(lags as number[]))
  const due = regions
    .filter(({ state }) => state !== 'excluded')
    .map(({ nextPollAt }) => nextPollAt.getTime())
  const nextPollAt = Math.max(now.getTime(), Math.min(now.getTime() + IDLE_MS, ...due))

  return {
    startedAt: startedAt.toISOString(),
    finishedAt: now.toISOString(),
    regions: results.length,
    imported: sum(results, 'imported'),
    requests: sum(results, 'requests'),
    throttled: sum(results, 'throttled'),
    completeThrough: completeThrough(counted)?.toISOString() ?? null,
    lagSeconds: lag,
    // Time after the live edge is lag, and part of the next cycle's work anyway.
    gapSeconds: counted.reduce((total, { gapSeconds }) => total + gapSeconds, 0),
    status: status.status as ImportSummary['status'],
    statusReason: status.reason,
    failing: failingRegions(counted).slice(0, 10),
    nextPollAt: new Date(nextPollAt).toISOString(),
  }
}

function sum(results: readonly RegionResult[], field: 'imported' | 'requests' | 'throttled') {
  return results.reduce((total, result) => total + result[field], 0)
}

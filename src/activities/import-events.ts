import type { ApplicationFailure } from '@temporalio/common'
import { SessionDisproved } from '../aws/access.ts'
import { AwsProblem } from '../aws/errors.ts'
import { partitionOf } from '../aws/regions.ts'
import { lockConnection, reportConnection } from '../db/connections.ts'
import {
  adoptRegions,
  claimDue,
  completeThrough,
  fence,
  keepActive,
  keepRegions,
  type RegionCoverage,
  regionCoverage,
  SETTLING_SECONDS,
  wantedRange,
} from '../db/coverage.ts'
import { asOrganization, type Trx } from '../db/database.ts'
import { ensurePartitions } from '../db/imports.ts'
import { clip, seconds, subtract } from '../db/ranges.ts'
import type { ConnectionRow } from '../db/schema.ts'
import { type VerifiedRole, withdrawVerdict } from '../db/verifications.ts'
import type { ConnectionRef, ImportSummary } from '../workflows/state.ts'
import { type Dependencies, grantOf } from './dependencies.ts'
import { roleRefused, sessionFailure, verificationRequired } from './errors.ts'
import { requireVerified } from './gate.ts'
import { importRegion, QUIETEST_SECONDS, type RegionResult } from './import-region.ts'

/** How long a cycle goes on beginning new scans while there is work. */
const BUDGET_MS = 45_000
/** A live edge this much further back than the longest interval is worth a word. */
const BEHIND_AFTER_SECONDS = 5 * 60
/** When nothing is due at all (every region denied), the workflow looks again after this long. */
const IDLE_MS = 10 * 60_000

/**
 * One cycle: works on every region that is due, each in a loop of its own, and says what came
 * of it. A region's failure is data; the cycle fails only when nothing could be done.
 *
 * @throws ApplicationFailure `RoleRefused`, `VerificationRequired`, `ConnectionChanged`, or a
 *   retryable one
 */
export async function importEvents(
  deps: Dependencies,
  ref: ConnectionRef,
  options: { attention: boolean },
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
      await adoptRegions(trx, connection)
      await ensureGlobalRegion(trx, connection)
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
      await reportNoSession(deps, ref, verified, error)
      throw sessionFailure(error)
    })
  }

  // One region that was fenced or aborted must not leave the others running behind our back.
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
        signal,
      }),
    ),
  )
  for (const run of runs) if (run.status === 'rejected') throw run.reason
  const results = runs.map((run) => (run as PromiseFulfilledResult<RegionResult>).value)

  const refused = refusal(results, globalRegion)
  if (refused) {
    deps.aws.forget(connection.id)
    // What the regions said was about the role. Verification finds out about each of them.
    const regions = rows.filter(({ state }) => state === 'active').map(({ region }) => region)
    await asOrganization(deps.db, ref.organizationId, async (trx) => {
      await requireVerified(trx, ref, { lock: 'update', verified })
      await keepActive(trx, connection, regions)
    })
    throw refused
  }
  return asOrganization(deps.db, ref.organizationId, async (trx) => {
    // The row may have changed meanwhile: a paused connection must not be called current.
    await requireVerified(trx, ref, { lock: 'update', verified })
    const now = new Date(clock())
    const regions = await regionCoverage(trx, connection, now)
    const summary = summarize({ connection, regions, results, startedAt: new Date(startedAt), now })
    await reportConnection(trx, connection.id, {
      status: summary.status,
      reason: summary.statusReason,
      nextPollAt: new Date(summary.nextPollAt),
    })
    return summary
  })
}

/**
 * The renewal of a session has disproved the verdict: stores that, so that no page of any worker is
 * stored from now on.
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
    ? 'Not safe: AWS gives a session without the external ID. Nothing is imported.'
    : 'The role was deleted and created again: it is verified again before anything is imported.'
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

/** Nothing can be imported now. A role that AWS denies is verified at once, which reports it. */
async function reportNoSession(
  deps: Dependencies,
  ref: ConnectionRef,
  verified: VerifiedRole,
  { kind, code, message }: AwsProblem,
): Promise<void> {
  if (kind === 'denied') return
  await asOrganization(deps.db, ref.organizationId, async (trx) => {
    await requireVerified(trx, ref, { lock: 'update', verified })
    const reason = `The role cannot be assumed now: ${code}: ${message}`
    await reportConnection(trx, ref.connectionId, { status: 'behind', reason })
  })
}

/** Whatever verification could find out about regions: this one is always imported. */
async function ensureGlobalRegion(trx: Trx, connection: ConnectionRow): Promise<void> {
  const { globalRegion: region } = partitionOf(connection.partition!)
  const known = await trx
    .selectFrom('coverage')
    .select('region')
    .where('connection_id', '=', connection.id)
    .where('account_id', '=', connection.account_id)
    .where('selection', '=', connection.selection)
    .where('region', '=', region)
    .executeTakeFirst()
  if (!known) await keepRegions(trx, connection, [{ region, state: 'active', error: null }])
}

/** A role that the global region, or every region that was asked, turns away is looked at anew. */
function refusal(
  results: readonly RegionResult[],
  globalRegion: string,
): ApplicationFailure | undefined {
  const gone = results.filter(({ turn }) => turn.state !== 'active')
  const decisive =
    gone.find(({ region }) => region === globalRegion) ??
    (gone.length === results.length ? gone[0] : undefined)
  if (decisive) return roleRefused(`${decisive.region}: ${decisive.turn.lastError}`)
  return undefined
}

function summarize(cycle: {
  connection: ConnectionRow
  regions: readonly RegionCoverage[]
  results: readonly RegionResult[]
  startedAt: Date
  now: Date
}): ImportSummary {
  const { connection, regions, results, startedAt, now } = cycle
  const active = regions.filter(({ state }) => state === 'active')
  const failing = active
    .filter(({ lastError }) => lastError !== null)
    .map(({ region, lastError }) => ({ region, error: lastError! }))
  const settledBy = now.getTime() / 1000 - SETTLING_SECONDS
  const lags = active.map((region) => {
    const edge = region.completeThrough
    return edge ? Math.max(0, Math.round(settledBy - edge.getTime() / 1000)) : null
  })
  const lag = lags.includes(null) ? null : Math.max(0, ...(lags as number[]))
  // What is above the live edge is its lag, and the next cycle's work anyway.
  const gapSeconds = active.reduce((sum, { gaps, setAside, completeThrough }) => {
    const edge = completeThrough ? completeThrough.getTime() / 1000 : Number.POSITIVE_INFINITY
    return sum + seconds(clip(subtract(gaps, setAside), 0, edge))
  }, 0)
  const through = completeThrough(active)
  const due = active.map(({ nextPollAt }) => nextPollAt.getTime())
  const nextPollAt = Math.max(now.getTime(), Math.min(now.getTime() + IDLE_MS, ...due))

  return {
    startedAt: startedAt.toISOString(),
    finishedAt: now.toISOString(),
    regions: results.length,
    imported: sum(results, 'imported'),
    requests: sum(results, 'requests'),
    throttled: sum(results, 'throttled'),
    completeThrough: through?.toISOString() ?? null,
    lagSeconds: lag,
    gapSeconds,
    ...statusOf(connection, active, failing, lag, gapSeconds),
    failing: failing.slice(0, 10),
    nextPollAt: new Date(nextPollAt).toISOString(),
  }
}

function sum(results: readonly RegionResult[], field: 'imported' | 'requests' | 'throttled') {
  return results.reduce((total, result) => total + result[field], 0)
}

function statusOf(
  connection: ConnectionRow,
  active: readonly RegionCoverage[],
  failing: ImportSummary['failing'],
  lag: number | null,
  gapSeconds: number,
): Pick<ImportSummary, 'status' | 'statusReason'> {
  const [first] = failing
  if (first) {
    const others = failing.length > 1 ? ` and ${failing.length - 1} more` : ''
    return { status: 'behind', statusReason: `${first.region}${others}: ${first.error}` }
  }
  if (lag === null || gapSeconds > 0) {
    const wanted = active.reduce((sum, { backfill }) => sum + backfill.percent, 0)
    const percent = active.length === 0 ? 0 : Math.floor(wanted / active.length)
    return { status: 'importing', statusReason: `${percent} % of the look-back is imported` }
  }
  if (lag > Math.max(connection.poll_interval_seconds, QUIETEST_SECONDS) + BEHIND_AFTER_SECONDS) {
    const minutes = Math.round(lag / 60)
    return { status: 'behind', statusReason: `The slowest region is ${minutes} minutes behind` }
  }
  return { status: 'current', statusReason: null }
}

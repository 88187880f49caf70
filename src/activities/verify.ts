import { verifyRole } from '../aws/verify-role.ts'
import { refreshStatus, setSessionError, verdictReason } from '../db/connection-status.ts'
import { lockConnection, reportConnection } from '../db/connections.ts'
import { fence } from '../db/coverage.ts'
import { keepRegions } from '../db/coverage-regions.ts'
import { asOrganization } from '../db/database.ts'
import type { ConnectionRow } from '../db/schema/connections.ts'
import { concludeAttempt, recordAttemptProgress, startAttempt } from '../db/verifications.ts'
import type { ConnectionRef, VerificationSummary } from '../workflows/state.ts'
import type { Dependencies } from './dependencies.ts'
import { connectionChanged } from './errors.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** For a role that AWS does not recognize yet: retried after 2, 4, 8 … seconds. */
const WAITING_FIRST_MS = 2_000
/** For a role that AWS denied: retried after 30 s, 1 min … */
const FAILED_FIRST_MS = 30_000
/** AWS sends no notification when a role is fixed, so Cairn checks at least this often. */
const MAX_RETRY_MS = 10 * MINUTE_MS

/**
 * When to verify again: daily after a passed verification, otherwise soon and then with growing
 * intervals, so that Cairn notices a role that was fixed in AWS.
 */
export function nextAttempt(
  state: VerificationSummary['state'],
  failures: number,
  now: number,
): Date {
  if (state === 'passed') return new Date(now + DAY_MS)
  const first = state === 'waiting' ? WAITING_FIRST_MS : FAILED_FIRST_MS
  return new Date(now + Math.min(MAX_RETRY_MS, first * 2 ** Math.min(failures - 1, 20)))
}

/**
 * Runs the checks and stores the verdict. Discards a verdict on a role that was replaced in the
 * meantime, and the verdict of an attempt if a newer one has started. An attempt that cannot be
 * completed does not replace a passed verdict, up to its maximum age.
 *
 * @throws ApplicationFailure `ConnectionChanged`
 */
export async function verifyConnection(
  deps: Dependencies,
  ref: ConnectionRef,
  options: { failures: number },
  signal: AbortSignal,
): Promise<VerificationSummary> {
  const clock = deps.clock ?? Date.now
  const { connection, attempt, before } = await asOrganization(
    deps.db,
    ref.organizationId,
    async (trx) => {
      const connection = verifiable(await lockConnection(trx, ref.connectionId, 'update'))
      const { attempt, state } = await startAttempt(trx, connection)
      if (state === null) await reportConnection(trx, connection.id, { status: 'verifying' })
      return { connection, attempt, before: state }
    },
  )
  const verification = await verifyRole(
    deps.aws,
    {
      connectionId: connection.id,
      roleArn: connection.role_arn!,
      externalId: connection.external_id,
      roleSetAt: connection.role_arn_set_at!,
      isRecognized: before !== null && before !== 'waiting',
      regions: deps.regions,
      now: new Date(clock()),
      onProgress: (checks) =>
        asOrganization(deps.db, ref.organizationId, (trx) =>
          recordAttemptProgress(trx, attempt, checks),
        ),
    },
    signal,
  )
  const { checks, isConclusive, roleId, regions } = verification
  const verifiedAt = new Date(clock())
  const found = verdictReason(checks)

  const summary = await asOrganization(deps.db, ref.organizationId, async (trx) => {
    const current = verifiable(await lockConnection(trx, ref.connectionId, 'update'))
    const concluded = await concludeAttempt(trx, current, attempt, {
      state: verification.state,
      isConclusive,
      reason: found,
      checks,
      roleId,
      verifiedAt,
    })
    if (!concluded)
      throw connectionChanged('The role was replaced or verified again in the meantime')
    const { isStanding } = concluded
    const state = isStanding ? 'passed' : verification.state
    const reason = isStanding ? null : found
    // Attempts that waited for a new role do not lengthen the delay after the first real failure.
    const isDone = verification.state === 'passed'
    const failed = state === before ? options.failures + 1 : 1
    const failures = isDone ? 0 : failed
    const next = nextAttempt(isStanding ? 'failed' : state, failures, verifiedAt.getTime())

    if (isDone) await keepRegions(trx, current, regions)
    else if (!isStanding) await fence(trx, current.id)
    const assumable = isDone ? await setSessionError(trx, current, null) : current
    await refreshStatus(trx, assumable, verifiedAt)
    await reportConnection(trx, current.id, {
      // An import follows immediately. Until it reports, the reconciler must not wait for a day.
      nextPollAt: state === 'passed' ? verifiedAt : next,
    })
    return {
      state,
      reason,
      inconclusive: isStanding ? found : null,
      version: current.version,
      roleArn: current.role_arn!,
      roleRevision: current.role_revision,
      verifiedAt: verifiedAt.toISOString(),
      failures,
      nextAttemptAt: next.toISOString(),
    }
  })
  if (summary.state !== 'passed') deps.aws.forget(connection.id)
  return summary
}

function verifiable(connection: ConnectionRow | undefined): ConnectionRow {
  if (!connection || connection.deleted_at) throw connectionChanged('The connection was deleted')
  if (!connection.role_arn) throw connectionChanged('The connection has no role')
  return connection
}

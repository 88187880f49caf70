import { verifyRole } from '../aws/verify-role.ts'
import { findConnection, reportConnection } from '../db/connections.ts'
import { fence, keepRegions } from '../db/coverage.ts'
import { asOrganization } from '../db/database.ts'
import type { Check, ConnectionRow } from '../db/schema.ts'
import type { ConnectionRef, VerificationSummary } from '../workflows/state.ts'
import { type Dependencies, grantOf } from './dependencies.ts'
import { connectionChanged } from './errors.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** A role that AWS does not know yet: first tries after 2, 4, 8 … seconds. */
const WAITING_FIRST_MS = 2_000
/** A role that was refused: after 30 s, 1 min … */
const FAILED_FIRST_MS = 30_000
/** Whoever mends a role in AWS tells nobody, and should not wait long for us to see it. */
const LONGEST_MS = 10 * MINUTE_MS

/**
 * When to verify again: daily while all is well, soon after something went wrong and ever more
 * slowly, so that a role mended in AWS is noticed without anybody telling us.
 */
export function nextAttempt(
  state: VerificationSummary['state'],
  failures: number,
  now: number,
): Date {
  if (state === 'passed') return new Date(now + DAY_MS)
  const first = state === 'waiting' ? WAITING_FIRST_MS : FAILED_FIRST_MS
  return new Date(now + Math.min(LONGEST_MS, first * 2 ** Math.min(failures - 1, 20)))
}

/**
 * Makes the checklist and keeps it. A verdict about a role that was replaced meanwhile is thrown
 * away: only the row's present ARN can be accepted or refused.
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
  const { connection, isNew, verdict } = await asOrganization(
    deps.db,
    ref.organizationId,
    async (trx) => {
      const connection = verifiable(await findConnection(trx, ref.connectionId))
      const last = await trx
        .selectFrom('verifications')
        .select('state')
        .where('connection_id', '=', connection.id)
        .where('role_arn', '=', connection.role_arn)
        .executeTakeFirst()
      const verdict = last?.state ?? null
      if (verdict === null) await reportConnection(trx, connection.id, { status: 'verifying' })
      return { connection, verdict, isNew: verdict === null || verdict === 'waiting' }
    },
  )
  const roleArn = connection.role_arn!
  const verification = await verifyRole(
    deps.aws,
    {
      connectionId: connection.id,
      roleArn,
      externalId: connection.external_id,
      // A role that AWS has known before is not new to it, however young.
      newSince: isNew ? connection.role_arn_set_at : null,
      regions: deps.regions,
      now: new Date(clock()),
      onProgress: (checks) => keepProgress(deps, ref, roleArn, checks),
    },
    signal,
  )
  const { state, checks, regions } = verification
  const verifiedAt = new Date(clock())
  // Tries that waited for a new role do not make the first real failure wait longer.
  const failures = state === 'passed' ? 0 : state === verdict ? options.failures + 1 : 1
  const next = nextAttempt(state, failures, verifiedAt.getTime())
  const open = checks.find((check) => check.state === 'failed' || check.state === 'waiting')
  const reason = open ? `${open.means} (${open.id}: ${open.saw})` : null

  await asOrganization(deps.db, ref.organizationId, async (trx) => {
    const current = verifiable(await findConnection(trx, ref.connectionId))
    if (current.role_arn !== roleArn) throw connectionChanged('The role was replaced meanwhile')
    const row = {
      role_arn: roleArn,
      state,
      verified_at: verifiedAt,
      checks: JSON.stringify(checks),
      progress: null,
      progress_at: null,
    }
    await trx
      .insertInto('verifications')
      .values({ connection_id: current.id, organization_id: current.organization_id, ...row })
      .onConflict((conflict) => conflict.column('connection_id').doUpdateSet(row))
      .execute()
    if (state === 'passed') await keepRegions(trx, current, regions)
    else await fence(trx, current.id)
    const status =
      state === 'passed' ? 'importing' : state === 'waiting' ? 'waiting_for_aws' : 'action_needed'
    // Daily re-verification of a healthy connection is no news.
    const unchanged = state === 'passed' && ['current', 'behind'].includes(current.status)
    await reportConnection(trx, current.id, {
      status: unchanged ? undefined : status,
      reason,
      // An import follows at once; until it reports, the reconciler must not wait for a day.
      nextPollAt: state === 'passed' ? verifiedAt : next,
    })
  })
  if (state !== 'passed') deps.aws.forget(grantOf(connection))
  return {
    state,
    reason,
    version: connection.version,
    roleArn,
    verifiedAt: verifiedAt.toISOString(),
    failures,
    nextAttemptAt: next.toISOString(),
  }
}

/** Shows what a verification has found so far. A verdict on another role goes; there is none on this one yet. */
async function keepProgress(
  deps: Dependencies,
  ref: ConnectionRef,
  roleArn: string,
  checks: Check[],
): Promise<void> {
  const progress = { progress: JSON.stringify(checks), progress_at: new Date() }
  await asOrganization(deps.db, ref.organizationId, (trx) =>
    trx
      .insertInto('verifications')
      .values({
        connection_id: ref.connectionId,
        organization_id: ref.organizationId,
        role_arn: roleArn,
        ...progress,
      })
      .onConflict((conflict) =>
        conflict.column('connection_id').doUpdateSet((row) => {
          const same = row('verifications.role_arn', '=', roleArn)
          return {
            ...progress,
            role_arn: roleArn,
            state: row.case().when(same).then(row.ref('verifications.state')).end(),
            verified_at: row.case().when(same).then(row.ref('verifications.verified_at')).end(),
            checks: row.case().when(same).then(row.ref('verifications.checks')).end(),
          }
        }),
      )
      .execute(),
  )
}

function verifiable(connection: ConnectionRow | undefined): ConnectionRow {
  if (!connection || connection.deleted_at) throw connectionChanged('The connection was deleted')
  if (!connection.role_arn) throw connectionChanged('The connection has no role')
  return connection
}

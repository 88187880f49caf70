import { type SqlBool, sql } from 'kysely'
import type { Check, VerificationVerdict } from '../connections/checks.ts'
import type { Trx } from './database.ts'
import type { ConnectionRow, VerificationRow } from './schema/connections.ts'

/**
 * How long a passed verdict permits imports, from the start of the verification that reached it, by
 * the database server's clock. Verifications run daily; this is how long they may be inconclusive
 * in a row.
 */
export const VERDICT_MAX_AGE_HOURS = 72

/** The verdict that an import relies on. Each page is stored only while this is the current one. */
export interface VerifiedRole {
  /** `connections.role_revision` */
  revision: number
  /** The generation of the verification that reached the verdict. */
  generation: number
  /**
   * AWS's unique ID of the role: a different one means that the role was deleted and created again.
   */
  roleId: string
}

/** One run of a verification. */
interface VerificationAttempt {
  connectionId: string
  revision: number
  generation: number
}

/** The findings of an attempt. */
interface AttemptResult {
  state: VerificationVerdict
  /** False if it could not be completed for reasons unrelated to the role. */
  isConclusive: boolean
  reason: string | null
  checks: readonly Check[]
  /** Unique ID of the role that was assumed; null if none was. */
  roleId: string | null
  verifiedAt: Date
}

type LockedVerification = VerificationRow & { is_fresh: boolean }

/**
 * Locks a connection's verification until the transaction ends. The connection is locked first,
 * see `lockConnection`.
 */
export async function lockVerification(
  trx: Trx,
  connectionId: string,
  mode: 'share' | 'update',
): Promise<LockedVerification | undefined> {
  const query = trx
    .selectFrom('verifications')
    .selectAll()
    .select(
      sql<SqlBool>`coalesce(proven_at > clock_timestamp() - make_interval(hours => ${VERDICT_MAX_AGE_HOURS}), false)`.as(
        'is_fresh',
      ),
    )
    .where('connection_id', '=', connectionId)
  const row = await (mode === 'share' ? query.forShare() : query.forUpdate()).executeTakeFirst()
  return row && { ...row, is_fresh: Boolean(row.is_fresh) }
}

/** The verdict that permits imports now, or a sentence with the reason why there is none. */
export function verifiedRole(
  connection: Pick<ConnectionRow, 'role_revision'>,
  verification: LockedVerification | undefined,
): VerifiedRole | { missing: string } {
  if (!verification || verification.role_revision !== connection.role_revision)
    return { missing: 'The role of this connection is not verified yet' }
  if (verification.state !== 'passed')
    return { missing: 'The role of this connection has not passed its verification' }
  if (!verification.is_fresh)
    return { missing: `The last verification that passed is older than ${VERDICT_MAX_AGE_HOURS} h` }
  return {
    revision: verification.role_revision,
    generation: verification.verdict_generation!,
    roleId: verification.role_id!,
  }
}

/**
 * Starts an attempt, after which older ones can no longer write. Deletes a verdict on another
 * revision of the role; it does not return if that role is set again. Requires the connection
 * locked for update.
 *
 * @returns the attempt, and the state of the current verdict; null: there is none
 */
export async function startAttempt(
  trx: Trx,
  connection: ConnectionRow,
): Promise<{ attempt: VerificationAttempt; state: VerificationRow['state'] }> {
  const before = await lockVerification(trx, connection.id, 'update')
  const isSameRole = before?.role_revision === connection.role_revision
  const generation = (before?.generation ?? 0) + 1
  const row = {
    role_arn: connection.role_arn!,
    role_revision: connection.role_revision,
    generation,
    started_at: sql<Date>`clock_timestamp()`,
    ...(!isSameRole && { ...noVerdict, ...noProgress, ...noInconclusive }),
  }
  await trx
    .insertInto('verifications')
    .values({ connection_id: connection.id, organization_id: connection.organization_id, ...row })
    .onConflict((conflict) => conflict.column('connection_id').doUpdateSet(row))
    .execute()
  return {
    attempt: { connectionId: connection.id, revision: connection.role_revision, generation },
    state: isSameRole ? before.state : null,
  }
}

/** Shows the findings of an attempt so far, unless a newer one has started. */
export async function recordAttemptProgress(
  trx: Trx,
  attempt: VerificationAttempt,
  checks: readonly Check[],
): Promise<void> {
  await trx
    .updateTable('verifications')
    .set({ progress: JSON.stringify(checks), progress_at: new Date() })
    .where('connection_id', '=', attempt.connectionId)
    .where('role_revision', '=', attempt.revision)
    .where('generation', '=', attempt.generation)
    .execute()
}

/**
 * Records how an attempt ended. An inconclusive one does not replace a passed verdict and is shown
 * beside it, unless the verdict is too old or the role was created again since. Requires the
 * connection locked for update.
 *
 * @returns whether the earlier verdict stands; undefined, and nothing is written, if a newer
 *   attempt or another role has superseded this one
 */
export async function concludeAttempt(
  trx: Trx,
  connection: ConnectionRow,
  attempt: VerificationAttempt,
  result: AttemptResult,
): Promise<{ isStanding: boolean } | undefined> {
  const row = await lockVerification(trx, attempt.connectionId, 'update')
  if (
    connection.role_revision !== attempt.revision ||
    row?.role_revision !== attempt.revision ||
    row.generation !== attempt.generation
  )
    return undefined
  const isStanding =
    !result.isConclusive &&
    row.state === 'passed' &&
    row.is_fresh &&
    (result.roleId === null || result.roleId === row.role_id)
  const verdict = {
    state: result.state,
    verified_at: result.verifiedAt,
    checks: JSON.stringify(result.checks),
    verdict_generation: attempt.generation,
    proven_at: row.started_at,
    role_id: result.roleId,
    ...noInconclusive,
  }
  const beside = {
    inconclusive_at: result.verifiedAt,
    inconclusive_reason: result.reason,
    inconclusive_checks: JSON.stringify(result.checks),
  }
  await trx
    .updateTable('verifications')
    .set({ ...(isStanding ? beside : verdict), ...noProgress })
    .where('connection_id', '=', attempt.connectionId)
    .execute()
  return { isStanding }
}

/**
 * Replaces a passed verdict that was disproved outside of a verification. Verifications that have
 * started before cannot restore it. Requires the connection locked for update.
 *
 * @returns false if the verdict was no longer the current one
 */
export async function withdrawVerdict(
  trx: Trx,
  connection: ConnectionRow,
  verified: VerifiedRole,
  finding: { state: 'failed' | 'waiting'; check: Check; at: Date },
): Promise<boolean> {
  const row = await lockVerification(trx, connection.id, 'update')
  if (
    connection.role_revision !== verified.revision ||
    row?.role_revision !== verified.revision ||
    row.state !== 'passed' ||
    row.verdict_generation !== verified.generation
  )
    return false
  const others = (row.checks ?? []).filter(({ id }) => id !== finding.check.id)
  await trx
    .updateTable('verifications')
    .set({
      state: finding.state,
      verified_at: finding.at,
      checks: JSON.stringify([...others, finding.check]),
      generation: row.generation + 1,
      role_id: null,
      ...noProgress,
      ...noInconclusive,
    })
    .where('connection_id', '=', connection.id)
    .execute()
  return true
}

const noVerdict = {
  state: null,
  verified_at: null,
  checks: null,
  verdict_generation: null,
  proven_at: null,
  role_id: null,
} as const
const noProgress = { progress: null, progress_at: null } as const
const noInconclusive = {
  inconclusive_at: null,
  inconclusive_reason: null,
  inconclusive_checks: null,
} as const

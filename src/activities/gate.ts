import { lockConnection } from '../db/connections.ts'
import type { Trx } from '../db/database.ts'
import type { ConnectionRow } from '../db/schema/connections.ts'
import { lockVerification, type VerifiedRole, verifiedRole } from '../db/verifications.ts'
import type { ConnectionRef } from '../workflows/state.ts'
import { connectionChanged, verificationRequired } from './errors.ts'

/**
 * The gate of the import. Called first in each transaction that claims regions, stores a page or
 * records the result of an import. Checks that the connection is to be imported, and that the
 * current verdict on its role is passed and recent enough. The locks keep this true until the
 * transaction ends: a concurrent PATCH or verdict either waits or causes this transaction to roll
 * back.
 *
 * @param options.verified the verdict that the import started with: it must still stand, with this
 *   revision and this role ID. Omitted at the start of an import.
 * @param options.lock `update` before changing the connection's row or several of its coverage rows
 * @throws ApplicationFailure `ConnectionChanged` or `VerificationRequired`
 */
export async function requireVerified(
  trx: Trx,
  ref: ConnectionRef,
  options: { lock: 'share' | 'update'; verified?: VerifiedRole },
): Promise<{ connection: ConnectionRow; verified: VerifiedRole }> {
  const connection = await lockConnection(trx, ref.connectionId, options.lock)
  if (!connection || connection.deleted_at) throw connectionChanged('The connection was deleted')
  if (connection.paused) throw connectionChanged('The connection is paused')
  if (!connection.role_arn) throw connectionChanged('The connection has no role')
  const verified = verifiedRole(
    connection,
    await lockVerification(trx, ref.connectionId, options.lock),
  )
  if ('missing' in verified) throw verificationRequired(verified.missing)
  const { verified: expected } = options
  if (expected && expected.revision !== verified.revision)
    throw verificationRequired('The connection has a different role now')
  if (expected && expected.roleId !== verified.roleId)
    throw verificationRequired('The role was deleted and created again')
  return { connection, verified }
}

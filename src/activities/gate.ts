import { lockConnection } from '../db/connections.ts'
import type { Trx } from '../db/database.ts'
import type { ConnectionRow } from '../db/schema.ts'
import { lockVerification, type VerifiedRole, verifiedRole } from '../db/verifications.ts'
import type { ConnectionRef } from '../workflows/state.ts'
import { connectionChanged, verificationRequired } from './errors.ts'

/**
 * The gate of the import. Called first in each transaction that claims regions, stores a page or
 * records what an import did: the connection is to be imported, and the standing verdict on its
 * role is passed and young enough. The locks keep it so until the transaction ends; a PATCH or a
 * verdict in between waits, or was first and makes this one roll back.
 *
 * @param options.verified what the import relies on since it began: the verdict must still be on
 *   this revision and this role id. Left out where an import begins.
 * @param options.lock `update` before rows of the connection, or several of its coverage, change
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
    throw verificationRequired('The connection has another role now')
  if (expected && expected.roleId !== verified.roleId)
    throw verificationRequired('The role was deleted and created again')
  return { connection, verified }
}

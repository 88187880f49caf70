import { countConnections, lockConnections } from '../../db/connections.ts'
import type { Trx } from '../../db/database.ts'
import { Problem } from '../problems.ts'

/**
 * Checks the organization's quota. Call it in the transaction that inserts the connections: until
 * that transaction ends, no other transaction inserts connections of the organization.
 *
 * @param adding how many connections are about to be inserted
 * @param most the maximum number of connections: CAIRN_MAX_CONNECTIONS
 * @throws Problem 409 if the quota would be exceeded
 */
export async function requireConnectionQuota(
  trx: Trx,
  organizationId: string,
  { adding, most }: { adding: number; most: number },
): Promise<void> {
  await lockConnections(trx, organizationId)
  const { all, deleting } = await countConnections(trx)
  if (all + adding <= most) return
  const some = (count: number) => (count === 1 ? '1 connection' : `${count} connections`)
  const unfinished =
    deleting > 0
      ? `, ${deleting} of which ${deleting === 1 ? 'is' : 'are'} still being deleted`
      : ''
  throw new Problem(
    409,
    `The organization has ${some(all)}${unfinished}. Adding ${adding} would exceed ` +
      `the limit of ${most}. Delete connections, or ask the operator of this Cairn installation to raise CAIRN_MAX_CONNECTIONS.`,
  )
}

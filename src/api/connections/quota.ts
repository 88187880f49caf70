import { countConnections, lockConnections } from '../../db/connections.ts'
import type { Trx } from '../../db/database.ts'
import { Problem } from '../problems.ts'

/**
 * Checks the organization's quota. Call it in the transaction that inserts connections or reopens a
 * deleted one: until that transaction ends, no other transaction does so in the organization.
 *
 * @param adding how many connections are about to be inserted or reopened
 * @param most the maximum number of connections: CAIRN_MAX_CONNECTIONS
 * @param what for the error: what would exceed the quota. Default: `Adding 2`
 * @throws Problem 409 if the quota would be exceeded
 */
export async function requireConnectionQuota(
  trx: Trx,
  organizationId: string,
  options: { adding: number; most: number; what?: string },
): Promise<void> {
  const { adding, most, what = `Adding ${adding}` } = options
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
    `The organization has ${some(all)}${unfinished}. ${what} would exceed ` +
      `the limit of ${most}. Delete connections, or ask the operator of this Cairn installation to raise CAIRN_MAX_CONNECTIONS.`,
  )
}

import { hashPassword } from 'better-auth/crypto'
import type { Database, Trx } from '../db/database.ts'
import { lockMembers } from '../db/members.ts'
import { OrganizationQueue } from '../db/organization-queue.ts'

/** Anyone with a link can use it, on connections that authenticate the requests of everyone. */
const queue = new OrganizationQueue({ running: 1, waiting: 20, waitMs: 30_000 })

/**
 * Hashes a password, then runs `work` in a transaction with the lock of the organization's members.
 * In this process, an organization does that once at a time: it neither occupies the connections
 * with transactions that wait for the lock, nor a connection while the password is hashed.
 *
 * @param system pool of the role `cairn_system`
 * @throws OrganizationBusy if too many wait, or for too long; what `work` throws
 */
export function inMemberQueue<T>(
  system: Database,
  organizationId: string,
  password: string,
  work: (trx: Trx, passwordHash: string) => Promise<T>,
): Promise<T> {
  return queue.run(organizationId, undefined, async () => {
    const passwordHash = await hashPassword(password)
    return system.transaction().execute(async (trx) => {
      await lockMembers(trx, organizationId)
      return work(trx, passwordHash)
    })
  })
}

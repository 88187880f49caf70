import type { FastifyBaseLogger } from 'fastify'
import { isImporting } from '../../connections/status.ts'
import { listConnections } from '../../db/connections.ts'
import { asOrganization } from '../../db/database.ts'
import { coalesce } from '../coalesce.ts'
import type { ApiContext } from '../context.ts'

/** More connections than this are asked at their next poll, at the short interval. */
const MAX_CONNECTIONS = 50

/**
 * Returns a function that imports from all connections of an organization now, because the newest
 * changes matter most. It does not wait. If it fails, the next poll comes soon: open incidents
 * shorten the interval of quiet regions, see `claimDue`.
 *
 * An organization has one such import at a time in each process. Calls while it runs lead to one
 * more after it.
 */
export function createImportAll(
  { database, workflows }: Pick<ApiContext, 'database' | 'workflows'>,
  log: FastifyBaseLogger,
): (organizationId: string) => void {
  const importAll = async (organizationId: string) => {
    const rows = await asOrganization(database, organizationId, (trx) => listConnections(trx))
    const active = rows
      .filter((row) => isImporting(row.status))
      .filter((row) => row.deleted_at === null && !row.paused)
      .slice(0, MAX_CONNECTIONS)
    const imports = await Promise.allSettled(
      active.map(({ id, name, account_id }) =>
        workflows.importNow({ organizationId, connectionId: id, name, accountId: account_id }),
      ),
    )
    const failed = imports.find(({ status }) => status === 'rejected')
    if (failed) throw (failed as PromiseRejectedResult).reason
  }
  return coalesce((organizationId) =>
    importAll(organizationId).catch((error) =>
      log.info(
        { organizationId, reason: String(error) },
        'Not all connections could be imported for an incident',
      ),
    ),
  )
}

import type { FastifyBaseLogger } from 'fastify'
import { isImporting } from '../../connections/status.ts'
import { listConnections } from '../../db/connections.ts'
import { asOrganization } from '../../db/database.ts'
import type { ApiContext } from '../context.ts'

/** More connections than this are asked at their next poll, at the short interval. */
const MAX_CONNECTIONS = 50

/**
 * Imports from all connections now, because the newest changes matter most. Does not wait. If it
 * fails, the next poll comes soon: open incidents shorten the interval of quiet regions, see
 * `claimDue`.
 */
export function importAllNow(
  { database, workflows }: Pick<ApiContext, 'database' | 'workflows'>,
  organizationId: string,
  log: FastifyBaseLogger,
): void {
  const importAll = async () => {
    const rows = await asOrganization(database, organizationId, (trx) => listConnections(trx))
    const active = rows
      .filter((row) => isImporting(row.status))
      .filter((row) => row.deleted_at === null && !row.paused)
      .slice(0, MAX_CONNECTIONS)
    await Promise.all(
      active.map(({ id, name, account_id }) =>
        workflows.importNow({ organizationId, connectionId: id, name, accountId: account_id }),
      ),
    )
  }
  importAll().catch((error) =>
    log.info({ reason: String(error) }, 'Not all connections could be imported for an incident'),
  )
}

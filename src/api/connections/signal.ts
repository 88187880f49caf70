import { asOrganization } from '../../db/database.ts'
import type { ConnectionRow } from '../../db/schema/connections.ts'
import { hasToSignal, unclaimSignals } from '../../db/signals.ts'
import type { ApiContext } from '../context.ts'

/**
 * Signals the workflow that the row has changed, unless an earlier signal is still unread: then the
 * workflow will read this version. Never throws.
 */
export async function signalChange(
  { database, workflows }: Pick<ApiContext, 'database' | 'workflows'>,
  row: ConnectionRow,
): Promise<void> {
  if (!hasToSignal(row)) return
  const sent = await workflows.changed({
    organizationId: row.organization_id,
    connectionId: row.id,
    name: row.name,
    accountId: row.account_id,
  })
  if (sent) return
  // Lets the reconciler send the signal soon. If this fails too, it sends the signal a little later.
  await asOrganization(database, row.organization_id, (trx) => unclaimSignals(trx, [row.id])).catch(
    () => {},
  )
}

import { removal } from '../../aws/documents/role.ts'
import { partitionOf } from '../../aws/regions.ts'
import { parseRoleArn } from '../../aws/role-arn.ts'
import { liveEdges } from '../../db/complete-range.ts'
import { shownStatus } from '../../db/connection-status.ts'
import type { Trx } from '../../db/database.ts'
import { defaultEnvironments } from '../../db/environment-links.ts'
import type { ConnectionRow } from '../../db/schema/connections.ts'
import type { Workflows } from '../../temporal/workflows.ts'

type WorkflowPages = Pick<Workflows, 'uiUrl'>

/** A connection with its data from other tables. */
export async function readShown(trx: Trx, row: ConnectionRow, workflows: WorkflowPages) {
  const edges = await liveEdges(trx, row.id)
  const environments = await defaultEnvironments(trx, row.id)
  return toConnection(row, workflows, {
    environmentId: environments.get(row.id),
    completeThrough: edges.get(row.id),
  })
}

/** @param beside data from other tables; omitted values are null in the response */
export function toConnection(
  row: ConnectionRow,
  workflows: WorkflowPages,
  beside: { environmentId?: string | null; completeThrough?: Date | null } = {},
) {
  return {
    id: row.id,
    name: row.name,
    externalId: row.external_id,
    roleArn: row.role_arn,
    accountId: row.account_id,
    partition: row.partition,
    ...shownStatus(row, new Date()),
    environmentId: beside.environmentId ?? null,
    selection: row.selection,
    lookbackDays: row.lookback_days,
    pollIntervalSeconds: row.poll_interval_seconds,
    completeThrough: beside.completeThrough?.toISOString() ?? null,
    nextPollAt: row.next_poll_at?.toISOString() ?? null,
    workflowUrl: workflows.uiUrl({ organizationId: row.organization_id, connectionId: row.id }),
    createdAt: row.created_at.toISOString(),
  }
}

/** How to delete the role in the customer's account; null if the connection has no role. */
export function cleanUp(row: ConnectionRow) {
  const role = row.role_arn === null ? undefined : parseRoleArn(row.role_arn)
  if (!role || 'problem' in role) return null
  return {
    means: `The role ${role.arn} still exists in account ${role.accountId} and trusts Cairn. Cairn no longer uses it. Delete it with the tool that created it.`,
    ways: removal({ name: role.name, region: partitionOf(role.partition).globalRegion }),
  }
}

import { z } from 'zod'
import { usualName } from '../../aws/documents/role.ts'
import { externalIdMap } from '../../aws/documents/terraform.ts'
import { connectedAccounts, insertConnection } from '../../db/connections.ts'
import { asOrganization } from '../../db/database.ts'
import type { ConnectionRow } from '../../db/schema/connections.ts'
import type { ApiContext, App } from '../context.ts'
import { refuseAbsentEnvironment } from '../environments.ts'
import { newExternalId } from '../external-id.ts'
import { jsonResponse, Problem, problems } from '../problems.ts'
import { requireConnectionQuota } from './quota.ts'
import { connectionSchema, settings } from './schema.ts'
import { toConnection } from './serialize.ts'
import { roleNameSchema, rolePathSchema } from './setup-schema.ts'
import { accountsInUse, isAccountTaken, refuseOwnRole } from './update.ts'

const MAX_ACCOUNTS = 1_000
/** How many workflows are signalled in parallel. */
const SIGNALS_AT_ONCE = 20

const bulkSchema = z
  .strictObject({
    accountIds: z
      .array(z.string().regex(/^\d{12}$/, 'An account ID has 12 digits.'))
      .min(1)
      .max(MAX_ACCOUNTS)
      .refine((ids) => new Set(ids).size === ids.length, 'An account ID is listed twice.')
      .meta({
        description:
          'One connection is created for each account ID, with the account ID as its name.',
      }),
    roleName: roleNameSchema.default(usualName).meta({
      description: 'The name of the role, the same in all accounts.',
    }),
    rolePath: rolePathSchema.default('/'),
    environmentId: settings.environmentId.optional(),
    lookbackDays: settings.lookbackDays.default(7),
    pollIntervalSeconds: settings.pollIntervalSeconds.default(60),
    selection: settings.selection.default('changes'),
  })
  .meta({
    id: 'NewConnections',
    examples: [{ accountIds: ['111122223333', '444455556666'], roleName: 'cairn-read-only' }],
  })

const madeSchema = z
  .object({
    items: z.array(connectionSchema),
    externalIds: z.record(z.string(), z.string()).meta({
      description:
        'External IDs by account ID, for `terraform.tfvars.json`, StackSets and scripts.',
    }),
    terraform: z.string().meta({ description: 'The same map in HCL, for `for_each`.' }),
  })
  .meta({
    id: 'CreatedConnections',
    examples: [
      {
        items: [],
        externalIds: { '111122223333': 'cairn-Kq7mWz3RtYb9XcVnPd5sJh2G' },
        terraform: externalIdMap({ '111122223333': 'cairn-Kq7mWz3RtYb9XcVnPd5sJh2G' }),
      },
    ],
  })

/** The route that connects many accounts at once. */
export function bulkConnectionRoutes(app: App, context: ApiContext): void {
  const { database, workflows, principal, maxConnections } = context
  app.post(
    '/connections/bulk',
    {
      schema: {
        tags: ['connections'],
        operationId: 'createConnections',
        summary: 'Create connections for multiple accounts',
        description:
          'Creates all connections or none. Each has its own external ID and the ARN of its future role. Cairn retries each role until it exists.',
        body: bulkSchema,
        response: {
          201: jsonResponse('The created connections, and their external IDs.', madeSchema),
          ...problems(401, 409, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const { organizationId, body } = request
      const { accountIds, roleName, rolePath, ...wanted } = body
      const atItsPlace = <T extends { account_id: string | null }>(account: T) => ({
        ...account,
        pointer: `/accountIds/${accountIds.indexOf(account.account_id!)}`,
      })
      const known = await principal()
      const partition = known.partition ?? 'aws'
      const roles = accountIds.map((accountId) => ({
        arn: `arn:${partition}:iam::${accountId}:role${rolePath}${roleName}`,
        accountId,
        partition,
      }))
      for (const [index, role] of roles.entries())
        refuseOwnRole(role.arn, known, `/accountIds/${index}`)

      const rows = await asOrganization(database, organizationId, async (trx) => {
        const connected = await connectedAccounts(trx, accountIds)
        // Checked before the quota: the connected accounts are the more helpful error.
        if (connected.length > 0) throw accountsInUse(connected.map(atItsPlace))
        const quota = { adding: accountIds.length, most: maxConnections }
        await requireConnectionQuota(trx, organizationId, quota)
        const rows: ConnectionRow[] = []
        for (const role of roles) {
          const of = { organizationId, name: role.accountId, externalId: newExternalId(), role }
          rows.push(await insertConnection(trx, { ...wanted, ...of }))
        }
        return rows
      }).catch((error) => {
        if (!isAccountTaken(error)) return refuseAbsentEnvironment(error)
        throw new Problem(
          409,
          'One of the accounts was connected at the same time. List the connections, then retry.',
        )
      })
      const unsent = [...rows]
      const signal = async () => {
        for (let row = unsent.pop(); row; row = unsent.pop()) {
          const sent = await workflows.changed({
            organizationId,
            connectionId: row.id,
            name: row.name,
            accountId: row.account_id,
          })
          // While Temporal is unavailable, each attempt takes its full time, so the reconciler
          // signals the rest.
          if (!sent) unsent.length = 0
        }
      }
      await Promise.all(Array.from({ length: SIGNALS_AT_ONCE }, signal))

      const externalIds = Object.fromEntries(rows.map((row) => [row.account_id!, row.external_id]))
      reply.code(201)
      return {
        items: rows.map((row) =>
          toConnection(row, workflows, { environmentId: body.environmentId }),
        ),
        externalIds,
        terraform: externalIdMap(externalIds),
      }
    },
  )
}

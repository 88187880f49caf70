import { asOrganization, type Trx } from '../../db/database.ts'
import { countDeliveries } from '../../db/delivery-counts.ts'
import { checkRecoveryNow, deleteRecovery, saveRecovery } from '../../db/delivery-recoveries.ts'
import { findIntegration, lockIntegration } from '../../db/integrations.ts'
import type { IntegrationRow } from '../../db/schema/integrations.ts'
import { tokenContext } from '../../integrations/secret-box.ts'
import { coalesceSignals } from '../coalesce.ts'
import type { ApiContext, App } from '../context.ts'
import { requireOwnerOrKey } from '../permissions.ts'
import { found, jsonResponse, Problem, problems } from '../problems.ts'
import { integrationParams, integrationSchema, recoveryBodySchema } from './schema.ts'
import { toIntegration } from './serialize.ts'

const tags = ['integrations']

type Request = Parameters<typeof toIntegration>[1] & {
  organizationId: string
  params: { id: string }
}

/** The routes for the token that finds missed deliveries of GitHub. */
export function recoveryRoutes(app: App, context: ApiContext): void {
  const { database, publicUrl, secrets, workflows } = context
  const signal = coalesceSignals((key) => {
    const [organizationId, integrationId] = key.split('/') as [string, string]
    return workflows.recover({ organizationId, integrationId })
  })

  /**
   * Changes the recovery of an integration, and signals its workflow.
   *
   * @throws Problem 404, also for an integration of another organization; 409 for another kind
   */
  const change = async (
    request: Request,
    work: (trx: Trx, row: IntegrationRow) => Promise<void>,
  ) => {
    const { organizationId } = request
    const row = await found('integration', request.params.id, (id) =>
      asOrganization(database, organizationId, async (trx) => {
        const counts = await countDeliveries(trx, [id])
        const locked = await lockIntegration(trx, id)
        if (!locked) return undefined
        if (locked.kind !== 'github') {
          throw new Problem(409, 'Missed deliveries can be found only for GitHub.')
        }
        await work(trx, locked)
        return findIntegration(trx, id, counts)
      }),
    )
    signal(`${organizationId}/${row.id}`)
    return toIntegration(row, request, publicUrl)
  }

  app.put(
    '/integrations/:id/recovery',
    {
      schema: {
        tags,
        operationId: 'setIntegrationRecovery',
        summary: 'Find missed deliveries',
        description:
          'Sets a token of GitHub with which Cairn finds and fetches deliveries that it has missed, within minutes. The token needs read access to webhooks. It is stored encrypted and never returned. For integrations of the kind `github`. Requires an owner or an API key.',
        params: integrationParams,
        body: recoveryBodySchema,
        response: {
          200: jsonResponse('The integration.', integrationSchema),
          ...problems(401, 403, 404, 409, 422, 503),
        },
      },
    },
    async (request) => {
      requireOwnerOrKey(request)
      const { token, hooksOf } = request.body
      return change(request, async (trx, row) => {
        const encrypted =
          token === undefined ? undefined : secrets.encrypt(token, tokenContext(row.id))
        if (await saveRecovery(trx, row, { hooksOf: [...new Set(hooksOf)], encrypted })) return
        const detail = 'Required, because the integration has no token yet.'
        throw new Problem(422, `The request is not valid. /token: ${detail}`, {
          errors: [{ pointer: '/token', detail }],
        })
      })
    },
  )

  app.delete(
    '/integrations/:id/recovery',
    {
      schema: {
        tags,
        operationId: 'deleteIntegrationRecovery',
        summary: 'Remove the token',
        description:
          'Cairn deletes the token and finds missed deliveries no longer. Requires an owner or an API key.',
        params: integrationParams,
        response: {
          200: jsonResponse('The integration.', integrationSchema),
          ...problems(401, 403, 404, 409, 503),
        },
      },
    },
    async (request) => {
      requireOwnerOrKey(request)
      return change(request, async (trx, row) => {
        await deleteRecovery(trx, row.id)
      })
    },
  )

  app.post(
    '/integrations/:id/recovery/check',
    {
      schema: {
        tags,
        operationId: 'checkIntegrationRecovery',
        summary: 'Check for missed deliveries now',
        description: 'The check runs within seconds; `recovery.checkedAt` shows its end.',
        params: integrationParams,
        response: {
          202: jsonResponse('The integration.', integrationSchema),
          ...problems(401, 404, 409, 422, 503),
        },
      },
    },
    async (request, reply) => {
      const integration = await change(request, async (trx, row) => {
        if (await checkRecoveryNow(trx, row.id)) return
        throw new Problem(409, 'The integration has no token. Set one first.')
      })
      return reply.code(202).send(integration)
    },
  )
}

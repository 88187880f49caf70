import { z } from 'zod'
import { asOrganization, readOrganization, type Trx } from '../../db/database.ts'
import { deleteIntegration } from '../../db/deleted-integrations.ts'
import { countDeliveries } from '../../db/delivery-counts.ts'
import {
  findIntegration,
  insertIntegration,
  listIntegrations,
  lockIntegration,
  newIntegrationId,
  replaceSecret,
  TooManyIntegrations,
  updateIntegration,
} from '../../db/integrations.ts'
import type { IntegrationRow } from '../../db/schema/integrations.ts'
import { type IntegrationKind, REPLACED_SECRET_HOURS } from '../../integrations/integration.ts'
import type { ApiContext, App } from '../context.ts'
import { requireOwnerOrKey } from '../permissions.ts'
import { found, jsonResponse, Problem, problems } from '../problems.ts'
import {
  integrationParams,
  integrationSchema,
  madeIntegrationSchema,
  newIntegrationSchema,
  patchIntegrationSchema,
  rotateSchema,
} from './schema.ts'
import { encryptSecret, newSecret } from './secrets.ts'
import { toIntegration } from './serialize.ts'

const NAMES: Record<IntegrationKind, string> = {
  github: 'GitHub',
  pagerduty: 'PagerDuty',
  alertmanager: 'Alertmanager',
  launchdarkly: 'LaunchDarkly',
}

const tags = ['integrations']

type Request = Parameters<typeof toIntegration>[1] & {
  organizationId: string
  params: { id: string }
}

/** The routes for integrations and their secrets. */
export function integrationRoutes(app: App, context: ApiContext): void {
  const { database, deliveries, publicUrl, secrets } = context

  /** @throws Problem 404, also for an integration of another organization */
  const change = async (
    request: Request,
    work: (trx: Trx, row: IntegrationRow) => Promise<void>,
  ) => {
    const row = await found('integration', request.params.id, (id) =>
      asOrganization(database, request.organizationId, async (trx) => {
        const counts = await countDeliveries(trx, [id])
        const locked = await lockIntegration(trx, id)
        if (!locked) return undefined
        await work(trx, locked)
        return findIntegration(trx, id, counts)
      }),
    )
    return toIntegration(row, request, publicUrl)
  }

  app.get(
    '/integrations',
    {
      schema: {
        tags,
        operationId: 'listIntegrations',
        summary: 'List integrations',
        description: 'In the order of their creation.',
        response: {
          200: jsonResponse('The integrations.', z.object({ items: z.array(integrationSchema) })),
          ...problems(401, 503),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => ({
        items: (await listIntegrations(trx)).map((row) => toIntegration(row, request, publicUrl)),
      })),
  )

  app.post(
    '/integrations',
    {
      schema: {
        tags,
        operationId: 'createIntegration',
        summary: 'Create an integration',
        description:
          'Returns the URL and the secret to set in the system that sends the webhooks. For PagerDuty, set the secret that PagerDuty creates afterwards. Requires an owner or an API key.',
        body: newIntegrationSchema,
        response: {
          201: jsonResponse(
            'The integration. Its secret is returned only once.',
            madeIntegrationSchema,
          ),
          ...problems(401, 403, 409, 422, 503),
        },
      },
    },
    async (request, reply) => {
      requireOwnerOrKey(request)
      const { organizationId, body } = request
      const { kind, settings = {}, name = NAMES[kind] } = body
      const secret = newSecret()
      const row = await asOrganization(database, organizationId, async (trx) => {
        const id = await newIntegrationId(trx)
        const encrypted = encryptSecret(secrets, { kind, id, secret })
        await insertIntegration(trx, organizationId, {
          id,
          kind,
          name,
          settings,
          secret: encrypted,
        })
        return findIntegration(trx, id)
      }).catch((error) => {
        if (!(error instanceof TooManyIntegrations)) throw error
        throw new Problem(409, `${error.message}, which is the limit. Delete one first.`)
      })
      reply.code(201).header('location', `/api/v1/integrations/${row!.id}`)
      return { ...toIntegration(row!, request, publicUrl), secret }
    },
  )

  app.get(
    '/integrations/:id',
    {
      schema: {
        tags,
        operationId: 'getIntegration',
        summary: 'Get an integration',
        description: 'Its secrets are not returned.',
        params: integrationParams,
        response: {
          200: jsonResponse('The integration.', integrationSchema),
          ...problems(401, 404, 503),
        },
      },
    },
    async (request) => {
      const row = await found('integration', request.params.id, (id) =>
        readOrganization(database, request, (trx) => findIntegration(trx, id)),
      )
      return toIntegration(row, request, publicUrl)
    },
  )

  app.patch(
    '/integrations/:id',
    {
      schema: {
        tags,
        operationId: 'updateIntegration',
        summary: 'Update an integration',
        description: 'Omitted fields keep their values. Requires an owner or an API key.',
        params: integrationParams,
        body: patchIntegrationSchema,
        response: {
          200: jsonResponse('The updated integration.', integrationSchema),
          ...problems(401, 403, 404, 422, 503),
        },
      },
    },
    async (request) => {
      requireOwnerOrKey(request)
      const { secret, name, settings } = request.body
      return change(request, async (trx, row) => {
        await updateIntegration(trx, row.id, { name, settings })
        if (secret === undefined) return
        const encrypted = encryptSecret(secrets, { kind: row.kind, id: row.id, secret })
        await replaceSecret(trx, row, { secret: encrypted, oldValidHours: REPLACED_SECRET_HOURS })
      })
    },
  )

  app.delete(
    '/integrations/:id',
    {
      schema: {
        tags,
        operationId: 'deleteIntegration',
        summary: 'Delete an integration',
        description:
          'Its URL stops working immediately, and its deliveries are deleted in the background. Changes and incidents are kept. Requires an owner or an API key.',
        params: integrationParams,
        response: {
          200: jsonResponse('The deleted integration.', integrationSchema),
          ...problems(401, 403, 404, 503),
        },
      },
    },
    async (request) => {
      requireOwnerOrKey(request)
      const row = await found('integration', request.params.id, (id) =>
        asOrganization(database, request.organizationId, async (trx) => {
          const deleted = await findIntegration(trx, id)
          return deleted && (await deleteIntegration(trx, id)) ? deleted : undefined
        }),
      )
      // Removes its deliveries. If Temporal is unavailable, workers signal it later.
      deliveries.signal(request.organizationId)
      return toIntegration(row, request, publicUrl)
    },
  )

  app.post(
    '/integrations/:id/rotate-secret',
    {
      schema: {
        tags,
        operationId: 'rotateIntegrationSecret',
        summary: 'Create another secret',
        description: `Both secrets are valid for ${REPLACED_SECRET_HOURS} hours, or until the next rotation. Requires an owner or an API key.`,
        params: integrationParams,
        body: rotateSchema,
        response: {
          200: jsonResponse(
            'The integration. Its secret is returned only once.',
            madeIntegrationSchema,
          ),
          ...problems(401, 403, 404, 422, 503),
        },
      },
    },
    async (request) => {
      requireOwnerOrKey(request)
      const secret = newSecret()
      const oldValidHours = request.body.revokeOld ? 0 : REPLACED_SECRET_HOURS
      const integration = await change(request, (trx, row) => {
        const encrypted = encryptSecret(secrets, { kind: row.kind, id: row.id, secret })
        return replaceSecret(trx, row, { secret: encrypted, oldValidHours })
      })
      return { ...integration, secret }
    },
  )
}

import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { asOrganization, readOrganization } from '../../db/database.ts'
import {
  findDelivery,
  findDeliverySize,
  listDeliveries,
  replayDelivery,
} from '../../db/deliveries.ts'
import { currentSecret, findIntegration } from '../../db/integrations.ts'
import { readDelivery } from '../../integrations/arrival.ts'
import type { IntegrationKind } from '../../integrations/integration.ts'
import { type SecretBox, SecretUnreadable } from '../../integrations/secret-box.ts'
import { isSigned, signatureHeaders } from '../../integrations/signature.ts'
import { testDelivery } from '../../integrations/test-delivery.ts'
import type { ApiContext, App } from '../context.ts'
import { readIdCursor, writeIdCursor } from '../id-cursor.ts'
import { found, jsonResponse, notFound, Problem, problems } from '../problems.ts'
import {
  deliveryPageQuery,
  deliveryPageSchema,
  deliveryParams,
  deliveryWithBodySchema,
  integrationParams,
} from './schema.ts'
import { SHOWN_BODY_BYTES, toDelivery, toDeliveryWithBody } from './serialize.ts'

const tags = ['integrations']

/** The routes for the delivery log. */
export function deliveryRoutes(app: App, context: ApiContext): void {
  const { database, deliveries, deliveryLimits, secrets } = context

  app.get(
    '/integrations/:id/deliveries',
    {
      schema: {
        tags,
        operationId: 'listDeliveries',
        summary: 'List deliveries, newest first',
        description: 'Lists correctly signed deliveries. Others are refused and not stored.',
        params: integrationParams,
        querystring: deliveryPageQuery,
        response: {
          200: jsonResponse('A page of deliveries.', deliveryPageSchema),
          ...problems(401, 404, 422, 503),
        },
      },
    },
    (request) =>
      found('integration', request.params.id, (id) =>
        readOrganization(database, request, async (trx) => {
          if (!(await findIntegration(trx, id))) return undefined
          const { limit, cursor, state } = request.query
          const before = cursor === undefined ? undefined : readIdCursor(cursor)
          const { items, hasMore } = await listDeliveries(trx, id, { limit, before, state })
          const last = hasMore ? items.at(-1) : undefined
          return {
            items: items.map(toDelivery),
            nextCursor: last ? writeIdCursor(last.id) : null,
          }
        }),
      ),
  )

  app.get(
    '/integrations/:id/deliveries/:deliveryId',
    {
      schema: {
        tags,
        operationId: 'getDelivery',
        summary: 'Get a delivery',
        description: 'Includes its body and the relevant headers.',
        params: deliveryParams,
        response: {
          200: jsonResponse('The delivery.', deliveryWithBodySchema),
          ...problems(401, 404, 503),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => {
        const { id, deliveryId } = request.params
        await found('integration', id, () => findIntegration(trx, id))
        return toDeliveryWithBody(
          await found('delivery', deliveryId, () =>
            findDelivery(trx, id, deliveryId, { maxBytes: SHOWN_BODY_BYTES }),
          ),
        )
      }),
  )

  app.post(
    '/integrations/:id/deliveries/:deliveryId/replay',
    {
      schema: {
        tags,
        operationId: 'replayDelivery',
        summary: 'Translate a delivery again',
        description:
          'Translates the stored body again. Changes that exist already are not stored twice. Counts as a delivery for the limits of deliveries.',
        params: deliveryParams,
        response: {
          202: jsonResponse(
            'The delivery, which is translated within seconds.',
            deliveryWithBodySchema,
          ),
          ...problems(401, 404, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { organizationId } = request
      const { id, deliveryId } = request.params
      const row = await asOrganization(database, organizationId, async (trx) => {
        const integration = await found('integration', id, () => findIntegration(trx, id))
        const { bytes } = await found('delivery', deliveryId, () =>
          findDeliverySize(trx, id, deliveryId),
        )
        deliveryLimits.count({ id: integration.id, organizationId }, bytes)
        await found('delivery', deliveryId, () => replayDelivery(trx, id, deliveryId))
        return findDelivery(trx, id, deliveryId, { maxBytes: SHOWN_BODY_BYTES })
      })
      deliveries.signal(organizationId)
      reply.code(202)
      return toDeliveryWithBody(row!)
    },
  )

  app.post(
    '/integrations/:id/test',
    {
      schema: {
        tags,
        operationId: 'sendTestDelivery',
        summary: 'Send a test delivery',
        description:
          'Signs a delivery with the secret of the integration and receives it like a delivery of the sender, also for the limits of deliveries. It appears in the delivery log and creates no change and no incident.',
        params: integrationParams,
        response: {
          202: jsonResponse(
            'The test delivery is stored. Its ID in the log is `deliveryId`.',
            z.object({ deliveryId: z.string() }),
          ),
          ...problems(401, 404, 409, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { organizationId } = request
      const receiver = await found('integration', request.params.id, (id) =>
        readOrganization(database, request, async (trx) => {
          const row = await findIntegration(trx, id)
          return row && { id: row.id, kind: row.kind, encrypted: await currentSecret(trx, id) }
        }),
      )
      const { id, kind, encrypted } = receiver
      const { headers, body } = testDelivery(kind, { id: randomUUID(), now: new Date() })
      // Of a bearer token, only the hash is known, so there is nothing to verify.
      if (encrypted) verifySigning(secrets, { id, kind, encrypted, body })
      const parts = readDelivery(kind, { headers, body })
      deliveryLimits.count({ id, organizationId }, body.length)
      const arrival = { integrationId: id, ...parts, body, isTest: true }
      if (!(await deliveries.store(organizationId, arrival))) throw notFound('integration')
      reply.code(202)
      return { deliveryId: parts.deliveryId }
    },
  )
}

/**
 * Signs a body with the stored secret, and verifies it as for a delivery.
 *
 * @throws Problem 409 if the secret cannot be decrypted
 */
function verifySigning(
  box: SecretBox,
  receiver: { id: string; kind: IntegrationKind; encrypted: Buffer; body: Buffer },
): void {
  const { id, kind, encrypted, body } = receiver
  try {
    const secret = box.decrypt(encrypted, id)
    const headers = signatureHeaders(kind, { secret, body })
    if (isSigned(kind, { headers, body, secrets: [{ secret }] })) return
  } catch (error) {
    if (!(error instanceof SecretUnreadable)) throw error
  }
  throw new Problem(
    409,
    'The secret cannot be decrypted, because CAIRN_SECRET_KEY has changed. Restore the key, or rotate the secret.',
  )
}

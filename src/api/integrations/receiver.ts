import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { findReceivingIntegration, type ReceivingIntegration } from '../../db/integrations.ts'
import { readDelivery } from '../../integrations/arrival.ts'
import { SecretUnreadable } from '../../integrations/secret-box.ts'
import {
  CREDENTIAL_HEADERS,
  type Headers,
  isSigned,
  type StoredSecret,
} from '../../integrations/signature.ts'
import type { ApiContext, App } from '../context.ts'
import { ClientDisconnected } from '../errors.ts'
import { notFound, Problem } from '../problems.ts'
import { recordRefusals } from '../refusals.ts'
import { createDeliveryLimits } from './limits.ts'

/**
 * GitHub sends at most 25 MB, and does not send larger ones.
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
 */
export const DELIVERY_LIMIT_BYTES = 25 * 1024 * 1024

declare module 'fastify' {
  interface FastifyRequest {
    /** The integration that a delivery is for; set on routes under /webhooks. */
    receiver: ReceivingIntegration | null
    /** As sent, even if it is not a media type; set on routes under /webhooks. */
    contentType: string | undefined
  }
}

/**
 * `POST /webhooks/:integrationId` receives deliveries, outside the API: their senders have no key,
 * and sign them. A correctly signed delivery is stored and accepted with any content, because
 * GitHub does not send it again, and PagerDuty disables webhooks that are refused.
 */
export async function webhookRoutes(routes: App, context: ApiContext): Promise<void> {
  const { deliveries, secrets } = context
  const findShared = shareLookups((id) => findReceivingIntegration(context.system, id))
  const limits = context.deliveryLimits ?? createDeliveryLimits()

  routes.decorateRequest('receiver', null)
  routes.decorateRequest('contentType', undefined)
  recordRefusals(routes, context.database, async ({ receiver }) =>
    receiver ? { organizationId: receiver.organizationId, integrationId: receiver.id } : undefined,
  )
  // Bodies are kept as bytes, which the signature is of.
  routes.removeAllContentTypeParsers()
  routes.addContentTypeParser(
    '*',
    { parseAs: 'buffer' },
    async (_request: unknown, body: Buffer) => {
      return body
    },
  )
  routes.addHook('onRequest', async (request, reply) => {
    const { integrationId = '' } = request.params as { integrationId?: string }
    const isId = z.uuid().safeParse(integrationId).success
    const receiver = isId ? await findShared(integrationId) : undefined
    // Before the body is read.
    if (!receiver) throw notFound('integration')
    // A request that ended meanwhile is not closed again, and would keep its reservation.
    if (reply.raw.destroyed || request.raw.socket.destroyed) throw new ClientDisconnected()
    request.receiver = receiver
    const release = limits.reserve(receiver.id, expectedBytes(request))
    reply.raw.once('close', release)
    // Fastify would refuse what is not a media type, but a signed delivery is accepted.
    request.contentType = request.headers['content-type']
    request.headers['content-type'] = 'application/octet-stream'
  })

  routes.post(
    '/:integrationId',
    { bodyLimit: DELIVERY_LIMIT_BYTES, schema: { hide: true } },
    async (request, reply) => {
      const receiver = request.receiver!
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      const headers = { ...request.headers, 'content-type': request.contentType }
      const decrypted = decryptSecrets(receiver, request)
      if (!isSigned(receiver.kind, { headers, body, secrets: decrypted }))
        throw wrongSignature(headers)
      limits.count(receiver.id)
      const isStored = await deliveries.store(receiver.organizationId, {
        integrationId: receiver.id,
        ...readDelivery(receiver.kind, { headers, body }),
        body,
        isTest: false,
      })
      if (!isStored) throw notFound('integration')
      return reply.code(202).send()
    },
  )

  function decryptSecrets(receiver: ReceivingIntegration, request: FastifyRequest): StoredSecret[] {
    return receiver.secrets.flatMap((each): StoredSecret[] => {
      if ('tokenHash' in each) return [each]
      try {
        return [{ secret: secrets.decrypt(each.encrypted, receiver.id) }]
      } catch (error) {
        if (!(error instanceof SecretUnreadable)) throw error
        request.log.error(
          { integrationId: receiver.id, reason: error.message },
          'The secret of an integration cannot be decrypted: check CAIRN_SECRET_KEY',
        )
        return []
      }
    })
  }
}

/** What the request announces; the limit if it does not. */
function expectedBytes({ headers }: FastifyRequest): number {
  const length = Number(headers['content-length'] ?? DELIVERY_LIMIT_BYTES)
  return Number.isFinite(length) ? Math.min(length, DELIVERY_LIMIT_BYTES) : DELIVERY_LIMIT_BYTES
}

function wrongSignature(headers: Headers): Problem {
  const isUnsigned = CREDENTIAL_HEADERS.every((name) => headers[name] === undefined)
  return new Problem(
    401,
    isUnsigned
      ? "The delivery is not signed. Set the integration's secret in the system that sends it."
      : "The signature does not match. Set the integration's current secret in the system that sends it.",
  )
}

/** Lookups of the same ID that run at the same time share one query: a burst takes few of them. */
function shareLookups<T>(find: (id: string) => Promise<T>): (id: string) => Promise<T> {
  const running = new Map<string, Promise<T>>()
  return (id) => {
    const known = running.get(id)
    if (known) return known
    const found = find(id).finally(() => running.delete(id))
    running.set(id, found)
    return found
  }
}

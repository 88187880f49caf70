import type { FastifyRequest } from 'fastify'
import { findReceivingIntegration, type ReceivingIntegration } from '../../db/integrations.ts'
import { readDelivery } from '../../integrations/arrival.ts'
import { SecretUnreadable } from '../../integrations/secret-box.ts'
import {
  CREDENTIAL_HEADERS,
  canBeSigned,
  type Headers,
  isSigned,
  type StoredSecret,
} from '../../integrations/signature.ts'
import { readBody } from '../bodies/read.ts'
import type { ApiContext, App } from '../context.ts'
import { idInput } from '../ids.ts'
import { limitGuesses } from '../limit-guesses.ts'
import { notFound, Problem } from '../problems.ts'
import { recordRefusals } from '../refusals.ts'

/**
 * GitHub sends at most 25 MB, and does not send larger ones.
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
 */
export const DELIVERY_LIMIT_BYTES = 25 * 1024 * 1024

declare module 'fastify' {
  interface FastifyRequest {
    /** The integration that a delivery is for; set on routes under /webhooks. */
    receiver: ReceivingIntegration | null
    /** The receiver's secrets, decrypted; set on routes under /webhooks. */
    receiverSecrets: StoredSecret[]
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
  const { deliveries, deliveryLimits, secrets } = context
  const findIntegration = limitGuesses({
    find: shareLookups((id) => findReceivingIntegration(context.system, id)),
    reason: 'Too many unknown integrations from this address at the same time',
  })

  routes.decorateRequest('receiver', null)
  routes.decorateRequest('receiverSecrets')
  routes.decorateRequest('contentType', undefined)
  recordRefusals(routes, context.database, async ({ receiver }) =>
    receiver ? { organizationId: receiver.organizationId, integrationId: receiver.id } : undefined,
  )
  // Bodies are kept as bytes, which the signature is of.
  routes.addContentTypeParser('*', readBody)
  routes.addHook('onRequest', async (request) => {
    const { integrationId = '' } = request.params as { integrationId?: string }
    const id = idInput().safeParse(integrationId)
    const receiver = id.success ? await findIntegration(request.ip, id.data) : undefined
    // Before the body is read.
    if (!receiver) throw notFound('integration')
    request.receiver = receiver
    const secrets = decryptSecrets(receiver, request)
    const { headers } = request
    if (!canBeSigned(receiver.kind, { headers, secrets })) throw wrongSignature(headers)
    request.receiverSecrets = secrets
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
      if (!isSigned(receiver.kind, { headers, body, secrets: request.receiverSecrets }))
        throw wrongSignature(headers)
      deliveryLimits.count(receiver, body.length)
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

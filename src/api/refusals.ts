import type { FastifyRequest } from 'fastify'
import { asOrganization, type Database } from '../db/database.ts'
import { recordRefusal } from '../db/refusals.ts'
import type { Refusal } from '../incidents/completeness.ts'
import type { App } from './context.ts'

/**
 * At most one refusal per integration and reason is recorded in this time: anyone who knows the URL
 * can cause them.
 */
const PAUSE_MS = 10_000
/** Maximum number of remembered pairs of integration and reason. */
const MAX_REMEMBERED = 10_000

const REASONS = new Map<number, Refusal>([
  [400, 'invalid'],
  [401, 'signature'],
  [413, 'too_large'],
  [415, 'invalid'],
  [422, 'invalid'],
  [429, 'throttled'],
])

/** The organization and integration that a request belongs to. */
interface Addressee {
  organizationId: string
  /** Null: reports of pipelines. */
  integrationId: string | null
}

/**
 * Records what the receivers of this scope refuse, for the integration's card and the completeness
 * of incidents: many senders do not repeat a delivery, and their logs are rarely read.
 *
 * @param addresseeOf undefined if the request does not identify an organization
 * @param now Unix milliseconds
 */
export function recordRefusals(
  routes: App,
  database: Database,
  addresseeOf: (request: FastifyRequest, status: number) => Promise<Addressee | undefined>,
  now: () => number = Date.now,
): void {
  const noted = new Map<string, number>()
  routes.addHook('onResponse', async (request, { statusCode }) => {
    const reason = REASONS.get(statusCode)
    if (reason === undefined) return
    try {
      const addressee = await addresseeOf(request, statusCode)
      if (!addressee) return
      const { organizationId, integrationId } = addressee
      const key = `${organizationId}/${integrationId}/${reason}`
      const time = now()
      if (time - (noted.get(key) ?? Number.NEGATIVE_INFINITY) < PAUSE_MS) return
      if (noted.size >= MAX_REMEMBERED) noted.clear()
      noted.set(key, time)
      await asOrganization(database, organizationId, (trx) =>
        recordRefusal(trx, { organizationId, integrationId, reason, at: new Date(time) }),
      )
    } catch (error) {
      request.log.warn({ err: error }, 'Failed to record a refusal')
    }
  })
}

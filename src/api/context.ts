import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { People } from '../auth/people.ts'
import type { Role } from '../auth/roles.ts'
import type { Database } from '../db/database.ts'
import type { User } from '../db/members.ts'
import type { Notifications } from '../db/notifications.ts'
import type { Principal } from '../db/worker-principals.ts'
import type { SecretBox } from '../integrations/secret-box.ts'
import type { Workflows } from '../temporal/workflows.ts'
import type { ByteBudget } from './bodies/budget.ts'
import type { BodyMemory } from './bodies/memory.ts'
import type { DeliveryWriter } from './integrations/delivery-writer.ts'
import type { DeliveryLimits } from './integrations/limits.ts'

/** The dependencies of the routes. */
export interface ApiContext {
  /** Pool of the role `cairn_api`. */
  database: Database
  /**
   * Pool of the role `cairn_system`: looks up keys and sessions before an organization is known.
   */
  system: Database
  workflows: Workflows
  /** Notifications from the database. */
  notifications: Notifications
  /** The principal that customers' trust policies must name, as far as Cairn knows it. */
  principal(): Promise<Principal>
  /** The URL of the published CloudFormation template. */
  templateUrl: string | undefined
  /** The maximum number of connections per organization. */
  maxConnections: number
  /** The public URL of this Cairn, without a trailing slash; undefined: as in the request. */
  publicUrl: string | undefined
  /** Encrypts the secrets of integrations. */
  secrets: SecretBox
  /** Stores the deliveries of webhooks. */
  deliveries: DeliveryWriter
  /** Limits of the deliveries that are received or replayed. */
  deliveryLimits: DeliveryLimits
  /** Limits the memory of request bodies. Default: the production limits. */
  bodyMemory?: BodyMemory | undefined
  /** Limits the JSON that an organization can send. Default: the production limit. */
  jsonBudget?: ByteBudget | undefined
  /** Limits the large records that an organization can read. Default: the production limit. */
  recordBudget?: ByteBudget | undefined
  /** Sessions, passwords, and the links that create accounts. */
  auth: People
  /** The URL of Temporal's UI, if known. */
  temporalUrl?: string | null | undefined
  /** The user that the demo signs in. Set only in code, and only for requests from this machine. */
  demoOwner?: { email: string; password: string } | undefined
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>

declare module 'fastify' {
  interface FastifyRequest {
    /** The organization that the request acts for; set on every route under /api/v1. */
    organizationId: string
    /** Aborts if the client disconnects before the response; set on every route under /api/v1. */
    disconnected: AbortSignal
    /** The signed-in user; null for an API key. */
    user: User | null
    /** The user's role in the organization; null for an API key. */
    role: Role | null
  }
}

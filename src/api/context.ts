import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { People } from '../auth/people.ts'
import type { Role } from '../auth/roles.ts'
import type { Database } from '../db/database.ts'
import type { User } from '../db/members.ts'
import type { Notifications } from '../db/notifications.ts'
import type { Principal } from '../db/worker-principals.ts'
import type { Workflows } from '../temporal/client.ts'

/** What the routes work with. */
export interface ApiContext {
  /** Pool of the role `cairn_api`. */
  database: Database
  /** Pool of the role `cairn_system`: keys, before an organization is known. */
  system: Database
  workflows: Workflows
  /** What happens in the database. */
  notifications: Notifications
  /** Whom customers' trust policies have to name, as far as it is known. */
  principal(): Promise<Principal>
  /** Where the CloudFormation template is published. */
  templateUrl: string | undefined
  /** How many connections an organization can have. */
  maxConnections: number
  /** How people reach this Cairn, without a slash at the end; undefined: as they just did. */
  publicUrl: string | undefined
  /** Sessions, passwords, and the links that make accounts. */
  auth: People
  /** Where people find Temporal's UI, when that is known. */
  temporalUrl?: string | null | undefined
  /** As whom visitors of the demo are signed in. Only ever set in code, and on this machine alone. */
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
    /** Aborts when the client disconnects before it has its answer; set on every route under /api/v1. */
    disconnected: AbortSignal
    /** Who is signed in; null when a key asks. */
    user: User | null
    /** The user's in the organization; null when a key asks. */
    role: Role | null
  }
}

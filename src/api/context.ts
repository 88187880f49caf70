import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Database } from '../db/database.ts'
import type { Workflows } from '../temporal.ts'

/** What the routes work with. */
export interface ApiContext {
  /** Pool of the role `cairn_api`. */
  api: Database
  /** Pool of the role `cairn_system`: keys, before an organization is known. */
  system: Database
  workflows: Workflows
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
    /** The organization that the request's key belongs to; set on every route under /api/v1. */
    organizationId: string
  }
}

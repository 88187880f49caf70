import { type Logger, pino } from 'pino'
import { inject } from 'vitest'
import { createApp } from '../../src/api/app.ts'
import type { ApiContext, App } from '../../src/api/context.ts'
import { type Database, openDatabase } from '../../src/db/database.ts'
import { addApiKey, ensureOrganization, newApiKey } from '../../src/db/organizations.ts'
import { principalReader } from '../../src/db/principals.ts'
import { createWorkflows, type Workflows } from '../../src/temporal.ts'
import { createTestDatabase } from './database.ts'

export interface Answer<Body> {
  status: number
  headers: Record<string, unknown>
  body: Body
}

export interface Tenant {
  id: string
  key: string
  /** One request with this tenant's key. */
  // biome-ignore lint/suspicious/noExplicitAny: each test says what it expects of the body
  request<Body = any>(method: string, url: string, body?: unknown): Promise<Answer<Body>>
}

export interface TestApi {
  app: App
  context: ApiContext
  /** As the worker's login. */
  db: Database
  /** Sees every row. */
  superuser: Database
  workflows: Workflows
  tenant(name: string): Promise<Tenant>
  close(): Promise<void>
}

/** The API on real Postgres as the roles that it has in production, and on the real Temporal. */
export async function createTestApi(
  options: {
    temporalAddress?: string
    logger?: Logger
    /** Whom roles have to trust; null: nobody knows. */
    principalArn?: string | null
    templateUrl?: string
  } = {},
): Promise<TestApi> {
  const { logger = pino({ level: 'silent' }) } = options
  const database = await createTestDatabase()
  const db = openDatabase({ url: database.url })
  const superuser = openDatabase({ url: database.superuserUrl })
  const api = openDatabase({ url: database.url, role: 'cairn_api' })
  const system = openDatabase({ url: database.url, role: 'cairn_system' })
  const address = options.temporalAddress ?? inject('temporalAddress')
  const target = { connection: { address }, namespace: 'default', uiUrl: null }
  const workflows = createWorkflows(target, { logger })
  const { principalArn = 'arn:aws:iam::999988887777:role/cairn', templateUrl } = options
  const principal = principalReader(api, principalArn ?? undefined)
  const context = { api, system, workflows, principal, templateUrl, publicUrl: undefined }
  const app = await createApp(context, { logger })
  return {
    app,
    context,
    db,
    superuser,
    workflows,
    async tenant(name) {
      const { id } = await ensureOrganization(system, name)
      const key = newApiKey()
      await addApiKey(system, id, { name: 'test', key })
      return {
        id,
        key,
        async request(method, url, body) {
          const response = await app.inject({
            method: method as 'GET',
            url,
            headers: { authorization: `Bearer ${key}` },
            ...(body !== undefined && { payload: body as object }),
          })
          return {
            status: response.statusCode,
            headers: response.headers,
            body: (response.body === '' ? undefined : response.json()) as never,
          }
        },
      }
    },
    async close() {
      await app.close()
      await workflows.close()
      await Promise.all([api, system, db, superuser].map((each) => each.destroy()))
      await database.drop()
    },
  }
}

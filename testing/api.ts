import { randomBytes, randomUUID } from 'node:crypto'
import { type Logger, pino } from 'pino'
import { inject } from 'vitest'
import { createApp } from '../src/api/app.ts'
import type { ApiContext, App } from '../src/api/context.ts'
import { openApiDatabases } from '../src/api/databases.ts'
import { createDeliveryWriter } from '../src/api/integrations/delivery-writer.ts'
import { createDeliveryLimits } from '../src/api/integrations/limits.ts'
import { invitationExpiry } from '../src/auth/invitations.ts'
import { openPeople } from '../src/auth/people.ts'
import type { Role } from '../src/auth/roles.ts'
import { type Database, openDatabase } from '../src/db/database.ts'
import { installationId } from '../src/db/installation.ts'
import { insertInvitation, newInvitationToken, type User } from '../src/db/members.ts'
import { openNotifications } from '../src/db/notifications.ts'
import { addApiKey, ensureOrganization, newApiKey } from '../src/db/organizations.ts'
import { principalReader } from '../src/db/worker-principals.ts'
import { SecretBox } from '../src/integrations/secret-box.ts'
import type { Workflows } from '../src/temporal/workflows.ts'
import { createOpenDatabase } from './database.ts'
import { createTestWorkflows } from './workflows/client.ts'

interface ApiResponse<Body> {
  status: number
  headers: Record<string, unknown>
  body: Body
}

export interface Client {
  /** One request with this tenant's key, or as a page sends it with this person's cookie. */
  // biome-ignore lint/suspicious/noExplicitAny: each test says what it expects of the body
  request<Body = any>(method: string, url: string, body?: unknown): Promise<ApiResponse<Body>>
}

export interface Person extends Client {
  user: User
  password: string
  /** `name=value`, for the header `Cookie`. */
  cookie: string
}

export interface Tenant extends Client {
  id: string
  key: string
  /** Creates and accepts an invitation: a new member or owner with a session. */
  signedIn(role?: Role): Promise<Person>
}

export interface TestApi {
  app: App
  context: ApiContext
  /** Of the login that owns the tables. */
  databaseUrl: string
  /** As the worker's login. */
  db: Database
  /** Sees every row. */
  superuser: Database
  /** The pool that stores deliveries. */
  deliveryDatabase: Database
  workflows: Workflows
  /** The key of `context.secrets`. */
  secretKey: Buffer
  tenant(name: string): Promise<Tenant>
  close(): Promise<void>
}

/** The API on real Postgres as the roles that it has in production, and on the real Temporal. */
export async function createTestApi(
  options: {
    temporalAddress?: string
    logger?: Logger
    /** The role that trust policies must name. Null while it is unknown. */
    principalArn?: string | null
    templateUrl?: string
    publicUrl?: string
    trustedProxies?: string[]
    demoOwner?: ApiContext['demoOwner']
    temporalUrl?: string
    maxConnections?: number
    deliveryLimits?: ApiContext['deliveryLimits']
    bodyMemory?: ApiContext['bodyMemory']
    jsonBudget?: ApiContext['jsonBudget']
    recordBudget?: ApiContext['recordBudget']
    timeoutsMs?: Parameters<typeof openApiDatabases>[0]['timeoutsMs']
  } = {},
): Promise<TestApi> {
  const { logger = pino({ level: 'silent' }) } = options
  const testDatabase = await createOpenDatabase()
  const { db } = testDatabase
  const superuser = openDatabase({ url: testDatabase.superuserUrl })
  const { database, system, deliveryDatabase } = openApiDatabases({
    url: testDatabase.url,
    maxQueries: 2,
    timeoutsMs: options.timeoutsMs,
  })
  const notifications = openNotifications({ url: testDatabase.url })
  const address = options.temporalAddress ?? inject('temporalAddress')
  const target = { connection: { address }, namespace: 'default', uiUrl: null }
  const workflows = createTestWorkflows(target, {
    installationId: await installationId(db),
    logger,
  })
  const { principalArn = 'arn:aws:iam::999988887777:role/cairn', templateUrl } = options
  const principal = principalReader(database, principalArn ?? undefined)
  const { publicUrl, demoOwner, temporalUrl } = options
  const secret = randomBytes(32).toString('base64url')
  const auth = openPeople({ system, secret, publicUrl, logger })
  const secretKey = randomBytes(32)
  const context = {
    database,
    system,
    workflows,
    notifications,
    principal,
    templateUrl,
    publicUrl,
    auth,
    demoOwner,
    temporalUrl,
    deliveryLimits: options.deliveryLimits ?? createDeliveryLimits(),
    bodyMemory: options.bodyMemory,
    jsonBudget: options.jsonBudget,
    recordBudget: options.recordBudget,
    maxConnections: options.maxConnections ?? 1000,
    secrets: new SecretBox([secretKey]),
    deliveries: createDeliveryWriter({ database: deliveryDatabase, workflows }),
  }
  const app = await createApp(context, { logger, trustedProxies: options.trustedProxies })
  const client = (headers: Record<string, string>): Client => ({
    async request(method, url, body) {
      const response = await app.inject({
        method: method as 'GET',
        url,
        headers,
        ...(body !== undefined && { payload: body as object }),
      })
      return {
        status: response.statusCode,
        headers: response.headers,
        body: (response.body === '' ? undefined : response.json()) as never,
      }
    },
  })
  return {
    app,
    context,
    databaseUrl: testDatabase.url,
    db,
    superuser,
    deliveryDatabase,
    workflows,
    secretKey,
    async tenant(name) {
      const { id } = await ensureOrganization(system, name)
      const key = newApiKey()
      await addApiKey(system, id, { name: 'test', key })
      return {
        id,
        key,
        ...client({ authorization: `Bearer ${key}` }),
        async signedIn(role = 'owner') {
          const token = newInvitationToken()
          const expiresAt = invitationExpiry('invited')
          await insertInvitation(system, { organizationId: id, role, token, expiresAt })
          const password = randomBytes(12).toString('base64url')
          const made = await app.inject({
            method: 'POST',
            url: '/api/invitation',
            payload: { token, name: role, email: `${randomUUID()}@example.com`, password },
          })
          if (made.statusCode !== 201) throw new Error(made.body)
          const cookie = cookieOf(made.headers)
          return {
            user: made.json().user,
            password,
            cookie,
            ...client({ cookie, 'sec-fetch-site': 'same-origin' }),
          }
        },
      }
    },
    async close() {
      await app.close()
      await workflows.close()
      await notifications.close()
      await Promise.all(
        [database, system, deliveryDatabase, db, superuser].map((each) => each.destroy()),
      )
      await testDatabase.drop()
    },
  }
}

/** What a browser sends back of an answer's `Set-Cookie`. */
export function cookieOf(headers: Record<string, unknown>): string {
  const cookies = [headers['set-cookie'] ?? []].flat() as string[]
  return cookies.map((each) => each.split(';', 1)[0]).join('; ')
}

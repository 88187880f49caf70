import { z } from 'zod'
import { asOrganization, readOrganization } from '../db/database.ts'
import { insertApiKey, listApiKeys, newApiKey, revokeApiKey } from '../db/organizations.ts'
import type { ApiContext, App } from './context.ts'
import { requireCurrentOwner, requireOwner } from './permissions.ts'
import { found, jsonResponse, problems } from './problems.ts'
import { text } from './text.ts'
import { time } from './time.ts'

const example = {
  id: '019b2d5e-8c1a-7f00-9a3e-4f6d2c7b8a90',
  name: 'deploy pipeline',
  prefix: 'cairn_Kq7mWz',
  createdBy: 'ada@example.com',
  createdAt: '2026-03-02T09:12:07.311Z',
  lastUsedAt: '2026-03-02T12:00:12.008Z',
  revokedAt: null,
}

const keySchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    prefix: z.string().nullable().meta({
      description: 'The first characters of the key. Null for a key set in the environment.',
    }),
    createdBy: z.string().nullable().meta({
      description:
        'The email address of the owner who created the key. Null for keys created at installation.',
    }),
    createdAt: time,
    lastUsedAt: time.nullable().meta({ description: 'When the key was last used, to the hour.' }),
    revokedAt: time.nullable(),
  })
  .meta({ id: 'ApiKey', examples: [example] })

const madeKeySchema = keySchema
  .extend({ key: z.string().meta({ description: 'The API key. Returned only in this response.' }) })
  .meta({
    id: 'CreatedApiKey',
    examples: [{ ...example, key: 'cairn_Kq7mWzc3RhbmQtaW4gZm9yIDMyIHJhbmRvbSBieXRlcw' }],
  })

const newKeySchema = z
  .strictObject({
    name: text(200).trim().min(1).meta({ description: 'A name that shows what uses the key.' }),
  })
  .meta({ id: 'NewApiKey', examples: [{ name: 'deploy pipeline' }] })

const tags = ['people']

/**
 * The organization's API keys. Every signed-in user can list them; owners create and revoke them.
 */
export function apiKeyRoutes(app: App, { database }: ApiContext): void {
  app.get(
    '/api-keys',
    {
      schema: {
        tags,
        operationId: 'listApiKeys',
        summary: 'List API keys',
        description:
          'Oldest first, including revoked keys. Keys are stored as hashes and are not returned.',
        response: {
          200: jsonResponse('The keys.', z.object({ items: z.array(keySchema) })),
          ...problems(401, 503),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => ({
        items: (await listApiKeys(trx)).map(toKey),
      })),
  )

  app.post(
    '/api-keys',
    {
      schema: {
        tags,
        operationId: 'createApiKey',
        summary: 'Create an API key',
        description:
          'Requires a signed-in owner; an API key cannot create another key. A key can do what a member can, manage integrations, and change all shared views.',
        security: [{ session: [] }],
        body: newKeySchema,
        response: {
          201: jsonResponse('The created key. It is returned only once.', madeKeySchema),
          ...problems(401, 403, 422, 503),
        },
      },
    },
    async (request, reply) => {
      requireOwner(request)
      const key = newApiKey()
      const row = await asOrganization(database, request.organizationId, async (trx) => {
        await requireCurrentOwner(trx, request)
        return insertApiKey(trx, request.organizationId, {
          name: request.body.name,
          key,
          createdBy: request.user!.email,
        })
      })
      reply.code(201)
      return { ...toKey(row), key }
    },
  )

  app.delete(
    '/api-keys/:id',
    {
      schema: {
        tags,
        operationId: 'revokeApiKey',
        summary: 'Revoke an API key',
        description:
          'Requests with the key fail immediately; its open exports and event streams end within a minute. Requires a signed-in owner. A key set in CAIRN_API_KEY is restored at the next start unless you change the variable.',
        security: [{ session: [] }],
        params: z.object({ id: z.string().meta({ description: 'The API key ID.' }) }),
        response: { 200: jsonResponse('The key.', keySchema), ...problems(401, 403, 404, 503) },
      },
    },
    async (request) => {
      requireOwner(request)
      const row = await found('API key', request.params.id, (id) =>
        asOrganization(database, request.organizationId, async (trx) => {
          await requireCurrentOwner(trx, request)
          return revokeApiKey(trx, id)
        }),
      )
      return toKey(row)
    },
  )
}

function toKey(row: Awaited<ReturnType<typeof listApiKeys>>[number]) {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  }
}

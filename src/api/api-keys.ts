import { z } from 'zod'
import { asOrganization } from '../db/database.ts'
import { insertApiKey, listApiKeys, newApiKey, revokeApiKey } from '../db/organizations.ts'
import type { ApiContext, App } from './context.ts'
import { requireOwner } from './person.ts'
import { answer, found, problems } from './problems.ts'
import { text } from './text.ts'

const time = z.iso.datetime()

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
    prefix: z
      .string()
      .nullable()
      .meta({ description: 'How it begins; null for keys that Cairn did not make.' }),
    createdBy: z.string().nullable().meta({
      description: 'The address of the owner who made it; null for those of the installation.',
    }),
    createdAt: time,
    lastUsedAt: time.nullable().meta({ description: 'To the hour.' }),
    revokedAt: time.nullable(),
  })
  .meta({ id: 'ApiKey', examples: [example] })

const madeKeySchema = keySchema
  .extend({ key: z.string().meta({ description: 'The key itself. It is shown this once.' }) })
  .meta({
    id: 'MadeApiKey',
    examples: [{ ...example, key: 'cairn_Kq7mWzc3RhbmQtaW4gZm9yIDMyIHJhbmRvbSBieXRlcw' }],
  })

const newKeySchema = z
  .strictObject({
    name: text(200).trim().min(1).meta({ description: 'For people: what will use it.' }),
  })
  .meta({ id: 'NewApiKey', examples: [{ name: 'deploy pipeline' }] })

const tags = ['people']

/** Keys of the organization. Whoever is signed in sees them; owners make and revoke them. */
export function apiKeyRoutes(app: App, { api }: ApiContext): void {
  app.get(
    '/api-keys',
    {
      schema: {
        tags,
        operationId: 'listApiKeys',
        summary: 'All API keys, oldest first',
        description: 'Revoked ones are in it. No key itself is: only hashes are kept.',
        response: {
          200: answer('The keys.', z.object({ items: z.array(keySchema) })),
          ...problems(401, 503),
        },
      },
    },
    (request) =>
      asOrganization(api, request.organizationId, async (trx) => ({
        items: (await listApiKeys(trx)).map(toKey),
      })),
  )

  app.post(
    '/api-keys',
    {
      schema: {
        tags,
        operationId: 'createApiKey',
        summary: 'Make an API key',
        description:
          'Only owners may, signed in: no key makes another. A key may do all that a member may.',
        security: [{ session: [] }],
        body: newKeySchema,
        response: {
          201: answer('The key. It cannot be shown again.', madeKeySchema),
          ...problems(401, 403, 422, 503),
        },
      },
    },
    async (request, reply) => {
      requireOwner(request)
      const key = newApiKey()
      const row = await asOrganization(api, request.organizationId, (trx) =>
        insertApiKey(trx, request.organizationId, {
          ...{ name: request.body.name, key },
          createdBy: request.user!.email,
        }),
      )
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
          'It works nowhere any more from the next request on. Only owners may, signed in. The key of CAIRN_API_KEY works again after the next start, unless that is changed.',
        security: [{ session: [] }],
        params: z.object({ id: z.string().meta({ description: "The key's id." }) }),
        response: { 200: answer('The key.', keySchema), ...problems(401, 403, 404, 503) },
      },
    },
    async (request) => {
      requireOwner(request)
      const row = await found('API key', request.params.id, (id) =>
        asOrganization(api, request.organizationId, (trx) => revokeApiKey(trx, id)),
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

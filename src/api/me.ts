import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { readOrganization } from '../db/database.ts'
import type { ApiContext, App } from './context.ts'
import { roleSchema, userSchema } from './person.ts'
import { jsonResponse, problems } from './problems.ts'

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string }

const meSchema = z
  .object({
    user: userSchema.nullable().meta({ description: 'The signed-in user. Null for an API key.' }),
    organization: z.object({ id: z.uuid(), name: z.string() }),
    role: roleSchema.nullable(),
    temporalUrl: z
      .string()
      .nullable()
      .meta({ description: 'The URL of the Temporal UI. Null when unknown.' }),
    demo: z
      .boolean()
      .meta({ description: 'Whether this is `npm run demo`, with a simulated AWS account.' }),
    version: z.string(),
  })
  .meta({
    id: 'Me',
    examples: [
      {
        user: {
          id: '5f0b6f2e-6c2b-4f0e-9a52-7d9f3f1c2a10',
          name: 'Ada Byron',
          email: 'ada@example.com',
        },
        organization: { id: '019b2d5e-8c1a-7f00-9a3e-4f6d2c7b8a90', name: 'default' },
        role: 'owner',
        temporalUrl: 'http://127.0.0.1:8233',
        demo: false,
        version: '0.1.0',
      },
    ],
  })

export function meRoutes(app: App, { database, temporalUrl, demoOwner }: ApiContext): void {
  app.get(
    '/me',
    {
      schema: {
        tags: ['sign-in'],
        operationId: 'getMe',
        summary: 'Get the current user',
        description: 'Returns the organization of the request, and the user for sessions.',
        response: {
          200: jsonResponse('The current user and organization.', meSchema),
          ...problems(401, 503),
        },
      },
    },
    (request) =>
      readOrganization(database, request, async (trx) => ({
        user: request.user,
        organization: await trx
          .selectFrom('organizations')
          .select(['id', 'name'])
          .executeTakeFirstOrThrow(),
        role: request.role,
        temporalUrl: temporalUrl ?? null,
        demo: demoOwner !== undefined,
        version,
      })),
  )
}

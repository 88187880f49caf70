import { z } from 'zod'
import { invitationExpiry, invitationUrl } from '../auth/invitations.ts'
import { asOrganization, readOrganization } from '../db/database.ts'
import {
  type InvitationRow,
  insertInvitation,
  listInvitations,
  newInvitationToken,
  revokeInvitation,
} from '../db/members.ts'
import type { ApiContext, App } from './context.ts'
import { publicUrlOf } from './origin.ts'
import { requireCurrentOwner, requireOwner } from './permissions.ts'
import { emailSchema, roleSchema } from './person.ts'
import { found, jsonResponse, problems } from './problems.ts'
import { time } from './time.ts'

const example = {
  id: '019b2d5e-8c1a-7f00-9a3e-4f6d2c7b8a90',
  email: 'ada@example.com',
  role: 'member' as const,
  createdAt: '2026-03-02T09:12:07.311Z',
  expiresAt: '2026-03-09T09:12:07.311Z',
}

const invitationSchema = z
  .object({
    id: z.uuid(),
    email: z.string().nullable(),
    role: roleSchema,
    createdAt: time,
    expiresAt: time,
  })
  .meta({ id: 'Invitation', examples: [example] })

const createdInvitationSchema = invitationSchema
  .extend({
    url: z.string().meta({
      description:
        'The invitation link. Returned only in this response. Anyone with the link can use it once.',
    }),
  })
  .meta({
    id: 'CreatedInvitation',
    examples: [
      {
        ...example,
        url: 'https://cairn.example.com/accept-invitation?token=cairn_invite_c3RhbmQtaW4gZm9yIDMyIHJhbmRvbSBieXRlcywgYjY0',
      },
    ],
  })

const newInvitationSchema = z
  .strictObject({
    email: emailSchema.optional().meta({
      description: 'The only email address that can accept the invitation. Default: any address.',
    }),
    role: roleSchema.default('member'),
  })
  .meta({ id: 'NewInvitation', examples: [{}, { email: 'ada@example.com', role: 'owner' }] })

const tags = ['people']
/** These routes require a session. An API key cannot manage access. */
const security = [{ session: [] }]

/** The routes for links with which people join the organization. */
export function invitationRoutes(app: App, { database, publicUrl }: ApiContext): void {
  app.post(
    '/invitations',
    {
      schema: {
        tags,
        operationId: 'createInvitation',
        summary: 'Create an invitation',
        description:
          'Creates a link that works once and expires after seven days. Requires a signed-in owner.',
        security,
        body: newInvitationSchema,
        response: {
          201: jsonResponse('The created invitation, with its link.', createdInvitationSchema),
          ...problems(401, 403, 422, 503),
        },
      },
    },
    async (request, reply) => {
      requireOwner(request)
      const { organizationId, body } = request
      const token = newInvitationToken()
      const row = await asOrganization(database, organizationId, async (trx) => {
        await requireCurrentOwner(trx, request)
        return insertInvitation(trx, {
          organizationId,
          token,
          ...body,
          createdBy: request.user!.id,
          expiresAt: invitationExpiry('invited'),
        })
      })
      reply.code(201)
      return { ...toInvitation(row), url: invitationUrl(publicUrlOf(request, publicUrl), token) }
    },
  )

  app.get(
    '/invitations',
    {
      schema: {
        tags,
        operationId: 'listInvitations',
        summary: 'List pending invitations',
        description:
          'Oldest first. Links are not stored and not returned. Requires a signed-in owner.',
        security,
        response: {
          200: jsonResponse('The invitations.', z.object({ items: z.array(invitationSchema) })),
          ...problems(401, 403, 503),
        },
      },
    },
    async (request) => {
      requireOwner(request)
      const rows = await readOrganization(database, request, listInvitations)
      return { items: rows.map(toInvitation) }
    },
  )

  app.delete(
    '/invitations/:id',
    {
      schema: {
        tags,
        operationId: 'revokeInvitation',
        summary: 'Revoke an invitation',
        description: 'Its link stops working. Requires a signed-in owner.',
        security,
        params: z.object({ id: z.string().meta({ description: 'The invitation ID.' }) }),
        response: {
          204: z.null().describe('The invitation is revoked.'),
          ...problems(401, 403, 404, 503),
        },
      },
    },
    async (request, reply) => {
      requireOwner(request)
      await found('invitation', request.params.id, (id) =>
        asOrganization(database, request.organizationId, async (trx) => {
          await requireCurrentOwner(trx, request)
          return revokeInvitation(trx, id)
        }),
      )
      return reply.code(204).send(null)
    },
  )
}

function toInvitation(row: InvitationRow) {
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }
}
